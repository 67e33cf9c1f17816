"""BGP speakers: FRR's neighbors, with the interface that leads to each and what is set for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netlab.azure.propagation import (
    Announcements,
    announces,
    bgp_ends,
    circles,
    maximum_prefix,
    metric,
    sheltered,
    strips_private,
    taken_without_asn,
    weight,
    withheld,
)
from netlab.plan.model import BgpNeighbor, BgpSpeaker, Timers
from netlab.plan.names import interface, node_directory
from netlab.plan.ports import INSIDE, NIC, PAIR, circuit_port, device_port, sd_wan_ports
from netlab.plan.timers import BGP_HOLD, bgp_timers
from netlab.scenario.addresses import supernets
from netlab.scenario.models import Circuit, Scenario
from netlab.scenario.routers import Router, Topology, appliance_bgp


def speaker(
    lab: str,
    scenario: Scenario,
    topology: Topology,
    router: Router,
    timers: Timers,
    announced: Announcements | None = None,
) -> BgpSpeaker | None:
    """The BGP speaker of a router; of a gateway or a site only if it runs BGP."""
    if router.node in topology.routers and router.end not in bgp_ends(scenario):
        return None
    own = sheltered(scenario, router)
    # What is wider than its VNet, a gateway learns and keeps to itself (B17, B23).
    kept = own if router.node in topology.routers else ()
    return BgpSpeaker(
        node=router.node,
        directory=node_directory(lab, router.node),
        asn=router.asn,
        address=str(router.bgp_address),
        networks=tuple(map(str, announces(scenario, router, announced))),
        neighbors=tuple(
            _rated(scenario, router, topology.speakers[neighbor.node], neighbor)
            for neighbor in (
                *_outside(scenario, topology, router),
                *_inside(topology, router),
                *peers_of(scenario, topology, router, timers),
            )
        ),
        keepalive=timers.bgp_keepalive,
        hold=timers.bgp_hold,
        bfd_interval=timers.bfd_interval,
        own_prefixes=tuple(map(str, own)),
        covering=tuple(str(wide) for wide in dict.fromkeys(s for prefix in kept for s in supernets(prefix))),
    )


def _rated(scenario: Scenario, router: Router, peer: Router, neighbor: BgpNeighbor) -> BgpNeighbor:
    """A neighbor with what counts of that which it tells, and what it is not told."""
    # Different ones everywhere: communities go on with what is told.
    known = (*scenario.expressroute_circuits, *(f"appliance {end}" for end in scenario.appliances))
    numbers = {name: number for number, name in enumerate(known, 1)}
    return replace(
        neighbor,
        maximum_prefix=maximum_prefix(scenario, router, peer),
        withheld=tuple(map(str, withheld(scenario, router, peer))),
        marks=tuple(sorted(numbers[name] for name in circles(scenario, router, peer))),
        weight=weight(scenario, router, peer),
        metric=metric(scenario, router, peer),
        nameless=tuple(map(str, taken_without_asn(scenario, router, peer))),
    )


def _outside(scenario: Scenario, topology: Topology, router: Router) -> Iterator[BgpNeighbor]:
    for tunnel in topology.tunnels_of(router.node):
        item = scenario.connections[tunnel.connection]
        if item.enable_bgp:
            peer = tunnel.other(router.node)
            # B13: the gateway opens the session; between two of a kind the first one named does.
            mine, theirs = _is_device(router, peer), _is_device(peer, router)
            passive = mine or (not theirs and router.end == item.between[1])
            site = scenario.sites.get(router.end)
            prepend = site.as_path_prepend.get(tunnel.connection, 0) if site is not None else 0
            yield BgpNeighbor(
                tunnel.name,
                peer.node,
                str(peer.bgp_address),
                interface(f"t-{tunnel.name}"),
                peer.asn,
                passive,
                prepend=prepend,
            )


def _is_device(router: Router, peer: Router) -> bool:
    """Whether a router is a gateway's counterpart: a site's device, or an appliance that faces a gateway."""
    return router.role == "device" or (router.role, peer.role) == ("appliance", "gateway")


def _inside(topology: Topology, router: Router) -> Iterator[BgpNeighbor]:
    for other in topology.lan_of(router.node) if router.node in topology.routers else ():
        port = PAIR if router.role == "gateway" else device_port(other.node) if router.before_devices else INSIDE
        passive = router.index > other.index
        yield BgpNeighbor("", other.node, str(other.bgp_address), port, other.asn, passive, inside=True)


def peers_of(scenario: Scenario, topology: Topology, router: Router, timers: Timers) -> Iterator[BgpNeighbor]:
    """The peers without a tunnel: of Route Servers, of appliances, of gateways and of sites."""
    for peers in topology.peers:
        one, two = peers.routers
        if router.node in (one.node, two.node):
            yield _peer(scenario, router, peers.other(router.node), timers, passive=router == two)


def _peer(scenario: Scenario, router: Router, other: Router, timers: Timers, *, passive: bool) -> BgpNeighbor:
    nva = next((r for r in (router, other) if r.role == "appliance"), None)
    msee = next((r for r in (router, other) if r.role == "edge router"), None)
    site = next((r for r in (router, other) if r.role == "device"), None)
    port = NIC
    if msee is not None:
        port = circuit_port(other.node)
    elif nva is not None and site is not None:
        port = sd_wan_ports(nva.node, site.end)[int(router == site)]
    found = BgpNeighbor(
        connection=f"{router.node}-{other.node}",
        node=other.node,
        address=str(other.bgp_address),
        interface=port,
        asn=other.asn,
        passive=passive,
        inside=router.asn == other.asn,
        keeps_next_hop=router.role == "route server",
        strips_private=strips_private(router, other),
    )
    if msee is not None and site is not None:
        return _over_circuit(scenario.expressroute_circuits[msee.end], found, timers, asks=router == site)
    if router.role != "appliance" or other.role != "route server":
        return found
    settings = appliance_bgp(scenario, router)
    return replace(
        found,
        prepend=settings.as_path_prepend,
        next_hop=str(settings.next_hop or ""),
        quiet=tuple(map(str, settings.no_advertise)),
        overrides=settings.as_override,
    )


def _over_circuit(circuit: Circuit, neighbor: BgpNeighbor, timers: Timers, *, asks: bool) -> BgpNeighbor:
    """A neighbor over a circuit's link to its site, whose device ``asks`` for a hold time (R98)."""
    shorter = asks and circuit.hold_time_seconds < BGP_HOLD
    return replace(neighbor, bfd=circuit.bfd, timers=bgp_timers(circuit.hold_time_seconds, timers) if shorter else None)
