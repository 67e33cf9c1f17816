"""What Azure shows of a NIC in a running lab: its effective routes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.azure.effective import EffectiveRoute, active, fixed_routes, gateway_serving
from netlab.azure.nics import Nic
from netlab.azure.world import World
from netlab.fabric import controller
from netlab.lab.operations import Row
from netlab.plan.model import Plan
from netlab.scenario.routers import Router, expressroute_gateways, instance_addresses

# Each prefix that a gateway or a Route Server tells, and the addresses that it leads to.
Told = dict[IPv4Network, list[str]]


@dataclass(frozen=True, slots=True)
class Learned:
    """What the gateways and Route Servers of a lab know at one moment."""

    known: controller.Known
    injected: controller.Injected


def learned(plan: Plan, machine: controller.Machine) -> Learned:
    """What gateways and Route Servers know now."""
    return Learned(controller.known_by_gateways(plan, machine), controller.injected_by_route_servers(plan, machine))


def effective_routes(world: World, knowing: Learned, vnet: str, nic: Nic) -> tuple[Row, ...]:
    """As ``az network nic show-effective-route-table``: a row per route and next hop; what lost is Invalid."""
    serving = gateway_serving(world.scenario, vnet, nic.subnet)
    told = _told(world, knowing, serving) if serving is not None else {}
    by_gateway = (
        EffectiveRoute("VirtualNetworkGateway", prefix, "VirtualNetworkGateway", serving or "")
        for prefix in sorted(told)
    )
    candidates = (*fixed_routes(world.scenario, vnet, nic.subnet), *by_gateway)
    winners = frozenset(active(candidates))
    off = world.scenario.route_table(vnet, nic.subnet).disable_bgp_route_propagation
    return tuple(
        _row(route, "Active" if route in winners else "Invalid", hop, off)
        for route in candidates
        for hop in _next_hops(world, route, told)
    )


def _told(world: World, knowing: Learned, vnet: str) -> Told:
    """What VPN gateway, ExpressRoute gateway and Route Server tell a VNet; of equal prefixes the second wins (R94)."""
    private = [router for router in expressroute_gateways(world.scenario) if router.end == vnet]
    by_vpn, by_circuits = (
        _known(world, knowing.known, routers) for routers in (world.topology.with_tunnels(vnet), private)
    )
    found = by_vpn | by_circuits
    for prefix, next_hops in knowing.injected.get(vnet, {}).items():
        found.setdefault(IPv4Network(prefix), []).extend(sorted(next_hops))
    return found


def _known(world: World, known: controller.Known, routers: Iterable[Router]) -> Told:
    found: Told = {}
    for router in routers:
        vpn = router.role == "gateway"
        address = instance_addresses(world.scenario, router)[0] if vpn else router.bgp_address
        for prefix, _ in known.get(router.node, ()):
            found.setdefault(IPv4Network(prefix), []).append(str(address))
    return found


def _next_hops(world: World, route: EffectiveRoute, told: Told) -> list[str]:
    """The addresses that a route leads to, of which Azure says no more than the type where it is none."""
    if route.source == "VirtualNetworkGateway":
        return told[route.prefix]
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
