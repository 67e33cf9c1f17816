"""Effective routes: which routes of a NIC are active (azure-rules.md section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Generic, Literal, TypeVar

from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.models import HubRoutingPreference, Scenario

NextHopType = Literal["VnetLocal", "VNetPeering", "VirtualNetworkGateway", "VirtualAppliance", "Internet", "None"]
Source = Literal["Default", "VirtualNetworkGateway", "User"]
# Who tells a VNet of a prefix: one of its gateways, or appliances by its Route Server.
Teller = Literal["ExpressRoute", "VpnGateway", "NVA"]
T_co = TypeVar("T_co", covariant=True)

# Section 5.1, item 5: private destinations that nothing else knows are dropped at the sender's NIC.
NONE_PREFIXES = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
# Section 5.2, tie between equal prefixes: User > BGP/VirtualNetworkGateway > System.
_PRECEDENCE: dict[Source, int] = {"User": 0, "VirtualNetworkGateway": 1, "Default": 2}


@dataclass(frozen=True, slots=True)
class EffectiveRoute:
    """One route of a NIC: Azure's source, prefix and next hop type.

    ``next_hop`` is what it leads to: the peer, the VNet of the gateway, or the address of the appliance.
    """

    source: Source
    prefix: IPv4Network
    next_hop_type: NextHopType
    next_hop: str = ""


@dataclass(frozen=True, slots=True)
class Told(Generic[T_co]):
    """A prefix that somebody tells a VNet of: the length of its AS path, 0 of a static one, and what it leads to."""

    prefix: IPv4Network
    teller: Teller
    length: int
    leads_to: T_co


def system_routes(scenario: Scenario, vnet: str) -> Iterator[EffectiveRoute]:
    """The system routes of every NIC of a VNet: one per address range of the VNet and of each connected peer (R106).

    A ``None`` prefix that a range equals or lies in gives way to it (section 5.1, item 5).
    """
    spaces = list(scenario.vnets[vnet].address_space)
    for prefix in spaces:
        yield EffectiveRoute("Default", prefix, "VnetLocal")
    for mine, _ in scenario.peered(vnet):
        for prefix in scenario.vnets[mine.remote_vnet].address_space:
            spaces.append(prefix)
            yield EffectiveRoute("Default", prefix, "VNetPeering", mine.remote_vnet)
    yield EffectiveRoute("Default", DEFAULT_ROUTE, "Internet")
    for prefix in NONE_PREFIXES:
        if not any(prefix.subnet_of(space) for space in spaces):
            yield EffectiveRoute("Default", prefix, "None")


def user_routes(scenario: Scenario, vnet: str, subnet: str) -> Iterator[EffectiveRoute]:
    """The routes of a subnet's route table."""
    for route in scenario.route_table(vnet, subnet).routes.values():
        next_hop = str(route.next_hop_ip_address or "")
        if route.next_hop_type == "VirtualNetworkGateway":
            next_hop = scenario.gateway_for(vnet) or ""
        yield EffectiveRoute("User", route.address_prefix, route.next_hop_type, next_hop)


def fixed_routes(scenario: Scenario, vnet: str, subnet: str) -> tuple[EffectiveRoute, ...]:
    """The candidates of a subnet that no gateway tells it of."""
    return (*system_routes(scenario, vnet), *user_routes(scenario, vnet, subnet))


def routes_from_peer(scenario: Scenario, vnet: str, peer: str) -> Iterator[EffectiveRoute]:
    """What a VNet does with what a peer sends in: it is the VNet's own, or for the gateway that the peer may use, which
    knows all who use it (R102, R108)."""
    yield from (route for route in system_routes(scenario, vnet) if route.next_hop_type == "VnetLocal")
    if peer in scenario.spokes(vnet) and scenario.vnets[vnet].vpn_gateway is not None:
        yield EffectiveRoute("Default", DEFAULT_ROUTE, "VirtualNetworkGateway", vnet)


def gateway_serving(scenario: Scenario, vnet: str, subnet: str) -> str | None:
    """The VNet whose gateway's routes are in a subnet: none where its route table has propagation off (5.1, item 6)."""
    propagates = not scenario.route_table(vnet, subnet).disable_bgp_route_propagation
    return scenario.gateway_for(vnet) if propagates else None


def routing_preference(scenario: Scenario, vnet: str) -> HubRoutingPreference:
    """Whose routes a VNet takes of equal prefixes: as its Route Server says, else ExpressRoute's (A27, R94)."""
    server = scenario.vnets[vnet].route_server
    return server.hub_routing_preference if server is not None else "ExpressRoute"


def preferred(told: Iterable[Told[T_co]], preference: HubRoutingPreference) -> Iterator[Told[T_co]]:
    """What a VNet uses of all that it is told: of each prefix one teller's, or several ones' where they are equal.

    A27, B29. Where AS paths decide, ExpressRoute's wins of equal ones: Microsoft says so of a Virtual WAN hub, which
    has the same setting (about-virtual-hub-routing-preference.md).
    """
    by_prefix: dict[IPv4Network, dict[Teller, list[Told[T_co]]]] = {}
    for item in told:
        by_prefix.setdefault(item.prefix, {}).setdefault(item.teller, []).append(item)
    for tellers in by_prefix.values():
        worth = {teller: _worth(teller, min(i.length for i in mine), preference) for teller, mine in tellers.items()}
        best = min(worth.values())
        yield from (item for teller, mine in tellers.items() if worth[teller] == best for item in mine)


def _worth(teller: Teller, length: int, preference: HubRoutingPreference) -> tuple[int, int]:
    """The less, the better."""
    private = teller == "ExpressRoute"
    match preference:
        case "ExpressRoute":
            return not private, length
        case "VpnGateway":
            return private, length
    return length, not private


def active(candidates: Iterable[EffectiveRoute]) -> Iterator[EffectiveRoute]:
    """The active routes among the candidates of one NIC (sections 5.1 and 5.2)."""
    routes = tuple(candidates)
    shields = [r.prefix for r in routes if r.source == "Default" and r.next_hop_type in ("VnetLocal", "VNetPeering")]
    # Section 5.2: a gateway route equal to or inside a VNet or peering range never wins.
    contenders = [
        r
        for r in routes
        if r.source != "VirtualNetworkGateway" or not any(r.prefix.subnet_of(shield) for shield in shields)
    ]
    best: dict[IPv4Network, int] = {}
    for r in contenders:
        best[r.prefix] = min(_PRECEDENCE[r.source], best.get(r.prefix, len(_PRECEDENCE)))
    winners = [r for r in contenders if _PRECEDENCE[r.source] == best[r.prefix]]
    # Section 8, point 2: an active 0.0.0.0/0 from a UDR or from BGP removes the None routes; one to Internet does not.
    forced = any(r.prefix == DEFAULT_ROUTE and r.next_hop_type != "Internet" for r in winners)
    return (r for r in winners if not (forced and r.source == "Default" and r.next_hop_type == "None"))
