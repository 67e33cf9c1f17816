"""One probe followed through every namespace: in clear where it passed, and inside a tunnel between its ends."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from netlab.lab.build.records import Lab
from netlab.lab.machine import Machine
from netlab.lab.measure.autopsy import Coroner
from netlab.plan.model import Client, Outer, Plan
from netlab.probe.observe import observe
from netlab.probe.trace import EspSighting, Leg, Probe, Sealed, Sighting, Trace, packets, path
from netlab.results.lab import Followed, Passing

# Where tunnels pass: between the public addresses, up to the clients, which hold their own.
_UNDERLAY = ("internet", "backbone", "edge", "access network", "client")
_TUNNELLED: tuple[Leg, ...] = ("forward", "reverse", "error")


def follow(lab: Lab, machine: Machine, addresses: Mapping[str, str], probe: Probe) -> Followed:
    """Send one probe and see it pass everywhere."""
    plan = lab.plan
    pair = {node: addresses[node] for node in (probe.source, *probe.receivers)}
    namespaces = {node.name: node.netns for node in plan.nodes}
    underlay = {node.name for node in plan.nodes if node.kind in _UNDERLAY}
    observation = observe(pair, [probe], namespaces, underlay, keep_sealed=True)
    (trace,) = observation.traces
    drop = None if trace.answered else Coroner(plan, machine).examine(trace)
    return Followed(
        lab=plan.lab,
        source=probe.source,
        target=probe.target,
        protocol=probe.protocol,
        source_address=trace.source_address,
        target_address=trace.target_address,
        answered=trace.answered,
        rtt_ms=trace.rtt_ms,
        forward=path(trace, "forward"),
        reverse=path(trace, "reverse"),
        dropped_at=drop,
        sightings=passings(trace, observation.sealed, tunnel_ends(plan)),
    )


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

    def contains(self, sealed: Sealed) -> bool:
        """Whether a packet of the tunnel passed between its ends while this one was in it."""
        return (
            sealed.source == self.source
            and self.target in ("", sealed.target)
            and self.begin <= sealed.time_ns
            and (self.end is None or sealed.time_ns <= self.end)
        )


def tunnel_ends(plan: Plan) -> dict[tuple[str, str], tuple[str, str]]:
    """The public addresses of a tunnel, its own and the other end's, by node and interface."""
    public = {
        (charon.node, connection.name): (connection.public_address, connection.remote_address)
        for charon in plan.charons
        for connection in charon.connections
    }
    between = (tunnel for tunnel in plan.tunnels if not tunnel.to_clients)
    ends = {(tunnel.node, tunnel.interface): public[tunnel.edge, tunnel.connection] for tunnel in between}
    ends |= {(server.node, server.interface): (server.address, "") for server in plan.servers}
    return ends | {(item.node, item.interface): (_own_address(plan, item), item.server) for item in plan.clients}


def outer(plan: Plan, place: tuple[str, str]) -> Outer:
    """What a tunnel is on the underlay, by node and interface of one of its ends."""
    of_servers = {(server.node, server.interface): server.outer for server in plan.servers}
    of_clients = {(client.node, client.interface): client.outer for client in plan.clients}
    return (of_servers | of_clients).get(place, "ESP")


def _own_address(plan: Plan, client: Client) -> str:
    """The address of a client as the Internet sees it: what NAT makes of it, or that of its NIC."""
    own = next(link.a for link in plan.links if link.a.node == client.node)
    return client.translated or own.addresses[0].partition("/")[0]


def crossings(trace: Trace, ends: Mapping[tuple[str, str], tuple[str, str]]) -> Iterator[Crossing]:
    """Every time that the probe, its answer or an error about either entered a tunnel."""
    for leg in _TUNNELLED:
        for packet in packets(trace, leg):
            for entry, following in pairwise([*packet, None]):
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
    trace: Trace, sealed: Collection[Sealed], ends: Mapping[tuple[str, str], tuple[str, str]]
) -> tuple[Passing, ...]:
    """All sightings of a probe in time order, in clear and inside tunnels."""
    if not trace.sightings:
        return ()
    sent = trace.sightings[0].time_ns
    found = {seen: crossing.leg for crossing in crossings(trace, ends) for seen in sealed if crossing.contains(seen)}
    timed = [(seen.time_ns, _in_clear(seen, sent)) for seen in trace.sightings]
    timed += [(seen.time_ns, _inside(seen, leg, sent)) for seen, leg in found.items()]
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


def _inside(seen: Sealed, leg: Leg, sent: int) -> Passing:
    return Passing(
        time_us=(seen.time_ns - sent) / 1000,
        node=seen.node,
        interface=seen.interface,
        direction="out" if seen.outgoing else "in",
        leg=leg,
        form="TLS" if not isinstance(seen, EspSighting) else "ESP in UDP" if seen.in_udp else "ESP",
        source=seen.source,
        target=seen.target,
        spi=f"{seen.spi:08x}" if isinstance(seen, EspSighting) else "",
        sequence=seen.sequence,
    )
