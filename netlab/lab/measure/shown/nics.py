"""What Azure shows of a NIC in a running lab: its effective routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.azure.dataplane.offers import expressroute_instances
from netlab.azure.effective import EffectiveRoute, Offer, active, fixed_routes, preferred
from netlab.azure.state import State
from netlab.controllers.tables import Gateways, Injected, Known, injected_by_route_servers, known_by_gateways
from netlab.plan.model import Plan
from netlab.results.shown import NicRoute
from netlab.scenario.network import Nic, VNet


@dataclass(frozen=True, slots=True)
class Learned:
    """What the gateways and Route Servers of a lab know at one moment."""

    known: Known
    injected: Injected


def learned(plan: Plan, gateways: Gateways) -> Learned:
    """What gateways and Route Servers know now."""
    return Learned(known_by_gateways(plan, gateways), injected_by_route_servers(plan, gateways))


def effective_routes(state: State, knowing: Learned, nic: Nic) -> tuple[NicRoute, ...]:
    """As ``az network nic show-effective-route-table``: a row per route and next hop; what lost is Invalid."""
    serving, fixed = nic.subnet.serving, fixed_routes(nic.subnet)
    told = tuple(_offers(state, knowing, serving)) if serving is not None else ()
    best = preferred(told, (serving or nic.vnet).hub_routing_preference)
    winners = frozenset(active((*fixed, *map(_learned, best))))
    off = nic.subnet.route_table.disable_bgp_route_propagation
    return tuple(
        _row(route, "Active" if route in winners else "Invalid", hop, off)
        for route in (*fixed, *map(_learned, sorted(told, key=lambda item: item.prefix)))
        for hop in _next_hops(state, route)
    )


def _offers(state: State, knowing: Learned, vnet: VNet) -> Iterator[Offer[str]]:
    """What VPN gateway, ExpressRoute gateway and Route Server offer a VNet, and the addresses that it leads to."""
    for node, address in _vpn_instances(state, vnet):
        for prefix, _, length in knowing.known.get(node, ()):
            yield Offer(IPv4Network(prefix), "VpnGateway", length, address)
    for router in expressroute_instances(vnet):
        for prefix, _, length in knowing.known.get(router.node, ()):
            yield Offer(IPv4Network(prefix), "ExpressRoute", length, str(router.bgp_address))
    for prefix, (length, next_hops) in knowing.injected.get(vnet.name, {}).items():
        yield from (Offer(IPv4Network(prefix), "NVA", length, next_hop) for next_hop in sorted(next_hops))


def _vpn_instances(state: State, vnet: VNet) -> Iterator[tuple[str, str]]:
    """The nodes and addresses of the instances of a VNet's VPN gateway that are on duty."""
    gateway = vnet.vpn_gateway
    if gateway is not None:
        for router in state.topology.with_tunnels(gateway):
            yield router.node, str(gateway.instance_addresses(router)[0])


def _learned(told: Offer[str]) -> EffectiveRoute:
    return EffectiveRoute("VirtualNetworkGateway", told.prefix, "VirtualNetworkGateway", told.leads_to)


def _next_hops(state: State, route: EffectiveRoute) -> list[str]:
    """The addresses that a route leads to, of which Azure says no more than the type where it is none."""
    if route.source == "VirtualNetworkGateway":
        return [route.next_hop]
    if route.next_hop_type == "VirtualNetworkGateway":
        vnet = state.network.vnets.get(route.next_hop)
        return [address for _, address in _vpn_instances(state, vnet)] or [""] if vnet is not None else [""]
    return [route.next_hop if route.next_hop_type == "VirtualAppliance" else ""]


def _row(route: EffectiveRoute, state: str, next_hop: str, propagation_off: bool) -> NicRoute:
    return NicRoute(
        source=route.source,
        state=state,
        addressPrefix=(str(route.prefix),),
        nextHopType=route.next_hop_type,
        nextHopIpAddress=(next_hop,) if next_hop else (),
        disableBgpRoutePropagation=propagation_off,
    )
