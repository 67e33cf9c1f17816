"""Forwarding: which route each node uses for a packet, and where the packet goes or dies. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.effective import EffectiveRoute, active, system_routes
from netlab.azure.propagation import Learned, static_prefixes, vnet_prefixes
from netlab.azure.sessions import Session, point_to_site
from netlab.azure.world import World
from netlab.scenario.addresses import vm_addresses
from netlab.scenario.models import node_name
from netlab.scenario.names import Endpoint
from netlab.scenario.routers import Router, instance_addresses

# An address of a P2S pool that a client holds; which one is only known when it has connected.
Addresses = dict[str, IPv4Address]


@dataclass(frozen=True, slots=True)
class Used:
    """The route that a node used: prefix, where the node has it from, and what it leads to, in words."""

    node: str
    prefix: str
    source: str
    leads_to: str


@dataclass(frozen=True, slots=True)
class Hop:
    """One decision of a node: the route it used, and the next node and the way in there; or why the packet died."""

    used: Used | None
    next_node: str = ""
    ingress: str = ""
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet between two endpoints."""

    source: Endpoint
    target: Endpoint
    source_address: IPv4Address
    target_address: IPv4Address


FROM_SELF = ""
P2S = "p2s"


def hops(world: World, node: str, ingress: str, packet: Packet) -> tuple[Hop, ...]:
    """Where a node sends a packet that came in by ``ingress``: several hops where equal paths share the load.

    ``ingress`` is where it comes from: a node's name, or empty for the packet's own maker.
    """
    scenario = world.scenario
    vnets = {node_name(name): name for name in scenario.vnets}
    clients = {node_name(name): name for name in scenario.clients}
    router = world.topology.routers.get(node)
    if node in vnets:
        return tuple(_fabric(world, vnets[node], ingress, packet))
    if router is not None:
        return tuple(_router(world, router, packet))
    if node in clients:
        return tuple(_client(world, clients[node], packet))
    owner = packet.source if node == packet.source.node else packet.target
    return (Hop(Used(node, "0.0.0.0/0", "the machine's default route", owner.owner), node_name(owner.owner), node),)


# --- VNets ----------------------------------------------------------------------------------------------------------


def _fabric(world: World, vnet: str, ingress: str, packet: Packet) -> Iterator[Hop]:
    node, destination = node_name(vnet), packet.target_address
    for name, address in _nics(world, vnet).items():
        if address == destination:
            yield Hop(Used(node, f"{address}/32", "Default", "VnetLocal"), name, node)
            return
    found = longest(effective_routes(world, vnet, ingress), destination)
    if not found:
        yield Hop(None, dropped=f"unknown route: {node} knows no route to {destination}")
    for route in found:
        yield from _follow(world, vnet, route, destination)


def _nics(world: World, vnet: str) -> dict[str, IPv4Address]:
    item = world.scenario.vnets[vnet]
    return {node_name(vnet, vm): address for vm, address in vm_addresses(item).items()}


def effective_routes(world: World, vnet: str, ingress: str = "") -> tuple[EffectiveRoute, ...]:
    """The active routes for what enters a VNet: from a machine all, from its gateway no gateway routes, from a peer
    only its own and, if that peer may use the gateway, the gateway's (R102, R103)."""
    scenario = world.scenario
    system = tuple(system_routes(scenario, vnet))
    peers = {node_name(mine.remote_vnet): mine.remote_vnet for mine, _ in scenario.peered(vnet)}
    if ingress in {router.node for router in world.topology.with_tunnels(vnet)}:
        return tuple(active(system))
    if ingress in peers:
        local = tuple(route for route in system if route.next_hop_type == "VnetLocal")
        may_use = peers[ingress] in scenario.spokes(vnet)
        return tuple(active((*local, *(_gateway_routes(world, vnet) if may_use else ()))))
    serving = scenario.gateway_for(vnet)
    return tuple(active((*system, *(_gateway_routes(world, serving) if serving is not None else ()))))


def _gateway_routes(world: World, vnet: str) -> Iterator[EffectiveRoute]:
    return (
        EffectiveRoute("VirtualNetworkGateway", prefix, "VirtualNetworkGateway", vnet)
        for prefix in sorted(instances_by_prefix(world, vnet))
    )


def instances_by_prefix(world: World, vnet: str) -> dict[IPv4Network, tuple[Router, ...]]:
    """The prefixes that a gateway's instances send into tunnels of their own, and which instances do."""
    found: dict[IPv4Network, tuple[Router, ...]] = {}
    for router in world.topology.with_tunnels(vnet):
        for prefix in {way.prefix for way in ways(world, router) if way.tunnel}:
            found[prefix] = (*found.get(prefix, ()), router)
    return found


def _follow(world: World, vnet: str, route: EffectiveRoute, destination: IPv4Address) -> Iterator[Hop]:
    node = node_name(vnet)
    used = Used(node, str(route.prefix), route.source, route.next_hop_type)
    match route.next_hop_type:
        case "VnetLocal":
            own = {a: r.node for r in world.topology.with_tunnels(vnet) for a in instance_addresses(world.scenario, r)}
            if destination in own:
                yield Hop(used, own[destination], node)
            else:
                yield Hop(used, dropped=f"unknown route: no NIC of {node} has the address {destination}")
        case "VNetPeering":
            yield Hop(used, node_name(route.next_hop), node)
        case "VirtualNetworkGateway" if route.next_hop == vnet:
            for router in instances_by_prefix(world, vnet)[route.prefix]:
                yield Hop(used, router.node, node)
        case "VirtualNetworkGateway":
            yield Hop(used, node_name(route.next_hop), node)
        case "None":
            yield Hop(used, dropped=f"None route: {destination} matches the system route {route.prefix} to None")
        case _:
            yield Hop(used, "internet", node)


# --- gateway instances and the routers of sites ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """A route of a router: into a tunnel (``p2s`` for the pool) or to another router of its end, and where from."""

    prefix: IPv4Network
    tunnel: str
    neighbor: str
    source: str


def ways(world: World, router: Router) -> tuple[Way, ...]:
    """What a router sends into tunnels, or to another router of its gateway or site."""
    statics = tuple(static_ways(world, router))
    known = {way.prefix for way in statics}
    fallbacks = (way for way in _fallbacks(world, router) if way.prefix not in known)
    return (*statics, *fallbacks, *_learned_ways(world, router, known))


def static_ways(world: World, router: Router) -> Iterator[Way]:
    """The static routes of a router that are in force, its peers' host routes, and the P2S pool."""
    scenario = world.scenario
    for tunnel in world.topology.tunnels_of(router.node):
        if world.sends_statics(tunnel, router.node):
            own = vnet_prefixes(scenario, router.end) if router.end in scenario.vnets else ()
            for prefix in (p for p in static_prefixes(scenario, router.end, tunnel.connection) if p not in own):
                yield Way(prefix, tunnel.name, "", _static_source(router.end in scenario.vnets))
        if scenario.connections[tunnel.connection].enable_bgp and tunnel.name in world.up:
            peer = IPv4Network(f"{tunnel.other(router.node).bgp_address}/32")
            yield Way(peer, tunnel.name, "", "the BGP peer's host route")
    if router.end in scenario.vnets and world.topology.point_to_site(router.end) == router:
        yield Way(point_to_site(scenario, router.end).address_pool, P2S, "", "the P2S address pool")


def _static_source(is_gateway: bool) -> str:
    return "the local network gateway" if is_gateway else "a static route of the device"


def _fallbacks(world: World, router: Router) -> Iterator[Way]:
    """What an instance of an active-active gateway leaves to the other one: connections that it has no tunnel of that
    is up, and the point-to-site clients."""
    if router.end not in world.scenario.vnets:
        return
    for other in world.topology.lan_of(router.node):
        prefixes = dict.fromkeys(way.prefix for way in static_ways(world, other) if way.prefix.prefixlen < 32)
        for prefix in prefixes:
            yield Way(prefix, "", other.node, "the other instance's static routes")


def _learned_ways(world: World, router: Router, known: set[IPv4Network]) -> Iterator[Way]:
    for prefix, paths in world.learned[router.node].items():
        for path in paths if prefix not in known else ():
            yield Way(prefix, path.tunnel, "" if path.tunnel else path.neighbor, _bgp_source(path))


def _bgp_source(path: Learned) -> str:
    return f"{'BGP' if path.tunnel else 'iBGP'}, AS path {' '.join(map(str, path.as_path))}".rstrip()


def _router(world: World, router: Router, packet: Packet) -> Iterator[Hop]:
    scenario, destination = world.scenario, packet.target_address
    if router.end in scenario.vnets:
        inward = [(prefix, "the VNet's address space") for prefix in vnet_prefixes(scenario, router.end)]
        yield from _routed(world, router, inward, packet)
        return
    for host, address in scenario.sites[router.end].hosts.items():
        if address == destination and router.node == node_name(router.end):
            used = Used(router.node, f"{address}/32", "the site's own network", host)
            yield Hop(used, node_name(router.end, host), router.node)
            return
    inward = [(p, "the site's own network") for p in scenario.sites[router.end].address_prefixes]
    yield from _routed(world, router, inward if router.node != node_name(router.end) else [], packet)


def _routed(world: World, router: Router, inward: list[tuple[IPv4Network, str]], packet: Packet) -> Iterator[Hop]:
    destination = packet.target_address
    everything = (*(Way(prefix, "", node_name(router.end), source) for prefix, source in inward), *ways(world, router))
    covering = [way for way in everything if destination in way.prefix]
    if not covering:
        leads = " that would not lead to the Internet" if router.end in world.scenario.sites else ""
        yield Hop(None, dropped=f"unknown route: {router.node} knows no route to {destination}{leads}")
        return
    best = max(way.prefix.prefixlen for way in covering)
    longest_ones = [way for way in covering if way.prefix.prefixlen == best]
    inside = [way for way in longest_ones if way.neighbor == node_name(router.end)]
    for way in inside[:1] or longest_ones:
        yield _onto(world, router, way, packet)


def _onto(world: World, router: Router, way: Way, packet: Packet) -> Hop:
    if not way.tunnel:
        inward = way.neighbor == node_name(router.end)
        used = _used(router, way, router.end if inward else way.neighbor)
        return Hop(used, _next_router(world, router, way.neighbor), router.node)
    used = _used(router, way, way.tunnel)
    if way.tunnel == P2S:
        return _to_client(world, router.end, router.node, used, packet)
    if way.tunnel not in world.up:
        return Hop(used, dropped=f"no tunnel: {way.tunnel} has no INSTALLED CHILD SA")
    tunnel = next(tunnel for tunnel in world.topology.tunnels if tunnel.name == way.tunnel)
    negotiated = world.negotiated[tunnel.connection]
    outside = negotiated.refusal(router.end, packet.source_address, packet.target_address)
    if outside:
        return Hop(used, dropped=f"not in the selectors: {outside}")
    return Hop(used, tunnel.other(router.node).node, router.node)


def _used(router: Router, way: Way, leads_to: str) -> Used:
    return Used(router.node, str(way.prefix), way.source, leads_to)


def _next_router(world: World, router: Router, neighbor: str) -> str:
    """The next node towards another router of the same end: a site's devices reach each other over the one before."""
    central = next((r.node for r in world.topology.of(router.end) if r.before_devices), None)
    return neighbor if central in (None, router.node) else central


def _to_client(world: World, vnet: str, node: str, used: Used, packet: Packet) -> Hop:
    """A client is reached if it is connected, and what the packet comes from is in the selectors that it negotiated."""
    session = world.sessions.get((packet.target.owner, vnet))
    if session is None:
        return Hop(used, dropped=f"no tunnel: no client has the address {packet.target_address}")
    if session.absent:
        return Hop(used, dropped=f"no tunnel: {packet.target.node} is not connected: {session.absent}")
    if not any(packet.source_address in prefix for prefix in session.selectors):
        what = f"{packet.source_address} is in none of {_listed(session.selectors)}"
        return Hop(used, dropped=f"not in the selectors: {what}")
    return Hop(used, packet.target.node, node)


# --- clients --------------------------------------------------------------------------------------------------------


def _client(world: World, client: str, packet: Packet) -> Iterator[Hop]:
    """A client with several tunnels uses the one with the longest prefix, and there only the address from its pool."""
    node, destination = node_name(client), packet.target_address
    gateways = world.scenario.clients[client].gateways
    routes = ((prefix, gateway) for gateway in gateways for prefix in world.tunnel_routes(client, gateway))
    found = [route for route in routes if destination in route[0]]
    if not found:
        what = f"unknown route: {node} knows no route to {destination} that would not lead to the Internet"
        yield Hop(None, dropped=what)
        return
    prefix, gateway = max(found, key=lambda route: route[0].prefixlen)
    session, pool = world.sessions[client, gateway], point_to_site(world.scenario, gateway).address_pool
    used = Used(node, str(prefix), _client_source(world, client, prefix, session), f"{gateway}'s gateway")
    if not any(destination in selector for selector in session.selectors):
        what = f"not in the selectors: {destination} is in none of {_listed(session.selectors)}"
        yield Hop(used, dropped=what)
    elif packet.source_address not in pool:
        yield Hop(used, dropped=f"not in the selectors: {packet.source_address} is not from {pool}")
    else:
        instance = world.topology.point_to_site(gateway)
        assert instance is not None
        yield Hop(used, instance.node, node)


def _client_source(world: World, client: str, prefix: IPv4Network, session: Session) -> str:
    if prefix in session.by_hand:
        return "a route added by hand"
    windows = world.scenario.clients[client].os == "windows"
    return "the downloaded profile" if windows else "the negotiated selectors"


def longest(routes: Iterable[EffectiveRoute], destination: IPv4Address) -> tuple[EffectiveRoute, ...]:
    """The routes with the longest prefix that covers a destination."""
    covering = [route for route in routes if destination in route.prefix]
    best = max((route.prefix.prefixlen for route in covering), default=0)
    return tuple(route for route in covering if route.prefix.prefixlen == best)


def _listed(prefixes: Iterable[IPv4Network]) -> str:
    return ", ".join(map(str, sorted(prefixes)))
