"""What Azure shows of a NIC in a running lab: its effective routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.azure.effective import (
    EffectiveRoute,
    Told,
    active,
    fixed_routes,
    gateway_serving,
    preferred,
    routing_preference,
)
from netlab.azure.nics import Nic
from netlab.azure.world import World
from netlab.controllers.tables import Gateways, Injected, Known, injected_by_route_servers, known_by_gateways
from netlab.lab.measure.shown.rows import Row
from netlab.plan.model import Plan
from netlab.scenario.routers import expressroute_gateways, instance_addresses


@dataclass(frozen=True, slots=True)
class Learned:
    """What the gateways and Route Servers of a lab know at one moment."""

    known: Known
    injected: Injected


def learned(plan: Plan, gateways: Gateways) -> Learned:
    """What gateways and Route Servers know now."""
    return Learned(known_by_gateways(plan, gateways), injected_by_route_servers(plan, gateways))


def effective_routes(world: World, knowing: Learned, vnet: str, nic: Nic) -> tuple[Row, ...]:
    """As ``az network nic show-effective-route-table``: a row per route and next hop; what lost is Invalid."""
    serving = gateway_serving(world.scenario, vnet, nic.subnet)
    fixed = fixed_routes(world.scenario, vnet, nic.subnet)
    told = tuple(_told(world, knowing, serving)) if serving is not None else ()
    best = preferred(told, routing_preference(world.scenario, serving or vnet))
    winners = frozenset(active((*fixed, *map(_learned, best))))
    off = world.scenario.route_table(vnet, nic.subnet).disable_bgp_route_propagation
    return tuple(
        _row(route, "Active" if route in winners else "Invalid", hop, off)
        for route in (*fixed, *map(_learned, sorted(told, key=lambda item: item.prefix)))
        for hop in _next_hops(world, route)
    )


def _told(world: World, knowing: Learned, vnet: str) -> Iterator[Told[str]]:
    """What VPN gateway, ExpressRoute gateway and Route Server tell a VNet, and the addresses that it leads to."""
    private = (router for router in expressroute_gateways(world.scenario) if router.end == vnet)
    for router in (*world.topology.with_tunnels(vnet), *private):
        vpn = router.role == "gateway"
        address = instance_addresses(world.scenario, router)[0] if vpn else router.bgp_address
        for prefix, _, length in knowing.known.get(router.node, ()):
            yield Told(IPv4Network(prefix), "VpnGateway" if vpn else "ExpressRoute", length, str(address))
    for prefix, (length, next_hops) in knowing.injected.get(vnet, {}).items():
        yield from (Told(IPv4Network(prefix), "NVA", length, next_hop) for next_hop in sorted(next_hops))


def _learned(told: Told[str]) -> EffectiveRoute:
    return EffectiveRoute("VirtualNetworkGateway", told.prefix, "VirtualNetworkGateway", told.leads_to)


def _next_hops(world: World, route: EffectiveRoute) -> list[str]:
    """The addresses that a route leads to, of which Azure says no more than the type where it is none."""
    if route.source == "VirtualNetworkGateway":
        return [route.next_hop]
    if route.next_hop_type == "VirtualNetworkGateway":
        routers = world.topology.with_tunnels(route.next_hop)
        return [str(instance_addresses(world.scenario, router)[0]) for router in routers] or [""]
    return [route.next_hop if route.next_hop_type == "VirtualAppliance" else ""]


def _row(route: EffectiveRoute, state: str, next_hop: str, propagation_off: bool) -> Row:
    return {
        "source": route.source,
        "state": state,
        "addressPrefix": [str(route.prefix)],
        "nextHopType": route.next_hop_type,
        "nextHopIpAddress": [next_hop] if next_hop else [],
        "disableBgpRoutePropagation": propagation_off,
    }
