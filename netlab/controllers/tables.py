"""The lab's SDN: routes that a gateway learns reach the tables of its VNets, and what it offers its clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from types import MappingProxyType
from typing import Protocol

from netlab.azure.effective import EffectiveRoute, Offer, Origin, active, preferred
from netlab.azure.p2s.routes import offered
from netlab.plan.load_balancers import through
from netlab.plan.model import (
    AddressSet,
    Fabric,
    FixedRoute,
    GatewayView,
    Plan,
    Route,
    RouteServerView,
    Server,
    SubnetTable,
    Timers,
)
from netlab.plan.tables import GATEWAY_METRIC, by_turns, over
from netlab.scenario.service_tags import merged

# What each gateway instance sends into its tunnels: prefix, whether it is learned by BGP, the length of its AS path.
Known = Mapping[str, tuple[tuple[str, bool, int], ...]]
# What each pushes to its clients besides.
Custom = Mapping[str, tuple[str, ...]]
# What Route Servers program into VNets: the length of the AS path and the next hops of each prefix, by VNet (A12, A16).
Injected = Mapping[str, Mapping[str, tuple[int, frozenset[str]]]]
# The members of each pool that are up, by their nodes.
Healthy = Mapping[str, frozenset[str]]
# A device and a next hop.
Hop = tuple[str, str]


class Sources(Protocol):
    """What gateways and Route Servers know."""

    def gateway_prefixes(self, view: GatewayView) -> tuple[tuple[str, bool, int], ...]: ...

    def custom_routes(self, netns: str) -> tuple[str, ...]: ...

    def injected(self, view: RouteServerView) -> tuple[tuple[str, str, int], ...]: ...


class Gateways(Sources, Protocol):
    """What the controller reads of gateways and Route Servers, and writes."""

    def tables(self, netns: str) -> tuple[Route, ...]: ...

    def change_tables(self, netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None: ...

    def set_members(self, netns: str, name: str) -> tuple[str, ...]: ...

    def change_set(self, netns: str, name: str, prefixes: Iterable[str]) -> None: ...

    def offered(self, server: Server) -> tuple[str, ...]: ...

    def offer(self, server: Server, prefixes: Iterable[str], timers: Timers) -> None: ...


def wanted_routes(
    table: SubnetTable,
    known: Known,
    injected: Injected = MappingProxyType({}),
    healthy: Healthy = MappingProxyType({}),
) -> frozenset[Route]:
    """The kernel routes of a table when the gateway instances and Route Servers know these prefixes, and these members
    of pools are up: the active ones (section 5)."""
    fixed = {(item.source, item.route.prefix): item for item in table.fixed}
    told = _told(table, known, injected) if table.propagates else {}
    candidates = [*(item.candidate for item in table.fixed), *map(_learned, told)]
    chosen = (
        told[str(route.prefix)]
        if route.source == "VirtualNetworkGateway"
        else _kernel_route(table, fixed[route.source, str(route.prefix)], known, healthy)
        for route in active(candidates)
    )
    return frozenset(chosen)


def _told(table: SubnetTable, known: Known, injected: Injected) -> dict[str, Route]:
    """The route of a table to each prefix that gateways or Route Server know: over the instances that know it, or the
    appliances that it leads to, by turns (R11, A16); of equal prefixes those that are preferred (A27)."""
    told = (*_by_gateways(table, known), *_by_appliances(table, injected))
    ways: dict[str, list[Hop]] = {}
    for item in preferred(told, table.preference):
        ways.setdefault(str(item.prefix), []).extend(item.leads_to)
    return {prefix: by_turns(hops, prefix, table.table, GATEWAY_METRIC) for prefix, hops in ways.items()}


def _by_gateways(table: SubnetTable, known: Known) -> Iterator[Offer[tuple[Hop, ...]]]:
    for way in table.gateway_ways:
        for prefix, _, length in known.get(way.node, ()):
            origin: Origin = "ExpressRoute" if way.expressroute else "VpnGateway"
            yield Offer(IPv4Network(prefix), origin, length, ((way.device, way.via),))


def _by_appliances(table: SubnetTable, injected: Injected) -> Iterator[Offer[tuple[Hop, ...]]]:
    for prefix, (length, next_hops) in injected.get(table.route_server, {}).items():
        hops = tuple((device, via) for address, device, via in table.appliances if address in next_hops)
        yield Offer(IPv4Network(prefix), "NVA", length, hops)


def _kernel_route(table: SubnetTable, item: FixedRoute, known: Known, healthy: Healthy) -> Route:
    """The kernel route of a system or user route; one to the gateway leads over the instances that are there, one to a
    pool over the members that are up."""
    if item.pool:
        return through(item.ways, healthy.get(item.pool, [node for node, _, _ in item.ways]), item.route)
    there = (way for way in table.gateway_ways if way.node in known)
    ways = [way for way in there if not way.expressroute]  # R88
    if item.next_hop_type != "VirtualNetworkGateway" or not ways:
        return item.route
    return over(ways, item.route.prefix, table.table, item.route.metric)


def _learned(prefix: str) -> EffectiveRoute:
    return EffectiveRoute("VirtualNetworkGateway", IPv4Network(prefix), "VirtualNetworkGateway")


def wanted_offer(server: Server, known: Iterable[tuple[str, bool, int]], custom: Iterable[str] = ()) -> tuple[str, ...]:
    """What a gateway offers its clients: the static part, custom routes (R63), what it learned by BGP (1.3, rule 1)."""
    by_bgp = (IPv4Network(prefix) for prefix, learned, _ in known if learned)
    return tuple(map(str, offered(server.tunnel_type, map(IPv4Network, (*server.static, *custom)), by_bgp)))


def known_by_gateways(plan: Plan, gateways: Sources) -> Known:
    """What every gateway instance sends into its tunnels now, by node."""
    return {
        view.node: tuple(
            known
            for known in gateways.gateway_prefixes(view)
            if (known[1] or not view.expressroute) and known[0] not in view.hidden
        )
        for view in plan.gateways
    }


def custom_routes(plan: Plan, gateways: Sources) -> Custom:
    """What every gateway pushes to its clients besides, by node."""
    return {server.node: gateways.custom_routes(server.netns) for server in plan.servers}


def injected_by_route_servers(plan: Plan, gateways: Sources) -> Injected:
    """What Route Servers program into VNets now: the shortest AS paths that either instance has from appliances."""
    found: dict[str, dict[str, tuple[int, frozenset[str]]]] = {}
    for view in plan.route_servers:
        here = found.setdefault(view.vnet, {})
        for prefix, (length, next_hops) in _shortest(gateways.injected(view)).items():
            least, others = here.get(prefix, (length, frozenset()))
            here[prefix] = (min(length, least), others | next_hops)
    return found


def _shortest(told: Iterable[tuple[str, str, int]]) -> dict[str, tuple[int, frozenset[str]]]:
    """The next hops of the shortest AS paths of each prefix (A16, A17)."""
    found: dict[str, tuple[int, frozenset[str]]] = {}
    for prefix, next_hop, length in sorted(told, key=lambda path: path[2]):
        least, next_hops = found.get(prefix, (length, frozenset()))
        if length == least:
            found[prefix] = (least, next_hops | {next_hop})
    return found


def in_step(plan: Plan, gateways: Gateways, known: Known, healthy: Healthy = MappingProxyType({})) -> bool:
    """Whether every table and all that is offered to clients is as it should be, given what the gateways know, and
    which members of pools are up."""
    injected = injected_by_route_servers(plan, gateways)
    return (
        all(not any(_difference(fabric, gateways, known, injected, healthy)) for fabric in plan.fabrics)
        and all(not any(_stale_tags(fabric, gateways, known, injected)) for fabric in plan.fabrics)
        and all(_offers(server, gateways, known) for server in plan.servers)
    )


def _offers(server: Server, gateways: Gateways, known: Known) -> bool:
    return set(gateways.offered(server)) == set(_wanted_offer(server, gateways, known))


def _wanted_offer(server: Server, gateways: Gateways, known: Known) -> tuple[str, ...]:
    return wanted_offer(server, known[server.node], gateways.custom_routes(server.netns))


def _difference(
    fabric: Fabric, gateways: Gateways, known: Known, injected: Injected, healthy: Healthy
) -> tuple[frozenset[Route], frozenset[Route]]:
    """The routes that a fabric lacks, and those that it has too many."""
    found = (wanted_routes(table, known, injected, healthy) for table in fabric.tables)
    wanted: frozenset[Route] = frozenset().union(*found)
    numbers = {table.table for table in fabric.tables}
    present = frozenset(route for route in gateways.tables(fabric.netns) if route.table in numbers)
    return wanted - present, present - wanted


def wanted_tag(fabric: Fabric, tag: AddressSet, known: Known, injected: Injected) -> tuple[str, ...]:
    """The prefixes of a subnet's tag VirtualNetwork: what stands in it always, and what gateways advertise (N10)."""
    table = next(item for item in fabric.tables if item.subnet == tag.subnet)
    told = _told(table, known, injected) if table.propagates else {}
    return tuple(map(str, merged(map(IPv4Network, (*tag.prefixes, *told)))))


def _stale_tags(
    fabric: Fabric, gateways: Gateways, known: Known, injected: Injected
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The tags of a fabric that are not as they should be, each with its prefixes."""
    sets = fabric.security.sets if fabric.security is not None else ()
    for tag in (item for item in sets if item.subnet):
        wanted = wanted_tag(fabric, tag, known, injected)
        if set(wanted) != set(gateways.set_members(fabric.netns, tag.name)):
            yield tag.name, wanted


def reconcile(
    plan: Plan,
    gateways: Gateways,
    known: Known,
    injected: Injected = MappingProxyType({}),
    healthy: Healthy = MappingProxyType({}),
) -> None:
    """Bring every table and what is offered to clients in step with what the gateways and Route Servers know, and with
    the members of pools that are up."""
    for fabric in plan.fabrics:
        add, delete = _difference(fabric, gateways, known, injected, healthy)
        if add or delete:
            gateways.change_tables(fabric.netns, add, delete)
        for name, prefixes in _stale_tags(fabric, gateways, known, injected):
            gateways.change_set(fabric.netns, name, prefixes)
    for server in plan.servers:
        if not _offers(server, gateways, known):
            gateways.offer(server, _wanted_offer(server, gateways, known), plan.timers)
