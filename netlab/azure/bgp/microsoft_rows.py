"""The rows of the table of BGP policy for the Microsoft peerings of circuits."""

from __future__ import annotations

from ipaddress import IPv4Network

from netlab.azure.bgp.route_maps import Clause, RouteMap
from netlab.azure.bgp.rows import Row
from netlab.azure.bgp.values import circuit_of
from netlab.scenario.network import MicrosoftPeering, Router, Site

MAXIMUM_PREFIX = 200  # R125


def peering_of(edge: Router) -> MicrosoftPeering:
    """The Microsoft peering of an edge router of one."""
    peering = circuit_of(edge).microsoft_peering
    assert peering is not None
    return peering


def _only(prefixes: tuple[IPv4Network, ...]) -> RouteMap:
    """A route map that lets exactly these prefixes pass."""
    return (*((Clause(prefixes),) if prefixes else ()), Clause(permit=False))


def accepted(edge: Router, _: Router) -> RouteMap:
    """What Microsoft accepts of a customer."""
    # Differs from Azure: Private ASNs stay in the AS paths that customers advertise over a Microsoft peering; Azure
    # removes them. Here no choice depends on them.
    return _only(peering_of(edge).advertised)


def allowed(edge: Router, _: Router) -> RouteMap:
    """What Microsoft advertises to a customer."""
    return _only(peering_of(edge).allowed)


def of_microsoft_peerings(device: Router, _: Router) -> tuple[IPv4Network, ...]:
    """The prefixes that a site advertises over its Microsoft peerings, and those that it may learn there."""
    assert isinstance(device.end, Site)
    if not device.end.microsoft_peerings:
        return ()
    backbones = device.end.network.backbone_routers.values()
    theirs = (prefix for backbone in backbones for prefix in backbone.prefixes)
    return tuple(dict.fromkeys((*device.end.public_prefixes, *theirs)))


MICROSOFT_ROWS: tuple[Row, ...] = (
    Row(
        ("public edge",),
        ("device",),
        ("exports",),
        "route_map",
        "the public addresses of the regions whose communities the route filter has, and no other",
        "R122",
        "Without a route filter Microsoft advertises nothing over a Microsoft peering.",
        allowed,
    ),
    Row(
        ("public edge",),
        ("device",),
        ("imports",),
        "route_map",
        "the advertised public prefixes, and no other",
        "R123, R125",
        "Microsoft accepts the public prefixes that it has validated, no default route and no private prefix.",
        accepted,
    ),
    Row(
        ("public edge",),
        ("device",),
        ("imports",),
        "maximum_prefix",
        str(MAXIMUM_PREFIX),
        "R125",
        "A Microsoft peering closes the session when on-premises advertises more prefixes.",
        lambda *_: MAXIMUM_PREFIX,
    ),
    Row(
        ("device",),
        ("gateway", "appliance", "edge router", "provider edge"),
        ("exports",),
        "prefix_filter",
        "the prefixes of the site's Microsoft peerings",
        "R121",
        "A site advertises the public prefixes of its Microsoft peering over no VPN and over no private peering.",
        of_microsoft_peerings,
    ),
)
