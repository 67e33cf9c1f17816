"""The rows of the table of BGP policy for NAT rules of VPN gateways."""

from __future__ import annotations

from netlab.azure.bgp import values
from netlab.azure.bgp.rows import Row

NAT_ROWS: tuple[Row, ...] = (
    Row(
        ("gateway", "device"),
        ("gateway", "device"),
        ("exports",),
        "next_hop",
        "the router's address after NAT, where NAT rules translate it",
        "T21",
        "Both ends of a connection with NAT rules peer with the address after NAT, and it is the next hop there.",
        values.after_nat,
    ),
    Row(
        ("gateway",),
        ("device", "appliance"),
        ("imports",),
        "translations",
        "the prefixes of the connection's IngressSnat rules, internal to external, where the gateway translates routes",
        "T18, T19",
        "A gateway learns exactly the internal prefix of a NAT rule of a branch's connection under the external one.",
        values.translated_in,
    ),
    Row(
        ("gateway",),
        ("device", "appliance"),
        ("exports",),
        "translations",
        "the prefixes of the connection's EgressSnat rules, internal to external, where the gateway translates routes",
        "T18",
        "A gateway advertises its VNet to a branch under the external prefix of a NAT rule.",
        values.translated_out,
    ),
)
