"""Route tables, and forced tunnelling by a default site."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from netlab.scenario.addresses import (
    DEFAULT_ROUTE,
    GATEWAY_SUBNET,
    addresses_of_nics,
)
from netlab.scenario.days import API_2025_07, after_day
from netlab.scenario.models import NetworkInterface, RouteTable, Scenario, UserRoute
from netlab.scenario.names import short
from netlab.scenario.rules.breach import Breach, Breaches, Path, unknown
from netlab.scenario.rules.joined import sound_connections
from netlab.scenario.rules.load_balancers import is_frontend
from netlab.scenario.rules.subjects import firewall_addresses, in_reach, subnets, vpn_gateways

# U1.
LEAST_HOPS, MOST_HOPS = 2, 64


def subnets_name_their_route_table(scenario: Scenario) -> Breaches:
    """A subnet's route table is one of the scenario's."""
    for path, _, _, subnet in subnets(scenario):
        if subnet.route_table is not None:
            yield from unknown((*path, "route_table"), subnet.route_table, scenario.route_tables, "route table")


def route_tables_list_a_prefix_once(scenario: Scenario) -> Breaches:
    """A route table has one route for a prefix."""
    for table, item in scenario.route_tables.items():
        first: dict[IPv4Network, str] = {}
        for name, route in item.routes.items():
            other = first.setdefault(route.address_prefix, name)
            if other != name:
                path = ("route_tables", table, "routes", name, "address_prefix")
                yield Breach(path, f"`{other}` is for {route.address_prefix} already; leave one of them out")


def r5_gateway_subnet_keeps_its_routes(scenario: Scenario) -> Breaches:
    """R5: a route table of GatewaySubnet has no route for 0.0.0.0/0, and its propagation stays on.

    Microsoft says that the gateway stops working without propagation, and publishes a template that turns it off.
    """
    for path, vnet, subnet, name, table in _used(scenario):
        if subnet != GATEWAY_SUBNET:
            continue
        if table.disable_bgp_route_propagation:
            what = f"`{name}` keeps learned routes out of {GATEWAY_SUBNET}, which Azure does not support"
            lost = f"packets out of the tunnels of `{vnet}` follow none of another gateway or a Route Server"
            yield Breach(path, f"{what}: {lost}; write disable_bgp_route_propagation: false", "warning")
        for route in (key for key, item in table.routes.items() if item.address_prefix == DEFAULT_ROUTE):
            yield Breach(path, f"route `{route}` of `{name}` is for 0.0.0.0/0, which {GATEWAY_SUBNET} may not have")


def r84_default_sites_are_connected(scenario: Scenario) -> Breaches:
    """R84: a route-based gateway has a connection of type IPsec with its default site."""
    for name, gateway in vpn_gateways(scenario).items():
        site, path = gateway.default_site, ("vnets", name, "vpn_gateway", "default_site")
        if site is None:
            continue
        yield from unknown(path, site, scenario.sites, "site")
        joined = any({name, site} == set(item.between) for item in sound_connections(scenario).values())
        if site in scenario.sites and not joined:
            yield Breach(path, f"no connection joins the gateway of `{name}` and {short(site)}; add one of type IPsec")
        if gateway.vpn_type == "PolicyBased":
            yield Breach(path, "a policy-based gateway has no default site; use vpn_type: RouteBased")


def r88_gateways_as_next_hop_are_there(scenario: Scenario) -> Breaches:
    """R88: the next hop VirtualNetworkGateway is a VPN gateway of the VNet or of a peer, without ExpressRoute."""
    gateways = vpn_gateways(scenario)
    for path, vnet, _, name, table in _used(scenario):
        serving = scenario.gateway_for(vnet)
        for route in (key for key, item in table.routes.items() if item.next_hop_type == "VirtualNetworkGateway"):
            if serving not in gateways:
                what = f"route `{route}` of `{name}` leads to a VPN gateway, and `{vnet}` has and uses none"
                yield Breach(path, f"{what}; give it one, or set use_remote_gateways on a peering")
            elif scenario.vnets[serving].expressroute_gateway is not None:
                what = (
                    f"route `{route}` of `{name}` leads to a VPN gateway, and `{serving}` has one for ExpressRoute too"
                )
                yield Breach(path, f"{what}: in coexistence this next hop does not work; leave the route out")


def r89_appliances_can_forward(scenario: Scenario) -> Breaches:
    """R89: an appliance as next hop is in this VNet or a peer, in another subnet, and its NIC forwards (R116); or it is
    the frontend of a load balancer (L6)."""
    for path, vnet, subnet, name, table in _used(scenario):
        for route, item in table.routes.items():
            for place, address in enumerate(item.next_hops):
                key = ("next_hop", "next_hop_ip_addresses", place) if item.next_hop else ("next_hop_ip_address",)
                hop: Path = ("route_tables", name, "routes", route, *key)
                if is_frontend(scenario, vnet, address):
                    continue
                yield from _of_appliance(scenario, path, (vnet, subnet), (name, route), (hop, address))


def _of_appliance(
    scenario: Scenario, path: Path, used_by: tuple[str, str], of: tuple[str, str], at: tuple[Path, IPv4Address]
) -> Breaches:
    (vnet, subnet), (table, route), (hop, address) = used_by, of, at
    firewalls = firewall_addresses(scenario)
    if any(firewalls.get(name) == address for name, _ in in_reach(scenario, vnet)):
        return
    found = next(_machines_in_reach(scenario, vnet, address), None)
    if found is None:
        message = f"route `{route}` of `{table}`: no NIC of `{vnet}` or of a peer has the address {address}"
        several = scenario.route_tables[table].routes[route].next_hop is not None
        # Differs from Azure: Each of several next hops of a route is the address of a NIC; Azure accepts others.
        if several:
            yield Breach(path, f"{message}; each of several next hops needs one")
        else:
            yield Breach(path, message, "warning")
        return
    there, machine, nic = found
    vm = scenario.vnets[there].vms[machine]
    if not nic.enable_ip_forwarding:
        message = f"the NIC of `{machine}` drops packets for other addresses; write enable_ip_forwarding: true there"
        yield Breach(hop, message, "warning")
    elif vm.nva is None:
        yield Breach(hop, f"`{machine}` is no appliance and does not forward; write nva: {{}} there", "warning")
    if (there, nic.subnet) == (vnet, subnet):
        right = "the packets that it forwards come back to it; put the appliance into another subnet"
        message = f"route `{route}` of `{table}` leads to `{machine}` in this subnet: {right}"
        yield Breach(path, message, "warning")


def _machines_in_reach(
    scenario: Scenario, vnet: str, address: IPv4Address
) -> Iterator[tuple[str, str, NetworkInterface]]:
    """The machines with this address in a VNet and in its peers, each with its VNet and the NIC."""
    for name, item in in_reach(scenario, vnet):
        found = addresses_of_nics(item).get(address)
        if found is not None:
            machine, nic = found
            yield name, machine, item.vms[machine].interfaces[nic]


def u1_several_next_hops_are_few(scenario: Scenario) -> Breaches:
    """U1: a next hop of type VirtualApplianceEcmp has 2 to 64 addresses; it came with API version 2025-07-01."""
    for table, item in scenario.route_tables.items():
        for name, route in item.routes.items():
            path: Path = ("route_tables", table, "routes", name)
            several = route.next_hops if route.next_hop is not None else None
            if several is None:
                continue
            if not LEAST_HOPS <= len(several) <= MOST_HOPS:
                what = f"VirtualApplianceEcmp has {LEAST_HOPS} to {MOST_HOPS} addresses, and here are {len(several)}"
                yield Breach((*path, "next_hop", "next_hop_ip_addresses"), f"{what}; one is VirtualAppliance")
            for place, address in enumerate(several):
                if address in several[:place]:
                    where = (*path, "next_hop", "next_hop_ip_addresses", place)
                    yield Breach(where, f"{address} is listed already; leave it out")
            if when := after_day(scenario, API_2025_07):
                yield Breach(
                    (*path, "next_hop_type"), f"VirtualApplianceEcmp came with API version {when}; use VirtualAppliance"
                )


def u11_peering_routes_can_be_disabled(scenario: Scenario) -> Breaches:
    """U11: disable_peering_route came with API version 2025-07-01."""
    for table, item in scenario.route_tables.items():
        if item.disable_peering_route != "None" and (when := after_day(scenario, API_2025_07)):
            path = ("route_tables", table, "disable_peering_route")
            yield Breach(path, f"disable_peering_route came with API version {when}; leave it out")


def r91_gateway_subnet_is_reached_directly(scenario: Scenario) -> Breaches:
    """R91: a route table of GatewaySubnet does not send packets for that subnet itself to another next hop."""
    for path, vnet, subnet, name, table in _used(scenario):
        if subnet != GATEWAY_SUBNET:
            continue
        own = scenario.vnets[vnet].subnets[subnet].address_prefix
        elsewhere = {key: item for key, item in table.routes.items() if item.next_hop_type != "VnetLocal"}
        for route, item in elsewhere.items():
            if item.address_prefix.subnet_of(own):
                yield Breach(
                    path,
                    f"route `{route}` of `{name}` sends packets for the gateway's own {own} elsewhere; leave it out",
                )
        around = _longest_around(table, own)
        if around in elsewhere and not elsewhere[around].address_prefix.subnet_of(own):
            message = f"route `{around}` of `{name}` sends packets for the gateway's own {own} to an appliance too"
            yield Breach(path, f"{message}; add one for {own} to VnetLocal", "warning")


def _longest_around(table: RouteTable, prefix: IPv4Network) -> str:
    """The name of the route that a table has for all of a prefix; 0.0.0.0/0 is R5's."""
    covering: dict[str, UserRoute] = {
        name: item
        for name, item in table.routes.items()
        if prefix.subnet_of(item.address_prefix) and item.address_prefix != DEFAULT_ROUTE
    }
    return max(covering, key=lambda name: covering[name].address_prefix.prefixlen, default="")


def _used(scenario: Scenario) -> Iterator[tuple[Path, str, str, str, RouteTable]]:
    """Every use of a route table: where a subnet names it, the VNet, the subnet, the table's name and the table."""
    for path, name, key, subnet in subnets(scenario):
        if subnet.route_table is not None and subnet.route_table in scenario.route_tables:
            table = scenario.route_tables[subnet.route_table]
            yield (*path, "route_table"), name, key, subnet.route_table, table
