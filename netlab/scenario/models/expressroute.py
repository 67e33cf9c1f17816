"""ExpressRoute: gateways, circuits and their connections."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from netlab.scenario.values import Address, Asn, Model, Name, Prefix, Prefixes

ExpressRouteSku = Literal["Standard", "HighPerformance", "UltraPerformance", "ErGw1AZ", "ErGw2AZ", "ErGw3AZ"]
# R122: all of them begin with Microsoft's ASN.
Community = Annotated[str, Field(pattern=r"^12076:\d{1,5}$")]


class ExpressRouteGateway(Model):
    """A virtual network gateway of type ExpressRoute, in GatewaySubnet, alone or beside a VPN gateway (R92)."""

    sku: ExpressRouteSku = "ErGw1AZ"
    """The SKU. FastPath needs UltraPerformance or ErGw3AZ (U23)."""


class CircuitConnection(Model):
    """The connection of a circuit with the ExpressRoute gateway of a VNet."""

    routing_weight: Annotated[int, Field(ge=0, le=32_000)] = 0
    """The weight of the routes of this connection. The gateway compares it before AS paths; more wins (R99)."""
    express_route_gateway_bypass: bool = False
    """Whether FastPath is on: what comes over the circuit for the VNet's own address space does not pass its gateway,
    nor the routes of GatewaySubnet (U23, U24)."""


class GlobalReach(Model):
    """A connection of a circuit's private peering with that of another circuit: ExpressRoute Global Reach (U25). It is
    written at one of the two circuits."""

    peer_circuit: str
    """The other circuit."""
    address_prefix: Prefix
    """The /29 of the links between Microsoft's edge routers of both circuits, in no VNet and at no site (U29): the
    edge routers of the primary links have the first and the second address, those of the secondary links the fifth and
    the sixth one."""


class ProviderNetwork(Model):
    """The IPVPN of a connectivity provider, any-to-any: two routers of the provider, each with a BGP session with every
    site's device, and with the links of the circuits that end there (R117)."""

    asn: Asn
    """The provider's ASN. The circuit's peering has it as the ASN of the customer's end."""
    sites: Annotated[tuple[str, ...], Field(min_length=1)]
    """The sites behind the provider's routers. Each of them reaches the others through the provider."""


class RouteFilter(Model):
    """A route filter: its one rule allows the prefixes of Microsoft that have one of some BGP communities (R122)."""

    communities: Annotated[tuple[Community, ...], Field(min_length=1)]
    """The communities, such as 12076:51002, that of the public addresses in West Europe."""


class MicrosoftPeering(Model):
    """The Microsoft peering of a circuit: public addresses of Azure over the circuit's links, in sessions of its own
    beside those of the private peering (R121)."""

    primary_peer_address_prefix: Prefix
    """The public /30 of the primary link in this peering: the customer's router has its first address, Microsoft's the
    second one."""
    secondary_peer_address_prefix: Prefix
    """The same of the secondary link."""
    advertised_public_prefixes: Prefixes
    """The public prefixes that the customer's router advertises. Microsoft accepts no others, and takes packets from no
    other sources (R123)."""
    advertised_public_prefixes_state: Literal["Configured", "ValidationNeeded"] = "Configured"
    """Whether Microsoft has validated that the prefixes are the customer's."""
    route_filter: Name | None = None
    """The route filter. Default: none, and Microsoft advertises nothing (R122)."""
    nat_address: Address | None = None
    """The address under which the customer's router sends what comes from elsewhere than the advertised prefixes; it is
    in one of them (R124). Default: the router does not translate."""

    @property
    def peer_prefixes(self) -> tuple[IPv4Network, IPv4Network]:
        """The /30s of both links, the primary one's first."""
        return self.primary_peer_address_prefix, self.secondary_peer_address_prefix


class Circuit(Model):
    """An ExpressRoute circuit: the peerings of a site or of a provider's network with a pair of Microsoft's edge
    routers, ASN 12076 (R99)."""

    site: str | None = None
    """The site at the customer's end of the circuit: the models point-to-point Ethernet and co-location. Or write
    `provider_network`."""
    provider_network: str | None = None
    """The provider's network at the customer's end of the circuit: the primary link ends at the first of its routers,
    the secondary link at the second one (R117)."""
    devices: Annotated[tuple[str, ...], Field(max_length=2)] = ()
    """Of a site with several devices, those at which the primary and the secondary link end. Default: the first two.
    At a site with one device both links end there."""
    vnets: dict[str, CircuitConnection] = {}
    """The VNets whose ExpressRoute gateways the circuit is connected with, and the settings of each connection.
    Default: none, and no private peering but for Global Reach."""
    global_reach: dict[Name, GlobalReach] = {}
    """The connections with other circuits by ExpressRoute Global Reach, by name (U25). Default: none."""
    peering_location: str | None = None
    """Where Microsoft's edge routers of the circuit are, such as Amsterdam. Global Reach joins circuits of different
    locations (U30). Default: a location that no other circuit has."""
    microsoft_peering: MicrosoftPeering | None = None
    """The Microsoft peering of a site's circuit, beside the private one or without it. Default: none."""
    primary_peer_address_prefix: Prefix | None = None
    """The /30 of the primary link: the customer's or the provider's router has its first address, Microsoft's edge
    router the second one (R118). Default: the routers have no addresses of their own for the link."""
    secondary_peer_address_prefix: Prefix | None = None
    """The same of the secondary link."""
    bandwidth_in_mbps: Annotated[int, Field(ge=50, le=100_000)] | None = None
    """The bandwidth that each of both links has. It limits packets only where the scenario has `bandwidth_scale`."""
    sku_tier: Literal["Standard", "Premium"] = "Standard"
    """The tier. It limits how many prefixes the circuit takes: 4,000, Premium 10,000 (R98)."""
    preferred_on_premises: bool = True
    """Whether the site prefers routes of the circuit to equal ones of a VPN, as Microsoft advises (R95). The sites of
    a provider's network do if one of its circuits says so."""
    bfd: bool = False
    """Whether the customer's end runs BFD on both links. Microsoft's side has it ready (R98)."""
    hold_time_seconds: Annotated[int, Field(ge=3, le=180)] = 180
    """The BGP hold time that the customer's end proposes, in seconds. Microsoft's side takes the shorter one (R98)."""
