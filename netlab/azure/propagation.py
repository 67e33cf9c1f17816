"""Who tells whom: what each gateway and each site learns by BGP, from the scenario alone (azure-rules.md 5.5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.scenario.addresses import asn, local_network_gateway
from netlab.scenario.models import Scenario

Announcements = Mapping[str, frozenset[IPv4Network]]


@dataclass(frozen=True, slots=True)
class Learned:
    """A prefix learned by BGP: over which connection, and the AS path."""

    prefix: IPv4Network
    connection: str
    as_path: tuple[int, ...]


def vnet_prefixes(scenario: Scenario, vnet: str) -> tuple[IPv4Network, ...]:
    """The prefixes that a gateway holds for its own: its VNet's and its transit spokes' (B18, B22)."""
    spaces = [scenario.vnets[name].address_space for name in (vnet, *scenario.spokes(vnet))]
    return tuple(prefix for space in spaces for prefix in space)


def static_prefixes(scenario: Scenario, end: str, connection: str) -> tuple[IPv4Network, ...]:
    """The prefixes that are sent into a connection without BGP's word: a gateway's LNG (R82), a device's routes."""
    if end in scenario.vnets:
        return local_network_gateway(scenario, connection, end).address_prefixes
    item, site = scenario.connections[connection], scenario.sites[end]
    other = item.other(end)
    default = () if item.enable_bgp else scenario.vnets[other].address_space
    return site.static_routes.get(connection, default)


def originated(scenario: Scenario, end: str, announced: Announcements | None = None) -> tuple[IPv4Network, ...]:
    """What an end announces of its own accord.

    A gateway: its VNet's and spokes' prefixes, those of all its local network gateways (B17, B25) and its P2S pool
    (B18). A site: its prefixes, or what the story made of them.
    """
    if end not in scenario.vnets:
        told = (announced or {}).get(end)
        return tuple(sorted(told)) if told is not None else scenario.sites[end].address_prefixes
    gateway = scenario.vnets[end].vpn_gateway
    pool = (gateway.point_to_site.address_pool,) if gateway is not None and gateway.point_to_site else ()
    statics = (prefix for name, _ in scenario.connections_of(end) for prefix in static_prefixes(scenario, end, name))
    return tuple(dict.fromkeys((*vnet_prefixes(scenario, end), *statics, *pool)))


def _accepts(scenario: Scenario, end: str, route: Learned) -> bool:
    if asn(scenario, end) in route.as_path:  # B31
        return False
    if end not in scenario.vnets:
        return True
    # B19, B20, B22: equal to or inside a prefix of the VNet or of a transit spoke.
    return not any(route.prefix.subnet_of(own) for own in vnet_prefixes(scenario, end))


def _passes_on(scenario: Scenario, end: str, prefix: IPv4Network) -> bool:
    """Whether an end tells others what it learned: not a default (B24), nor what overlaps its VNet (B17, B23)."""
    return end not in scenario.vnets or not any(prefix.overlaps(own) for own in vnet_prefixes(scenario, end))


def _told(
    scenario: Scenario,
    end: str,
    best: Mapping[str, Mapping[IPv4Network, tuple[Learned, ...]]],
    announced: Announcements,
    silent: Collection[str],
) -> Iterator[Learned]:
    """Everything that an end's peers tell it, given what they hold."""
    for name, item in scenario.connections_of(end):
        if not item.enable_bgp or name in silent:
            continue
        peer = item.other(end)
        own = set(originated(scenario, peer, announced))
        for prefix in own:
            yield Learned(prefix, name, (asn(scenario, peer),))
        for prefix, routes in best[peer].items():
            if prefix not in own and _passes_on(scenario, peer, prefix):
                yield Learned(prefix, name, (asn(scenario, peer), *routes[0].as_path))


def learned(
    scenario: Scenario, announced: Announcements | None = None, silent: Collection[str] = ()
) -> dict[str, dict[IPv4Network, tuple[Learned, ...]]]:
    """What every gateway and site learns by BGP: the best paths of each prefix, several where they are equal (B27).

    A fixpoint: everybody tells everybody until nobody hears anything new. Over ``silent`` connections nobody does.
    """
    ends = [*(name for name, vnet in scenario.vnets.items() if vnet.vpn_gateway), *scenario.sites]
    best: dict[str, dict[IPv4Network, tuple[Learned, ...]]] = {end: {} for end in ends}
    while True:
        after = {
            end: _select(scenario, end, _told(scenario, end, best, announced or {}, silent), announced) for end in ends
        }
        if after == best:
            return best
        best = after


def _select(
    scenario: Scenario, end: str, routes: Iterator[Learned], announced: Announcements | None
) -> dict[IPv4Network, tuple[Learned, ...]]:
    own = set(originated(scenario, end, announced))
    heard: dict[IPv4Network, list[Learned]] = {}
    for route in routes:
        if route.prefix not in own and _accepts(scenario, end, route):
            heard.setdefault(route.prefix, []).append(route)
    return {prefix: _shortest(items) for prefix, items in heard.items()}


def _shortest(routes: list[Learned]) -> tuple[Learned, ...]:
    length = min(len(route.as_path) for route in routes)
    return tuple(sorted((r for r in routes if len(r.as_path) == length), key=lambda r: (r.as_path, r.connection)))


def bgp_ends(scenario: Scenario) -> tuple[str, ...]:
    """The gateways and sites that run BGP: those with at least one connection that has it on."""
    ends = (end for item in scenario.connections.values() if item.enable_bgp for end in item.between)
    return tuple(dict.fromkeys(ends))


def p2s_static_prefixes(scenario: Scenario, vnet: str) -> tuple[IPv4Network, ...]:
    """The part of a gateway's P2S selectors that needs no BGP and no custom routes (azure-rules.md 1.3, rule 1).

    VNet and transit spokes, prefixes of connections that push them (I4), the pool.
    """
    gateway = scenario.vnets[vnet].vpn_gateway
    pool = (gateway.point_to_site.address_pool,) if gateway is not None and gateway.point_to_site else ()
    pushed = (
        prefix
        for name, item in scenario.connections_of(vnet)
        if item.push_prefixes_to_p2s
        for prefix in static_prefixes(scenario, vnet, name)
    )
    return tuple(dict.fromkeys((*vnet_prefixes(scenario, vnet), *pushed, *pool)))


def offered_selectors(static: Iterable[IPv4Network], by_bgp: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    """The selectors that a gateway offers its P2S clients, given the static part and what BGP told it.

    A learned default route is left out: whether Azure offers it is not documented (section 5.5). strongSwan drops
    selectors that lie inside others (RFC 7296, section 2.9: the responder narrows as it sees fit).
    """
    everything = dict.fromkeys((*static, *sorted(prefix for prefix in by_bgp if prefix.prefixlen > 0)))
    return tuple(p for p in everything if not any(p != other and p.subnet_of(other) for other in everything))


def profile_prefixes(scenario: Scenario, vnet: str) -> tuple[IPv4Network, ...]:
    """The routes in the profile package of a gateway: VNet, transit spokes, pool, custom routes (R63).

    Never those of S2S or BGP (1.3, rule 3).
    """
    gateway = scenario.vnets[vnet].vpn_gateway
    settings = gateway.point_to_site if gateway is not None else None
    own = (settings.address_pool, *settings.custom_routes) if settings is not None else ()
    return tuple(dict.fromkeys((*vnet_prefixes(scenario, vnet), *own)))
