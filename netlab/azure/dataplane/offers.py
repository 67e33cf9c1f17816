"""What gateways and Route Servers offer a VNet, and the effective routes that its subnets make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.dataplane.routers import ways
from netlab.azure.effective import EffectiveRoute, Offer, active, fixed_routes, preferred
from netlab.azure.state import State
from netlab.scenario.network import Router, Subnet, VNet
from netlab.scenario.values import once_each

# What an offer leads to: an instance of a gateway, or an appliance by its address.
AnyOffer = Offer[Router | IPv4Address]


def of_gateways(state: State, vnet: VNet) -> Iterator[AnyOffer]:
    """The prefixes that the instances of a VNet's gateways send into their tunnels and circuits."""
    yield from _by_vpn(state, vnet)
    yield from _by_expressroute(state, vnet)


def _by_vpn(state: State, vnet: VNet) -> Iterator[AnyOffer]:
    for router in state.topology.with_tunnels(vnet.vpn_gateway):
        # B63: a Route Server gives its VNets no host routes of the gateway's BGP peers.
        entering = (way for way in ways(state, router) if way.tunnel and not (way.is_peer and vnet.route_server))
        lengths = {way.prefix: way.as_path_length for way in entering}
        yield from (Offer(prefix, "VpnGateway", length, router) for prefix, length in lengths.items())


def _by_expressroute(state: State, vnet: VNet) -> Iterator[AnyOffer]:
    for router in expressroute_instances(vnet):
        for prefix, paths in state.learned.get(router.node, {}).items():
            if state.topology.speakers[paths[0].neighbor].role == "edge router":
                yield Offer(prefix, "ExpressRoute", len(paths[0].as_path), router)


def expressroute_instances(vnet: VNet) -> tuple[Router, ...]:
    """The instances of a VNet's ExpressRoute gateway; none without one."""
    return vnet.expressroute_gateway.instances if vnet.expressroute_gateway is not None else ()


def of_appliances(state: State, vnet: VNet) -> Iterator[AnyOffer]:
    """The prefixes that a VNet's Route Server gives its subnets, with the next hops of their best paths (A12, A14,
    A16)."""
    for server in vnet.route_server.instances if vnet.route_server is not None else ():
        for prefix, paths in state.learned.get(server.node, {}).items():
            for path in paths:
                if not path.internal and path.next_hop is not None:
                    yield Offer(prefix, "NVA", len(path.as_path), path.next_hop)


def of_the_other_gateway(state: State, vnet: VNet, router: Router) -> Iterator[AnyOffer]:
    """The offers for packets from a gateway: they never return to it; they go to the other gateway only where a Route
    Server lets the gateways exchange routes (R96)."""
    if vnet.branch_to_branch:
        yield from (_by_expressroute if router.role == "gateway" else _by_vpn)(state, vnet)


def instances_by_prefix(state: State, vnet: VNet) -> dict[IPv4Network, tuple[Router, ...]]:
    """The prefixes that the gateways of a VNet serve, and by which instances; of equal ones those of the preferred
    gateway (R94, A27)."""
    return instances(preferred(of_gateways(state, vnet), vnet.hub_routing_preference))


def instances(offers: Iterable[AnyOffer]) -> dict[IPv4Network, tuple[Router, ...]]:
    """The instances of gateways among what offers lead to, by prefix."""
    found: dict[IPv4Network, tuple[Router, ...]] = {}
    for item in offers:
        if isinstance(item.leads_to, Router):
            found[item.prefix] = (*found.get(item.prefix, ()), item.leads_to)
    return found


def learned_routes(vnet: VNet, offers: Iterable[AnyOffer]) -> Iterator[EffectiveRoute]:
    """The effective routes of what a VNet uses of the offers: one to each next hop, one to all the gateways'
    instances."""
    best = preferred(offers, vnet.hub_routing_preference)
    hops = ((item.prefix, vnet.name if isinstance(item.leads_to, Router) else str(item.leads_to)) for item in best)
    for prefix, next_hop in sorted(dict.fromkeys(hops)):
        yield EffectiveRoute("VirtualNetworkGateway", prefix, "VirtualNetworkGateway", next_hop)


def candidates(state: State, subnet: Subnet) -> tuple[EffectiveRoute, ...]:
    """All routes of a subnet's NICs, whether active or not (section 5.1)."""
    serving = subnet.serving
    if serving is None:
        return fixed_routes(subnet)
    return (*fixed_routes(subnet), *learned_routes(serving, all_of(state, serving)))


def all_of(state: State, vnet: VNet) -> tuple[AnyOffer, ...]:
    """What the gateways and the Route Server of a VNet offer the subnets that they serve."""
    return (*of_gateways(state, vnet), *of_appliances(state, vnet))


@once_each
def effective_routes(state: State, subnet: Subnet) -> tuple[EffectiveRoute, ...]:
    """The active routes of a subnet's NICs; found once per moment."""
    return tuple(active(candidates(state, subnet)))


def tables(state: State, vnet: VNet) -> dict[str, tuple[EffectiveRoute, ...]]:
    """The active routes of a VNet's NICs: by its name, and by ``VNet/subnet`` of the subnets with a route table."""
    with_table = {f"{vnet.name}/{s.name}": s for s in vnet.subnets.values() if s.spec.route_table is not None}
    plain = next((s for s in vnet.subnets.values() if s.spec.route_table is None), None)
    named = {**({vnet.name: plain} if plain is not None else {}), **with_table}
    return {name: effective_routes(state, subnet) for name, subnet in named.items()}
