"""Packets to a file: a dumpcap per namespace, put together by mergecap. Both are in Debian's wireshark-common.

A capture lives in the namespaces of its lab, where `down` finds it, and dies with the netlab that started it.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from netlab.errors import HostError, LabError
from netlab.machine import interfaces
from netlab.machine.waiting import wait_until

_PROGRAMS = ("dumpcap", "mergecap")
# Generous, for emulated machines.
_START_SECONDS = 30.0
_END_SECONDS = 30.0
# dumpcap reads every 250 ms (its CAP_READ_TIMEOUT), and what is unread when it ends is lost.
_READ_SECONDS = 0.5
_COUNT = re.compile(r"^Packets received/dropped on interface '.+': (\d+)/(\d+) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace and those of its interfaces at which packets are captured."""

    node: str
    netns: str
    interfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Captured:
    """How many packets a capture holds, and how many more passed than could be written."""

    packets: int
    dropped: int


@dataclass(frozen=True, slots=True)
class _Part:
    node: str
    process: subprocess.Popen[bytes]
    file: Path
    log: Path

    def said(self) -> str:
        return self.log.read_text(errors="replace")


def require() -> None:
    """HostError if this host cannot capture."""
    for program in _PROGRAMS:
        if shutil.which(program) is None:
            raise HostError(f"there is no {program}, which captures need", "apt install wireshark-common")


def places(nodes: Iterable[tuple[str, str]]) -> tuple[Place, ...]:
    """All that a capture can be made at: the interfaces that are up, but not the loopback, of nodes and namespaces."""
    return tuple(Place(node, netns, found) for node, netns in nodes if (found := interfaces.live_interfaces(netns)))


def capture(found: Sequence[Place], file: Path, seconds: float | None, begun: Callable[[], None]) -> Captured:
    """Capture into one pcapng file until a signal, or so many seconds; an interface is called `node:interface`.

    What was captured is kept, also where a dumpcap ends too early: that is a LabError afterwards.
    """
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as directory:
        parts: list[_Part] = []
        try:
            for place in found:
                parts.append(_start(place, Path(directory)))
            for part in parts:
                wait_until(partial(_ready, part), _START_SECONDS, partial(_silent, part))
            begun()
            with contextlib.suppress(KeyboardInterrupt):
                _await_end(parts, seconds)
            early = [part for part in parts if part.process.poll() is not None]
            time.sleep(0 if early else _READ_SECONDS)
        finally:
            _stop(parts)
        _merge(parts, Path(directory, "merged"), file)
        if early:
            said = (early[0].said().splitlines() or ["nothing"])[-1]
            raise LabError(
                f"the capture at {early[0].node} ended by itself; dumpcap said: {said}",
                f"{file} holds what was captured until then; is the lab still up?",
            )
        return _count(parts)


def _start(place: Place, directory: Path) -> _Part:
    file, log = directory / f"{place.node}.pcapng", directory / f"{place.node}.log"
    argv = [
        # So that nothing is left if netlab is killed. The kernel means the thread that forks: this one.
        *("setpriv", "--pdeathsig", "TERM", "ip", "netns", "exec", place.netns),
        *("dumpcap", "-q", "-p", "-w", str(file)),
        *(option for name in place.interfaces for option in ("-i", name, "--ifname", f"{place.node}:{name}")),
    ]
    with log.open("wb") as out:
        # A session of its own: Ctrl-C is for netlab, which then ends the capture.
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    return _Part(place.node, process, file, log)


def _ready(part: _Part) -> bool:
    """Whether every interface is being captured: dumpcap then says where to."""
    if part.process.poll() is not None:
        raise LabError(
            f"cannot capture at {part.node}: {_silent(part)}", "`netlab status` says what of the lab is dead"
        )
    return "\nFile: " in part.said()


def _silent(part: _Part) -> str:
    return f"dumpcap at {part.node} said: {part.said().strip() or 'nothing'}"


def _await_end(parts: Sequence[_Part], seconds: float | None) -> None:
    """Return after these seconds, or as soon as a dumpcap is gone."""
    with contextlib.ExitStack() as stack:
        descriptors = [os.pidfd_open(part.process.pid) for part in parts]
        for descriptor in descriptors:
            stack.callback(os.close, descriptor)
        select.select(descriptors, [], [], seconds)


def _stop(parts: Sequence[_Part]) -> None:
    """End each dumpcap, which writes what it still holds."""
    for part in parts:
        part.process.terminate()
    for part in parts:
        try:
            part.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            part.process.kill()
            part.process.wait()


def _merge(parts: Sequence[_Part], merged: Path, file: Path) -> None:
    argv = ["mergecap", "-I", "none", "-w", str(merged), *(str(part.file) for part in parts if part.file.exists())]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if not merged.exists():
        raise LabError(f"cannot put {file} together: {done.stderr.strip()}", "is there space left where it is?")
    give_to_caller(merged)
    merged.replace(file)


def _count(parts: Iterable[_Part]) -> Captured:
    counts = [tuple(map(int, match)) for part in parts for match in _COUNT.findall(part.said())]
    return Captured(sum(received for received, _ in counts), sum(dropped for _, dropped in counts))


# --- whose files they are -------------------------------------------------------------------------------------------


def give_to_caller(path: Path) -> None:
    """Give a file to the user who called netlab by sudo, if one did."""
    owner, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if owner.isdigit() and group.isdigit():
        os.chown(path, int(owner), int(group), follow_symlinks=False)


def write_private(directory: Path, files: Iterable[tuple[str, str]]) -> None:
    """Write files that only the caller may read into a directory that only the caller may enter."""
    directory.mkdir(mode=0o700, exist_ok=True)
    directory.chmod(0o700)
    give_to_caller(directory)
    for name, text in files:
        path = directory / name
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        give_to_caller(path)
