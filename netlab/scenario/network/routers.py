"""Routers: whatever speaks BGP or ends tunnels."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from netlab.scenario.network.ends import End
    from netlab.scenario.network.vnets import VNet

ROUTE_SERVER_ASN = 65515  # A3
EXPRESSROUTE_ASN = 65515
MICROSOFT_ASN = 12076  # R99

Role = Literal[
    "gateway",
    "device",
    "before devices",
    "route server",
    "appliance",
    "expressroute",
    "edge router",
    "provider edge",
    "public edge",
    "backbone",
]


@dataclass(frozen=True, eq=False, slots=True)
class Router:
    """An instance of a gateway or of a Route Server, a VPN device, an appliance, an edge router of a circuit's private
    or of its Microsoft peering (``public edge``), a provider edge router, or Microsoft's backbone in a region.

    ``end`` is what it belongs to, ``index`` its place there, ``vnet`` the VNet that it is in, if it is in one. ``asn``
    is 0 and ``bgp_address`` means nothing where there is no BGP. ``tunnel_addresses`` are BGP addresses that it has for
    some of its tunnels: the APIPA ones of a gateway's instance, those of a device's tunnel interfaces.
    """

    end: End = field(repr=False)
    node: str
    index: int
    asn: int
    bgp_address: IPv4Address
    role: Role
    vnet: VNet | None = field(default=None, repr=False)
    tunnel_addresses: tuple[IPv4Address, ...] = ()

    @property
    def before_devices(self) -> bool:
        """Whether it is the router between a site's hosts and its several devices."""
        return self.role == "before devices"
