"""The effective routes of a NIC, as ``az network nic show-effective-route-table`` shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.dataplane.offers import AnyOffer, all_of
from netlab.azure.effective import EffectiveRoute, NextHopType, Offer, active, fixed_routes, preferred
from netlab.azure.state import State
from netlab.results.shown import NicRoute
from netlab.scenario.addresses import PRIVATE_PREFIXES
from netlab.scenario.network import Nic, Router, VpnGateway

# The order of recorded tables (labs dual-hub-hubless-region-ars and dual-hub-interconnect-ars-route-policy).
_ORDER: tuple[tuple[str, NextHopType], ...] = (
    ("Default", "VnetLocal"),
    ("Default", "VNetPeering"),
    ("VirtualNetworkGateway", "VirtualNetworkGateway"),
    ("Default", "VNetGlobalPeering"),
    ("Default", "Internet"),
    ("Default", "None"),
)


def predicted(state: State, nic: Nic) -> tuple[NicRoute, ...]:
    """The effective routes that the model gives a NIC."""
    serving = nic.subnet.serving
    offers = all_of(state, serving) if serving is not None else ()
    return rows(state, nic, (_by_address(offer) for offer in offers))


def _by_address(offer: AnyOffer) -> Offer[str]:
    hop = offer.leads_to
    return Offer(offer.prefix, offer.origin, offer.length, str(address_of(hop) if isinstance(hop, Router) else hop))


def address_of(router: Router) -> IPv4Address:
    """The address of a gateway's instance in GatewaySubnet, to which routes of a VNet lead."""
    return router.end.instance_addresses(router)[0] if isinstance(router.end, VpnGateway) else router.bgp_address


def rows(state: State, nic: Nic, offers: Iterable[Offer[str]]) -> tuple[NicRoute, ...]:
    """The rows of a NIC, given what gateways and a Route Server offer its VNet, and the addresses that it leads to.

    A row per prefix and source, with all its next hops (X, 5.4). Of the routes that lose, only a system route that a
    user route for the same prefix, or of a private endpoint a shorter one, replaces is shown, as Invalid.
    """
    fixed, told = fixed_routes(nic.subnet), tuple(offers)
    hops = _hops(preferred(told, (nic.subnet.serving or nic.vnet).hub_routing_preference))
    learned = tuple(EffectiveRoute("VirtualNetworkGateway", prefix, "VirtualNetworkGateway") for prefix in hops)
    winners = frozenset(active((*fixed, *learned)))
    by_user = {route.prefix for route in winners if route.source == "User"}
    off = nic.subnet.route_table.disable_bgp_route_propagation
    services: dict[str, list[str]] = {}
    for route in fixed:
        if route.next_hop_type == "VirtualNetworkServiceEndpoint":
            services.setdefault(route.next_hop, []).append(str(route.prefix))
    shown = (r for r in _sorted((*fixed, *learned)) if str(r.prefix) in services.get(r.next_hop, [str(r.prefix)])[:1])
    return tuple(
        NicRoute(
            source=route.source,
            state="Active" if route in winners else "Invalid",
            # E15: a service has one row with all its prefixes.
            addressPrefix=tuple(services.get(route.next_hop, [str(route.prefix)])),
            nextHopType=route.next_hop_type,
            nextHopIpAddress=_next_hops(state, route, hops),
            disableBgpRoutePropagation=off,
            name=route.name or None,
        )
        for route in shown
        if route in winners or route.overridden or (route.source == "Default" and route.prefix in by_user)
    )


def in_short(found: Iterable[NicRoute]) -> tuple[NicRoute, ...]:
    """The rows without the built-in ones of type None whose prefixes are not for private networks."""
    private = {(str(prefix),) for prefix in PRIVATE_PREFIXES}
    return tuple(
        row for row in found if row.source != "Default" or row.nextHopType != "None" or row.addressPrefix in private
    )


def _hops(offers: Iterable[Offer[str]]) -> dict[IPv4Network, frozenset[str]]:
    found: dict[IPv4Network, frozenset[str]] = {}
    for offer in sorted(offers, key=lambda item: item.prefix):
        found[offer.prefix] = found.get(offer.prefix, frozenset()) | {offer.leads_to}
    return found


def _sorted(routes: Iterable[EffectiveRoute]) -> Iterator[EffectiveRoute]:
    def place(route: EffectiveRoute) -> int:
        kind = (route.source, route.next_hop_type)
        return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)

    yield from sorted(routes, key=place)


def _next_hops(state: State, route: EffectiveRoute, learned: Mapping[IPv4Network, frozenset[str]]) -> tuple[str, ...]:
    """The addresses that a route leads to; Azure shows no more than the type where it is a system route."""
    if route.source == "VirtualNetworkGateway":
        return tuple(sorted(learned[route.prefix], key=IPv4Address))
    if route.next_hop_type == "VirtualNetworkGateway" and route.next_hop:
        gateway = state.network.vnets[route.next_hop].vpn_gateway
        return tuple(str(address_of(router)) for router in state.topology.with_tunnels(gateway))
    return route.next_hops if route.next_hop_type == "VirtualAppliance" else ()
