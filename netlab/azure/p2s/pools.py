"""How the pool of a gateway is split between the tunnel types of its clients. Pure."""

from __future__ import annotations

from ipaddress import IPv4Network

from netlab.azure.p2s.tunnels import TUNNELS
from netlab.scenario.models import TunnelType
from netlab.scenario.network import VpnGateway


def split_pool(gateway: VpnGateway) -> dict[TunnelType, tuple[IPv4Network, ...]]:
    """The parts of a pool, where a tunnel type has one of its own beside another type; empty where all share it.

    R58, P9: halves of a /24 and of smaller pools; else SSTP has 128 addresses and IKEv2 the rest. Which part is whose
    is not documented; SSTP has the end.
    """
    types, pool = gateway.client_settings.tunnel_types, gateway.client_settings.address_pool
    own = next((each for each in types if TUNNELS[each].most is not None), None)
    if own is None or len(types) == 1:
        return {}
    size = min(pool.num_addresses // 2, TUNNELS[own].most or 0)
    part = IPv4Network((pool[-size], pool.max_prefixlen - (size - 1).bit_length()))
    rest = tuple(sorted(pool.address_exclude(part)))
    return {each: (part,) if each == own else rest for each in types}


def pool_prefixes(gateway: VpnGateway) -> tuple[IPv4Network, ...]:
    """The pool of a gateway as its clients see it: the parts where it is split (P9), in their order."""
    parts = split_pool(gateway)
    whole = (gateway.client_settings.address_pool,)
    return tuple(sorted(prefix for part in parts.values() for prefix in part)) or whole
