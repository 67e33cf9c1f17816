"""Forwarding: which route each node uses for a packet, and where the packet goes or dies. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.effective import EffectiveRoute, active, system_routes
from netlab.azure.propagation import static_prefixes, vnet_prefixes
from netlab.azure.sessions import Session, point_to_site
from netlab.azure.world import World
from netlab.scenario.addresses import bgp_address, gateway_bgp_address, gateway_instance, vm_addresses
from netlab.scenario.models import node_name
from netlab.scenario.names import Endpoint, gateway_node

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


def hops(world: World, node: str, ingress: str, packet: Packet) -> tuple[Hop, ...]:
    """Where a node sends a packet that came in by ``ingress``: several hops where equal paths share the load.

    ``ingress`` is where it comes from: a node's name, or empty for the packet's own maker.
    """
    scenario = world.scenario
    vnets = {node_name(name): name for name in scenario.vnets}
    gateways = {gateway_node(name): name for name, item in scenario.vnets.items() if item.vpn_gateway is not None}
    sites = {node_name(name): name for name in scenario.sites}
    clients = {node_name(name): name for name in scenario.clients}
    if node in vnets:
        return tuple(_fabric(world, vnets[node], ingress, packet))
    if node in gateways:
        return tuple(_gateway(world, gateways[node], packet))
    if node in sites:
        return tuple(_site(world, sites[node], packet))
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
        yield _follow(world, vnet, route, destination)


def _nics(world: World, vnet: str) -> dict[str, IPv4Address]:
    item = world.scenario.vnets[vnet]
    return {node_name(vnet, vm): address for vm, address in vm_addresses(item).items()}


def effective_routes(world: World, vnet: str, ingress: str = "") -> tuple[EffectiveRoute, ...]:
    """The active routes for what enters a VNet: from a machine all, from its gateway no gateway routes, from a peer
    only its own and, if that peer may use the gateway, the gateway's (R102, R103)."""
    scenario = world.scenario
    system = tuple(system_routes(scenario, vnet))
    peers = {node_name(mine.remote_vnet): mine.remote_vnet for mine, _ in scenario.peered(vnet)}
    if ingress == gateway_node(vnet):
        return tuple(active(system))
    if ingress in peers:
        local = tuple(route for route in system if route.next_hop_type == "VnetLocal")
        may_use = peers[ingress] in scenario.spokes(vnet)
        return tuple(active((*local, *(_gateway_routes(world, vnet) if may_use else ()))))
    serving = scenario.gateway_for(vnet)
    return tuple(active((*system, *(_gateway_routes(world, serving) if serving is not None else ()))))


def _gateway_routes(world: World, vnet: str) -> Iterator[EffectiveRoute]:
    prefixes = {prefix for prefix, _, _ in tunnel_routes(world, vnet)}
    return (EffectiveRoute("VirtualNetworkGateway", p, "VirtualNetworkGateway", vnet) for p in sorted(prefixes))


def _follow(world: World, vnet: str, route: EffectiveRoute, destination: IPv4Address) -> Hop:
    node = node_name(vnet)
    used = Used(node, str(route.prefix), route.source, route.next_hop_type)
    match route.next_hop_type:
        case "VnetLocal":
            gateway = world.scenario.vnets[vnet]
            own = {gateway_instance(gateway), gateway_bgp_address(gateway)} if gateway.vpn_gateway else set()
            if destination in own:
                return Hop(used, gateway_node(vnet), node)
            return Hop(used, dropped=f"unknown route: no NIC of {node} has the address {destination}")
        case "VNetPeering":
            return Hop(used, node_name(route.next_hop), node)
        case "VirtualNetworkGateway":
            serving = route.next_hop
            return Hop(used, gateway_node(serving) if serving == vnet else node_name(serving), node)
        case "None":
            what = f"None route: {destination} matches the system route {route.prefix} to None"
            return Hop(used, dropped=what)
    return Hop(used, "internet", node)


# --- gateways and sites ---------------------------------------------------------------------------------------------


def tunnel_routes(world: World, end: str) -> Iterator[tuple[IPv4Network, str, str]]:
    """What a gateway or a site sends into its tunnels: prefix, connection (``p2s`` for the pool), and where from."""
    scenario = world.scenario
    for name, item in scenario.connections_of(end):
        for prefix in static_prefixes(scenario, end, name):
            yield prefix, name, _static_source(end in scenario.vnets)
        if item.enable_bgp:
            peer = bgp_address(scenario, item.other(end))
            yield IPv4Network(f"{peer}/32"), name, "the BGP peer's host route"
    statics = {prefix for name, _ in scenario.connections_of(end) for prefix in static_prefixes(scenario, end, name)}
    for prefix, paths in world.learned[end].items():
        for path in paths if prefix not in statics else ():
            yield prefix, path.connection, f"BGP, AS path {' '.join(map(str, path.as_path))}"
    gateway = scenario.vnets[end].vpn_gateway if end in scenario.vnets else None
    if gateway is not None and gateway.point_to_site is not None:
        yield gateway.point_to_site.address_pool, "p2s", "the P2S address pool"


def _static_source(is_gateway: bool) -> str:
    return "the local network gateway" if is_gateway else "a static route of the device"


def _gateway(world: World, vnet: str, packet: Packet) -> Iterator[Hop]:
    inward = [(prefix, "", "the VNet's address space") for prefix in vnet_prefixes(world.scenario, vnet)]
    yield from _routed(world, vnet, gateway_node(vnet), (*inward, *tunnel_routes(world, vnet)), packet)


def _site(world: World, site: str, packet: Packet) -> Iterator[Hop]:
    node, destination = node_name(site), packet.target_address
    for host, address in world.scenario.sites[site].hosts.items():
        if address == destination:
            yield Hop(Used(node, f"{address}/32", "the site's own network", host), node_name(site, host), node)
            return
    yield from _routed(world, site, node, tuple(tunnel_routes(world, site)), packet)


def _routed(
    world: World, end: str, node: str, routes: Iterable[tuple[IPv4Network, str, str]], packet: Packet
) -> Iterator[Hop]:
    destination = packet.target_address
    covering = [route for route in routes if destination in route[0]]
    if not covering:
        leads = " that would not lead to the Internet" if end in world.scenario.sites else ""
        yield Hop(None, dropped=f"unknown route: {node} knows no route to {destination}{leads}")
        return
    best = max(prefix.prefixlen for prefix, _, _ in covering)
    for prefix, connection, source in (route for route in covering if route[0].prefixlen == best):
        used = Used(node, str(prefix), source, connection or end)
        if not connection:
            yield Hop(used, node_name(end), node)
        elif connection == "p2s":
            yield _to_client(world, end, node, used, packet)
        else:
            other = world.scenario.connections[connection].other(end)
            refused = _refused(world, end, connection, packet)
            far = gateway_node(other) if other in world.scenario.vnets else node_name(other)
            yield Hop(used, dropped=refused) if refused else Hop(used, far, node)


def _refused(world: World, end: str, connection: str, packet: Packet) -> str:
    """Why a connection does not take a packet: it is not up (R83: its routes stay), or does not select it."""
    found = world.negotiated[connection]
    if not found.up:
        return f"no tunnel: {connection} has no INSTALLED CHILD SA"
    outside = found.refusal(end, packet.source_address, packet.target_address)
    return f"not in the selectors: {outside}" if outside else ""


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
        yield Hop(used, gateway_node(gateway), node)


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
