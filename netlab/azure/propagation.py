"""Prefixes of VNets and connections, by name; whoever holds the network asks its objects instead. Pure."""

from __future__ import annotations

from ipaddress import IPv4Network

from netlab.scenario.addresses import DEFAULT_ROUTE, local_network_gateway
from netlab.scenario.models import Scenario


def vnet_prefixes(scenario: Scenario, vnet: str) -> tuple[IPv4Network, ...]:
    """The prefixes that a gateway holds for its own: its VNet's and its transit spokes' (B18, B22)."""
    spaces = [scenario.vnets[name].address_space for name in (vnet, *scenario.spokes(vnet))]
    return tuple(prefix for space in spaces for prefix in space)


def static_prefixes(scenario: Scenario, end: str, connection: str) -> tuple[IPv4Network, ...]:
    """The prefixes that are sent into a connection without BGP's word: a gateway's LNG (R82) and, to its default site,
    all the rest (R84); the routes of a device or of an appliance."""
    if end in scenario.vnets:
        told = local_network_gateway(scenario, connection, end).address_prefixes
        return (*told, DEFAULT_ROUTE) if _leads_to_default_site(scenario, end, connection) else told
    item = scenario.connections[connection]
    default = () if item.enable_bgp else scenario.prefixes_of(item.other(end))
    return scenario.static_routes(end).get(connection, default)


def _leads_to_default_site(scenario: Scenario, vnet: str, connection: str) -> bool:
    gateway = scenario.vnets[vnet].vpn_gateway
    return gateway is not None and gateway.default_site == scenario.connections[connection].other(vnet)
