"""Forwarding: which route each node uses for a packet, and where the packet goes or dies. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

from netlab.azure.bgp.settling import Path
from netlab.azure.effective import (
    NONE_PREFIXES,
    EffectiveRoute,
    Told,
    active,
    fixed_routes,
    gateway_serving,
    preferred,
    routes_from_peer,
    routing_preference,
)
from netlab.azure.nics import Nic, sends_only_its_own, takes_only_its_own
from netlab.azure.propagation import static_prefixes, vnet_prefixes
from netlab.azure.sessions import Session, point_to_site
from netlab.azure.world import World
from netlab.scenario.addresses import DEFAULT_ROUTE, GATEWAY_SUBNET
from netlab.scenario.models import Scenario, node_name
from netlab.scenario.names import INTERNET, Endpoint, endpoints
from netlab.scenario.routers import (
    Router,
    appliance_bgp,
    appliances,
    branch_to_branch,
    expressroute_gateways,
    instance_addresses,
    route_servers,
)

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
    """One decision of a node: the route it used, and the next node and the way in there; or why the packet died.

    ``masked`` is the address that the packet bears from here on, where the node hides its source (NAT).
    """

    used: Used | None
    next_node: str = ""
    ingress: str = ""
    dropped: str = ""
    masked: IPv4Address | None = None


@dataclass(frozen=True, slots=True)
class Mask:
    """A node that hides a packet's source, and what it hides: answers find their way back through it."""

    node: str
    address: IPv4Address


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet between two endpoints, and the masks that it wears, the last one outermost.

    A packet from the Internet takes the masks off, one by one: an answer those of the request, a request the public
    address of its target's NIC.
    """

    source: Endpoint
    target: Endpoint
    source_address: IPv4Address
    target_address: IPv4Address
    masks: tuple[Mask, ...] = ()

    def masked(self, node: str, address: IPv4Address) -> Packet:
        """The packet behind a mask that a node puts on it."""
        masks = (*self.masks, Mask(node, self.source_address))
        return replace(self, source_address=address, masks=masks)

    def arriving(self, node: str) -> Packet:
        """The packet as a node has it: that takes off its own mask."""
        if self.source.kind != "internet" or not self.masks or self.masks[-1].node != node:
            return self
        return replace(self, target_address=self.masks[-1].address, masks=self.masks[:-1])

    @property
    def answer(self) -> Packet:
        """What its target sends back."""
        return Packet(self.target, self.source, self.target_address, self.source_address, self.masks)

    @property
    def goes_public(self) -> bool:
        """Whether it is for a public address."""
        return not any(self.target_address in prefix for prefix in NONE_PREFIXES)


FROM_SELF = ""
P2S = "p2s"
# Which one, the model does not know: the planner hands them out.
PUBLIC = IPv4Address("0.0.0.0")


def hops(world: World, node: str, ingress: str, packet: Packet) -> tuple[Hop, ...]:
    """Where a node sends a packet that came in by ``ingress``: several hops where equal paths share the load.

    ``ingress`` is where it comes from: a node's name, or empty for the packet's own maker.
    """
    scenario = world.scenario
    vnets = {node_name(name): name for name in scenario.vnets}
    clients = {node_name(name): name for name in scenario.clients}
    router = world.topology.routers.get(node)
    if node == INTERNET:
        return (_internet(packet),)
    if node in vnets:
        return tuple(_fabric(world, vnets[node], ingress, packet))
    if router is not None:
        return tuple(_router(world, router, packet))
    private = world.topology.speakers.get(node)
    if private is not None and private.role in ("expressroute", "edge router"):
        return tuple(_private(world, private, packet))
    if node in clients:
        return tuple(_client(world, clients[node], packet))
    if node.removesuffix(EDGE) in world.topology.routers:
        return (_edge(world, node, packet),)
    return tuple(_machine(world, node, ingress, packet))


def _machine(world: World, node: str, ingress: str, packet: Packet) -> Iterator[Hop]:
    """A virtual machine or a host sends all to its router; what is not its own only an appliance passes on, and that
    knows the sites behind it."""
    scenario = world.scenario
    if node in world.faults.stopped:
        yield Hop(None, dropped=f"stopped: {node} is stopped")
        return
    owner = next(end.owner for end in endpoints(scenario) if end.node == node)
    nic = next((nic for nic in world.nics[owner] if nic.node == node), None) if owner in scenario.vnets else None
    if ingress != FROM_SELF and (nic is None or not nic.forwards):
        yield Hop(None, dropped=f"no forwarding: {node} is no appliance and drops what is not for its own address")
        return
    if _is_lost_peer(world, node, packet.target_address):
        yield Hop(None, dropped=_nowhere(node, packet.target_address))
        return
    own = _own_ways(world, node, packet)
    outward = [way for way in own if way.neighbor != node_name(owner)]
    for way in outward:
        yield _onto(world, world.topology.appliances[node], way, packet)
    if outward and len(outward) == len(own):
        return
    if nic is None or ingress == FROM_SELF:
        yield Hop(Used(node, str(DEFAULT_ROUTE), "the machine's default route", owner), node_name(owner), node)
        return
    used = Used(node, str(DEFAULT_ROUTE), "the appliance's default route", owner)
    yield Hop(used, node_name(owner), node, masked=nic.address if packet.goes_public else None)


def _is_lost_peer(world: World, node: str, address: IPv4Address) -> bool:
    """Whether an address is that of a BGP peer at the other end of a tunnel that is down: nothing else leads there."""
    tunnels = (tunnel for tunnel in world.topology.tunnels_of(node) if tunnel.name not in world.up)
    speaking = (tunnel for tunnel in tunnels if world.scenario.connections[tunnel.connection].enable_bgp)
    return any(tunnel.other(node).bgp_address == address for tunnel in speaking)


def _nowhere(node: str, destination: IPv4Address) -> str:
    return f"unknown route: {node} knows no route to {destination} that would not lead to the Internet"


def _own_ways(world: World, node: str, packet: Packet) -> tuple[Way, ...]:
    """The ways of the longest prefix that an appliance has to a destination: into tunnels, to sites behind it, or into
    the VNet, which a Route Server told it of."""
    router = world.topology.appliances.get(node)
    return longest(ways(world, router), packet.target_address) if router is not None else ()


# --- the Internet, and the edges of sites ---------------------------------------------------------------------------


def edge(router: str) -> str:
    """The node between a VPN device and the Internet."""
    return f"{router}{EDGE}"


EDGE = "-edge"


def _internet(packet: Packet) -> Hop:
    if packet.source.kind != "internet" or not packet.masks:
        return Hop(None, dropped=f"unknown route: the Internet knows no route to {packet.target_address}")
    mask = packet.masks[-1].node
    return Hop(Used(INTERNET, "a public address", "the Internet", mask), mask, INTERNET)


def _edge(world: World, node: str, packet: Packet) -> Hop:
    router = node.removesuffix(EDGE)
    if packet.source.kind == "internet":
        return Hop(Used(node, f"{packet.target_address}/32", "the device's network", router), router, node)
    if router in world.faults.cut:
        return Hop(None, dropped=f"unknown route: {node} knows no route to {packet.target_address}")
    return Hop(Used(node, str(DEFAULT_ROUTE), "the way to the Internet", INTERNET), INTERNET, node, masked=PUBLIC)


# --- VNets ----------------------------------------------------------------------------------------------------------


def past(vnet: str, nic: Nic) -> str:
    """The ingress at a VNet of what a peer sends to an appliance there, not to the packet's own target."""
    return f"{node_name(vnet)} for {nic.node}"


def _fabric(world: World, vnet: str, ingress: str, packet: Packet) -> Iterator[Hop]:
    node, destination = node_name(vnet), packet.target_address
    here = {nic.node: nic for nic in world.nics[vnet]}
    sender = here.get(ingress)
    if sender is not None and not sender.ip_forwarding and packet.source_address != sender.address:
        yield Hop(None, dropped=sends_only_its_own(sender))
        return
    appliance = next((nic for nic in here.values() if ingress.endswith(f" for {nic.node}")), None)
    if appliance is not None:
        used = Used(node, f"{appliance.address}/32", "the peer's route", appliance.node)
        yield _onto_nic(node, used, appliance, packet)
        return
    found = longest(_routes(world, vnet, ingress), destination)
    if not found:
        yield Hop(None, dropped=f"unknown route: {node} knows no route to {destination}")
    for route in found:
        yield from _follow(world, vnet, route, packet, ingress, forwarded=sender is not None)


def _onto_nic(node: str, used: Used, nic: Nic, packet: Packet) -> Hop:
    if packet.target_address == nic.address or nic.ip_forwarding:
        return Hop(used, nic.node, node)
    return Hop(used, dropped=takes_only_its_own(nic))


def _routes(world: World, vnet: str, ingress: str) -> tuple[EffectiveRoute, ...]:
    """The active routes for what enters a VNet: from a machine those of its subnet, from its gateway those of
    GatewaySubnet, from a peer only the VNet's own and, if that peer may use the gateway, the gateway's (R102, R103)."""
    scenario = world.scenario
    peers = {node_name(mine.remote_vnet): mine.remote_vnet for mine, _ in scenario.peered(vnet)}
    subnets = {nic.node: nic.subnet for nic in world.nics[vnet]}
    if ingress in subnets:
        return effective_routes(world, vnet, subnets[ingress])
    if ingress in {router.node for router in (*world.topology.with_tunnels(vnet), *_expressroute(world, vnet))}:
        told = (*_by_the_other_gateway(world, vnet, ingress), *_by_appliances(world, vnet))
        return tuple(active((*fixed_routes(scenario, vnet, GATEWAY_SUBNET), *_learned(scenario, vnet, told))))
    peer = peers.get(ingress, "")
    told = tuple(_by_gateways(world, vnet)) if peer in scenario.spokes(vnet) else ()
    return tuple(active((*routes_from_peer(scenario, vnet, peer), *_learned(scenario, vnet, told))))


def effective_routes(world: World, vnet: str, subnet: str) -> tuple[EffectiveRoute, ...]:
    """The active routes of a subnet's NICs."""
    return tuple(active(candidates(world, vnet, subnet)))


def tables(world: World, vnet: str) -> dict[str, tuple[EffectiveRoute, ...]]:
    """The active routes of a VNet's NICs: by its name, and by ``VNet/subnet`` of the subnets with a route table."""
    subnets = world.scenario.vnets[vnet].subnets
    with_table = {f"{vnet}/{name}": name for name, item in subnets.items() if item.route_table is not None}
    plain = next((name for name in subnets if name not in with_table.values()), None)
    named = {**({vnet: plain} if plain is not None else {}), **with_table}
    return {name: effective_routes(world, vnet, subnet) for name, subnet in named.items()}


def candidates(world: World, vnet: str, subnet: str) -> tuple[EffectiveRoute, ...]:
    """All routes of a subnet's NICs, whether active or not (section 5.1)."""
    serving = gateway_serving(world.scenario, vnet, subnet)
    told = (*_by_gateways(world, serving), *_by_appliances(world, serving)) if serving is not None else ()
    return (*fixed_routes(world.scenario, vnet, subnet), *_learned(world.scenario, serving or vnet, told))


# Where it leads to: an instance of a gateway, or an appliance by its address.
ToldHere = Told[Router | IPv4Address]


def _learned(scenario: Scenario, vnet: str, told: Iterable[ToldHere]) -> Iterator[EffectiveRoute]:
    """What is used of that: one route to each next hop, one to all the gateway's instances."""
    best = preferred(told, routing_preference(scenario, vnet))
    hops = ((item.prefix, vnet if isinstance(item.leads_to, Router) else str(item.leads_to)) for item in best)
    for prefix, next_hop in sorted(dict.fromkeys(hops)):
        yield EffectiveRoute("VirtualNetworkGateway", prefix, "VirtualNetworkGateway", next_hop)


def _by_appliances(world: World, vnet: str) -> Iterator[ToldHere]:
    """What a VNet's Route Server tells its subnets: prefixes with the next hops of their best paths (A12, A14, A16)."""
    for server in (router for router in route_servers(world.scenario) if router.end == vnet):
        for prefix, paths in world.learned.get(server.node, {}).items():
            for path in paths:
                if not path.internal and path.next_hop is not None:
                    yield Told(prefix, "NVA", len(path.as_path), path.next_hop)


def _by_gateways(world: World, vnet: str) -> Iterator[ToldHere]:
    yield from _by_vpn(world, vnet)
    yield from _by_expressroute(world, vnet)


def _by_the_other_gateway(world: World, vnet: str, ingress: str) -> Iterator[ToldHere]:
    """What a gateway of a VNet sends back into it never turns round to it again; to the other gateway it goes only
    where a Route Server has them exchange routes (R96)."""
    if branch_to_branch(world.scenario, vnet):
        by_vpn = ingress in {router.node for router in world.topology.with_tunnels(vnet)}
        yield from (_by_expressroute if by_vpn else _by_vpn)(world, vnet)


def instances_by_prefix(world: World, vnet: str) -> dict[IPv4Network, tuple[Router, ...]]:
    """The prefixes that instances of a VNet's gateways send into tunnels or circuits of theirs, and which instances; of
    equal ones those of the gateway that is preferred (R94, A27)."""
    return _instances_of(preferred(_by_gateways(world, vnet), routing_preference(world.scenario, vnet)))


def _instances_of(told: Iterable[ToldHere]) -> dict[IPv4Network, tuple[Router, ...]]:
    found: dict[IPv4Network, tuple[Router, ...]] = {}
    for item in told:
        if isinstance(item.leads_to, Router):
            found[item.prefix] = (*found.get(item.prefix, ()), item.leads_to)
    return found


def _by_vpn(world: World, vnet: str) -> Iterator[ToldHere]:
    for router in world.topology.with_tunnels(vnet):
        lengths = {way.prefix: way.as_path_length for way in ways(world, router) if way.tunnel}
        yield from (Told(prefix, "VpnGateway", length, router) for prefix, length in lengths.items())


def _by_expressroute(world: World, vnet: str) -> Iterator[ToldHere]:
    for router in _expressroute(world, vnet):
        for prefix, paths in world.learned.get(router.node, {}).items():
            if world.topology.speakers[paths[0].neighbor].role == "edge router":
                yield Told(prefix, "ExpressRoute", len(paths[0].as_path), router)


def _follow(
    world: World, vnet: str, route: EffectiveRoute, packet: Packet, ingress: str, *, forwarded: bool
) -> Iterator[Hop]:
    node, destination = node_name(vnet), packet.target_address
    used = Used(node, str(route.prefix), route.source, route.next_hop_type)
    match route.next_hop_type:
        case "VnetLocal":
            yield _deliver(world, vnet, used, packet)
        case "VNetPeering":
            yield _to_peer(world, vnet, route.next_hop, used, packet, node, forwarded=forwarded)
        case "VirtualAppliance" | "VirtualNetworkGateway" if "." in route.next_hop:  # an address, not a VNet
            yield _to_appliance(world, vnet, used, IPv4Address(route.next_hop), packet, forwarded=forwarded)
        case "VirtualNetworkGateway" if route.next_hop == vnet:
            for router in _instances(world, vnet, route, ingress):
                yield Hop(used, router.node, node)
        case "VirtualNetworkGateway":
            yield _to_peer(world, vnet, route.next_hop, used, packet, node, forwarded=forwarded)
        case "None":
            kind = "user" if route.source == "User" else "system"
            yield Hop(used, dropped=f"None route: {destination} matches the {kind} route {route.prefix} to None")
        case "Internet":
            yield Hop(used, INTERNET, node, masked=_public(world, vnet, packet))


def _public(world: World, vnet: str, packet: Packet) -> IPv4Address:
    """The address under which a VNet sends a packet to the Internet: that of the NIC, if it has one."""
    own = (nic.public for nic in world.nics[vnet] if nic.address == packet.source_address)
    return next(own, None) or PUBLIC


def _instances(world: World, vnet: str, route: EffectiveRoute, ingress: str) -> tuple[Router, ...]:
    """The instances that a route to a VNet's gateway leads to; one that no gateway told leads to VPN's (R88)."""
    if route.source != "VirtualNetworkGateway":
        return world.topology.with_tunnels(vnet)
    gateways = {router.node for router in (*world.topology.with_tunnels(vnet), *_expressroute(world, vnet))}
    if ingress in gateways:
        return _instances_of(_by_the_other_gateway(world, vnet, ingress))[route.prefix]
    return instances_by_prefix(world, vnet)[route.prefix]


def _expressroute(world: World, vnet: str) -> tuple[Router, ...]:
    return tuple(router for router in expressroute_gateways(world.scenario) if router.end == vnet)


def _deliver(world: World, vnet: str, used: Used, packet: Packet) -> Hop:
    """To the NIC that has the packet's target address."""
    node, destination = node_name(vnet), packet.target_address
    for nic in world.nics[vnet]:
        if nic.address == destination:
            return Hop(used, nic.node, node)
    own = {a: r.node for r in world.topology.with_tunnels(vnet) for a in instance_addresses(world.scenario, r)}
    own |= {router.bgp_address: router.node for router in _expressroute(world, vnet)}
    if destination in own:
        return Hop(used, own[destination], node)
    return Hop(used, dropped=f"unknown route: no NIC of {node} has the address {destination}")


def _to_peer(world: World, vnet: str, peer: str, used: Used, packet: Packet, ingress: str, *, forwarded: bool) -> Hop:
    """Over a peering. What an appliance forwards the other side must allow; what a VPN gateway forwards not (R107)."""
    theirs = world.scenario.peering(peer, vnet)
    own = any(packet.source_address in prefix for prefix in world.scenario.vnets[vnet].address_space)
    if forwarded and not own and theirs is not None and not theirs.allow_forwarded_traffic:
        return Hop(used, dropped=not_allowed(vnet, peer))
    return Hop(used, node_name(peer), ingress)


def not_allowed(vnet: str, peer: str) -> str:
    """Why a peering does not take what an appliance forwards (R107)."""
    return f"AllowForwardedTraffic: the peering {peer} to {vnet} takes only what originates in {vnet} (R107)"


def _to_appliance(world: World, vnet: str, used: Used, address: IPv4Address, packet: Packet, *, forwarded: bool) -> Hop:
    """To the NIC of an appliance, here or in a peer."""
    scenario = world.scenario
    for nic in world.nics[vnet]:
        if nic.address == address:
            return _onto_nic(node_name(vnet), used, nic, packet)
    for mine, _ in scenario.peered(vnet):
        for nic in world.nics[mine.remote_vnet]:
            if nic.address == address:
                return _to_peer(world, vnet, mine.remote_vnet, used, packet, past(vnet, nic), forwarded=forwarded)
    return Hop(used, dropped=no_appliance(node_name(vnet), str(address)))


def no_appliance(node: str, address: str) -> str:
    """Why a next hop leads nowhere."""
    return f"unknown route: {node} knows no NIC with the next hop's address {address}"


# --- ExpressRoute ---------------------------------------------------------------------------------------------------


def _private(world: World, router: Router, packet: Packet) -> Iterator[Hop]:
    """An instance of an ExpressRoute gateway, or an edge router of a circuit: what BGP says, and the VNet."""
    destination, known = packet.target_address, world.learned[router.node]
    inward = vnet_prefixes(world.scenario, router.end) if router.role == "expressroute" else ()
    best = max((p for p in (*inward, *known) if destination in p), key=lambda p: p.prefixlen, default=None)
    if best is None:
        yield Hop(None, dropped=f"unknown route: {router.node} knows no route to {destination}")
        return
    if best in inward:
        used = Used(router.node, str(best), "the VNet's address space", router.end)
        yield Hop(used, node_name(router.end), router.node)
        return
    for path in known[best]:
        inside = world.topology.speakers[path.neighbor].role in ("route server", "gateway")
        next_node = node_name(router.end) if inside else path.neighbor
        yield Hop(Used(router.node, str(best), _bgp_source(path), next_node), next_node, router.node)


# --- gateway instances and the routers of sites ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """A route of a router: into a tunnel (``p2s`` for the pool) or to another router of its end, and where from.

    ``as_path_length`` is 0 where it is not BGP's.
    """

    prefix: IPv4Network
    tunnel: str
    neighbor: str
    source: str
    as_path_length: int = 0


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
                yield Way(prefix, tunnel.name, "", _static_source(router))
        if scenario.connections[tunnel.connection].enable_bgp and tunnel.name in world.up:
            peer = IPv4Network(f"{tunnel.other(router.node).bgp_address}/32")
            yield Way(peer, tunnel.name, "", "the BGP peer's host route")
    if router.role == "device":
        for nva in appliances(scenario):
            if router.end in appliance_bgp(scenario, nva).sites:
                yield Way(IPv4Network(f"{nva.bgp_address}/32"), "", nva.node, "the appliance's host route")
    if router.end in scenario.vnets and world.topology.point_to_site(router.end) == router:
        yield Way(point_to_site(scenario, router.end).address_pool, P2S, "", "the P2S address pool")


def _static_source(router: Router) -> str:
    return "the local network gateway" if router.role == "gateway" else f"a static route of the {router.role}"


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
    speakers = world.topology.speakers
    for prefix, paths in world.learned.get(router.node, {}).items():
        for path in paths if prefix not in known else ():
            inward = not path.tunnel and _through_vnet(router, speakers[path.neighbor])
            neighbor = node_name(router.vnet) if inward else "" if path.tunnel else path.neighbor
            yield Way(prefix, path.tunnel, neighbor, _bgp_source(path), len(path.as_path))


def _through_vnet(router: Router, neighbor: Router) -> bool:
    """Whether what a neighbor tells leads into the VNet, whose fabric knows the way: a Route Server, the other gateway,
    an appliance of a peered VNet."""
    return neighbor.role in ("route server", "expressroute") or (router.role, neighbor.role) == ("appliance",) * 2


def _bgp_source(path: Path) -> str:
    return f"{'iBGP' if path.internal else 'BGP'}, AS path {' '.join(map(str, path.as_path))}".rstrip()


def _router(world: World, router: Router, packet: Packet) -> Iterator[Hop]:
    scenario, destination = world.scenario, packet.target_address
    if _is_lost_peer(world, router.node, destination):
        yield Hop(None, dropped=_nowhere(router.node, destination))
        return
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
    found = longest(everything, destination)
    if not found and router.end in world.scenario.sites and packet.goes_public:
        yield _out(world, router)
        return
    if not found:
        leads = " that would not lead to the Internet" if router.end in world.scenario.sites else ""
        yield Hop(None, dropped=f"unknown route: {router.node} knows no route to {destination}{leads}")
        return
    inside = [way for way in found if way.neighbor == node_name(router.end)]
    for way in inside[:1] or found:
        yield _onto(world, router, way, packet)


def _out(world: World, router: Router) -> Hop:
    """From a site to the Internet: through the device's edge, from the router before several devices by the first."""
    first = world.topology.with_tunnels(router.end)[0].node
    next_node = first if router.before_devices else edge(router.node)
    return Hop(Used(router.node, str(DEFAULT_ROUTE), "the way to the Internet", next_node), next_node, router.node)


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
    outside = negotiated.refusal(int(router == tunnel.routers[1]), packet.source_address, packet.target_address)
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
    if not found and packet.goes_public and node not in world.faults.cut:
        used = Used(node, str(DEFAULT_ROUTE), "the machine's default route", INTERNET)
        yield Hop(used, INTERNET, node, masked=PUBLIC)
        return
    if not found:
        yield Hop(None, dropped=_nowhere(node, destination))
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


_Route = TypeVar("_Route", EffectiveRoute, Way)


def longest(routes: Iterable[_Route], destination: IPv4Address) -> tuple[_Route, ...]:
    """The routes with the longest prefix that covers a destination."""
    covering = [route for route in routes if destination in route.prefix]
    best = max((route.prefix.prefixlen for route in covering), default=0)
    return tuple(route for route in covering if route.prefix.prefixlen == best)


def _listed(prefixes: Iterable[IPv4Network]) -> str:
    return ", ".join(map(str, sorted(prefixes)))
