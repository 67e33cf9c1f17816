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
from typing import IO

from netlab import files
from netlab.errors import HostError, LabError
from netlab.machine import interfaces
from netlab.machine.waiting import wait_until

_PROGRAMS = ("dumpcap", "mergecap")
# Generous, for emulated machines.
_START_SECONDS = 30.0
_END_SECONDS = 30.0
# dumpcap reads every 250 ms (its CAP_READ_TIMEOUT), and what is unread when it ends is lost.
_READ_SECONDS = 0.5
_MOST_SAID = 1 << 16
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
    """A dumpcap, what it captures into and what it says."""

    node: str
    process: subprocess.Popen[bytes]
    packets: int
    log: IO[bytes]

    def said(self) -> str:
        """All that it has said so far."""
        return os.pread(self.log.fileno(), _MOST_SAID, 0).decode(errors="replace")


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
    with contextlib.ExitStack() as stack:
        merged = stack.enter_context(files.replaced(file))
        parts: list[_Part] = []
        try:
            for place, packets in zip(found, stack.enter_context(files.unnamed(file.parent, len(found))), strict=True):
                parts.append(_start(place, packets, stack.enter_context(tempfile.TemporaryFile())))
            for part in parts:
                wait_until(partial(_ready, part), _START_SECONDS, partial(_silent, part))
            begun()
            with contextlib.suppress(KeyboardInterrupt):
                _await_end(parts, seconds)
            early = next((part for part in parts if part.process.poll() is not None), None)
            time.sleep(_READ_SECONDS if early is None else 0)
        finally:
            _stop(parts)
        _merge(parts, merged, file)
        captured, last = _count(parts), early.said().splitlines()[-1:] if early is not None else []
    if early is not None:
        raise LabError(
            f"the capture at {early.node} ended by itself; dumpcap said: {''.join(last) or 'nothing'}",
            f"{file} holds what was captured until then; is the lab still up?",
        )
    return captured


def _start(place: Place, packets: int, log: IO[bytes]) -> _Part:
    argv = [
        # So that nothing is left if netlab is killed. The kernel means the thread that forks: this one.
        *("setpriv", "--pdeathsig", "TERM", "ip", "netns", "exec", place.netns),
        *("dumpcap", "-q", "-p", "-w", "-"),
        *(option for name in place.interfaces for option in ("-i", name, "--ifname", f"{place.node}:{name}")),
    ]
    # A session of its own: Ctrl-C is for netlab, which then ends the capture.
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=packets, stderr=log, start_new_session=True)
    return _Part(place.node, process, packets, log)


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


def _merge(parts: Sequence[_Part], merged: int, file: Path) -> None:
    written = [part.packets for part in parts if os.fstat(part.packets).st_size]
    argv = ["mergecap", "-I", "none", "-w", "-", *(f"/dev/fd/{packets}" for packets in written)]
    done = subprocess.run(argv, stdout=merged, stderr=subprocess.PIPE, text=True, check=False, pass_fds=written)
    if not os.fstat(merged).st_size:
        raise LabError(f"cannot put {file} together: {done.stderr.strip()}", "is there space left where it is?")


def _count(parts: Iterable[_Part]) -> Captured:
    counts = [tuple(map(int, match)) for part in parts for match in _COUNT.findall(part.said())]
    return Captured(sum(received for received, _ in counts), sum(dropped for _, dropped in counts))
