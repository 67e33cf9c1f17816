"""VPN servers of one's own: appliances that end connections."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from netlab.scenario.addresses import DEFAULT_ROUTE, vm_addresses
from netlab.scenario.models import Connection, Scenario, SitePrefix, VirtualMachine
from netlab.scenario.rules.breach import Breach, Breaches, Path, listed
from netlab.scenario.rules.joined import sound_connections
from netlab.scenario.rules.subjects import (
    appliances_with_bgp,
    primary_nic,
    route_server_of,
    story_actions,
    vpn_gateways,
)
from netlab.scenario.values import once

# The appliance's name, its VNet, its machine, and its connections.
Server = tuple[str, str, VirtualMachine, dict[str, Connection]]


def r90_subnets_lead_to_the_vpn_server(scenario: Scenario) -> Breaches:
    """R90: the subnets of a VNet need user routes to its VPN server, unless a Route Server injects the routes."""
    for name, vnet, machine, ends in _servers(scenario):
        item = scenario.vnets[vnet]
        nics = (nic for vm in item.vms.values() for nic in vm.interfaces.values())
        own = {nic.subnet for nic in machine.interfaces.values()}
        used = dict.fromkeys(nic.subnet for nic in nics if nic.subnet not in own)
        for subnet in (subnet for subnet in used if subnet in item.subnets):
            lacking = tuple(_lacking(scenario, name, (vnet, subnet), ends))
            if lacking:
                address = vm_addresses(item)[scenario.appliances[name][1]]
                right = f"add user routes to VirtualAppliance {address}"
                message = f"this subnet has no route for {listed(lacking)} to the VPN server `{name}`; {right}"
                yield Breach(("vnets", vnet, "subnets", subnet), message, "warning")


def _lacking(
    scenario: Scenario, server: str, subnet: tuple[str, str], ends: dict[str, Connection]
) -> Iterator[IPv4Network]:
    """The prefixes behind a VPN server for which a subnet has no route to an appliance."""
    routes = scenario.route_table(*subnet).routes.values()
    led = [route.address_prefix for route in routes if route.next_hop_type == "VirtualAppliance"]
    for name, prefix in _behind(scenario, server, ends):
        if not any(prefix.subnet_of(wide) for wide in led) and not _injected(scenario, server, *subnet, ends[name]):
            yield prefix


def _behind(scenario: Scenario, server: str, ends: dict[str, Connection]) -> Iterator[tuple[str, IPv4Network]]:
    """The prefixes behind a VPN server, with the connection: its static routes, or those of the other end."""
    for name, item in ends.items():
        prefixes = scenario.static_routes(server).get(name, scenario.prefixes_of(item.other(server)))
        yield from ((name, prefix) for prefix in prefixes)


def _injected(scenario: Scenario, server: str, vnet: str, subnet: str, item: Connection) -> bool:
    """Whether a Route Server injects into a subnet the routes that the appliance learns on a connection."""
    propagates = not scenario.route_table(vnet, subnet).disable_bgp_route_propagation
    bgp = scenario.appliance(server).bgp
    return propagates and item.enable_bgp and bgp is not None and bool(route_server_of(scenario, vnet, bgp))


def r116_vpn_servers_forward(scenario: Scenario) -> Breaches:
    """R116: the NIC of a VPN server has IP forwarding; else it drops packets for the networks behind its tunnels."""
    for name, vnet, _, _ in _servers(scenario):
        path, nic = primary_nic(scenario, vnet, scenario.appliances[name][1])
        if not nic.enable_ip_forwarding:
            message = f"the NIC of `{name}` drops packets for other addresses; write enable_ip_forwarding: true"
            yield Breach(path, message, "warning")


def a20_vpn_servers_keep_their_way_out(scenario: Scenario) -> Breaches:
    """A20: the tunnels of a VPN server use the 0.0.0.0/0 of its subnet, so its next hop is Internet."""
    for name, vnet, _, _ in _servers(scenario):
        place, nic = primary_nic(scenario, vnet, scenario.appliances[name][1])
        if nic.subnet not in scenario.vnets[vnet].subnets:
            continue
        path, table = (*place, "subnet"), scenario.route_table
        routes = table(vnet, nic.subnet).routes.values()
        own = next((route for route in routes if route.address_prefix == DEFAULT_ROUTE), None)
        learns = scenario.gateway_for(vnet) and not table(vnet, nic.subnet).disable_bgp_route_propagation
        if own is not None and own.next_hop_type != "Internet":
            message = f"0.0.0.0/0 of `{nic.subnet}` leads to {own.next_hop_type}: the tunnels of `{name}` stay down"
            yield Breach(path, f"{message}; give it a subnet where it leads to Internet", "warning")
        elif own is None and learns and _forced(scenario):
            message = f"`{nic.subnet}` may learn another 0.0.0.0/0, and the tunnels of `{name}` would use it"
            yield Breach(path, f"{message}; give it a route table with 0.0.0.0/0 to Internet")


@once
def _forced(scenario: Scenario) -> bool:
    """Whether a site or an appliance advertises a default route, at first or in the story, or a gateway has a default
    site."""
    advertised = {prefix for _, _, bgp in appliances_with_bgp(scenario) for prefix in bgp.announces}
    advertised |= {prefix for site in scenario.sites.values() for prefix in site.address_prefixes}
    advertised |= {a.subject.prefix for _, a in story_actions(scenario) if isinstance(a.subject, SitePrefix)}
    return DEFAULT_ROUTE in advertised or any(gateway.default_site for gateway in vpn_gateways(scenario).values())


def vpn_servers_keep_the_default_route(scenario: Scenario) -> Breaches:
    """A VPN server sends no 0.0.0.0/0 into a tunnel: IKE would use that route too."""
    for name, vnet, _, _ in _servers(scenario):
        for connection, prefixes in scenario.static_routes(name).items():
            if DEFAULT_ROUTE in prefixes:
                place: Path = ("vnets", vnet, "vms", scenario.appliances[name][1], "nva", "static_routes", connection)
                yield Breach(place, "with 0.0.0.0/0 the tunnel would lead into itself; write 0.0.0.0/1 and 128.0.0.0/1")


def _servers(scenario: Scenario) -> Iterator[Server]:
    for name, (vnet, vm) in scenario.appliances.items():
        ends = {key: item for key, item in scenario.connections_of(name) if key in sound_connections(scenario)}
        if ends:
            yield name, vnet, scenario.vnets[vnet].vms[vm], ends
