"""The BGP session of a tunnel: which address each of its routers has there, and what it expects of the other one."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import chain
from typing import TYPE_CHECKING

from netlab.scenario.addresses import APIPA, address_in_tunnel, other_of_a_30
from netlab.scenario.network.ends import Site, VpnGateway

if TYPE_CHECKING:
    from netlab.scenario.models import BgpSettings
    from netlab.scenario.network.connections import Side
    from netlab.scenario.network.routers import Router


@dataclass(frozen=True, slots=True)
class BgpEnd:
    """How a router is set for the BGP session of a tunnel: its own address there, and the address and the ASN that it
    expects of its peer. A device has no address in a tunnel whose interface has none."""

    address: IPv4Address | None
    peer: IPv4Address | None
    peer_asn: int

    @property
    def apipa(self) -> bool:
        """Whether the session runs between APIPA addresses: then the device opens it (B39)."""
        return self.address is not None and self.address in APIPA


def bgp_ends(first: Side, one: Router, second: Side, other: Router) -> tuple[BgpEnd, BgpEnd]:
    """How the two routers of a tunnel are set, in the order of its sides."""
    if isinstance(first.end, Site):
        device, far = _with_device(second, other, one)
        return device, far
    if isinstance(second.end, Site):
        device, far = _with_device(first, one, other)
        return far, device
    return (
        BgpEnd(one.bgp_address, other.bgp_address, _asn(first, other)),
        BgpEnd(other.bgp_address, one.bgp_address, _asn(second, one)),
    )


# Differs from Azure: a connection to a device with an address for each tunnel stands for the local network gateway and
# the connection of each address, of which Azure needs one for each.
def _with_device(side: Side, router: Router, device: Router) -> tuple[BgpEnd, BgpEnd]:
    """How a device is set, and the router of the other side: a gateway peers with the address that its local network
    gateway holds; a device with the other address of its /30, if the gateway has that one (B34)."""
    own = _of_device(side, router, device)
    # T21: both ends peer with the address after NAT.
    described = _described(side, side.other.seen(own or next(iter(_usable(router, device)), device.bgp_address)))
    theirs = _of_gateway(side, router, described)
    far = BgpEnd(theirs, described, _asn(side, device))
    if own is None:
        return BgpEnd(None, None, router.asn), far
    mate = other_of_a_30(own)
    expected = mate if mate in _apipa_addresses(router) else theirs
    return BgpEnd(own, side.seen(expected), router.asn), far


def _described(side: Side, address: IPv4Address) -> IPv4Address:
    """The device's address as the local network gateway holds it; one without an address holds the right one."""
    settings = _settings(side)
    return address if settings is None or settings.bgp_peering_address is None else settings.bgp_peering_address


def _asn(side: Side, peer: Router) -> int:
    """The ASN that a router expects: a gateway that of its local network gateway, whatever the peer has (B7)."""
    settings = _settings(side)
    return settings.asn if settings is not None else peer.asn


def _settings(side: Side) -> BgpSettings | None:
    """What a gateway's local network gateway in the file says of the peer's BGP."""
    return side.local_network_gateway.bgp if isinstance(side.end, VpnGateway) and _is_described(side) else None


def _is_described(side: Side) -> bool:
    """Whether the file has the local network gateway that a gateway uses on a connection."""
    return side.end.name in side.connection.spec.local_network_gateways


def _of_device(side: Side, router: Router, device: Router) -> IPv4Address | None:
    """The address of a device in a tunnel: that of its loopback, or the one of the tunnel's interface (B43)."""
    usable = _usable(router, device)
    if not usable:
        return device.bgp_address
    place, named = _place(side, router, device), side.connection.spec.custom_bgp_addresses
    return address_in_tunnel(usable, place, router.tunnel_addresses, _apipa_addresses(router), named)


def _place(side: Side, router: Router, device: Router) -> int:
    """The place of a tunnel among those of a device that have BGP: by connection, then by instance."""
    place = 0
    for own in device.end.sides:
        if own.connection is side.connection:
            return place + (router.index if _is_active_active(side) else 0)
        if own.connection.speaks_bgp and own.device is device:
            place += 2 if _is_active_active(own.other) else 1
    return place


def _is_active_active(side: Side) -> bool:
    return isinstance(side.end, VpnGateway) and side.end.active_active


def _usable(router: Router, device: Router) -> tuple[IPv4Address, ...]:
    """The addresses of a device's tunnel interfaces that can face a router: APIPA needs APIPA at both ends (B36)."""
    able = bool(_apipa_addresses(router))
    return tuple(address for address in device.tunnel_addresses if able or address not in APIPA)


def _apipa_addresses(router: Router) -> frozenset[IPv4Address]:
    return router.end.apipa_addresses if isinstance(router.end, VpnGateway) else frozenset()


def _of_gateway(side: Side, router: Router, described: IPv4Address) -> IPv4Address:
    """The address of a gateway's instance, or of an appliance, in a tunnel.

    A peer with an ordinary address gets the default one, a peer with APIPA an APIPA one (B36): the connection's own,
    else the first of the instance (B37).
    """
    # Differs from Azure: a connection without a local network gateway in the file has the addresses in the /30 of its
    # peer, as if it named them; on Azure it has the first ones.
    custom = router.tunnel_addresses
    if described not in APIPA or not custom:
        return router.bgp_address
    named = (address for address in side.connection.spec.custom_bgp_addresses if address in custom)
    fitting = (address for address in custom if address == other_of_a_30(described) and not _is_described(side))
    return next(chain(named, fitting, custom))
