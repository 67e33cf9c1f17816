"""A flow of echo requests, a hundred a second: what it loses says how long an outage was."""

from __future__ import annotations

import os
import selectors
import socket
import time
from bisect import bisect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread

from netlab.probe.sockets import open_in

INTERVAL = 0.01
_LATE = 1.0
_ECHO_REPLY = 0
_HEADER = 8


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of a flow; ``outage`` is its longest gap in seconds, to the first answer after it.

    ``begun`` is when the first request was due (monotonic clock), ``seconds`` how long after it the last one was;
    ``gaps`` are when each gap begins after ``begun``, and how long it is.
    """

    sent: int
    lost: int
    outage: float
    begun: float
    seconds: float
    gaps: tuple[tuple[float, float], ...]


class Flow:
    """A flow that runs from when it is made until it is stopped."""

    def __init__(self, node: str, netns: str, source: str, target: str) -> None:
        self._socket = open_in(node, netns, lambda: _open(source))
        self._target = target
        self._identifier = os.getpid() & 0xFFFF
        self._sent: list[float] = []
        self._answered: set[int] = set()
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="flow")
        self._thread.start()

    @property
    def flows(self) -> bool:
        """Whether one of the last requests was answered."""
        count = len(self._sent)
        return any(number in self._answered for number in range(max(0, count - 5), count))

    @property
    def so_far(self) -> Measured:
        """What became of the requests that are a second old, which nothing answers any more; the flow goes on."""
        answered, sent = set(self._answered), list(self._sent)
        end = bisect(sent, time.monotonic() - _LATE)
        return _measured(sent[:end], {number for number in answered if number < end})

    def stop(self) -> Measured:
        """End the flow; what became of it."""
        self._stopped.set()
        self._thread.join()
        self._socket.close()
        return measured(self._sent, self._answered)

    def _run(self) -> None:
        question = _question(self._identifier)
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            due = time.monotonic()
            while not self._stopped.is_set():
                # Without a route a request is lost like any other.
                with suppress(OSError):
                    self._socket.sendto(question(len(self._sent) & 0xFFFF), (self._target, 0))
                self._sent.append(due)
                due += INTERVAL
                while (left := due - time.monotonic()) > 0:
                    if selector.select(left):
                        self._read()

    def _read(self) -> None:
        with suppress(OSError):
            packet = self._socket.recv(256)
            start = (packet[0] & 15) * 4
            kind, identifier = packet[start], int.from_bytes(packet[start + 4 : start + 6], "big")
            if (kind, identifier) == (_ECHO_REPLY, self._identifier):
                low = int.from_bytes(packet[start + 6 : start + _HEADER], "big")
                # Of the sequence number only the lower half is on the wire.
                last = len(self._sent) - 1
                self._answered.add(last - ((last - low) & 0xFFFF))


def _open(source: str) -> socket.socket:
    flow = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMP)
    flow.bind((source, 0))
    return flow


def _question(identifier: int) -> Callable[[int], bytes]:
    """What makes the echo request of a sequence number."""
    from scapy.layers.inet import ICMP

    template = bytes(ICMP(id=identifier, seq=0) / b"netlab-flow")
    checksum = ~int.from_bytes(template[2:4], "big") & 0xFFFF

    def question(sequence: int) -> bytes:
        # RFC 1624: the checksum of a header in which one word changed.
        total = checksum + sequence
        fresh = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
        return template[:2] + fresh.to_bytes(2, "big") + template[4:6] + sequence.to_bytes(2, "big") + template[8:]

    return question


def measured(sent: list[float], answered: set[int]) -> Measured:
    """The losses of a flow: when each request was due, and the numbers of those that were answered.

    Those of the last second may still be under way; they count for nothing if none after them was answered.
    """
    old = bisect(sent, sent[-1] - _LATE) if sent else 0
    return _measured(sent[: max(max(answered, default=len(sent) - 1) + 1, old)], answered)


def _measured(sent: list[float], answered: set[int]) -> Measured:
    """The losses among these requests."""
    end = len(sent)
    gaps: list[tuple[float, float]] = []
    begun = None
    for number in range(end):
        if number in answered:
            gaps += [(begun, sent[number])] if begun is not None else []
            begun = None
        elif begun is None:
            begun = sent[number]
    if begun is not None:
        gaps.append((begun, sent[end - 1] + INTERVAL))
    first, last = (sent[0], sent[end - 1] + INTERVAL) if sent else (0.0, 0.0)
    outage = round(max((until - since for since, until in gaps), default=0.0), 3)
    told = tuple((round(since - first, 3), round(until - since, 3)) for since, until in gaps)
    return Measured(end, end - len(answered), outage, first, round(last - first, 3), told)
