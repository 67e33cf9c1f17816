"""What was seen of every probe, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, permutations
from typing import Literal

from netlab.results.protocols import PROTOCOLS, Protocol

# `third` is what a source sends in a connection that its kernel holds for established.
Leg = Literal["forward", "reverse", "third", "error", "encapsulated"]


@dataclass(frozen=True, slots=True)
class Probe:
    """A question from one node to another: an echo request, a UDP query or a SYN.

    ``address`` is the target's, where the probe is not for its usual one. In the place of a target that is no node
    one of ``answering`` answers.
    """

    source: str
    target: str
    protocol: Protocol
    address: str = ""
    answering: tuple[str, ...] | None = None

    @property
    def receivers(self) -> tuple[str, ...]:
        """The nodes where it may arrive: not where it comes from."""
        return (self.target,) if self.answering is None else tuple(n for n in self.answering if n != self.source)


@dataclass(frozen=True, slots=True)
class Rejection:
    """An ICMP error or a TCP reset about a probe (`about` forward) or about its answer (reverse)."""

    about: Literal["forward", "reverse"]
    sender: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """A packet of a probe, passing an interface of a node.

    `leg` is `encapsulated` where the tag was readable inside some other packet: a tunnel that hides nothing.
    `answerer` is the name that a UDP answer carries, `source` and `target` are the packet's addresses. `packet` tells
    apart the packets of a leg: a SYN-ACK that the kernel sends again is another one. `handshake` says that it is of the
    connection that is tried after a SYN was answered. `time_ns` is the kernel's clock, one for all namespaces;
    comparisons ignore it.
    """

    time_ns: int = field(compare=False)
    node: str
    interface: str
    outgoing: bool
    leg: Leg
    ttl: int
    answerer: str = ""
    rejection: Rejection | None = None
    source: str = ""
    target: str = ""
    packet: int = 0
    handshake: bool = False


@dataclass(frozen=True, slots=True)
class EspSighting:
    """An ESP packet, plain or in UDP, passing an interface of a node of the underlay."""

    time_ns: int
    node: str
    interface: str
    outgoing: bool
    source: str
    target: str
    in_udp: bool
    spi: int
    sequence: int


@dataclass(frozen=True, slots=True)
class TlsSighting:
    """A TCP segment with text of a TLS tunnel, passing an interface of a node of the underlay."""

    time_ns: int
    node: str
    interface: str
    outgoing: bool
    source: str
    target: str
    sequence: int
    size: int


# A packet that hides others.
Sealed = EspSighting | TlsSighting


@dataclass(frozen=True, slots=True)
class Trace:
    """One probe with all its sightings, in time order.

    `unsent` is the errno where the source itself refused to send, else 0. `answered_by` are the nodes where
    an answer began; `answered` says that the target and nobody else answered, and that the source heard it, as from the
    address that it asked. `greeted` is whether a connection was tried as well; then its text must arrive, too. Where it
    did not come about, the sightings are those of its SYN and of the answer.
    """

    probe: Probe
    source_address: str
    target_address: str
    unsent: int
    sightings: tuple[Sighting, ...]
    answered_by: tuple[str, ...]
    answered: bool
    rtt_ms: float | None
    greeted: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """The traces, in the order of the probes, and how many ESP packets each outer (source, destination) sent.

    `tls` are the bytes of text that passed TLS tunnels. All of it passes many interfaces: each number is that of the
    underlay node where most went out. `sealed` are those packets one by one, in time order, where they were asked for.
    """

    traces: tuple[Trace, ...]
    esp: Mapping[tuple[str, str], int]
    tls: Mapping[tuple[str, str], int] = field(default_factory=dict)
    sealed: tuple[Sealed, ...] = ()


def all_pairs(nodes: Iterable[str], protocols: Collection[Protocol] = PROTOCOLS) -> tuple[Probe, ...]:
    """Every node asks every other one, with each protocol."""
    return tuple(Probe(*pair, protocol) for pair in permutations(nodes, 2) for protocol in protocols)


def packets(trace: Trace, leg: Leg) -> tuple[tuple[Sighting, ...], ...]:
    """The sightings of each packet of a leg, in the order in which the packets were first seen."""
    found: dict[int, list[Sighting]] = {}
    for seen in trace.sightings:
        if seen.leg == leg:
            found.setdefault(seen.packet, []).append(seen)
    return tuple(map(tuple, found.values()))


def passage(trace: Trace, leg: Leg) -> tuple[Sighting, ...]:
    """The sightings of the one packet of a leg that counts: the first that arrived, or the first of all.

    A packet that is sent again may take another of several equal paths; the two have nothing in common.
    """
    probe = trace.probe
    ends = (probe.source,) if leg == "reverse" else probe.receivers
    found = packets(trace, leg)
    arrived = (packet for packet in found if any(seen.node in ends and not seen.outgoing for seen in packet))
    return next(arrived, next(iter(found), ()))


def path(trace: Trace, leg: Leg) -> tuple[str, ...]:
    """The nodes that a leg passed, in order; of a loop the first round."""
    seen, loop = passage(trace, leg), looping(trace, leg)
    once = seen if loop is None else seen[: next(i for i, sighting in enumerate(seen) if sighting is loop)]
    return tuple(node for node, _ in groupby(sighting.node for sighting in once))


def last(trace: Trace, leg: Leg) -> Sighting | None:
    """Where a leg was seen last: behind this point it died, or it arrived."""
    return next(reversed(passage(trace, leg)), None)


def looping(trace: Trace, leg: Leg) -> Sighting | None:
    """The first sighting of a packet at a place where it has already been, if any."""
    places = set()
    for seen in passage(trace, leg):
        place = (seen.node, seen.interface, seen.outgoing, seen.rejection)
        if place in places:
            return seen
        places.add(place)
    return None


def judge(
    probe: Probe,
    source_address: str,
    target_address: str,
    unsent: int,
    sightings: Iterable[Sighting],
    *,
    greeted: bool = False,
) -> Trace:
    """Say of one probe whether it was answered, by whom and how fast."""
    seen = _telling(sorted(sightings, key=lambda s: (s.time_ns, -s.ttl, not s.outgoing)))
    reverse = [sighting for sighting in seen if sighting.leg == "reverse"]
    answered_by = _origins(reverse)
    asked = [s for s in seen if s.leg == "forward" and s.node == probe.source and s.outgoing]
    heard = [s for s in reverse if s.node == probe.source and not s.outgoing and s.source == target_address]
    answered = (
        len(answered_by) == 1
        and answered_by[0] in probe.receivers
        and any(s.leg == "forward" and s.node in answered_by and not s.outgoing for s in seen)
        and bool(asked and heard)
        and (probe.protocol != "udp" or all(s.answerer in answered_by for s in heard))
    )
    if greeted:
        answered &= any(s.leg == "third" and s.node in probe.receivers and not s.outgoing for s in seen)
    rtt_ms = (heard[0].time_ns - asked[0].time_ns) / 1e6 if answered else None
    return Trace(probe, source_address, target_address, unsent, seen, answered_by, answered, rtt_ms, greeted)


def _telling(seen: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """The sightings without those of a handshake; of a connection that did not come about these alone.

    Its source port is another one than that of the probe before, so it may take another of several equal paths.
    """
    failed = any(sighting.handshake for sighting in seen) and all(sighting.leg != "third" for sighting in seen)
    return tuple(sighting for sighting in seen if sighting.handshake is failed or sighting.leg == "encapsulated")


def _origins(reverse: Iterable[Sighting]) -> tuple[str, ...]:
    """The nodes where an answer left before it had come in; a forwarding node sees it the other way round."""
    first: dict[str, Sighting] = {}
    for seen in reverse:
        first.setdefault(seen.node, seen)
    return tuple(node for node, seen in first.items() if seen.outgoing)
