"""One probe followed through every namespace: in clear where it passed, and as ESP between the ends of tunnels."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

from netlab.lab.build.state import Lab
from netlab.lab.machine import Machine
from netlab.lab.measure.autopsy import Coroner
from netlab.plan.model import Plan
from netlab.probe.observe import observe
from netlab.probe.trace import EspSighting, Leg, Probe, Protocol, Sighting, Trace, path
from netlab.results.drops import Drop

# Where ESP passes: between the public addresses, up to the clients, which hold their own.
_UNDERLAY = ("internet", "edge", "client")
_TUNNELLED: tuple[Leg, ...] = ("forward", "reverse", "error")


@dataclass(frozen=True, slots=True)
class Passing:
    """A packet of the probe at an interface, microseconds after the probe was sent.

    Its addresses are those that it bore there. In clear it has a TTL, as ESP its SA's number and its own in it.
    ``remark`` is what an error says.
    """

    time_us: float
    node: str
    interface: str
    direction: Literal["in", "out"]
    leg: Leg
    form: Literal["clear", "ESP", "ESP in UDP"]
    source: str = ""
    target: str = ""
    ttl: int | None = None
    spi: str = ""
    sequence: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Followed:
    """A probe, all its passings in time order, and the verdict; ``dropped_at`` where it was not answered."""

    trace: Trace
    passings: tuple[Passing, ...]
    dropped_at: Drop | None

    def structure(self) -> dict[str, Any]:
        """For JSON."""
        trace = self.trace
        return {
            "source": trace.probe.source,
            "target": trace.probe.target,
            "protocol": trace.probe.protocol,
            "source_address": trace.source_address,
            "target_address": trace.target_address,
            "answered": trace.answered,
            "rtt_ms": trace.rtt_ms,
            "forward": list(path(trace, "forward")),
            "reverse": list(path(trace, "reverse")),
            "dropped_at": asdict(self.dropped_at) if self.dropped_at is not None else None,
            "sightings": [asdict(passing) for passing in self.passings],
        }


def follow(lab: Lab, machine: Machine, addresses: Mapping[str, str], probe: Probe) -> Followed:
    """Send one probe and see it pass everywhere."""
    plan = lab.plan
    pair = {node: addresses[node] for node in (probe.source, probe.target)}
    namespaces = {node.name: node.netns for node in plan.nodes}
    underlay = {node.name for node in plan.nodes if node.kind in _UNDERLAY}
    observation = observe(pair, [probe], namespaces, underlay, keep_esp=True)
    (trace,) = observation.traces
    drop = None if trace.answered else Coroner(plan, machine.routes, machine.sas).examine(trace)
    return Followed(trace, passings(trace, observation.esp_sightings, tunnel_ends(plan)), drop)


def rows(followed: Followed) -> list[dict[str, Any]]:
    """The passings as a table shows them."""
    return [
        {
            "us": f"{seen.time_us:.1f}",
            "node": seen.node,
            "interface": seen.interface,
            "": seen.direction,
            "leg": seen.leg,
            "as": seen.form,
            "packet": _packet(seen, followed.trace.probe.protocol),
        }
        for seen in followed.passings
    ]


def verdict(followed: Followed) -> str:
    """Whether the probe was answered, the way that it took, and where it died."""
    trace, drop = followed.trace, followed.dropped_at
    outcome = f"answered after {trace.rtt_ms:.3f} ms" if trace.rtt_ms is not None else "not answered"
    lines = [f"{trace.probe.source} to {trace.probe.target}, {trace.probe.protocol}: {outcome}"]
    lines += [f"  forward: {' > '.join(path(trace, 'forward')) or trace.probe.source}"]
    lines += [f"  reverse: {' > '.join(path(trace, 'reverse')) or 'none'}"]
    if drop is not None:
        what = "the answer " if drop.direction == "reverse" else ""
        lines.append(f"  {what}dropped at {drop.node}: {drop.reason}")
    return "\n".join(lines)


def _packet(seen: Passing, protocol: Protocol) -> str:
    if seen.form == "clear":
        return f"{seen.source} > {seen.target}, {protocol}, TTL {seen.ttl}" + (
            f": {seen.remark}" if seen.remark else ""
        )
    return f"{seen.source} > {seen.target}, SPI {seen.spi}, sequence {seen.sequence}"


# --- putting the sightings together ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Crossing:
    """A packet inside a tunnel: from when to when (to the end, if it never came out) and between which addresses.

    ``target`` is empty where a gateway's interface leads to all its clients and none of them saw the packet.
    """

    leg: Leg
    begin: int
    end: int | None
    source: str
    target: str

    def contains(self, esp: EspSighting) -> bool:
        """Whether an ESP packet passed between the tunnel's ends while this one was in it."""
        return (
            esp.source == self.source
            and self.target in ("", esp.target)
            and self.begin <= esp.time_ns
            and (self.end is None or esp.time_ns <= self.end)
        )


def tunnel_ends(plan: Plan) -> dict[tuple[str, str], tuple[str, str]]:
    """The public addresses of a tunnel, its own and the other end's, by node and interface."""
    public = {
        (charon.node, connection.name): (connection.public_address, connection.remote_address)
        for charon in plan.charons
        for connection in charon.connections
    }
    ends = {(tunnel.node, tunnel.interface): public[tunnel.edge, tunnel.connection] for tunnel in plan.tunnels}
    return ends | {(item.node, item.interface): public[item.node, item.connection] for item in plan.clients}


def crossings(trace: Trace, ends: Mapping[tuple[str, str], tuple[str, str]]) -> Iterator[Crossing]:
    """Every time that the probe, its answer or an error about either entered a tunnel."""
    for leg in _TUNNELLED:
        seen = [item for item in trace.sightings if item.leg == leg]
        for entry, following in pairwise([*seen, None]):
            if entry is not None and entry.outgoing and (entry.node, entry.interface) in ends:
                yield _crossing(leg, entry, following, ends)


def _crossing(
    leg: Leg, entry: Sighting, following: Sighting | None, ends: Mapping[tuple[str, str], tuple[str, str]]
) -> Crossing:
    source, target = ends[entry.node, entry.interface]
    out = ends.get((following.node, following.interface)) if following is not None and not following.outgoing else None
    if following is None or out is None:
        return Crossing(leg, entry.time_ns, None, source, target)
    return Crossing(leg, entry.time_ns, following.time_ns, source, target or out[0])


def passings(
    trace: Trace, esp: Collection[EspSighting], ends: Mapping[tuple[str, str], tuple[str, str]]
) -> tuple[Passing, ...]:
    """All sightings of a probe in time order, in clear and as ESP."""
    if not trace.sightings:
        return ()
    sent = trace.sightings[0].time_ns
    found = {seen: crossing.leg for crossing in crossings(trace, ends) for seen in esp if crossing.contains(seen)}
    timed = [(seen.time_ns, _in_clear(seen, sent)) for seen in trace.sightings]
    timed += [(seen.time_ns, _as_esp(seen, leg, sent)) for seen, leg in found.items()]
    return tuple(passing for _, passing in sorted(timed, key=lambda pair: pair[0]))


def _in_clear(seen: Sighting, sent: int) -> Passing:
    said = seen.rejection
    return Passing(
        time_us=(seen.time_ns - sent) / 1000,
        node=seen.node,
        interface=seen.interface,
        direction="out" if seen.outgoing else "in",
        leg=seen.leg,
        form="clear",
        source=seen.source,
        target=seen.target,
        ttl=seen.ttl,
        remark=f"{said.sender} says of the {said.about} leg: {said.reason}" if said is not None else "",
    )


def _as_esp(seen: EspSighting, leg: Leg, sent: int) -> Passing:
    return Passing(
        time_us=(seen.time_ns - sent) / 1000,
        node=seen.node,
        interface=seen.interface,
        direction="out" if seen.outgoing else "in",
        leg=leg,
        form="ESP in UDP" if seen.in_udp else "ESP",
        source=seen.source,
        target=seen.target,
        spi=f"{seen.spi:08x}",
        sequence=seen.sequence,
    )
