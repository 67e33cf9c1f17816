"""RADIUS: which gateways ask a server, where it is, and what leads there."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from netlab.scenario.addresses import vm_addresses
from netlab.scenario.models import PointToSite, Scenario
from netlab.scenario.rules.breach import Breach, Breaches, Path
from netlab.scenario.rules.subjects import vpn_gateways


def _serving(scenario: Scenario) -> Iterator[tuple[PointToSite, Path]]:
    """The point-to-site configurations, and where they stand."""
    for name, gateway in vpn_gateways(scenario).items():
        if gateway.point_to_site is not None:
            yield gateway.point_to_site, ("vnets", name, "vpn_gateway", "point_to_site")


def _asked(scenario: Scenario) -> Iterator[tuple[IPv4Address, Path]]:
    """The addresses of RADIUS servers that gateways ask, and where they stand."""
    for settings, path in _serving(scenario):
        if settings.authentication == "Radius" and settings.radius_server_address is not None:
            yield settings.radius_server_address, (*path, "radius_server_address")
        for index, server in enumerate(settings.radius_servers if settings.authentication == "Radius" else ()):
            yield server.radius_server_address, (*path, "radius_servers", index, "radius_server_address")


def radius_has_a_server(scenario: Scenario) -> Breaches:
    """A gateway has a RADIUS server if, and only if, its clients authenticate there."""
    for settings, path in _serving(scenario):
        if settings.authentication == "Radius":
            if not settings.asked:
                message = "RADIUS needs a server; give its radius_server_address, a VM's or a host's of a site"
                yield Breach((*path, "authentication_types"), message)
            continue
        for key in ("radius_server_address", "radius_server_secret", "radius_servers"):
            if key in settings.model_fields_set:
                message = "this gateway asks no RADIUS server; write authentication_types: [Radius], or leave this out"
                yield Breach((*path, key), message)


def p34_several_radius_servers_are_in_one_list(scenario: Scenario) -> Breaches:
    """P34: a gateway has one RADIUS server, or a list of two that differ."""
    for settings, path in _serving(scenario):
        servers = settings.radius_servers
        for key in ("radius_server_address", "radius_server_secret"):
            if servers and key in settings.model_fields_set:
                message = "this gateway has a list of radius_servers; write all servers there, and leave this out"
                yield Breach((*path, key), message)
        if len({server.radius_server_address for server in servers}) < len(servers):
            message = f"{servers[0].radius_server_address} is written twice; leave one out"
            yield Breach((*path, "radius_servers", 1, "radius_server_address"), message)


def p15_radius_servers_are_machines(scenario: Scenario) -> Breaches:
    """P15: a RADIUS server is a machine in a VNet or on-premises; where there is none nobody answers."""
    machines = {address for vnet in scenario.vnets.values() for address in vm_addresses(vnet).values()}
    machines |= {address for site in scenario.sites.values() for address in site.hosts.values()}
    for address, path in _asked(scenario):
        if address not in machines:
            message = f"no virtual machine and no host of a site has {address}: nobody answers, and no client comes in"
            yield Breach(path, message, "warning")


def r61_radius_is_not_behind_expressroute(scenario: Scenario) -> Breaches:
    """R61: a RADIUS server on-premises is reached over site-to-site, never over ExpressRoute."""
    for address, path in _asked(scenario):
        for name, site in scenario.sites.items():
            if address not in site.hosts.values() or any(scenario.connections_of(name)):
                continue
            message = f"`{name}` has no site-to-site connection, and a RADIUS server is not reached over ExpressRoute"
            yield Breach(path, f"{message}: no client comes in; connect `{name}` by IPsec", "warning")
