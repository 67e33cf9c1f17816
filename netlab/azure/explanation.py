"""Explaining: why a packet gets through or not, in plain words, and what would mend it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.forwarding import Used, instances_by_prefix, ways
from netlab.azure.nics import Nic, nics
from netlab.azure.prediction import Predicted, Walk, address_towards
from netlab.azure.sessions import NO_ADDRESS, REVOKED, UNTRUSTED, WRONG_PASSWORD, Session, downloaded, issuer
from netlab.azure.world import World
from netlab.scenario.addresses import DEFAULT_ROUTE, GATEWAY_SUBNET
from netlab.scenario.models import Scenario, UserRoute, node_name
from netlab.scenario.names import INTERNET, Endpoint, by_node
from netlab.scenario.routers import vpn_servers


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a pair can talk or not: a verdict, a line per decision of each leg, and what would mend it."""

    verdict: str
    forward: tuple[str, ...]
    reverse: tuple[str, ...]
    mend: tuple[str, ...] = ()


def explain(world: World, found: Predicted, addresses: Mapping[str, IPv4Address]) -> Explanation:
    """Explain a pair, given the addresses of all endpoints."""
    death = found.death
    forward = tuple(_leg(found.forward))
    reverse = tuple(_leg(found.reverse))
    if death is None:
        return Explanation(f"{found.source} reaches {found.target}, and its answer comes back.", forward, reverse)
    leg, walk = death
    what = "the request" if leg == "forward" else "the answer"
    verdict = (
        f"{found.source} does not reach {found.target}: {what} dies at {walk.dropped_at}. {_sentence(walk.reason)}"
    )
    return Explanation(verdict, forward, reverse, tuple(_mend(world, found, leg, walk, addresses)))


def _mend(world: World, found: Predicted, leg: str, walk: Walk, addresses: Mapping[str, IPv4Address]) -> Iterator[str]:
    absent = next((name for name in world.scenario.clients if node_name(name) == walk.dropped_at), "")
    if absent and world.absence(absent):
        yield from _mend_absence(world, absent)
        return
    ends = by_node(world.scenario)
    source, target = ends[found.source], ends[found.target]
    if walk.dropped_at == source.node == INTERNET:
        yield from _mend_public_access(world, target, leg)
        return
    there = (target, source) if leg == "forward" else (source, target)
    yield from mend(world, walk, address_towards(world, *there, addresses))


def _mend_public_access(world: World, target: Endpoint, leg: str) -> Iterator[str]:
    """What would let the Internet's host talk to a machine."""
    nic = next((nic for vnet in world.scenario.vnets for nic in world.nics[vnet] if nic.node == target.node), None)
    if nic is None:
        return
    if leg == "forward":
        yield f"give {target.node} a public_ip_address: nobody on the Internet knows a private one"
    else:
        yield f"have a user route lead {DEFAULT_ROUTE} of subnet {nic.subnet} of {target.owner} to Internet (R85)"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _leg(ways: tuple[Walk, ...]) -> Iterator[str]:
    """The decisions on the first way that dies, or else the first one; of the others only where they lead."""
    if not ways:
        return
    told = next((walk for walk in ways if walk.dropped_at), ways[0])
    yield from (_decision(used) for used in told.used)
    if told.dropped_at:
        yield f"{told.dropped_at}: {told.reason}"
    others = [walk for walk in ways if walk is not told]
    if others:
        yield f"{len(ways)} ways share the load; {'the other' if len(others) == 1 else 'the others'}:"
    for walk in others:
        end = f", and dies: {walk.reason}" if walk.dropped_at else ""
        yield f"  {' > '.join(walk.nodes)}{end}"


def _decision(used: Used) -> str:
    return f"{used.node}: {used.prefix}, from {used.source}, leads to {used.leads_to}"


# --- what would mend it ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """What an address belongs to: a VNet, a site or a P2S pool, and the prefix that would lead to it."""

    kind: str
    name: str
    prefix: IPv4Network


def _place(world: World, address: IPv4Address) -> _Place | None:
    for name, vnet in world.scenario.vnets.items():
        for prefix in vnet.address_space:
            if address in prefix:
                return _Place("VNet", name, prefix)
        gateway = vnet.vpn_gateway
        pool = gateway.point_to_site.address_pool if gateway is not None and gateway.point_to_site else None
        if pool is not None and address in pool:
            return _Place("pool", name, pool)
    for name, site in world.scenario.sites.items():
        for prefix in site.address_prefixes:
            if address in prefix:
                return _Place("site", name, prefix)
    return None


def mend(world: World, walk: Walk, destination: IPv4Address) -> Iterator[str]:
    """What would bring a packet on from where it died."""
    scenario, node = world.scenario, walk.dropped_at
    on_its_way = tuple(_mend_steering(world, walk, destination))
    if on_its_way:
        yield from on_its_way
        return
    place = _place(world, destination)
    if place is None:
        return
    clients = {node_name(name): name for name in scenario.clients}
    vnets = {node_name(name): name for name in scenario.vnets}
    routers = world.topology.routers | world.topology.appliances
    if node in clients:
        yield from _mend_client(world, clients[node], place)
    elif node in vnets:
        to_servers = tuple(_mend_with_vpn_server(world, walk, destination, place))
        yield from to_servers or _mend_vnet(world, vnets[node], place)
    elif node in routers:
        yield from _mend_end(world, routers[node].end, place, walk.reason)


def _mend_steering(world: World, walk: Walk, destination: IPv4Address) -> Iterator[str]:
    """What would mend a route table, an appliance or a peering that keeps a packet from going on."""
    scenario, node = world.scenario, walk.dropped_at
    machines = {nic.node: (vnet, nic) for vnet in scenario.vnets for nic in nics(scenario, vnet)}
    closed = re.search(r"the NIC of (\S+) (?:takes|sends) only", walk.reason)
    peering = re.search(r"the peering (\S+) to (\S+) takes only", walk.reason)
    if node in world.faults.stopped:
        yield f"start {node}"
    elif closed is not None:
        yield f"set enable_ip_forwarding on the NIC of {closed[1]} (R116)"
    elif peering is not None:
        name = next(key for key, item in scenario.peerings.items() if (item.vnet, item.remote_vnet) == peering.groups())
        yield f"set allow_forwarded_traffic on {name}, the peering from {peering[1]} to {peering[2]} (R107)"
    elif walk.reason.startswith("loop"):
        for passed in dict.fromkeys(name for name in walk.nodes if name in machines):
            yield from _mend_loop(scenario, *machines[passed], destination)
    elif node in machines and not machines[node][1].forwards and len(walk.nodes) > 1 and "forward" in walk.reason:
        yield f"make {node} an appliance (nva): it forwards nothing"
    elif len(walk.nodes) > 1:
        yield from _mend_route_table(world, walk, destination)


def _mend_loop(scenario: Scenario, vnet: str, nic: Nic, destination: IPv4Address) -> Iterator[str]:
    """An appliance that a route of its own subnet leads to again, or to another one."""
    name, found = _user_route(scenario, vnet, nic.subnet, destination)
    if nic.forwards and found is not None and found.next_hop_type == "VirtualAppliance":
        table = scenario.vnets[vnet].subnets[nic.subnet].route_table
        yield f"give {nic.node} a subnet without route {name} of route table {table}, which leads back to it (R89)"


def _mend_route_table(world: World, walk: Walk, destination: IPv4Address) -> Iterator[str]:
    """What would mend the route table of the subnet that a packet came from when it died in a VNet."""
    scenario = world.scenario
    vnet, subnet = _came_from(world, walk)
    table = scenario.vnets[vnet].subnets[subnet].route_table if vnet else None
    if table is None:
        return
    name, found = _user_route(scenario, vnet, subnet, destination)
    if "None route" in walk.reason and found is not None and found.next_hop_type == "None":
        prefix = found.address_prefix
        yield f"remove route {name} of route table {table}, or give it another next hop: it drops {prefix}"
    elif "next hop" in walk.reason and found is not None:
        none = f"{found.next_hop_ip_address} is none in {vnet} or a peer"
        yield f"give route {name} of route table {table} an appliance as its next hop: {none}"
    elif scenario.route_tables[table].disable_bgp_route_propagation and found is None:
        serving = scenario.gateway_for(vnet)
        known = instances_by_prefix(world, serving) if serving is not None else {}
        if any(destination in prefix for prefix in known):
            yield f"let route table {table} take the gateway's routes: it has disable_bgp_route_propagation"


def _came_from(world: World, walk: Walk) -> tuple[str, str]:
    """The VNet in which a packet died and the subnet that it came from; empty where it came from no subnet."""
    vnet = next((name for name in world.scenario.vnets if node_name(name) == walk.dropped_at), "")
    before = walk.nodes[-2]
    if vnet and before in {router.node for router in world.topology.with_tunnels(vnet)}:
        return vnet, GATEWAY_SUBNET
    subnet = next((nic.subnet for nic in nics(world.scenario, vnet) if nic.node == before), "") if vnet else ""
    return (vnet, subnet) if subnet else ("", "")


def _user_route(scenario: Scenario, vnet: str, subnet: str, destination: IPv4Address) -> tuple[str, UserRoute | None]:
    """The route of a subnet's route table that covers a destination with the longest prefix, and its name."""
    routes = scenario.route_table(vnet, subnet).routes
    covering = {name: route for name, route in routes.items() if destination in route.address_prefix}
    best = max(covering, key=lambda name: covering[name].address_prefix.prefixlen, default="")
    return best, covering.get(best)


def _mend_with_vpn_server(world: World, walk: Walk, destination: IPv4Address, place: _Place) -> Iterator[str]:
    """The user route that leads a subnet to a VPN server of its VNet, or of a peer, that knows a destination (R90)."""
    vnet, subnet = _came_from(world, walk)
    near = {vnet, *(mine.remote_vnet for mine, _ in world.scenario.peered(vnet))} if vnet else set()
    for server in vpn_servers(world.scenario):
        if server.vnet in near and any(way.tunnel and destination in way.prefix for way in ways(world, server)):
            route = f"a user route for {place.prefix} to VirtualAppliance {server.bgp_address}"
            yield f"give subnet {subnet} of {vnet} {route}, the VPN server {server.node} (R90)"


def _mend_client(world: World, client: str, place: _Place) -> Iterator[str]:
    """What would lead a client to a place: through the gateway that offers it or, if none does, through its first."""
    for gateway, session in world.sessions_of(client).items():
        if any(place.prefix.subnet_of(prefix) for prefix in world.offered(gateway)):
            yield from _mend_tunnel(world, client, gateway, session, place)
            return
    yield from _mend_end(world, world.scenario.clients[client].gateway, place, "")


def _mend_tunnel(world: World, client: str, gateway: str, session: Session, place: _Place) -> Iterator[str]:
    if session.absent:
        yield f"connect {client} to {gateway}'s gateway: it does not come back by itself (R66)"
    elif not any(place.prefix.subnet_of(prefix) for prefix in session.selectors):
        yield f"reconnect {client}: {gateway}'s gateway offers {place.prefix} now, and did not when it connected"
    elif world.scenario.clients[client].os == "windows":
        new = downloaded(world.scenario, gateway) - session.profile
        if any(place.prefix.subnet_of(prefix) for prefix in new):
            yield f"download the profile of {client} anew: it holds {place.prefix} now (R65)"
        yield f"add {place.prefix} by hand on {client}: a Windows profile holds no prefix that S2S or BGP brings"


def _mend_absence(world: World, client: str) -> Iterator[str]:
    """What would let a client in that has no tunnel at all."""
    gateway, reason = world.scenario.clients[client].gateway, world.absence(client)
    yield {
        REVOKED: f"issue {client} a new certificate, or take it out of {gateway}'s revoked_certificates",
        UNTRUSTED: f"issue {client} a certificate by a root that {gateway}'s gateway trusts, or let it trust "
        f"{issuer(world.scenario, client)} (root_certificates)",
        WRONG_PASSWORD: f"have the user of {client} type the right password",
        NO_ADDRESS: f"give {gateway}'s gateway a larger address_pool or SKU, or disconnect another client and connect "
        f"{client}",
    }.get(reason, f"connect {client}: it does not come back by itself (R66)")


def _mend_vnet(world: World, vnet: str, place: _Place) -> Iterator[str]:
    scenario = world.scenario
    serving = scenario.gateway_for(vnet)
    if place.kind == "VNet" and scenario.peering(vnet, place.name) is None:
        yield f"peer {vnet} and {place.name} directly: peering is not transitive (R102)"
    elif place.kind == "VNet" and scenario.peering(place.name, vnet) is None:
        yield f"make the peering from {place.name} to {vnet} too: one alone stays Initiated (R101)"
    if serving is not None and (place.kind != "VNet" or _way(world, serving, place.name)):
        yield from _mend_end(world, serving, place, "")
    elif place.kind != "VNet":
        lenders = [p.vnet for p in scenario.peerings.values() if p.remote_vnet == vnet and p.allow_gateway_transit]
        hint = f", or set use_remote_gateways on its peering to {lenders[0]}" if lenders else ""
        yield f"give {vnet} a VPN gateway of its own{hint}: it uses none now"


def _mend_end(world: World, end: str, place: _Place, reason: str) -> Iterator[str]:
    """What would make a gateway or a device know a place."""
    scenario = world.scenario
    if reason.startswith("no tunnel: ") and reason.removeprefix("no tunnel: ").split()[0] in tunnel_names(world):
        name = reason.removeprefix("no tunnel: ").split()[0]
        tunnel = next(tunnel for tunnel in world.topology.tunnels if tunnel.name == name)
        yield f"bring {name} up again: {world.why_down(tunnel)}"
        return
    if reason.startswith("not in the selectors"):
        yield f"reconnect the client, so that {place.prefix} is negotiated anew"
        return
    way = _way(world, end, place.name)
    if not way:
        yield f"connect {end} and {place.name}: no connection leads from one to the other"
        return
    static = [name for name in way if not scenario.connections[name].enable_bgp]
    if not static:
        yield f"have {place.name} announce {place.prefix}: BGP runs all the way and does not tell it"
        return
    first, item = way[0], scenario.connections[way[0]]
    yield f"enable BGP on {' and '.join(static)}: a static connection knows its direct neighbour only (R78)"
    if item.enable_bgp:
        return
    if end not in scenario.vnets:
        device = f"the device of {end}" if end in scenario.sites else end
        yield f"or have {device} send {place.prefix} into {first} (static_routes)"
    elif item.type == "Vnet2Vnet":
        yield (
            f"or make {first} a connection of type IPsec, with {place.prefix} in {end}'s local network gateway for "
            f"{item.other(end)}: the hidden one of a Vnet2Vnet connection cannot be edited (R75)"
        )
    else:
        yield f"or add {place.prefix} to {end}'s local network gateway for {item.other(end)}"


def tunnel_names(world: World) -> frozenset[str]:
    """The names of all tunnels."""
    return frozenset(tunnel.name for tunnel in world.topology.tunnels)


def _way(world: World, start: str, goal: str) -> tuple[str, ...]:
    """The connections of a shortest way from one gateway or site to another, or to what serves a VNet: a gateway, or
    a VPN server of its own."""
    scenario = world.scenario
    goals = {goal, scenario.gateway_for(goal) if goal in scenario.vnets else None}
    goals |= {end for end, (vnet, _) in scenario.appliances.items() if vnet == goal}
    ways: dict[str, tuple[str, ...]] = {start: ()}
    frontier = [start]
    while frontier:
        end = frontier.pop(0)
        if end in goals:
            return ways[end]
        for name, item in scenario.connections_of(end):
            if item.other(end) not in ways:
                ways[item.other(end)] = (*ways[end], name)
                frontier.append(item.other(end))
    return ()
