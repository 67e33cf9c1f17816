"""Takes the captures that tests/vm/host/test_kernel.py judges."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import labs

OUT = Path("/out")


@contextlib.contextmanager
def captured(lab: labs.Lab, node: str) -> Iterator[None]:
    """Everything that passes a node, in /out/NODE.pcap."""
    # Debian's AppArmor profile lets tcpdump write *.pcap; -Z: it shall stay the user that may.
    command = ["tcpdump", "-i", "any", "-Z", "root", "-w", str(OUT / f"{node}.pcap")]
    with subprocess.Popen(
        ["ip", "netns", "exec", f"nl.{lab.name}.{node}", *command], stderr=subprocess.PIPE, text=True
    ) as tcpdump:
        assert tcpdump.stderr is not None
        said = tcpdump.stderr.readline()
        while said and "listening on" not in said:
            said = tcpdump.stderr.readline()
        assert said, "tcpdump ended before it began"
        yield
        tcpdump.terminate()
        said = tcpdump.stderr.read()
    assert "0 packets dropped by kernel" in said, said


def test_capture_a_verify() -> None:
    with (
        labs.up("p2s-multi-vnet-s2s-bgp", "t-capture", "--data-plane", "kernel", "--time-scale", "10") as lab,
        captured(lab, "internet"),
        captured(lab, "backbone"),
        captured(lab, "vnet1"),
    ):
        lab.verify()
