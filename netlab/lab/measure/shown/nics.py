"""What Azure shows of a NIC in a running lab: its effective routes, and its network security groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.azure.dataplane.filters import Addresses
from netlab.azure.dataplane.offers import expressroute_instances
from netlab.azure.effective import Offer
from netlab.azure.state import State
from netlab.azure.views import security_groups
from netlab.azure.views.nics import address_of, rows
from netlab.controllers.tables import Gateways, Injected, Known, injected_by_route_servers, known_by_gateways
from netlab.plan.model import Plan
from netlab.results.shown import EffectiveGroup, NicRoute
from netlab.scenario.network import Nic, VNet
from netlab.scenario.service_tags import VIRTUAL_NETWORK, merged

# What a set of security groups holds, by its namespace and name.
Members = Callable[[str, str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Learned:
    """What the gateways and Route Servers of a lab know at one moment."""

    known: Known
    injected: Injected


def learned(plan: Plan, gateways: Gateways) -> Learned:
    """What gateways and Route Servers know now."""
    return Learned(known_by_gateways(plan, gateways), injected_by_route_servers(plan, gateways))


def effective_routes(state: State, knowing: Learned, nic: Nic) -> tuple[NicRoute, ...]:
    """As ``az network nic show-effective-route-table``, of what gateways and Route Servers know now."""
    serving = nic.subnet.serving
    return rows(state, nic, _offers(state, knowing, serving) if serving is not None else ())


def _offers(state: State, knowing: Learned, vnet: VNet) -> Iterator[Offer[str]]:
    """What VPN gateway, ExpressRoute gateway and Route Server offer a VNet, and the addresses that it leads to."""
    for router in state.topology.with_tunnels(vnet.vpn_gateway):
        for prefix, _, length in knowing.known.get(router.node, ()):
            yield Offer(IPv4Network(prefix), "VpnGateway", length, str(address_of(router)))
    for router in expressroute_instances(vnet):
        for prefix, _, length in knowing.known.get(router.node, ()):
            yield Offer(IPv4Network(prefix), "ExpressRoute", length, str(address_of(router)))
    for prefix, (length, next_hops) in knowing.injected.get(vnet.name, {}).items():
        yield from (Offer(IPv4Network(prefix), "NVA", length, next_hop) for next_hop in sorted(next_hops))


def effective_groups(plan: Plan, members: Members, nic: Nic) -> tuple[EffectiveGroup, ...]:
    """As ``az network nic list-effective-nsg``, with what the fabric holds for the tag VirtualNetwork now."""
    fabric = next(fabric for fabric in plan.fabrics if fabric.node == nic.vnet.node)
    sets = fabric.security.sets if fabric.security is not None else ()
    names = [item.name for item in sets if item.subnet == nic.subnet.name]
    held = (prefix for name in names for prefix in members(fabric.netns, name))
    return security_groups.groups(nic, Addresses(VIRTUAL_NETWORK, merged(map(IPv4Network, held)), VIRTUAL_NETWORK))
