"""What point-to-site clients get: addresses of the pool, prefixes that a gateway offers, routes of its profile."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.p2s.pools import pool_prefixes, split_pool
from netlab.azure.p2s.tunnels import TUNNELS
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.models import TunnelType
from netlab.scenario.network import ClientTunnel, VpnGateway
from netlab.scenario.rules.gateways import most_clients

# What OpenVPN refuses to be without.
_LEAST_ADDRESSES = 2


def pool_addresses(gateway: VpnGateway, tunnel_type: TunnelType) -> tuple[IPv4Address, IPv4Address]:
    """The first and the last address that a gateway hands out to clients with tunnels of a type (R52)."""
    first, last = pool_part(gateway, tunnel_type)
    return first + TUNNELS[tunnel_type].reserved, last


def pool_part(gateway: VpnGateway, tunnel_type: TunnelType) -> tuple[IPv4Address, IPv4Address]:
    """The first and the last address of the pool that a tunnel type uses, those of the gateway's end included.

    Differs from Azure: IKEv2 and OpenVPN have one pool in common there (P10); here each has a daemon of its own, and
    OpenVPN has the end of the pool, as many addresses as the gateway has clients that use it.
    """
    settings, network = gateway.client_settings, gateway.network
    pool = settings.address_pool
    most = TUNNELS[tunnel_type].most or most_clients(network.scenario, gateway.spec.sku)
    if part := split_pool(gateway).get(tunnel_type):
        first = max(part[0][0], pool[1])
        return first, min(part[-1][-1], pool[-2], first + most - 1)
    served = min(pool.num_addresses - 2, most + _reserved(gateway))
    if len(settings.tunnel_types) == 1:
        return pool[1], pool[served]
    own = [tunnel for tunnel in network.client_tunnels.values() if tunnel.gateway is gateway]
    users = sum(tunnel.tunnel_type != "IkeV2" for tunnel in own)
    begin = max(2, served + 1 - max(users, _LEAST_ADDRESSES) - _reserved(gateway))
    return (pool[1], pool[begin - 1]) if tunnel_type == "IkeV2" else (pool[begin], pool[served])


def _reserved(gateway: VpnGateway) -> int:
    """How many addresses of the pool no client gets."""
    return sum(TUNNELS[tunnel_type].reserved for tunnel_type in gateway.client_settings.tunnel_types)


def static_prefixes(gateway: VpnGateway) -> tuple[IPv4Network, ...]:
    """The part of what a gateway offers that needs no BGP and no custom routes (azure-rules.md 1.3, rule 1).

    VNet and transit spokes, prefixes of connections that push them (I4), the pool.
    """
    pushed = (
        prefix
        for side in gateway.sides
        if side.connection.spec.push_prefixes_to_p2s
        for prefix in side.static_prefixes
        if prefix != DEFAULT_ROUTE  # R64: clients' traffic is forced by custom routes
    )
    pool = pool_prefixes(gateway) if gateway.point_to_site is not None else ()
    return tuple(dict.fromkeys((*gateway.vnet.prefixes, *pushed, *pool)))


def profile_prefixes(tunnel: ClientTunnel) -> tuple[IPv4Network, ...]:
    """The routes in the profile package of a client: VNet, transit spokes, custom routes (R63), and the pool where the
    profile disables the class-based route (P24).

    Never those of S2S or BGP (1.3, rule 3).
    """
    settings = tunnel.gateway.client_settings
    pool = () if tunnel.client.class_based_route else (settings.address_pool,)
    return tuple(dict.fromkeys((*tunnel.gateway.vnet.prefixes, *pool, *settings.custom_routes)))


def windows_routes(tunnel: ClientTunnel, profile: Iterable[IPv4Network]) -> frozenset[IPv4Network]:
    """The routes that Windows makes of its profile's: 0.0.0.0/0 never wins against its own default route.

    The class is that of the pool's first address: a gateway hands them out in their order.
    """
    first, _ = pool_addresses(tunnel.gateway, tunnel.tunnel_type)
    by_class = {class_based(first)} if tunnel.client.class_based_route else set()
    return frozenset(profile) - {DEFAULT_ROUTE} | by_class


def class_based(address: IPv4Address) -> IPv4Network:
    """The network of an address's class (RFC 791): a /8, a /16 or a /24."""
    first = int(address) >> 24
    length = 8 if first < 128 else 16 if first < 192 else 24
    return IPv4Network((address, length), strict=False)


def offered(
    tunnel_type: TunnelType, static: Iterable[IPv4Network], by_bgp: Iterable[IPv4Network]
) -> tuple[IPv4Network, ...]:
    """What a gateway offers a client: the static part, and the prefixes that it learned by BGP.

    A learned default route is left out: whether Azure offers it is not documented (section 5.5).
    """
    everything = dict.fromkeys((*static, *sorted(prefix for prefix in by_bgp if prefix.prefixlen > 0)))
    return TUNNELS[tunnel_type].offers(everything)
