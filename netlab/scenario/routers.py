"""Who routes: gateway instances, VPN devices and the tunnels between them; Route Servers, appliances, and their BGP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address
from itertools import product
from typing import Literal

from netlab.scenario import addresses
from netlab.scenario.models import Connection, NvaBgp, Scenario, node_name

ROUTE_SERVER_ASN = 65515  # A3
EXPRESSROUTE_ASN = 65515
MICROSOFT_ASN = 12076  # R99


Role = Literal["gateway", "device", "before devices", "route server", "appliance", "expressroute", "edge router"]


@dataclass(frozen=True, slots=True)
class Router:
    """A gateway instance or a VPN device, of several ones the ``index``-th; or the router before a site's devices.

    Or an instance of a Route Server or of an ExpressRoute gateway, an edge router of a circuit, or an appliance that
    speaks BGP or ends connections.

    ``end`` is its VNet, its site, its circuit or, of an appliance, its own name. ``vnet`` is the VNet that it is in, if
    it is in one. ``bgp_address`` and ``asn`` mean nothing where there is no BGP.
    """

    end: str
    node: str
    index: int
    asn: int
    bgp_address: IPv4Address
    role: Role
    vnet: str = ""

    @property
    def before_devices(self) -> bool:
        """Whether it is the router between a site's hosts and its several devices."""
        return self.role == "before devices"


@dataclass(frozen=True, slots=True)
class Peers:
    """Two routers that speak BGP without a tunnel between them: a Route Server with an appliance or with a gateway of
    its VNet, an appliance with a site behind it or with one of a peered VNet. The first one opens the session."""

    routers: tuple[Router, Router]

    def other(self, node: str) -> Router:
        """The router at the other end."""
        return self.routers[1] if self.routers[0].node == node else self.routers[0]


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One tunnel of a connection, and the routers at its ends, in the order of ``between``."""

    name: str
    connection: str
    routers: tuple[Router, Router]

    def of(self, node: str) -> Router:
        """The router of this node."""
        return self.routers[0] if self.routers[0].node == node else self.routers[1]

    def other(self, node: str) -> Router:
        """The router at the other end."""
        return self.routers[1] if self.routers[0].node == node else self.routers[0]


@dataclass(frozen=True)
class Topology:
    """The routers and tunnels of a scenario at a moment.

    ``active`` are the active-standby gateways whose second instance is the active one; ``lost`` the nodes of instances
    that are down, ``severed`` the edge routers whose link to their site is down.
    """

    scenario: Scenario
    active: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    severed: frozenset[str] = frozenset()

    @cached_property
    def routers(self) -> dict[str, Router]:
        """Every router that takes part: not an instance on standby."""
        found = [router for end in ends(self.scenario) for router in self.of(end)]
        return {router.node: router for router in found}

    @cached_property
    def speakers(self) -> dict[str, Router]:
        """Every router that may speak BGP: these, Route Servers, appliances, and those of ExpressRoute."""
        found = (
            *route_servers(self.scenario),
            *appliances(self.scenario),
            *expressroute_gateways(self.scenario),
            *edge_routers(self.scenario),
        )
        return self.routers | {router.node: router for router in found if router.node not in self.lost}

    @cached_property
    def appliances(self) -> dict[str, Router]:
        """The appliances that speak BGP or end connections."""
        found = (*appliances(self.scenario), *vpn_servers(self.scenario))
        return {router.node: router for router in found if router.node not in self.lost}

    @cached_property
    def peers(self) -> tuple[Peers, ...]:
        """Who speaks BGP without a tunnel."""
        return tuple(self._peers())

    def _peers(self) -> Iterator[Peers]:
        here = self.speakers.values()
        for server in (router for router in here if router.role == "route server"):
            for nva in (router for router in here if (router.role, router.vnet) == ("appliance", server.end)):
                if server.index in appliance_bgp(self.scenario, nva).route_server_instances:
                    yield Peers((nva, server))
            if branch_to_branch(self.scenario, server.end):
                yield from (
                    Peers((server, other)) for other in (*self.with_tunnels(server.end), *self._private(server.end))
                )
        # R97: then the gateways of a VNet exchange routes too; without, there is no transit between them (R96).
        for instance in (router for router in here if router.role == "gateway"):
            if branch_to_branch(self.scenario, instance.end):
                yield from (Peers((instance, other)) for other in self._private(instance.end))
        for msee in (router for router in here if router.role == "edge router"):
            circuit = self.scenario.expressroute_circuits[msee.end]
            if msee.node not in self.severed:
                yield from (Peers((msee, device)) for device in devices(self.scenario, circuit.site))
            own = (router for router in here if router.role == "expressroute" and router.end in circuit.vnets)
            yield from (Peers((msee, instance)) for instance in own)
        for nva in (router for router in here if router.role == "appliance"):
            settings = appliance_bgp(self.scenario, nva)
            for site in settings.sites:
                yield from (Peers((nva, device)) for device in devices(self.scenario, site))
            yield from (Peers((nva, other)) for other in here if other.end in settings.appliances)

    def _private(self, vnet: str) -> Iterator[Router]:
        return (r for r in self.speakers.values() if (r.role, r.end) == ("expressroute", vnet))

    def of(self, end: str) -> tuple[Router, ...]:
        """The routers of a VNet's gateway or of a site."""
        return (*self.with_tunnels(end), *before_devices(self.scenario, end))

    def with_tunnels(self, end: str) -> tuple[Router, ...]:
        """The routers of an end at which tunnels may end; an appliance also while it is stopped."""
        if end in self.scenario.sites:
            return devices(self.scenario, end)
        if end in self.scenario.appliances:
            return (appliance(self.scenario, end),)
        gateway = self.scenario.vnets[end].vpn_gateway
        if gateway is None:
            return ()
        both = instances(self.scenario, end)
        on_duty = both if gateway.active_active else (both[int(end in self.active)],)
        return tuple(router for router in on_duty if router.node not in self.lost)

    def point_to_site(self, vnet: str) -> Router | None:
        """The instance that point-to-site clients of a gateway connect to, if it serves any and one is there."""
        gateway = self.scenario.vnets[vnet].vpn_gateway
        serves = gateway is not None and gateway.point_to_site is not None
        return next(iter(self.with_tunnels(vnet)), None) if serves else None

    @cached_property
    def tunnels(self) -> tuple[Tunnel, ...]:
        """Every tunnel, in the file's order."""
        return tuple(tunnel for name, item in self.scenario.connections.items() for tunnel in self._tunnels(name, item))

    def _tunnels(self, name: str, item: Connection) -> Iterator[Tunnel]:
        sides = [self._sides(item, end) for end in item.between]
        several = [end in self.scenario.vnets and self._is_active_active(end) for end in item.between]
        for one, other in product(*sides):
            numbers = [str(r.index) for r, numbered in zip((one, other), several, strict=True) if numbered]
            yield Tunnel("-".join((name, *numbers)), name, (one, other))

    def _is_active_active(self, vnet: str) -> bool:
        gateway = self.scenario.vnets[vnet].vpn_gateway
        return gateway is not None and gateway.active_active

    def _sides(self, item: Connection, end: str) -> tuple[Router, ...]:
        found = self.with_tunnels(end)
        if end not in self.scenario.sites or not self.scenario.sites[end].devices:
            return found
        chosen = device_node(end, item.device or next(iter(self.scenario.sites[end].devices)))
        return tuple(router for router in found if router.node == chosen)

    def tunnels_of(self, node: str) -> tuple[Tunnel, ...]:
        """The tunnels that end at a router."""
        return tuple(tunnel for tunnel in self.tunnels if node in (r.node for r in tunnel.routers))

    def lan_of(self, node: str) -> tuple[Router, ...]:
        """The routers of the same end, which a router speaks to inside (iBGP)."""
        end = self.routers[node].end
        return tuple(router for router in self.of(end) if router.node != node)


def ends(scenario: Scenario) -> Iterator[str]:
    """The VNets that have a VPN gateway, and the sites."""
    yield from (name for name, vnet in scenario.vnets.items() if vnet.vpn_gateway is not None)
    yield from scenario.sites


def instance_node(vnet: str, index: int) -> str:
    """The node of an instance of a VPN gateway."""
    return node_name(vnet, "gw", str(index))


def instance_addresses(scenario: Scenario, router: Router) -> tuple[IPv4Address, ...]:
    """The addresses of a gateway instance on duty in GatewaySubnet: its own and its BGP address."""
    own = addresses.gateway_instances(scenario.vnets[router.end])[router.index]
    return tuple(dict.fromkeys((own, router.bgp_address)))


def device_node(site: str, device: str) -> str:
    """The node of one of several devices of a site."""
    return node_name(site, device)


def instances(scenario: Scenario, vnet: str) -> tuple[Router, Router]:
    """Both instances of a VPN gateway (R7); of an active-standby one they share the BGP address."""
    item, asn = scenario.vnets[vnet], addresses.asn(scenario, vnet)
    first, second = addresses.gateway_bgp_addresses(item)
    return (
        Router(vnet, instance_node(vnet, 0), 0, asn, first, "gateway", vnet),
        Router(vnet, instance_node(vnet, 1), 1, asn, second, "gateway", vnet),
    )


def devices(scenario: Scenario, site: str) -> tuple[Router, ...]:
    """The VPN devices of a site: the one that is the site's own node, or several."""
    asn, item = addresses.asn(scenario, site), scenario.sites[site]
    if not item.devices:
        return (Router(site, node_name(site), 0, asn, addresses.site_bgp_address(scenario, site), "device"),)
    return tuple(
        Router(site, device_node(site, name), index, asn, addresses.device_bgp_address(scenario, site, name), "device")
        for index, name in enumerate(item.devices)
    )


def before_devices(scenario: Scenario, end: str) -> tuple[Router, ...]:
    """The router between a site's hosts and its several devices, if it has several."""
    if end not in scenario.sites or not scenario.sites[end].devices:
        return ()
    count, asn = len(scenario.sites[end].devices), addresses.asn(scenario, end)
    return (Router(end, node_name(end), count, asn, addresses.router_bgp_address(scenario, end), "before devices"),)


def branch_to_branch(scenario: Scenario, vnet: str) -> bool:
    """Whether a VNet's Route Server exchanges routes with its gateways (A23)."""
    server = scenario.vnets[vnet].route_server
    return server is not None and server.allow_branch_to_branch_traffic


def route_server_node(vnet: str, index: int) -> str:
    """The node of an instance of a Route Server."""
    return node_name(vnet, "rs", str(index))


def route_servers(scenario: Scenario) -> Iterator[Router]:
    """The instances of all Route Servers (A3, A4)."""
    for name, vnet in scenario.vnets.items():
        for index, address in enumerate(addresses.route_server_instances(vnet) if vnet.route_server else ()):
            yield Router(name, route_server_node(name, index), index, ROUTE_SERVER_ASN, address, "route server", name)


def appliance(scenario: Scenario, end: str) -> Router:
    """The router that an appliance is."""
    (vnet, vm), address = scenario.appliances[end], addresses.appliance_address(scenario, end)
    index = list(scenario.vnets[vnet].vms).index(vm)
    return Router(end, node_name(end), index, addresses.asn(scenario, end), address, "appliance", vnet)


def appliances(scenario: Scenario) -> Iterator[Router]:
    """The appliances that speak BGP."""
    return (router for router in _appliances(scenario) if scenario.appliance(router.end).bgp is not None)


def vpn_servers(scenario: Scenario) -> Iterator[Router]:
    """The appliances that end connections (R90)."""
    joined = {end for item in scenario.connections.values() for end in item.between}
    return (router for router in _appliances(scenario) if router.end in joined)


def _appliances(scenario: Scenario) -> Iterator[Router]:
    """All appliances that have an address; the rules report the others."""
    for end, (vnet, vm) in scenario.appliances.items():
        if vm in addresses.vm_addresses(scenario.vnets[vnet]):
            yield appliance(scenario, end)


def appliance_bgp(scenario: Scenario, router: Router) -> NvaBgp:
    """The BGP settings of an appliance."""
    settings = scenario.appliance(router.end).bgp
    assert settings is not None
    return settings


def expressroute_node(vnet: str, index: int) -> str:
    """The node of an instance of an ExpressRoute gateway."""
    return node_name(vnet, "er", str(index))


def expressroute_gateways(scenario: Scenario) -> Iterator[Router]:
    """The instances of all ExpressRoute gateways."""
    for name, vnet in scenario.vnets.items():
        both = addresses.expressroute_instances(vnet) if vnet.expressroute_gateway is not None else ()
        for index, address in enumerate(both):
            yield Router(name, expressroute_node(name, index), index, EXPRESSROUTE_ASN, address, "expressroute", name)


def edge_router_node(circuit: str, index: int) -> str:
    """The node of a circuit's edge router: 0 is the primary link's, 1 the secondary's."""
    return node_name(circuit, "msee", str(index))


def edge_routers(scenario: Scenario) -> Iterator[Router]:
    """Microsoft's edge routers (MSEE), a pair for each circuit (R99)."""
    for name, both in addresses.edge_routers(scenario.expressroute_circuits).items():
        for index, address in enumerate(both):
            yield Router(name, edge_router_node(name, index), index, MICROSOFT_ASN, address, "edge router")
