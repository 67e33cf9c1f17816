"""Connections with their two sides, and the tunnels and sessions between routers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from itertools import product
from typing import TYPE_CHECKING

from netlab.scenario import models
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.models.nat_rule import effective, translated
from netlab.scenario.names import INTERNET
from netlab.scenario.network.ends import Appliance, Site, VpnGateway
from netlab.scenario.network.peer_addresses import BgpEnd, bgp_ends

if TYPE_CHECKING:
    from netlab.scenario.network.access import AccessNetwork
    from netlab.scenario.network.graph import Network
    from netlab.scenario.network.routers import Router

AnyEnd = VpnGateway | Site | Appliance


@dataclass(frozen=True, eq=False)
class Connection:
    """A connection between two ends."""

    network: Network = field(repr=False)
    name: str
    spec: models.Connection = field(repr=False)

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """Its two sides, in the order of ``between``."""
        first, second = (self.network.end(name) for name in self.spec.between)
        return Side(self, 0, first), Side(self, 1, second)

    def side(self, end: AnyEnd) -> Side:
        """The side of one of its ends."""
        return self.sides[0] if self.sides[0].end is end else self.sides[1]

    @property
    def speaks_bgp(self) -> bool:
        """Whether BGP runs over it."""
        return self.spec.enable_bgp

    @cached_property
    def policy_based(self) -> bool:
        """Whether one of its ends is a policy-based gateway (R20)."""
        return any(side.policy_based for side in self.sides)


@dataclass(frozen=True, eq=False)
class Side:
    """One end of a connection: a VPN gateway, a site or an appliance, as this connection sets it."""

    connection: Connection = field(repr=False)
    index: int
    end: AnyEnd

    @cached_property
    def other(self) -> Side:
        """The other side."""
        return self.connection.sides[1 - self.index]

    @property
    def settings(self) -> models.TunnelSettings:
        """How this side is set: as the connection says, unless ``other_end`` says it of the second one."""
        spec = self.connection.spec
        return spec.other_end if spec.other_end is not None and self.index == 1 else spec

    @cached_property
    def is_device(self) -> bool:
        """Whether it is a gateway's counterpart, which is set to what the gateway wants: a site, or an appliance that
        faces a VPN gateway."""
        return self.end.role == "site" or (self.end.role == "appliance" and self.other.end.role == "gateway")

    @cached_property
    def access(self) -> AccessNetwork | None:
        """The access network before its end: only a site's device is behind NAT."""
        return self.end.upstream if isinstance(self.end, Site) else None

    @property
    def policy_based(self) -> bool:
        """Whether its end is a policy-based gateway (R20)."""
        return isinstance(self.end, VpnGateway) and self.end.policy_based

    @cached_property
    def local_network_gateway(self) -> models.LocalNetworkGateway:
        """The local network gateway that a VPN gateway uses for the other side: the named one, or an implied one."""
        return self.connection.network.scenario.local_network_gateway(self.connection.name, self.end.name)

    @cached_property
    def mistaken_address(self) -> IPv4Address | None:
        """The public address at which a VPN gateway's local network gateway has the other side's device, where it is
        another one than the device's; else None."""
        told = self.local_network_gateway.gateway_ip_address if isinstance(self.end, VpnGateway) else None
        return told if told is not None and told != self.other.given_address else None

    @property
    def given_address(self) -> IPv4Address | None:
        """The public address that the file gives a site's device, or the NAT before it."""
        if not isinstance(self.end, Site):
            return None
        return self.connection.network.scenario.public_address_of(self.end.name, self.connection.spec.device)

    @cached_property
    def ingress_nat(self) -> tuple[models.NatRule, ...]:
        """The NAT rules by which a VPN gateway translates the addresses of the other side; none of any other end."""
        return self._nat("IngressSnat")

    @cached_property
    def egress_nat(self) -> tuple[models.NatRule, ...]:
        """The NAT rules by which a VPN gateway translates the addresses of its own side; none of any other end."""
        return self._nat("EgressSnat")

    def _nat(self, mode: models.NatMode) -> tuple[models.NatRule, ...]:
        scenario = self.connection.network.scenario
        return scenario.nat_rules(self.connection.name, self.end.name, mode) if self.end.role == "gateway" else ()

    def seen(self, address: IPv4Address) -> IPv4Address:
        """An address at this side as the other side sees it."""
        return translated(address, (*self.egress_nat, *self.other.ingress_nat))

    @cached_property
    def static_prefixes(self) -> tuple[IPv4Network, ...]:
        """The prefixes that this side sends into the connection without BGP.

        A gateway: those of its local network gateway (R82) and, to its default site, everything (R84). A device or an
        appliance: its static routes; without any and without BGP, what is behind the other side, after NAT (T5).
        """
        if isinstance(self.end, VpnGateway):
            told = self.local_network_gateway.address_prefixes
            return (*told, DEFAULT_ROUTE) if self.end.spec.default_site == self.other.end.name else told
        return self.end.static_routes.get(self.connection.name, self._behind_the_other)

    @property
    def _behind_the_other(self) -> tuple[IPv4Network, ...]:
        """What is behind the other side, after NAT; no prefix that is this side's own."""
        there = () if self.connection.speaks_bgp else effective(self.other.end.prefixes, self.other.egress_nat)
        return tuple(prefix for prefix in there if prefix not in self.end.prefixes)

    @cached_property
    def device(self) -> Router | None:
        """The device of a site at which its tunnels end."""
        return self.end.device(self.connection.spec.device) if isinstance(self.end, Site) else None

    @cached_property
    def bgp_addresses(self) -> tuple[IPv4Address, ...]:
        """The addresses from which it speaks BGP on this connection: those of the end's first router, and of the others
        of an active-active gateway."""
        ends = (bgp_ends(self, own, self.other, far)[0] for own, far in product(self._routers, self.other._routers))
        return tuple(dict.fromkeys(end.address for end in ends if end.address is not None))

    @property
    def _routers(self) -> tuple[Router, ...]:
        """The routers at which its tunnels end, before anything happens."""
        return (self.device,) if self.device is not None else self.end.on_duty(second_is_active=False)

    @cached_property
    def as_path_prepend(self) -> int:
        """How many more times a site's device puts its ASN before what it announces here (B28)."""
        return self.end.spec.as_path_prepend.get(self.connection.name, 0) if isinstance(self.end, Site) else 0


@dataclass(frozen=True)
class Tunnel:
    """One tunnel of a connection, and the routers at its ends, in the order of ``between``."""

    name: str
    connection: Connection
    routers: tuple[Router, Router]

    def of(self, node: str) -> Router:
        """The router of this node."""
        return self.routers[0] if self.routers[0].node == node else self.routers[1]

    def other(self, node: str) -> Router:
        """The router at the other end."""
        return self.routers[1] if self.routers[0].node == node else self.routers[0]

    def side(self, node: str) -> Side:
        """The side of the connection at which the router of this node is."""
        return self.connection.sides[0 if self.routers[0].node == node else 1]

    @property
    def carriers(self) -> tuple[str, ...]:
        """What carries it besides Microsoft's backbone: the Internet, where it leads to a site (R80)."""
        return (INTERNET,) if any(isinstance(router.end, Site) for router in self.routers) else ()

    @cached_property
    def bgp(self) -> tuple[BgpEnd, BgpEnd]:
        """How its two routers are set for a BGP session in it."""
        one, other = self.routers
        first, second = self.connection.sides
        return bgp_ends(first, one, second, other)

    def bgp_of(self, node: str) -> BgpEnd:
        """How the router of this node is set for a BGP session in it."""
        return self.bgp[0 if self.routers[0].node == node else 1]

    @property
    def why_no_session(self) -> str:
        """Why no BGP session can run in it: one router has not the address or the ASN that the other one expects; else
        empty."""
        one, other = zip(self.routers, self.bgp, strict=True)
        for router, own in (one, other):
            if own.address is None:
                return f"{router.node} has no BGP address in this tunnel (B43)"
        for side, (router, own), (peer, far) in zip(self.connection.sides, (one, other), (other, one), strict=True):
            seen = side.seen(own.address) if own.address is not None else None
            if seen != far.peer:
                return f"{router.node} peers from {seen}, and {peer.node} expects {far.peer} (B37)"
            if router.asn != far.peer_asn:
                return f"{router.node} has the ASN {router.asn}, and {peer.node} expects {far.peer_asn} (B7)"
        return ""


@dataclass(frozen=True, slots=True)
class Peers:
    """Two routers with a BGP session without a tunnel; the first one opens it. ``addresses`` are those that they have
    in it, where they are not the routers' own.

    A Route Server with an appliance or with a gateway of its VNet; an appliance with a site or with an appliance of a
    peered VNet; an edge router with a site's device, a provider edge router, an ExpressRoute gateway or an edge router
    of another circuit; a provider edge router with a site's device; an edge router of a Microsoft peering with a site's
    device or the backbone.
    """

    routers: tuple[Router, Router]
    addresses: tuple[IPv4Address, IPv4Address] | None = None

    def address(self, node: str) -> IPv4Address:
        """The address in it of the router of this node."""
        place = 0 if self.routers[0].node == node else 1
        return self.addresses[place] if self.addresses is not None else self.routers[place].bgp_address

    def other(self, node: str) -> Router:
        """The router at the other end."""
        return self.routers[1] if self.routers[0].node == node else self.routers[0]
