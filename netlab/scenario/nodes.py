"""The names of nodes that are made of several of Azure's names; the rules need them before the network is resolved."""

from __future__ import annotations

import re

from netlab.scenario.values import node_name


def nic_name(machine: str, key: str) -> str:
    """The name of a NIC in its VNet: its machine's, or behind it its own one of several."""
    return f"{machine}-{key}" if key else machine


def instance_node(vnet: str, index: int) -> str:
    """The node of an instance of a VPN gateway."""
    return node_name(vnet, "gw", str(index))


def expressroute_node(vnet: str, index: int) -> str:
    """The node of an instance of an ExpressRoute gateway."""
    return node_name(vnet, "er", str(index))


def expressroute_name(vnet: str) -> str:
    """What an ExpressRoute gateway is called beside the VPN gateway of its VNet."""
    return f"{vnet}-er"


def route_server_node(vnet: str, index: int) -> str:
    """The node of an instance of a Route Server."""
    return node_name(vnet, "rs", str(index))


def device_node(site: str, device: str) -> str:
    """The node of one of several devices of a site."""
    return node_name(site, device)


def region_name(text: str) -> str:
    """A region as Azure's API writes it: `West Europe` is westeurope."""
    return "".join(text.split()).lower()


def backbone_node(region: str) -> str:
    """The node of Microsoft's backbone in a region, as Azure's API writes it; of what has no region."""
    place = re.sub("[^a-z0-9]", "", region.lower())
    return node_name("backbone", place) if place else "backbone"


def provider_edge_node(network: str, index: int) -> str:
    """The node of a router of a provider's network: 0 is the primary link's, 1 the secondary's."""
    return node_name(network, "pe", str(index))


def public_edge_node(circuit: str, index: int) -> str:
    """The node of an edge router of a circuit's Microsoft peering: 0 is the primary link's, 1 the secondary's."""
    return node_name(circuit, "microsoft", str(index))


def edge_router_node(circuit: str, index: int) -> str:
    """The node of a circuit's edge router: 0 is the primary link's, 1 the secondary's."""
    return node_name(circuit, "msee", str(index))
