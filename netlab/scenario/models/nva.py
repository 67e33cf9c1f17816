"""Network virtual appliances (NVA) and their BGP."""

from typing import Annotated, Literal

from pydantic import Field

from netlab.scenario.models.firewall import Ports, Range, RuleName, ranges
from netlab.scenario.values import Address, Asn, ConnectionName, Model, Prefix


class BgpPolicyRule(Model):
    """A rule of an appliance's BGP policy: for which prefixes, whether they pass, and what becomes of their AS path."""

    prefixes: tuple[Prefix, ...] = ()
    """Exactly these prefixes, not those inside them. Default: every prefix."""
    action: Literal["permit", "deny"] = "permit"
    """Whether routes for them are accepted, or advertised."""
    as_path_prepend: Annotated[int, Field(ge=0, le=10)] = 0
    """How many more times the appliance puts its ASN before their AS path."""
    as_path_exclude: tuple[Asn, ...] = ()
    """The ASNs that the appliance removes from their AS path. The loop check comes before (A43)."""


class BgpPolicy(Model):
    """An appliance's BGP policy towards a peer. The first rule that is for a prefix decides; without one the route
    passes as it is."""

    imports: tuple[BgpPolicyRule, ...] = ()
    """What the appliance does with the routes that the peer advertises to it."""
    exports: tuple[BgpPolicyRule, ...] = ()
    """What the appliance does with the routes that it advertises to the peer."""
    advertises_learned: bool = True
    """Whether the appliance advertises to the peer what it learned of others, besides its own prefixes."""


class NvaBgp(Model):
    """The BGP of an appliance. It peers with the Route Server of its VNet, if there is one, or with that of a peered
    VNet, and at the ends of its tunnels."""

    asn: Asn
    """The appliance's ASN. Beside a Route Server it has 16 bits and is not 65515 (A6)."""
    announces: tuple[Prefix, ...] = ()
    """Prefixes that the appliance advertises besides those that it learns from its sites."""
    as_path_prepend: Annotated[int, Field(ge=0, le=10)] = 0
    """How many more times the appliance puts its ASN before the path of its own prefixes."""
    no_advertise: tuple[Prefix, ...] = ()
    """Those of `announces` that carry the community NO_ADVERTISE. The Route Server puts them into its VNets' subnets
    and advertises them to no BGP peer (A22)."""
    next_hop: Address | None = None
    """The next hop of the appliance's own prefixes. Default: the appliance itself (A14)."""
    route_server: str | None = None
    """The VNet whose Route Server the appliance peers with. Default: its own VNet. Another one is peered with it, and
    lends it its gateway and Route Server (A45)."""
    route_server_instances: tuple[Literal[0, 1], ...] = (0, 1)
    """The Route Server's instances that the appliance peers with. Azure asks for both (A4)."""
    sites: tuple[str, ...] = ()
    """The sites behind the appliance, as in an SD-WAN. It peers with the device of each, without IPsec."""
    appliances: tuple[str, ...] = ()
    """Appliances of peered VNets that it peers with, as VNET-VM. One of the two names the other."""
    policies: dict[str, BgpPolicy] = {}
    """The policy towards a peer, by the peer's name: the VNet of a Route Server or a gateway, a site, or an appliance
    as VNET-VM. Default: every route passes."""
    as_override: bool = False
    """Whether the appliance replaces 65515 by its own ASN in paths that it advertises to a Route Server (A31)."""


class NvaRule(Model):
    """A rule of an appliance for packets that open sessions. What is left out is any."""

    action: Literal["Allow", "Deny"]
    """What becomes of a packet that it is for."""
    ip_protocols: tuple[Literal["TCP", "UDP", "ICMP", "Any"], ...] = ()
    """The protocols of the packets."""
    source_addresses: tuple[Range, ...] = ()
    """The sources: `*`, addresses, prefixes, or ranges such as `10.0.0.4-10.0.0.9`."""
    destination_addresses: tuple[Range, ...] = ()
    """The destinations, as the sources."""
    destination_ports: tuple[Ports, ...] = ()
    """The ports of TCP and UDP: `*`, ports, or ranges such as `8000-8080`."""

    @property
    def ports(self) -> tuple[tuple[int, int], ...]:
        """The ranges of destination ports; none means any."""
        return ranges(self.destination_ports)


class NetworkVirtualAppliance(Model):
    """What makes a virtual machine an appliance: it forwards packets, and to the Internet with its own address as the
    source. One that ends connections is a VPN server of one's own (R90)."""

    stateful: Literal["none", "strict", "loose"] = "strict"
    """Whether the appliance drops what belongs to no session: a SYN-ACK without its SYN, an echo reply without its
    request (F25, F27). `loose` takes an ACK in the middle of a connection for a new session. `none` only forwards."""
    masquerade: Literal["none", "public", "always"] = "public"
    """What the appliance sends on under its own address: what is for public destinations, everything, or nothing
    (F28)."""
    rules: dict[RuleName, NvaRule] = {}
    """Its rules, by name: the first one that is for a packet decides, and what none allows is dropped. Default: none,
    and all may pass (F25)."""
    bgp: NvaBgp | None = None
    """The appliance's BGP. Default: none."""
    static_routes: dict[ConnectionName, tuple[Prefix, ...]] = {}
    """The prefixes that the appliance sends into a tunnel, by connection. Default: the prefixes at the other end, or
    none if the connection has BGP."""
