"""The rows of the table of BGP policy for connections of circuits with FastPath."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from netlab.azure.bgp import values
from netlab.azure.bgp.rows import Row
from netlab.scenario.network import Router


def next_hop(gateway: Router, edge: Router) -> IPv4Address | None:
    """The VNet's fabric, where FastPath is on."""
    vnet = values.vnet_of(gateway)
    return vnet.fast_path_address if edge in vnet.fast_paths else None


def prefixes(gateway: Router, edge: Router) -> tuple[IPv4Network, ...]:
    """The VNet's own prefixes, where FastPath is on."""
    # Differs from Azure: A summary of a VNet's prefixes (U16) leads through the gateway, FastPath or not.
    vnet = values.vnet_of(gateway)
    return vnet.address_space if edge in vnet.fast_paths else ()


FAST_PATH_ROWS: tuple[Row, ...] = (
    Row(
        ("expressroute",),
        ("edge router",),
        ("exports",),
        "next_hop",
        "the VNet's fabric, where FastPath is on",
        "U23",
        "With FastPath a circuit sends what is for the VNet to its machines, not to the gateway.",
        next_hop,
    ),
    Row(
        ("expressroute",),
        ("edge router",),
        ("exports",),
        "next_hop_prefixes",
        "the VNet's own prefixes, where FastPath is on",
        "U23, U24",
        "What is for spokes still passes the gateway.",
        prefixes,
    ),
)
