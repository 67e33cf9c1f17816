"""Send all probes, see them pass in every namespace, and return the evidence."""

from __future__ import annotations

import errno
import selectors
import socket
import struct
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from netlab.errors import MeasureError
from netlab.probe.greeting import greet
from netlab.probe.packets import MAX_PROBES, Shot, Tag, build
from netlab.probe.record import Record, by_flow
from netlab.probe.sockets import (
    IP_PKTINFO,
    Greeting,
    Places,
    Sockets,
    await_timestamps,
    dropped,
    open_sockets,
)
from netlab.probe.trace import Observation, Probe, Trace, judge

WINDOW = 128
"""So many probes at most are under way whose answers are expected: no queue overflows (a TUN holds 500)."""

BURST = 32
PACE = 0.001
"""So many whose answers are not expected, then so many seconds of listening."""

STALL = 0.1
"""If nothing passes anywhere for so many seconds, what is under way will not be answered."""

READ_ALL = 0.005
"""So often every witness is read while probes are sent; the nodes that wait for answers are read at once."""

KEEP_UP = 10.0
"""What waits unread is read within so many seconds, or there is too much of it."""

RESPONDED = 256
"""Questions that one node answers before the next one has its turn."""


def observe(
    addresses: Mapping[str, str],
    probes: Sequence[Probe],
    namespaces: Mapping[str, str],
    underlay: Collection[str] = (),
    *,
    expected: Collection[Probe] | None = None,
    stateful: Collection[str] = (),
    size: int = 0,
    keep_sealed: bool = False,
    quiet: float = 0.25,
    patience: float = 1.0,
    deadline: float = 30.0,
) -> Observation:
    """Send the probes from inside the nodes' namespaces and say where each was seen.

    `addresses` are the nodes that send and answer, `namespaces` all nodes with a witness, `underlay` those where ESP
    and TLS tunnels are counted as they go out and, with `keep_sealed`, each packet of theirs kept, in and out. Ends
    when no new packet of a probe was seen for `quiet` seconds, or for `patience` seconds while the answer to one of the
    `expected` probes (default: all) is missing; at the latest `deadline` seconds after sending. Where a TCP probe that
    was answered or its answer passed one of the `stateful` nodes, its source connects, too. Probes have `size` bytes
    where that is not 0; then the source of each TCP probe connects, and sends a text that fills such a packet.
    """
    _check(addresses, probes, namespaces, underlay)
    tag = Tag()
    with ExitStack() as stack:
        places = Places(namespaces, addresses, underlay, "all" if keep_sealed else "outgoing")
        sockets = open_sockets(stack, places, probes, tag)
        everybody, asking = (stack.enter_context(selectors.DefaultSelector()) for _ in range(2))
        record = Record(tag, probes, sockets, frozenset(underlay), keep_sealed)
        run = _Run(addresses, probes, sockets, record, everybody, asking)
        run.listen()
        run.send(probes if expected is None else expected, size)
        run.await_silence(quiet, patience, deadline)
        run.greet(namespaces, frozenset(namespaces if size else stateful), size, patience)
        run.finish()
        return run.result()


def _check(
    addresses: Mapping[str, str],
    probes: Sequence[Probe],
    namespaces: Mapping[str, str],
    underlay: Collection[str],
) -> None:
    if len(probes) > MAX_PROBES:
        raise MeasureError(f"{len(probes)} probes at once; {MAX_PROBES} are possible")
    for node in [*addresses, *underlay]:
        if node not in namespaces:
            raise MeasureError(f"node {node} has no witness")
    for probe in probes:
        if probe.source == probe.target:
            raise MeasureError(f"node {probe.source} cannot probe itself")
        for node in (probe.source, *probe.receivers):
            if node not in addresses:
                raise MeasureError(f"node {node} has no address to probe")


@dataclass(slots=True)
class _Run:
    """A run: ``everybody`` has all that is read, ``asking`` the responders and the sources of what is under way."""

    addresses: Mapping[str, str]
    probes: Sequence[Probe]
    sockets: Sockets
    record: Record
    everybody: selectors.BaseSelector
    asking: selectors.BaseSelector
    unsent: dict[int, int] = field(default_factory=dict)
    under_way: set[int] = field(default_factory=set)
    attended: set[str] = field(default_factory=set)
    read_at: float = 0.0
    greeted: frozenset[int] = frozenset()

    def listen(self) -> None:
        for node, witness in self.sockets.witnesses.items():
            self.everybody.register(witness, selectors.EVENT_READ, partial(self.record.read, node))
        for node, responder in self.sockets.responders.items():
            for selector in (self.everybody, self.asking):
                selector.register(responder, selectors.EVENT_READ, partial(self._respond, node, responder))

    def send(self, expected: Collection[Probe], size: int) -> None:
        wanted = frozenset(expected)
        self.record.awaited = {number for number, probe in enumerate(self.probes) if probe in wanted}
        packets = build(self.record.tag, [self._shot(probe) for probe in self.probes], size)
        await_timestamps()
        unanswered = 0
        for number, packet in enumerate(packets):
            if self._send_one(number, packet) and number in self.record.awaited:
                self.under_way.add(number)
            else:
                unanswered += 1
            if len(self.under_way) >= WINDOW:
                self._await_answers()
            if unanswered == BURST:
                unanswered = 0
                self._serve_until(time.monotonic() + PACE)
                self._catch_up()

    def _await_answers(self) -> None:
        """Wait until half of the window is free; give up what is under way when nothing moves any more."""
        while True:
            self.under_way &= self.record.awaited
            if 2 * len(self.under_way) <= WINDOW:
                return
            self._attend()
            seen = self.record.last_seen
            moves = self._serve(STALL, self.asking)
            if not moves or time.monotonic() - self.read_at > READ_ALL:
                self._catch_up()
            if not moves and self.record.last_seen == seen:
                self.under_way.clear()

    def _attend(self) -> None:
        """Listen at the nodes that wait for answers."""
        nodes = {self.probes[number].source for number in self.under_way}
        for node in nodes - self.attended:
            witness = self.sockets.witnesses[node]
            self.asking.register(witness, selectors.EVENT_READ, partial(self.record.read, node))
        for node in self.attended - nodes:
            self.asking.unregister(self.sockets.witnesses[node])
        self.attended = nodes

    def await_silence(self, quiet: float, patience: float, deadline: float) -> None:
        record = self.record
        record.last_seen = time.monotonic()
        end = record.last_seen + deadline
        while time.monotonic() < end:
            last_seen = record.last_seen
            silence = patience if record.awaited else quiet
            timeout = min(end, last_seen + silence) - time.monotonic()
            self._serve(max(timeout, 0), self.everybody)
            if timeout <= 0 and record.last_seen == last_seen:
                return

    def greet(self, namespaces: Mapping[str, str], stateful: Collection[str], size: int, patience: float) -> None:
        """Have the sources of TCP probes connect whose packets passed one of these nodes."""
        wanted = []
        for number, probe in enumerate(self.probes) if stateful else ():
            if probe.protocol == "tcp" and self.record.passed(number, stateful) and self._trace(number).answered:
                shot = self._shot(probe)
                wanted.append(Greeting(number, shot.source, shot.target, self.record.tag.handshake(number)))
        self.greeted = frozenset(greeting.number for greeting in wanted)
        greet(self.record, namespaces, wanted, partial(self._serve, selector=self.everybody), size, patience)

    def finish(self) -> None:
        """Read what is still waiting; raise where packets passed unseen."""
        self._catch_up()
        for node, witness in self.sockets.witnesses.items():
            if lost := dropped(witness):
                raise MeasureError(f"the witness at {node} lost {lost} packets{self._beside()}")

    def _catch_up(self) -> None:
        """Read all that waits: no faster may probes be sent than the witnesses read."""
        end = time.monotonic() + KEEP_UP
        while self._serve(0, self.everybody):
            if time.monotonic() > end:
                raise MeasureError(*self._too_much())
        self.read_at = time.monotonic()

    def _is_foreign(self) -> bool:
        """Whether most of what was read belongs to no probe."""
        return self.record.foreign[1] > sum(map(len, self.record.sightings.values()))

    def _beside(self) -> str:
        node, count, what = self.record.foreign
        return f", beside {count} {what} at {node} that belong to no probe" if self._is_foreign() else ""

    def _too_much(self) -> tuple[str, str]:
        """What the witnesses read so much of, and what to do about it."""
        node, count, what = self.record.foreign
        if not self._is_foreign():
            return (
                f"this machine is too slow for {len(self.probes)} probes at once",
                "give it time: end other work on it",
            )
        return (
            f"the witnesses cannot keep up with other traffic: {count} {what} at {node} belong to no probe",
            f"`netlab capture {node}` shows what they are",
        )

    def result(self) -> Observation:
        traces = tuple(map(self._trace, range(len(self.probes))))
        kept = tuple(sorted(self.record.sealed, key=lambda seen: seen.time_ns))
        return Observation(traces, by_flow(self.record.esp), by_flow(self.record.tls), kept)

    def _trace(self, number: int) -> Trace:
        probe = self.probes[number]
        source = self.sockets.source_addresses.get((probe.source, probe.target), "")
        unsent, seen = self.unsent.get(number, 0), self.record.of(number)
        return judge(probe, source, self._target(probe), unsent, seen, greeted=number in self.greeted)

    def _shot(self, probe: Probe) -> Shot:
        source = self.sockets.source_addresses.get((probe.source, probe.target), "0.0.0.0")
        return Shot(probe.protocol, source, self._target(probe), probe.answering is not None)

    def _target(self, probe: Probe) -> str:
        return probe.address or self.addresses[probe.target]

    def _send_one(self, number: int, packet: bytes) -> bool:
        """Send a probe; whether its source did."""
        probe = self.probes[number]
        no_route = self.sockets.no_route.get((probe.source, probe.target), 0)
        if unsent := no_route or self._transmit(probe, packet):
            self.unsent[number] = unsent
            self.record.awaited.discard(number)
        return not unsent

    def _transmit(self, probe: Probe, packet: bytes) -> int:
        try:
            self.sockets.senders[probe.source].sendto(packet, (self._target(probe), 0))
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM):
                raise MeasureError(f"node {probe.source} could not send: {error.strerror}") from error
            return error.errno or errno.EIO
        return 0

    def _serve(self, timeout: float, selector: selectors.BaseSelector) -> bool:
        """Read what waits, a batch of each; whether anything did."""
        ready = selector.select(timeout)
        for key, _ in ready:
            key.data()
        return bool(ready)

    def _serve_until(self, end: float) -> None:
        while (timeout := end - time.monotonic()) > 0:
            self._serve(timeout, self.everybody)

    def _respond(self, node: str, responder: socket.socket) -> None:
        for _ in range(RESPONDED):
            try:
                text, ancillary, _, asker = responder.recvmsg(2048, 128)
            except BlockingIOError:
                return
            if answer := self.record.tag.answer(text, node):
                self._answer(node, responder, answer, ancillary, asker)

    def _answer(
        self,
        node: str,
        responder: socket.socket,
        answer: bytes,
        ancillary: Sequence[tuple[int, int, bytes]],
        asker: tuple[str, int],
    ) -> None:
        """Answer from the address that was asked; a node without a way back stays silent, as with ICMP."""
        asked = next(data[8:12] for _, kind, data in ancillary if kind == IP_PKTINFO)
        source = struct.pack("@I4s4s", 0, asked, bytes(4))
        try:
            responder.sendmsg([answer], [(socket.IPPROTO_IP, IP_PKTINFO, source)], 0, asker)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM):
                raise MeasureError(f"node {node} could not answer: {error.strerror}") from error
