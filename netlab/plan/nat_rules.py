"""NAT rules of a VPN gateway: what nftables translates at the tunnels of an instance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Network

from netlab.azure import nat_rules
from netlab.azure.bgp.policy import Translations, policy
from netlab.plan.devices import Device, tunnels
from netlab.plan.model import Barrier, BgpRedirect, PortNat, PrefixNat, PrefixPair, Translator, TunnelNat
from netlab.plan.model import Tunnel as TunnelInterface
from netlab.plan.ports import tunnel_port
from netlab.results.drops import DropType, cause
from netlab.scenario.models import NatRule
from netlab.scenario.network import Router, Tunnel, VpnGateway

# Two branches may have one prefix, and the kernel finds the session of an answer before its route. So between its
# tunnel and connection tracking a branch behind a pool has addresses that no other network has (RFC 1112: reserved).
_UNIQUE = IPv4Network("240.0.0.0/4")
_ANYTHING = IPv4Network("0.0.0.0/0")
# Of a router's ports the first one at which it translates BGP: below those that the kernel hands out.
_FIRST_PORT = 17_900


def of_gateway(device: Device) -> Iterator[PrefixNat]:
    """The translations of an instance; none where no connection names a rule."""
    unique = _unique(device)
    found = tuple(tunnel for each in device.tunnels for tunnel in _of_tunnel(device, each, unique))
    if found:
        yield PrefixNat(found)


def redirects(device: Device) -> Iterator[BgpRedirect]:
    """Where an instance's BGP connections go first; nowhere else without route translation (T18)."""
    found = translators(device.router, device.tunnels)
    if found:
        yield BgpRedirect(tuple((item.peer, item.port) for item in found))


def translators(router: Router, tunnels: Iterable[Tunnel]) -> tuple[Translator, ...]:
    """What translates prefixes in a router's BGP messages over these tunnels (T18).

    FRR and BIRD filter routes and change their attributes, never their prefixes.
    """
    if not isinstance(router.end, VpnGateway) or not router.end.spec.nat_rules:
        return ()
    found: list[Translator] = []
    for tunnel in sorted(tunnels, key=lambda item: item.name):
        end, towards = tunnel.bgp_of(router.node), policy(router, tunnel.other(router.node))
        learned, advertised = towards.imports.translations, towards.exports.translations
        if tunnel.connection.speaks_bgp and end.peer is not None and (learned or advertised):
            port = _FIRST_PORT + len(found)
            local = end.address or router.bgp_address
            found.append(Translator(str(end.peer), str(local), port, _texts(learned), _texts(advertised)))
    return tuple(found)


def _texts(pairs: Translations) -> tuple[tuple[str, str], ...]:
    return tuple((str(before), str(after)) for before, after in pairs)


def interfaces(device: Device) -> Iterator[TunnelInterface]:
    """The interfaces of a device's tunnels, with what leads to branches behind a pool."""
    inner = inner_prefixes(device)
    for tunnel, found in zip(device.tunnels, tunnels(device), strict=True):
        yield replace(found, statics=(*found.statics, *inner[tunnel.name]))


def inner_prefixes(device: Device) -> dict[str, tuple[str, ...]]:
    """The prefixes that stand for those of branches behind a pool, by the tunnel that they lead into."""
    unique = _unique(device)
    return {
        tunnel.name: tuple(str(unique[tunnel.name, rule]) for rule in _pooled(device, tunnel))
        for tunnel in device.tunnels
    }


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
