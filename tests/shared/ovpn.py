"""Debian's `openvpn`, as a user starts it with the profile that the lab writes, in place of the lab's own client."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import labs

from netlab.machine.waiting import wait_until

SECONDS = 120


def profile(lab: labs.Lab, client: str, certificate_of: str) -> str:
    """The profile as it was written, with a certificate and a key filled in at its two places, as its comments say."""
    text = Path(labs.netlab("p2s", "profile", client, "-l", lab.name).stdout.strip()).read_text()
    for place, ending in (("$CLIENTCERTIFICATE", "pem"), ("$PRIVATEKEY", "key")):
        assert text.count(f"\n{place}\n") == 1
        own = lab.directory / "certificates" / f"client-{certificate_of}.{ending}"
        text = text.replace(place, own.read_text().strip())
    return text


@contextmanager
def started(lab: labs.Lab, client: str, certificate_of: str, directory: Path) -> Iterator[Path]:
    """A process that is given nothing but the profile; its log."""
    labs.netlab("p2s", "disconnect", client, "-l", lab.name)
    directory.chmod(0o700)
    (directory / "vpnconfig.ovpn").write_text(profile(lab, client, certificate_of))
    log = directory / f"{certificate_of}.log"
    command = ["ip", "netns", "exec", f"nl.{lab.name}.{client}", "openvpn", "vpnconfig.ovpn"]
    with log.open("wb") as out, subprocess.Popen(command, cwd=directory, stdout=out, stderr=out) as process:
        try:
            yield log
        finally:
            process.terminate()


def says(log: Path, words: str) -> bool:
    """Whether it has logged this, at the latest after a while."""
    wait_until(lambda: words in log.read_text(errors="replace"), SECONDS, lambda: f"no `{words}`: {log.read_text()}")
    return True
