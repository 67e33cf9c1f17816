"""Effective routes: which routes of a NIC are active (azure-rules.md section 5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Generic, Literal, TypeVar

from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.models import HubRoutingPreference
from netlab.scenario.network import Peering, PrivateEndpoint, Subnet, VNet

NextHopType = Literal[
    "VnetLocal",
    "VNetPeering",
    "VNetGlobalPeering",
    "VirtualNetworkGateway",
    "VirtualAppliance",
    "Internet",
    "None",
    "InterfaceEndpoint",
    "VirtualNetworkServiceEndpoint",
]
Source = Literal["Default", "VirtualNetworkGateway", "User"]
# From where a VNet has a prefix: one of its gateways, or appliances by its Route Server.
Origin = Literal["ExpressRoute", "VpnGateway", "NVA"]
T_co = TypeVar("T_co", covariant=True)

# Section 5.1, item 5: destinations without another route that are dropped at the sender's NIC, in the order in which
# Azure lists them. Recorded tables have more of them than Microsoft's document, which names the four private ones.
NONE_PREFIXES = tuple(
    map(
        IPv4Network,
        (
            *("10.0.0.0/8", "127.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "25.176.0.0/13", "25.152.0.0/14"),
            *("25.184.0.0/14", "25.4.0.0/14", "25.148.0.0/15", "198.18.0.0/15", "25.150.0.0/16", "25.156.0.0/16"),
            *("25.159.0.0/16", "40.109.0.0/16", "192.168.0.0/16", "104.147.0.0/16", "157.59.0.0/16", "40.108.0.0/17"),
            *("104.146.0.0/17", "23.103.0.0/18", "20.35.252.0/22"),
        ),
    )
)
# Section 5.2, tie between equal prefixes: User > BGP/VirtualNetworkGateway > System.
_PRECEDENCE: dict[Source, int] = {"User": 0, "VirtualNetworkGateway": 1, "Default": 2}


@dataclass(frozen=True, slots=True)
class EffectiveRoute:
    """One route of a NIC: Azure's source, prefix and next hop type.

    ``next_hop`` is the name of the peer, of the gateway's VNet or of the service, or the address of an appliance, with
    ``further`` ones that share the load; ``name`` is that of a user route in its route table. ``overridden`` is the
    route of a private endpoint that a shorter user route makes invalid (E6).
    """

    source: Source
    prefix: IPv4Network
    next_hop_type: NextHopType
    next_hop: str = ""
    name: str = ""
    further: tuple[str, ...] = ()
    overridden: bool = False

    @property
    def next_hops(self) -> tuple[str, ...]:
        """All its next hops."""
        return (self.next_hop, *self.further)

    @property
    def is_built_in_drop(self) -> bool:
        """Whether it is one of the system routes of type None."""
        return self.source == "Default" and self.next_hop_type == "None"


@dataclass(frozen=True, slots=True)
class Offer(Generic[T_co]):
    """A prefix that a gateway or a Route Server offers a VNet: the length of its AS path, 0 of a static one, and what
    it leads to."""

    prefix: IPv4Network
    origin: Origin
    length: int
    leads_to: T_co


def local_routes(vnet: VNet) -> Iterator[EffectiveRoute]:
    """The system routes of a VNet to its own address ranges."""
    return (EffectiveRoute("Default", prefix, "VnetLocal") for prefix in vnet.address_space)


def system_routes(vnet: VNet, peerings: Collection[Peering] | None = None) -> Iterator[EffectiveRoute]:
    """The system routes of every NIC of a VNet: one per address range of the VNet and of each connected peer (R106), or
    of some ``peerings`` only.

    A ``None`` prefix that a range equals or lies in gives way to it (section 5.1, item 5).
    """
    spaces = list(vnet.address_space)
    yield from local_routes(vnet)
    for peering in vnet.peerings if peerings is None else peerings:
        for prefix in peering.prefixes:
            spaces.append(prefix)
            yield EffectiveRoute("Default", prefix, _peering_type(vnet, peering.remote), peering.remote.name)
    yield EffectiveRoute("Default", DEFAULT_ROUTE, "Internet")
    for prefix in NONE_PREFIXES:
        if not any(prefix.subnet_of(space) for space in spaces):
            yield EffectiveRoute("Default", prefix, "None")


def _peering_type(vnet: VNet, peer: VNet) -> NextHopType:
    """Azure's type of the routes to a peer: VNetGlobalPeering where both regions are given and differ."""
    here, there = vnet.region, peer.region
    return "VNetGlobalPeering" if here and there and here != there else "VNetPeering"


def user_routes(subnet: Subnet) -> Iterator[EffectiveRoute]:
    """The routes of a subnet's route table."""
    serving = subnet.vnet.serving
    for name, route in subnet.route_table.routes.items():
        next_hop, *further = map(str, route.next_hops or ("",))
        if route.next_hop_type == "VirtualNetworkGateway":
            next_hop = serving.name if serving is not None else ""
        # U2: Azure shows several appliances as one.
        kind = "VirtualAppliance" if route.next_hop_type == "VirtualApplianceEcmp" else route.next_hop_type
        yield EffectiveRoute("User", route.address_prefix, kind, next_hop, name, tuple(further))


def fixed_routes(subnet: Subnet) -> tuple[EffectiveRoute, ...]:
    """The candidates of a subnet that come from no gateway."""
    # U11: the table takes the routes to peers away.
    peerings = () if subnet.route_table.disable_peering_route == "All" else subnet.vnet.peerings
    private = (
        replace(route_to_endpoint(endpoint), overridden=_has_shorter_route(subnet, endpoint))
        for endpoint in endpoints_in_reach(subnet.vnet, peerings)
    )
    services = (
        EffectiveRoute("Default", prefix, "VirtualNetworkServiceEndpoint", service)
        for service, prefix in subnet.services
    )
    return (*system_routes(subnet.vnet, peerings), *private, *services, *user_routes(subnet))


def endpoints_in_reach(vnet: VNet, peerings: Collection[Peering]) -> Iterator[PrivateEndpoint]:
    """The private endpoints of a VNet and of its peers, to which it has routes (E1)."""
    for owner, prefixes in ((vnet, vnet.address_space), *((peering.remote, peering.prefixes) for peering in peerings)):
        for endpoint in owner.private_endpoints:
            if any(endpoint.address in prefix for prefix in prefixes):
                yield endpoint


def route_to_endpoint(endpoint: PrivateEndpoint) -> EffectiveRoute:
    """The route to a private endpoint (E1)."""
    return EffectiveRoute("Default", IPv4Network(endpoint.address), "InterfaceEndpoint", endpoint.vnet.name)


def _has_shorter_route(subnet: Subnet, endpoint: PrivateEndpoint) -> bool:
    """Whether a user route of a subnet, shorter than a /32, makes a private endpoint's route invalid: one at least as
    long as the range of the endpoint's VNet, where the policies of the endpoint's subnet say so (E6)."""
    prefixes = (item.address_prefix for item in subnet.route_table.routes.values())
    return endpoint.obeys_shorter_routes and any(
        endpoint.range.prefixlen <= prefix.prefixlen and endpoint.address in prefix for prefix in prefixes
    )


def routes_from_peer(vnet: VNet, peer: VNet) -> Iterator[EffectiveRoute]:
    """The routes for packets that a peer sends into a VNet: they are for the VNet itself, or for the gateway that the
    peer may use, which has a route to all who use it (R102, R108)."""
    yield from local_routes(vnet)
    if peer in vnet.spokes and vnet.vpn_gateway is not None:
        yield EffectiveRoute("Default", DEFAULT_ROUTE, "VirtualNetworkGateway", vnet.name)


def preferred(offers: Iterable[Offer[T_co]], preference: HubRoutingPreference) -> Iterator[Offer[T_co]]:
    """The offers that a VNet uses: of each prefix those of one origin, or of several where they are equal.

    A27, B29. Where AS paths decide, ExpressRoute's wins of equal ones: Microsoft says so of a Virtual WAN hub, which
    has the same setting (about-virtual-hub-routing-preference.md).
    """
    by_prefix: dict[IPv4Network, dict[Origin, list[Offer[T_co]]]] = {}
    for item in offers:
        by_prefix.setdefault(item.prefix, {}).setdefault(item.origin, []).append(item)
    for origins in by_prefix.values():
        rank = {origin: _rank(origin, min(i.length for i in mine), preference) for origin, mine in origins.items()}
        best = min(rank.values())
        yield from (item for origin, mine in origins.items() if rank[origin] == best for item in mine)


def _rank(origin: Origin, length: int, preference: HubRoutingPreference) -> tuple[int, int]:
    """The less, the better."""
    private = origin == "ExpressRoute"
    match preference:
        case "ExpressRoute":
            return not private, length
        case "VpnGateway":
            return private, length
    return length, not private


def active(candidates: Iterable[EffectiveRoute]) -> Iterator[EffectiveRoute]:
    """The active routes among the candidates of one NIC (sections 5.1 and 5.2)."""
    routes = tuple(route for route in candidates if not route.overridden)
    shielded = _Shields(r.prefix for r in routes if r.source == "Default" and _is_shield(r))
    # Section 5.2: a gateway route equal to or inside a VNet or peering range never wins.
    # E16: nothing overrides the route of a service endpoint, however long its prefix is.
    served = _Shields(r.prefix for r in routes if r.next_hop_type == "VirtualNetworkServiceEndpoint")
    contenders = [
        r
        for r in routes
        if (r.source != "VirtualNetworkGateway" or not shielded.cover(r.prefix))
        and (r.source == "Default" or not served.cover(r.prefix))
    ]
    best: dict[IPv4Network, int] = {}
    for r in contenders:
        best[r.prefix] = min(_PRECEDENCE[r.source], best.get(r.prefix, len(_PRECEDENCE)))
    winners = [r for r in contenders if _PRECEDENCE[r.source] == best[r.prefix]]
    # Section 8, point 2: an active 0.0.0.0/0 from a UDR or from BGP removes the None routes; one to Internet does not.
    forced = any(r.prefix == DEFAULT_ROUTE and r.next_hop_type != "Internet" for r in winners)
    return (r for r in winners if not (forced and r.is_built_in_drop))


def _is_shield(route: EffectiveRoute) -> bool:
    return route.next_hop_type in ("VnetLocal", "VNetPeering", "VNetGlobalPeering")


class _Shields:
    """Prefixes, looked up by length: whether one of them covers another prefix."""

    def __init__(self, prefixes: Iterable[IPv4Network]) -> None:
        found: dict[int, set[int]] = {}
        for prefix in prefixes:
            found.setdefault(prefix.prefixlen, set()).add(int(prefix.network_address))
        self._by_length = tuple(found.items())

    def cover(self, prefix: IPv4Network) -> bool:
        number = int(prefix.network_address)
        return any(
            length <= prefix.prefixlen and number >> (32 - length) << (32 - length) in known
            for length, known in self._by_length
        )
