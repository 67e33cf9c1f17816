"""Send all probes at once, see them pass in every namespace, and return the evidence."""

from __future__ import annotations

import errno
import selectors
import socket
import struct
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from netlab.errors import MeasureError
from netlab.probe.packets import MAX_PROBES, Shot, Tag, build, ends, esp_flow, read_esp
from netlab.probe.sockets import (
    ETH_P_IP,
    IP_PKTINFO,
    Sockets,
    await_timestamps,
    dropped,
    open_sockets,
    timestamp,
)
from netlab.probe.trace import EspSighting, Observation, Probe, Sighting, judge

BURST = 32
PACE = 0.001
"""So many probes, then so many seconds of listening: ARP resolves, no queue overflows (a TUN holds 500)."""

BATCH = 256
"""Packets read from one witness before the next one has its turn."""

KEEP_UP = 10.0
"""What waits unread is read within so many seconds, or there is too much of it."""


def observe(
    addresses: Mapping[str, str],
    probes: Sequence[Probe],
    namespaces: Mapping[str, str],
    underlay: Collection[str] = (),
    *,
    expected: Collection[Probe] | None = None,
    payload_size: int = 0,
    keep_esp: bool = False,
    quiet: float = 0.25,
    patience: float = 1.0,
    deadline: float = 30.0,
) -> Observation:
    """Send the probes from inside the nodes' namespaces and say where each was seen.

    `addresses` are the nodes that send and answer, `namespaces` all nodes with a witness, `underlay` those
    where ESP is counted and, with `keep_esp`, each packet kept. Ends when no new packet of a probe was seen for
    `quiet` seconds, or for `patience` seconds while the answer to one of the `expected` probes (default: all) is
    missing; at the latest `deadline` seconds after sending.
    """
    _check(addresses, probes, namespaces, underlay)
    with ExitStack() as stack:
        sockets = open_sockets(stack, namespaces, addresses, probes)
        selector = stack.enter_context(selectors.DefaultSelector())
        run = _Run(addresses, probes, frozenset(underlay), sockets, selector, keep_esp)
        run.listen()
        run.send(probes if expected is None else expected, payload_size)
        run.await_silence(quiet, patience, deadline)
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
        for node in (probe.source, probe.target):
            if node not in addresses:
                raise MeasureError(f"node {node} has no address to probe")


@dataclass(slots=True)
class _Run:
    addresses: Mapping[str, str]
    probes: Sequence[Probe]
    underlay: frozenset[str]
    sockets: Sockets
    selector: selectors.BaseSelector
    keep_esp: bool = False
    tag: Tag = field(default_factory=Tag)
    unsent: dict[int, int] = field(default_factory=dict)
    outstanding: set[int] = field(default_factory=set)
    sightings: dict[int, set[Sighting]] = field(default_factory=lambda: defaultdict(set))
    esp: Counter[tuple[str, bool, tuple[str, str]]] = field(default_factory=Counter)
    esp_sightings: list[EspSighting] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    last_seen: float = 0.0

    def listen(self) -> None:
        for node, witness in self.sockets.witnesses.items():
            self.selector.register(witness, selectors.EVENT_READ, partial(self._witness, node, witness))
        for node, responder in self.sockets.responders.items():
            self.selector.register(responder, selectors.EVENT_READ, partial(self._respond, node, responder))

    def send(self, expected: Collection[Probe], payload_size: int) -> None:
        wanted = frozenset(expected)
        self.outstanding = {number for number, probe in enumerate(self.probes) if probe in wanted}
        packets = build(self.tag, [self._shot(probe) for probe in self.probes], payload_size)
        await_timestamps()
        for number, packet in enumerate(packets):
            self._send_one(number, packet)
            if number % BURST == BURST - 1:
                self._serve_until(time.monotonic() + PACE)
                self._catch_up()

    def await_silence(self, quiet: float, patience: float, deadline: float) -> None:
        self.last_seen = time.monotonic()
        end = self.last_seen + deadline
        while time.monotonic() < end:
            last_seen = self.last_seen
            silence = patience if self.outstanding else quiet
            timeout = min(end, last_seen + silence) - time.monotonic()
            self._serve(max(timeout, 0))
            if timeout <= 0 and self.last_seen == last_seen:
                return

    def finish(self) -> None:
        """Read what is still waiting; raise where packets passed unseen."""
        self._catch_up()
        for node, witness in self.sockets.witnesses.items():
            if lost := dropped(witness):
                raise MeasureError(f"the witness at {node} lost {lost} packets")

    def _catch_up(self) -> None:
        """Read all that waits: no faster may probes be sent than the witnesses read."""
        end = time.monotonic() + KEEP_UP
        while self._serve(0):
            if time.monotonic() > end:
                raise MeasureError(*self._too_much())

    def _too_much(self) -> tuple[str, str]:
        """What the witnesses read so much of, and what to do about it."""
        ((node, count),) = self.others.most_common(1) or [("", 0)]
        if count <= sum(map(len, self.sightings.values())):
            return (
                f"this machine is too slow for {len(self.probes)} probes at once",
                "give it time: end other work on it",
            )
        return (
            f"the witnesses cannot keep up with other traffic: {count} packets at {node} belong to no probe",
            f"`netlab capture {node}` shows what they are",
        )

    def result(self) -> Observation:
        esp: dict[tuple[str, str], int] = {}
        for (_, _, flow), packets in self.esp.items():
            esp[flow] = max(packets, esp.get(flow, 0))
        traces = tuple(
            judge(
                probe,
                self.sockets.source_addresses.get((probe.source, probe.target), ""),
                self._target(probe),
                self.unsent.get(number, 0),
                self.sightings.get(number, ()),
            )
            for number, probe in enumerate(self.probes)
        )
        return Observation(traces, esp, tuple(sorted(self.esp_sightings, key=lambda seen: seen.time_ns)))

    def _shot(self, probe: Probe) -> Shot:
        source = self.sockets.source_addresses.get((probe.source, probe.target), "0.0.0.0")
        return Shot(probe.protocol, source, self._target(probe))

    def _target(self, probe: Probe) -> str:
        return probe.address or self.addresses[probe.target]

    def _send_one(self, number: int, packet: bytes) -> None:
        probe = self.probes[number]
        no_route = self.sockets.no_route.get((probe.source, probe.target), 0)
        if unsent := no_route or self._transmit(probe, packet):
            self.unsent[number] = unsent
            self.outstanding.discard(number)

    def _transmit(self, probe: Probe, packet: bytes) -> int:
        try:
            self.sockets.senders[probe.source].sendto(packet, (self._target(probe), 0))
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM):
                raise MeasureError(f"node {probe.source} could not send: {error.strerror}") from error
            return error.errno or errno.EIO
        return 0

    def _serve(self, timeout: float) -> bool:
        ready = self.selector.select(timeout)
        for key, _ in ready:
            key.data()
        return bool(ready)

    def _serve_until(self, end: float) -> None:
        while (timeout := end - time.monotonic()) > 0:
            self._serve(timeout)

    def _witness(self, node: str, witness: socket.socket) -> None:
        for _ in range(BATCH):
            try:
                packet, ancillary, _, (interface, ethertype, kind, *_) = witness.recvmsg(2048, 128)
            except BlockingIOError:
                return
            outgoing = kind == socket.PACKET_OUTGOING
            # The loopback interface shows every packet twice, going out and coming in.
            if ethertype != ETH_P_IP or (interface == "lo" and not outgoing):
                continue
            if node in self.underlay and (flow := esp_flow(packet)):
                self.esp[node, outgoing, flow] += 1
                if self.keep_esp:
                    self._keep_esp(node, interface, outgoing, packet, timestamp(ancillary))
            self._see(node, interface, outgoing, packet, timestamp(ancillary))

    def _keep_esp(self, node: str, interface: str, outgoing: bool, packet: bytes, time_ns: int | None) -> None:
        esp = read_esp(packet)
        # Before the first probe is sent, some packets carry no timestamp yet.
        if esp is not None and time_ns is not None:
            self.esp_sightings.append(EspSighting(time_ns, node, interface, outgoing, *esp))

    def _see(self, node: str, interface: str, outgoing: bool, packet: bytes, time_ns: int | None) -> None:
        reading = self.tag.read(packet)
        if reading is None or reading.number >= len(self.probes):
            self.others[node] += 1
            return
        if time_ns is None:
            raise MeasureError(f"node {node}: the kernel gave a packet no timestamp")
        sighting = Sighting(
            time_ns,
            node,
            interface,
            outgoing,
            reading.leg,
            reading.ttl,
            reading.answerer,
            reading.rejection,
            *ends(packet),
            reading.packet,
        )
        if sighting in self.sightings[reading.number]:
            return
        self.sightings[reading.number].add(sighting)
        self.last_seen = time.monotonic()
        if reading.leg == "reverse" and not outgoing and node == self.probes[reading.number].source:
            self.outstanding.discard(reading.number)

    def _respond(self, node: str, responder: socket.socket) -> None:
        for _ in range(BATCH):
            try:
                text, ancillary, _, asker = responder.recvmsg(2048, 128)
            except BlockingIOError:
                return
            if answer := self.tag.answer(text, node):
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
