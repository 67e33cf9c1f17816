"""Impaired links: delay, jitter, loss and rate, set with tc and measured before they are reported."""

from __future__ import annotations

import contextlib
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from netlab.errors import HostError, LabError
from netlab.machine import interfaces, namespaces, processes
from netlab.machine.waiting import wait_until
from netlab.plan.model import Uplink

_PORT = 7008
# Datagrams are counted for so long, longer where the rate is low: until so many bytes would have passed.
_RATE_SECONDS = (0.5, 5.0)
_RATE_BYTES = 200_000
# asm-generic/socket.h
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
# linux/udp.h: the kernel cuts what is sent into datagrams, and hands them over together again.
_UDP_SEGMENT, _UDP_GRO = 103, 104
_DATAGRAM, _BLOCK = 1200, 8
# tbf: how much may wait before it is dropped, and the burst that a rate needs (tc-tbf(8): rate/HZ at least).
_LATENCY = "200ms"
_BURST_SECONDS = 0.01
_LEAST_BURST = 3_000
# Between two veth ends: what a delay may differ from what was asked, beyond its jitter.
_SLACK_MS = 5.0
_ECHOES = 200
_PACE = 0.005
_PATIENCE = 3.0


# What the kernel gives an interface that has a queue, as net.core.default_qdisc says; namespaces cannot read that.
USUAL_QUEUES = ("pfifo_fast", "fq_codel", "fq", "sfq", "cake")


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link: a namespace and an interface."""

    netns: str
    interface: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What a link does, measured through both ends: round trip in milliseconds, loss in per cent, rate in kbit/s."""

    rtt_ms: float
    loss: float
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link shall do each way: milliseconds, milliseconds, per cent, kbit/s; 0 where it shall not."""

    delay: float = 0
    jitter: float = 0
    loss: float = 0
    rate: float = 0

    @property
    def needs_netem(self) -> bool:
        """Whether only netem can do it."""
        return bool(self.delay or self.jitter or self.loss)


def impair(ends: tuple[End, End], address: str, asked: Asked) -> Measured:
    """Impair both ends of a link, then measure it; ``address`` is the second end's.

    HostError where the kernel lacks netem; LabError, with the link as it was, where the measurement says otherwise.
    """
    wait_until(
        lambda: all(interfaces.sends(end.netns, end.interface) for end in ends),
        _PATIENCE,
        lambda: f"{ends[0].interface} of {ends[0].netns} has no carrier",
    )
    try:
        for end in ends:
            _tc(end, ["replace", "dev", end.interface, "root", *_discipline(asked)], asked)
        measured = measure(ends, address, asked)
        _judge(asked, measured)
    except (HostError, LabError):
        reset(ends)
        raise
    return measured


def reset(ends: tuple[End, End]) -> None:
    """Take every impairment off a link; one that has none is no error."""
    for end in ends:
        processes.run(end.netns, ["tc", "qdisc", "del", "dev", end.interface, "root"], "")


def discipline(uplink: Uplink) -> str:
    """The kind of the queue that impairs a link; empty where nothing does."""
    if not uplink.impaired:
        return ""
    return "netem" if Asked(uplink.delay, uplink.jitter, uplink.loss, uplink.rate).needs_netem else "tbf"


def _discipline(asked: Asked) -> list[str]:
    if not asked.needs_netem:
        burst = max(_LEAST_BURST, round(asked.rate * 1000 / 8 * _BURST_SECONDS))
        return ["tbf", "rate", f"{asked.rate:g}kbit", "burst", f"{burst}b", "latency", _LATENCY]
    words = ["netem", "limit", "10000"]
    if asked.delay:
        words += ["delay", f"{asked.delay:g}ms", *([f"{asked.jitter:g}ms"] if asked.jitter else [])]
    words += ["loss", f"{asked.loss:g}%"] if asked.loss else []
    return words + (["rate", f"{asked.rate:g}kbit"] if asked.rate else [])


def _tc(end: End, words: list[str], asked: Asked) -> None:
    code, output = processes.run(end.netns, ["tc", "qdisc", *words], "")
    if code == 0:
        return
    if asked.needs_netem and "Specified qdisc kind is unknown" in output:
        raise HostError(
            "this kernel has no netem, which delay, jitter and loss need", "--rate alone works here, through tbf"
        )
    raise LabError(f"tc at {end.interface} of {end.netns}: {output.strip()}")


# --- measuring ------------------------------------------------------------------------------------------------------


def measure(ends: tuple[End, End], address: str, asked: Asked) -> Measured:
    """Measure round trip and loss with echoes; the rate, where one was asked for, with more than it lets through."""
    # Without jitter, what exceeds the least round trip is the processor's, not the link's.
    typical = statistics.median if asked.jitter else min
    rtt_ms, loss = _echoes(ends, address, _ECHOES if asked.loss else 10, typical)
    return Measured(rtt_ms, loss, _throughput(ends, address, asked) if asked.rate else None)


def _bound(end: End, kind: socket.SocketKind, address: str = "") -> socket.socket:
    """A socket that uses this end's interface alone: without a route the kernel then takes its peer for on-link."""

    def make() -> socket.socket:
        made = socket.socket(socket.AF_INET, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, end.interface.encode())
        made.settimeout(_PATIENCE)
        if address:
            made.bind((address, _PORT))
        return made

    return namespaces.run_in(end.netns, make)


def _echoes(
    ends: tuple[End, End], address: str, count: int, typical: Callable[[Iterable[float]], float]
) -> tuple[float, float]:
    """Typical round trip in milliseconds, and the per cent of datagrams that did not come back."""
    with _bound(ends[0], socket.SOCK_DGRAM) as asker, _bound(ends[1], socket.SOCK_DGRAM, address) as echo:
        times: dict[int, float] = {}
        answering = threading.Thread(target=_answer, args=(echo, count))
        answering.start()
        sent: dict[int, float] = {}
        for number in range(count):
            sent[number] = time.monotonic()
            asker.sendto(number.to_bytes(4, "big"), (address, _PORT))
            _collect(asker, sent, times, time.monotonic() + _PACE)
        _collect(asker, sent, times, time.monotonic() + _PATIENCE, count)
        echo.sendto(b"", echo.getsockname())
        answering.join()
    rtt_ms = typical(times.values()) * 1000 if times else float("inf")
    return round(rtt_ms, 3), 100 * (count - len(times)) / count


def _answer(echo: socket.socket, count: int) -> None:
    with contextlib.suppress(TimeoutError):
        for _ in range(count):
            data, peer = echo.recvfrom(16)
            if not data:
                return
            echo.sendto(data, peer)


def _collect(
    asker: socket.socket, sent: dict[int, float], times: dict[int, float], until: float, enough: int | None = None
) -> None:
    """Note the round trips of what comes back until a time, or until there is enough."""
    while (left := until - time.monotonic()) > 0 and len(times) != enough:
        asker.settimeout(left)
        try:
            number = int.from_bytes(asker.recv(16), "big")
        except TimeoutError:
            return
        times[number] = time.monotonic() - sent[number]


def _throughput(ends: tuple[End, End], address: str, asked: Asked) -> float:
    """Kilobits per second that arrive at the second end when the first one sends as fast as its queue takes them.

    Datagrams, because TCP measures itself: with 1 % loss and 80 ms it brings a tenth of 100 Mbit/s.
    """
    with _bound(ends[1], socket.SOCK_DGRAM, address) as receiver, _bound(ends[0], socket.SOCK_DGRAM) as sender:
        # What waits in the queue, and all that is under way, is charged to the sender; twice, for the kernel's own use.
        under_way = round(asked.rate * 1000 / 8 * (asked.delay + asked.jitter) / 1000)
        _enlarge(sender, _SO_SNDBUFFORCE, socket.SO_SNDBUF, min(2 * under_way + 65_536, 1 << 28))
        sender.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, _DATAGRAM)
        _enlarge(receiver, _SO_RCVBUFFORCE, socket.SO_RCVBUF, 1 << 23)
        receiver.setsockopt(socket.IPPROTO_UDP, _UDP_GRO, 1)
        stop = threading.Event()
        pump = threading.Thread(target=_pump, args=(sender, (address, _PORT), stop))
        seconds = min(max(_RATE_BYTES * 8 / 1000 / asked.rate, _RATE_SECONDS[0]), _RATE_SECONDS[1])
        pump.start()
        try:
            return _received(receiver, seconds)
        finally:
            stop.set()
            pump.join()


def _enlarge(end: socket.socket, forced: int, limited: int, size: int) -> None:
    """Give a socket a buffer; in a user namespace the host's limit holds (net.core.rmem_max, wmem_max)."""
    try:
        end.setsockopt(socket.SOL_SOCKET, forced, size)
    except PermissionError:
        end.setsockopt(socket.SOL_SOCKET, limited, size)


def _pump(sender: socket.socket, address: tuple[str, int], stop: threading.Event) -> None:
    block = bytes(_DATAGRAM * _BLOCK)
    sender.settimeout(0.1)
    while not stop.is_set():
        # TimeoutError: the queue is full. ENOBUFS: it dropped one.
        with contextlib.suppress(OSError):
            sender.sendto(block, address)


def _received(receiver: socket.socket, seconds: float) -> float:
    """The rate of the second half of the measuring time, when the first burst is over."""
    total, began = 0, time.monotonic()
    with contextlib.suppress(TimeoutError):
        total, began = len(receiver.recv(65536)), time.monotonic()
        while (now := time.monotonic()) < began + seconds:
            got = len(receiver.recv(65536))
            total = total + got if now >= began + seconds / 2 else 0
    return round(total * 8 / 1000 / (seconds / 2), 1)


def _judge(asked: Asked, measured: Measured) -> None:
    """LabError where a link does not do what was asked: rate within a quarter, loss within five sigma."""
    low, high = 2 * (asked.delay - asked.jitter) - _SLACK_MS, 2 * (asked.delay + asked.jitter) + _SLACK_MS
    if asked.delay and not low <= measured.rtt_ms <= high:
        raise LabError(f"asked for {asked.delay:g} ms each way, measured a round trip of {measured.rtt_ms:g} ms")
    if asked.loss and asked.loss < 100:
        expected = 100 * (1 - (1 - asked.loss / 100) ** 2)
        sigma = (expected * (100 - expected) / _ECHOES) ** 0.5
        if abs(measured.loss - expected) > 5 * sigma + 100 / _ECHOES:
            raise LabError(f"asked for {asked.loss:g} % loss each way, measured {measured.loss:g} % per round trip")
    if measured.rate is not None and not 0.6 * asked.rate <= measured.rate <= 1.25 * asked.rate:
        hint = "a busy or an emulated processor sends less: ask for a lower rate" if measured.rate < asked.rate else ""
        raise LabError(f"asked for {asked.rate:g} kbit/s, measured {measured.rate:.0f} kbit/s", hint)
