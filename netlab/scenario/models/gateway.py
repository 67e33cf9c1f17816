"""VPN gateways: BGP settings and point-to-site."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from netlab.scenario.models.nat_rule import NatRule
from netlab.scenario.values import Address, Asn, ConnectionName, Model, Name, Prefix

Sku = Literal[
    "Basic", "Standard", "HighPerformance",
    "VpnGw1", "VpnGw2", "VpnGw3", "VpnGw4", "VpnGw5",
    "VpnGw1AZ", "VpnGw2AZ", "VpnGw3AZ", "VpnGw4AZ", "VpnGw5AZ",
]  # fmt: skip


def _azures(value: object) -> object:
    """Azure's spelling of a tunnel type: its API takes any case."""
    return {name.lower(): name for name in TRIED}.get(value.lower(), value) if isinstance(value, str) else value


TunnelType = Annotated[Literal["IkeV2", "SSTP", "OpenVPN"], BeforeValidator(_azures)]
# In the order in which the software of a client tries those that its gateway has (R59, P7).
TRIED: tuple[TunnelType, ...] = ("IkeV2", "SSTP", "OpenVPN")
TunnelPort = Literal["udp/500", "udp/4500", "tcp/443"]
# What a client sends to its gateway (P6).
NEEDS: Mapping[TunnelType, tuple[TunnelPort, ...]] = {
    "IkeV2": ("udp/500", "udp/4500"),
    "SSTP": ("tcp/443",),
    "OpenVPN": ("tcp/443",),
}


class BgpSettings(Model):
    """The ASN and the BGP address of a gateway or of an on-premises device."""

    asn: Asn
    """The autonomous system number. Azure's default is 65515 (B2); the two ends of a connection need different ones
    (B7)."""
    bgp_peering_address: Address | None = None
    """The BGP address. Default of a gateway: an address of GatewaySubnet (B8); of a site: one of the site, which its
    device has on a loopback (B10, B43). An APIPA address of a gateway is in 169.254.21.0 to 169.254.22.255, and it has
    its default address too (B12, B33); one of a device belongs to a single tunnel (B43)."""
    bgp_peering_addresses: tuple[Address, ...] = ()
    """Several BGP addresses. Of a gateway: those of GatewaySubnet in the order of its instances (R14), and APIPA
    addresses for its instances in turn: the first, the second, the first again (B35). Of a site: one for each tunnel of
    its device: in one /30 with an address of the gateway's instance (B34), else in the order of its connections and of
    their gateways' instances (B43)."""


Authentication = Literal["Certificate", "EapMSChapv2", "Radius"]


class RadiusServer(Model):
    """A RADIUS server of a gateway that has several (P34)."""

    radius_server_address: Address
    """The address of the server: of a virtual machine, or of a host of a site (P15)."""
    radius_server_score: Annotated[int, Field(ge=1, le=30)]
    """Which server the gateway asks first: the one with the higher score. It asks the other one where that does not
    answer."""
    radius_server_secret: Literal["right", "wrong"] = "right"
    """Whether the gateway has the secret that the server has for it."""


class PointToSite(Model):
    """The point-to-site configuration of a VPN gateway.

    Differs from Azure: Where all tunnels are IKEv2, each client has a pre-shared key without ``authentication_types``;
    and a gateway has one authentication type, not several.
    """

    address_pool: Prefix
    """The pool that clients get their addresses from. It overlaps no VNet; /29 at least, active-active /28 (R57)."""
    tunnel_types: Annotated[tuple[TunnelType, ...], Field(min_length=1)] = ("IkeV2",)
    """The protocols of the tunnels: IkeV2, OpenVPN, SSTP, or IkeV2 with one of the others (R56, P1). OpenVPN and SSTP
    are TLS on TCP port 443 (P2, P3); SSTP serves Windows only, and Azure ends it (P4)."""
    authentication_types: Annotated[tuple[Authentication, ...], Field(max_length=1)] = ()
    """How clients authenticate (R60, P12): with a certificate, or with a user name and a password, which the gateway
    has itself (EapMSChapv2) or a RADIUS server has. Default: with a certificate; where all tunnels are IKEv2, with a
    pre-shared key each, which Azure does not have."""
    radius_server_address: Address | None = None
    """The address of the RADIUS server: of a virtual machine, or of a host of a site. The gateway asks it from
    GatewaySubnet (P15). The lab runs a server there, which has the users and their passwords."""
    radius_server_secret: Literal["right", "wrong"] = "right"
    """Whether the gateway has the secret that the RADIUS server has for it; the lab makes both."""
    radius_servers: Annotated[tuple[RadiusServer, ...], Field(max_length=2)] = ()
    """Two RADIUS servers, instead of `radius_server_address` and its secret (P34)."""
    root_certificates: Annotated[tuple[Name, ...], Field(min_length=1)] = ("root",)
    """The names of the root certificates that the gateway trusts, at most 20 (R60). The lab makes the certificates;
    the same name is the same root at all gateways."""
    revoked_certificates: tuple[str, ...] = ()
    """The clients whose certificates the gateway refuses (R60)."""
    custom_routes: tuple[Prefix, ...] = ()
    """Prefixes that the gateway pushes to its clients besides those of its networks (R63)."""

    @property
    def authentication(self) -> Authentication | None:
        """How its clients authenticate; None for a pre-shared key."""
        if self.authentication_types:
            return self.authentication_types[0]
        return None if set(self.tunnel_types) <= {"IkeV2"} else "Certificate"

    @property
    def asked(self) -> tuple[RadiusServer, ...]:
        """The RADIUS servers, in the order in which the gateway asks them; of equal scores as the file has them."""
        address, secret = self.radius_server_address, self.radius_server_secret
        if address is not None:
            only = {"radius_server_address": address, "radius_server_score": 30, "radius_server_secret": secret}
            return (RadiusServer.model_validate(only),)
        return tuple(sorted(self.radius_servers, key=lambda server: -server.radius_server_score))

    @property
    def has_passwords(self) -> bool:
        """Whether its clients have user names and passwords."""
        return self.authentication in ("EapMSChapv2", "Radius")


class VpnGateway(Model):
    """A virtual network gateway of type Vpn. It has two instances (R7), in the VNet's GatewaySubnet (R1)."""

    sku: Sku = "VpnGw1AZ"
    """The SKU. It limits tunnels and clients (R52); Basic has no BGP and no custom policies (R54). Azure retired those
    without AZ, but for Basic: a warning."""
    vpn_type: Literal["RouteBased", "PolicyBased"] = "RouteBased"
    """Route-based: selectors any to any (R19). Policy-based: one site-to-site tunnel with IKEv1, only Basic (R21)."""
    active_active: bool = False
    """Whether both instances have tunnels. Default: the second one is on standby (R7, R10)."""
    bgp: BgpSettings | None = None
    """The gateway's BGP settings. Default: ASN 65515 and an address of GatewaySubnet (B2, B8)."""
    point_to_site: PointToSite | None = None
    """The point-to-site configuration. Default: the gateway serves no clients."""
    default_site: str | None = None
    """The site that gets all packets without another route: forced tunnelling without BGP (R84)."""
    nat_rules: dict[ConnectionName, NatRule] = {}
    """The NAT rules, by name, at most 100 (T14). A rule has an effect on the connections that name it (T3)."""
    bgp_route_translation_for_nat: bool = False
    """Whether BGP carries prefixes after NAT (T18): on connections with NAT rules the gateway learns the external
    prefix of an IngressSnat rule in the place of exactly its internal one (T19), and advertises that of an EgressSnat
    rule.
    Default: BGP carries the internal prefixes (T20). Azure's name: enableBgpRouteTranslationForNat."""
    public_ip_address: Address | None = None
    """The public address of an active-standby gateway. Default: one that the lab chooses."""
    public_ip_addresses: tuple[Address, ...] = ()
    """The public addresses of an active-active gateway, in the order of its instances (R14). With point-to-site it
    has a third one (R13)."""

    @property
    def radius_servers(self) -> tuple[RadiusServer, ...]:
        """The RADIUS servers at which its clients authenticate, in the order in which it asks them (P34)."""
        settings = self.point_to_site
        return settings.asked if settings is not None and settings.authentication == "Radius" else ()
