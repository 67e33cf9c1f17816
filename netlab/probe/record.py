"""What the witnesses of a run have seen: read in batches, decoded once however many interfaces a packet passes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from socket import inet_ntoa
from typing import NamedTuple

from netlab.errors import MeasureError
from netlab.probe.batch import Batch
from netlab.probe.packets import Reading, Tag, ends, is_esp, is_tls, read_esp, read_tls
from netlab.probe.sockets import Sockets, interface_name
from netlab.probe.trace import EspSighting, Probe, Sealed, Sighting, TlsSighting

# Where a packet passes: the node, the index of the interface there, and the direction.
Place = tuple[str, int, bool]


class _Known(NamedTuple):
    """A packet that was read: what it is, and its ends."""

    reading: Reading | None
    ends: tuple[str, str] = ("", "")


@dataclass(slots=True)
class Record:
    """The packets of a run so far, and the probes whose answers are awaited.

    ``awaited`` loses a probe when its source hears an answer. ``sightings`` has per probe when each packet passed each
    place first: a packet in a loop passes many times. ``others`` counts what belongs to no probe, by node.
    """

    tag: Tag
    probes: Sequence[Probe]
    sockets: Sockets
    underlay: frozenset[str]
    keep_sealed: bool
    awaited: set[int] = field(default_factory=set)
    sightings: dict[int, dict[tuple[Place, bytes], int]] = field(default_factory=dict)
    esp: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    tls: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    sealed: list[Sealed] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    last_seen: float = 0.0
    _batch: Batch = field(default_factory=Batch)
    _known: dict[bytes, _Known] = field(default_factory=dict)

    def read(self, node: str) -> None:
        """Read what waits at the witness of a node, as much as a batch holds."""
        is_underlay, new, known = node in self.underlay, False, self._known
        for interface, outgoing, time_ns, packet in self._batch.read(self.sockets.witnesses[node]):
            place = (node, interface, outgoing)
            sealed = is_underlay and self._count(place, packet, time_ns)
            if sealed and self.tag.nonce not in packet:
                continue
            reading = (known.get(packet) or self._know(packet)).reading
            if reading is None:
                self.others[node] += 1
            elif (place, packet) not in (seen := self.sightings.setdefault(reading.number, {})):
                seen[place, packet] = self._time(node, time_ns)
                new |= not reading.handshake
                if reading.leg == "reverse" and not outgoing and node == self.probes[reading.number].source:
                    self.awaited.discard(reading.number)
        if new:
            self.last_seen = time.monotonic()

    def passed(self, number: int, nodes: Collection[str]) -> bool:
        """Whether a probe or its answer was seen at one of these nodes."""
        return any(node in nodes for (node, _, _), _ in self.sightings.get(number, {}))

    def greeted(self, number: int) -> bool:
        """Whether the text that a probe's source sent in a connection has come to its target."""
        receivers = self.probes[number].receivers
        return any(
            node in receivers and not outgoing and self._is_third(packet)
            for (node, _, outgoing), packet in self.sightings.get(number, {})
        )

    def _is_third(self, packet: bytes) -> bool:
        reading = self._known[packet].reading
        return reading is not None and reading.leg == "third"

    def _know(self, packet: bytes) -> _Known:
        """Read a packet, once: the same bytes pass many interfaces."""
        reading = self.tag.read(packet)
        mine = reading is not None and reading.number < len(self.probes)
        self._known[packet] = known = _Known(reading, ends(packet)) if mine else _Known(None)
        return known

    def _time(self, node: str, time_ns: int) -> int:
        if not time_ns:
            raise MeasureError(f"node {node}: the kernel gave a packet no timestamp")
        return time_ns

    def _count(self, place: Place, packet: bytes, time_ns: int) -> bool:
        """Count a packet if it is a tunnel's."""
        return self._count_esp(place, packet, time_ns) or self._count_tls(place, packet, time_ns)

    def _count_esp(self, place: Place, packet: bytes, time_ns: int) -> bool:
        """Count a packet if it is ESP."""
        if not is_esp(packet):
            return False
        node, interface, outgoing = place
        if outgoing:
            self.esp[node, packet[12:20]] += 1
        # Before the first probe is sent, some packets carry no timestamp yet.
        if self.keep_sealed and time_ns and (esp := read_esp(packet)) is not None:
            self.sealed.append(EspSighting(time_ns, node, self._interface(node, interface), outgoing, *esp))
        return True

    def _count_tls(self, place: Place, packet: bytes, time_ns: int) -> bool:
        """Count the bytes of a packet if it belongs to a TLS tunnel."""
        if not is_tls(packet):
            return False
        node, interface, outgoing = place
        tls = read_tls(packet)
        if outgoing and tls is not None:
            self.tls[node, packet[12:20]] += tls.size
        if self.keep_sealed and time_ns and tls is not None:
            self.sealed.append(TlsSighting(time_ns, node, self._interface(node, interface), outgoing, *tls))
        return True

    def _interface(self, node: str, index: int) -> str:
        names = self.sockets.interfaces[node]
        if index not in names:
            names[index] = interface_name(self.sockets.witnesses[node], index)
        return names[index]

    def of(self, number: int) -> Iterator[Sighting]:
        """The sightings of a probe."""
        for ((node, interface, outgoing), packet), time_ns in self.sightings.get(number, {}).items():
            reading, (source, target) = self._known[packet]
            assert reading is not None
            yield Sighting(
                time_ns,
                node,
                self._interface(node, interface),
                outgoing,
                reading.leg,
                reading.ttl,
                reading.answerer,
                reading.rejection,
                source,
                target,
                reading.packet,
                reading.handshake,
            )

    @property
    def foreign(self) -> tuple[str, int, str]:
        """The node with most packets that belong to no probe, how many, and what they are."""
        others = Counter({(node, "packets"): count for node, count in self.others.items()})
        for (node, flow), count in self.esp.items():
            others[node, f"ESP packets from {inet_ntoa(flow[:4])} to {inet_ntoa(flow[4:])}"] += count
        for (node, flow), count in self.tls.items():
            others[node, f"bytes of TLS from {inet_ntoa(flow[:4])} to {inet_ntoa(flow[4:])}"] += count
        (((node, what), count),) = others.most_common(1) or [(("", ""), 0)]
        return node, count, what


def by_flow(seen: Counter[tuple[str, bytes]]) -> dict[tuple[str, str], int]:
    """What each outer source sent to each destination: at the node where most went out."""
    found: dict[tuple[str, str], int] = {}
    for (_, flow), count in seen.items():
        pair = inet_ntoa(flow[:4]), inet_ntoa(flow[4:])
        found[pair] = max(count, found.get(pair, 0))
    return found
