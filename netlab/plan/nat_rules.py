"""NAT rules of a VPN gateway: what nftables translates at the tunnels of an instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network

from netlab.azure import nat_rules
from netlab.plan.devices import Device, tunnels
from netlab.plan.model import Barrier, PortNat, PrefixNat, PrefixPair, TunnelNat
from netlab.plan.model import Tunnel as TunnelInterface
from netlab.plan.ports import tunnel_port
from netlab.results.drops import DropType, cause
from netlab.scenario.models import NatRule
from netlab.scenario.network import Tunnel

# Two branches may have one prefix, and the kernel finds the session of an answer before its route. So between its
# tunnel and connection tracking a branch behind a pool has addresses that no other network has (RFC 1112: reserved).
_UNIQUE = IPv4Network("240.0.0.0/4")
_ANYTHING = IPv4Network("0.0.0.0/0")


def of_gateway(device: Device) -> Iterator[PrefixNat]:
    """The translations of an instance; none where no connection names a rule."""
    unique = _unique(device)
    found = tuple(tunnel for each in device.tunnels for tunnel in _of_tunnel(device, each, unique))
    if found:
        yield PrefixNat(found)


def interfaces(device: Device) -> Iterator[TunnelInterface]:
    """The interfaces of a device's tunnels, with what leads to branches behind a pool."""
    for tunnel, found in zip(device.tunnels, tunnels(device), strict=True):
        yield replace(found, statics=(*found.statics, *inner_prefixes(device, tunnel)))


def inner_prefixes(device: Device, tunnel: Tunnel) -> tuple[str, ...]:
    """The prefixes that stand for those of a branch behind a pool: they lead into its tunnel."""
    found = _unique(device)
    return tuple(str(found[tunnel.name, rule]) for rule in _pooled(device, tunnel))


def _pooled(device: Device, tunnel: Tunnel) -> Iterator[NatRule]:
    """The dynamic rules for the other end of a tunnel; only a gateway has rules."""
    if device.gateway is not None:
        yield from (rule for rule in nat_rules.of_tunnel(tunnel, device.router)[1] if rule.dynamic)


_Unique = dict[tuple[str, NatRule], IPv4Network]


def _unique(device: Device) -> _Unique:
    """A prefix of its own for each branch behind a pool, the largest first."""
    wanted = [(tunnel.name, rule) for tunnel in device.tunnels for rule in _pooled(device, tunnel)]
    found, place = {}, int(_UNIQUE[0])
    for key in sorted(wanted, key=lambda item: item[1].internal.prefixlen):
        found[key] = IPv4Network((place, key[1].internal.prefixlen))
        place += found[key].num_addresses
    return found


def _of_tunnel(device: Device, tunnel: Tunnel, unique: _Unique) -> Iterator[TunnelNat]:
    own, others = nat_rules.of_tunnel(tunnel, device.router)
    if not own and not others:
        return
    name = tunnel_port(tunnel.name)
    inner = [(rule.internal, unique[tunnel.name, rule] if rule.dynamic else rule.external) for rule in others]
    statics = [(rule.internal, rule.external) for rule in own if not rule.dynamic]
    yield TunnelNat(
        name,
        sources_in=tuple(_pair(before, after) for before, after in inner),
        destinations_in=tuple(_pair(after, before) for before, after in statics),
        sources_out=tuple(_pair(before, after) for before, after in statics),
        destinations_out=tuple(_pair(after, before) for before, after in inner),
        pools=(
            *(_pool(rule, rule.internal, name, "") for rule in own if rule.dynamic),
            *(_pool(rule, unique[tunnel.name, rule], "", name) for rule in others if rule.dynamic),
        ),
    )


def _pair(before: IPv4Network, after: IPv4Network) -> PrefixPair:
    return PrefixPair(str(before), str(after[0]), str(after.hostmask))


def _pool(rule: NatRule, source: IPv4Network, ingress: str, egress: str) -> PortNat:
    """The pool of a dynamic rule; what no session has must not come from ``ingress``, or leave by ``egress``."""
    elsewhere = [_ANYTHING]
    for hole in (source, rule.external):
        elsewhere = [rest for prefix in elsewhere for rest in _without(prefix, hole)]
    barrier = Barrier(
        cause(DropType.NO_NAT_SESSION),
        ingress=(ingress,) if ingress else (),
        egress=(egress,) if egress else (),
        destinations=tuple(map(str, sorted(elsewhere))),
    )
    return PortNat(str(source), str(rule.external[0]), str(rule.external[-1]), ingress, barrier)


def _without(prefix: IPv4Network, hole: IPv4Network) -> Iterator[IPv4Network]:
    if not prefix.overlaps(hole):
        yield prefix
    elif hole.subnet_of(prefix):
        yield from prefix.address_exclude(hole)
