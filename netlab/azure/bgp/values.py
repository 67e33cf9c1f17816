"""The values in the table of BGP policy: each is of a router and its peer, and empty where it sets nothing."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from netlab.azure import nat_rules
from netlab.azure.bgp.route_maps import RouteMap, route_map
from netlab.scenario.models import BgpPolicy, NvaBgp
from netlab.scenario.network import Appliance, Circuit, ProviderNetwork, Role, Router, Side, Site, VNet, VpnGateway
from netlab.scenario.network.peer_addresses import bgp_ends
from netlab.scenario.rules.expressroute import most_out
from netlab.scenario.values import once

HOLD_TIME = 180  # B14, in seconds
MAXIMUM_PREFIX = 4000  # B16, A8
SEED_MAXIMUM_PREFIX = 200  # A8, of a Route Server in its preview
MAXIMUM_PREFIX_IN = {"Standard": 4000, "Premium": 10_000}  # R98, by the tier of the circuit
PREFERRED = 32_500  # a weight above that of any circuit's connection, below that of bgpd's own routes (32768)
LOCAL_PREFERENCE = 200  # above the default of 100
LAST = 1000  # a MED above that of any circuit

OF_VNETS: tuple[Role, ...] = ("gateway", "expressroute", "route server")
# Of these a router of a VNet has what does not come by ExpressRoute.
NOT_PRIVATE: tuple[Role, ...] = ("gateway", "device", "route server", "appliance")
OF_MICROSOFT: tuple[Role, ...] = ("edge router", "public edge")
ANY: tuple[Role, ...] = (*NOT_PRIVATE, "before devices", "expressroute", *OF_MICROSOFT, "provider edge", "backbone")
CUSTOMER: tuple[Role, ...] = ("device", "provider edge")
FROM_CIRCUIT: tuple[Role, ...] = ("edge router", "provider edge")


def vnet_of(router: Router) -> VNet:
    """The VNet that a router is in."""
    assert router.vnet is not None
    return router.vnet


def circuit_of(edge_router: Router) -> Circuit:
    """The circuit of an edge router."""
    assert isinstance(edge_router.end, Circuit)
    return edge_router.end


def bgp_of(appliance: Router) -> NvaBgp:
    """The BGP settings of an appliance."""
    assert isinstance(appliance.end, Appliance)
    assert appliance.end.bgp is not None
    return appliance.end.bgp


def import_filter(router: Router) -> tuple[IPv4Network, ...]:
    """The prefixes that a router drops of every peer: its VNet's and its spokes', or its site's."""
    if router.role in OF_VNETS:
        return vnet_of(router).prefixes
    return router.end.prefixes if router.before_devices and isinstance(router.end, Site) else ()


def weight_of_private(router: Router, _: Router) -> int:
    """The weight of routes that ExpressRoute's gateway advertises."""
    return PREFERRED if vnet_of(router).hub_routing_preference == "ExpressRoute" else 0


def weight_of_circuit(router: Router, peer: Router) -> int:
    """The weight of routes that a circuit advertises."""
    return circuit_of(peer).vnets[vnet_of(router)].routing_weight + weight_of_private(router, peer)


def weight_of_others(router: Router, _: Router) -> int:
    """The weight of routes that do not come by ExpressRoute."""
    return PREFERRED if vnet_of(router).hub_routing_preference == "VpnGateway" else 0


def circuits_of(peer: Router) -> tuple[Circuit, ...]:
    """The circuit of an edge router, or those of a provider edge router."""
    return peer.end.circuits if isinstance(peer.end, ProviderNetwork) else (circuit_of(peer),)


def _is_preferred(peer: Router) -> bool:
    return any(circuit.spec.preferred_on_premises for circuit in circuits_of(peer))


def weight_on_premises(_: Router, peer: Router) -> int:
    """The weight that a site gives to its circuit."""
    return PREFERRED if _is_preferred(peer) else 0


def local_preference_on_premises(device: Router, peer: Router) -> int:
    """The local preference that the devices of a site give to its circuit, for all routers of the site."""
    several = isinstance(device.end, Site) and device.end.before_devices is not None
    return LOCAL_PREFERENCE if several and _is_preferred(peer) else 0


def med_of_others(router: Router, _: Router) -> int:
    """The MED of routes that do not come by ExpressRoute."""
    return LAST if vnet_of(router).hub_routing_preference == "ASPath" else 0


def med_of_circuit(router: Router, peer: Router) -> int:
    """The MED of routes that a circuit advertises."""
    return 1 + circuit_of(peer).number if vnet_of(router).route_server is not None else 0


def circuits_of_vnet(router: Router, peer: Router) -> tuple[str, ...]:
    """The circuits of a site that the peer's VNet is on."""
    assert isinstance(router.end, Site)
    return tuple(circuit.name for circuit in router.end.circuits if peer.vnet in circuit.vnets)


def origin_of(site: Site) -> str:
    """The site of origin that a provider gives to the routes of a site."""
    return f"site {site.name}"


def site_of_origin(_: Router, device: Router) -> tuple[str, ...]:
    """The site of origin of what a site's device advertises to a provider."""
    assert isinstance(device.end, Site)
    return (origin_of(device.end),)


def maximum_prefix(router: Router, peer: Router) -> int:
    """How many prefixes a router accepts from a peer of another AS."""
    seed = router.role == "route server" and router.end.network.scenario.profile == "seed"
    most = SEED_MAXIMUM_PREFIX if seed else MAXIMUM_PREFIX
    return most if router.asn != peer.asn else 0


def maximum_prefix_out(_: Router, peer: Router) -> int:
    """How many prefixes a circuit accepts from a gateway."""
    return most_out(peer.end.network.scenario, peer.end.name)


def host_routes(instance: Router) -> Iterator[IPv4Network]:
    """The BGP addresses that an instance of a gateway expects at the other ends of its connections with BGP."""
    for side in instance.end.sides:
        only = side.connection.spec.gateway_instance
        if side.connection.speaks_bgp and only in (None, instance.index):
            for other in _routers(side.other):
                peer = bgp_ends(side, instance, side.other, other)[0].peer
                if peer is not None:
                    yield IPv4Network(peer)


def _routers(side: Side) -> tuple[Router, ...]:
    """The routers at which a side's tunnels may end."""
    if isinstance(side.end, VpnGateway):
        return side.end.instances
    return (side.end.device(side.connection.spec.device),) if isinstance(side.end, Site) else (side.end.router,)


def stays_inside(router: Router, peer: Router) -> tuple[IPv4Network, ...]:
    """What a gateway does not advertise: to no router but its other instance the host routes of its BGP peers that are
    no static routes, and to ExpressRoute and Route Servers the address pool of its clients."""
    gateway = router.end
    assert isinstance(gateway, VpnGateway)
    settings = gateway.point_to_site
    hosts = () if peer.end is gateway else _hosts_inside(gateway)
    if settings is None or peer.role not in ("expressroute", "route server") or settings.address_pool in hosts:
        return hosts
    return (*hosts, settings.address_pool)


@once
def _hosts_inside(gateway: VpnGateway) -> tuple[IPv4Network, ...]:
    """The host routes of a gateway that are no static routes."""
    statics = {prefix for side in gateway.sides for prefix in side.static_prefixes}
    mine = (host for instance in gateway.instances for host in host_routes(instance))
    return tuple(host for host in dict.fromkeys(mine) if host not in statics)


def prepend_of_connection(device: Router, peer: Router) -> int:
    """How often a device prepends its ASN on its connection to a peer."""
    mine = (side for side in device.end.sides if side.other.end is peer.end and _is_of(device, side))
    return next((side.as_path_prepend for side in mine), 0)


def _is_of(device: Router, side: Side) -> bool:
    """Whether a connection ends at this device of a site."""
    return isinstance(side.end, Site) and side.end.device(side.connection.spec.device) is device


def import_map(appliance: Router, peer: Router) -> RouteMap:
    """What an appliance is set to do with a peer's routes."""
    return route_map(_policy(appliance, peer).imports)


def export_map(appliance: Router, peer: Router) -> RouteMap:
    """What an appliance is set to do with the routes that it advertises to a peer."""
    return route_map(_policy(appliance, peer).exports)


def own_only(appliance: Router, peer: Router) -> bool:
    """Whether an appliance is set to advertise to a peer nothing that it learned."""
    return not _policy(appliance, peer).advertises_learned


def _policy(appliance: Router, peer: Router) -> BgpPolicy:
    return bgp_of(appliance).policies.get(peer.end.name, _NO_POLICY)


_NO_POLICY = BgpPolicy()


def after_nat(router: Router, peer: Router) -> IPv4Address | None:
    """The BGP address of a router as a peer sees it, where NAT rules translate it."""
    sides = (side for side in router.end.sides if side.other.end is peer.end)
    seen = (side.seen(router.bgp_address) for side in sides)
    return next((address for address in seen if address != router.bgp_address), None)


def translated_in(gateway: Router, peer: Router) -> tuple[tuple[IPv4Network, IPv4Network], ...]:
    """The prefixes that a gateway learns of a peer under others: those of its IngressSnat rules."""
    return _translated(gateway, peer, others=True)


def translated_out(gateway: Router, peer: Router) -> tuple[tuple[IPv4Network, IPv4Network], ...]:
    """The prefixes that a gateway advertises to a peer under others: those of its EgressSnat rules."""
    return _translated(gateway, peer, others=False)


def _translated(gateway: Router, peer: Router, *, others: bool) -> tuple[tuple[IPv4Network, IPv4Network], ...]:
    end = gateway.end
    if not isinstance(end, VpnGateway) or not end.spec.bgp_route_translation_for_nat:
        return ()
    sides = (side for side in end.sides if side.connection.speaks_bgp and side.other.end is peer.end)
    rules = (rule for side in sides for rule in nat_rules.of_side(side, gateway)[others])
    return tuple(dict.fromkeys((rule.internal, rule.external) for rule in rules))


def next_hop(router: Router, _: Router) -> IPv4Address | None:
    """The next hop that an appliance is set to advertise."""
    return bgp_of(router).next_hop


def hold_time(_: Router, peer: Router) -> int | None:
    """The hold time that a device asks of a circuit, where it is shorter than the default."""
    asked = circuit_of(peer).spec.hold_time_seconds
    return asked if asked < HOLD_TIME else None
