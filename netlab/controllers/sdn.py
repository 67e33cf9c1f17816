"""The lab's SDN controller: what a gateway learns reaches the tables of its VNets and the selectors of its clients.

And the agent that a VPN device has: routes lead into tunnels that are up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from types import MappingProxyType
from typing import Protocol

from netlab.azure.effective import EffectiveRoute, Teller, Told, active, preferred
from netlab.azure.propagation import offered_selectors
from netlab.errors import LabError
from netlab.plan import steering
from netlab.plan.model import (
    BgpSpeaker,
    Charon,
    Fabric,
    FixedRoute,
    GatewayView,
    Plan,
    Route,
    RouteServerView,
    SubnetTable,
    Timers,
)
from netlab.plan.ports import P2S
from netlab.plan.tables import GATEWAY_METRIC, by_turns, over

_DEBOUNCE = 0.01
# Missed events are made up for by reading everything anew.
_PERIOD = 5.0

# What each gateway instance sends into its tunnels: prefix, whether BGP told it, and the length of its AS path.
Known = Mapping[str, tuple[tuple[str, bool, int], ...]]
# What each pushes to its clients besides.
Custom = Mapping[str, tuple[str, ...]]
# What Route Servers tell their VNets: the length of the AS path and the next hops of each prefix, by VNet (A12, A16).
Injected = Mapping[str, Mapping[str, tuple[int, frozenset[str]]]]
# A device and a next hop.
Hop = tuple[str, str]
# What the controller has seen and acted upon.
Seen = tuple[steering.Up, tuple[Known, Custom, Injected]]


class Watch(Protocol):
    """Something to wait on for changes."""

    def wait(self, seconds: float) -> bool: ...

    def poke(self) -> None: ...

    def close(self) -> None: ...


class Machine(Protocol):
    """What the controller asks of the machine."""

    def gateway_prefixes(self, view: GatewayView) -> tuple[tuple[str, bool, int], ...]: ...

    def custom_routes(self, view: GatewayView) -> tuple[str, ...]: ...

    def injected(self, view: RouteServerView) -> tuple[tuple[str, str, int], ...]: ...

    def tables(self, netns: str) -> tuple[Route, ...]: ...

    def change_tables(self, netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None: ...

    def selectors(self, view: GatewayView) -> tuple[str, ...]: ...

    def load_selectors(self, view: GatewayView, prefixes: Iterable[str], timers: Timers) -> None: ...

    def steer(self, netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None: ...

    def own_routes(self, netns: str) -> tuple[Route, ...]: ...

    def all_installed(self, directory: str) -> frozenset[str]: ...

    def reset_session(self, speaker: BgpSpeaker, address: str) -> None: ...

    def watch(self, netns: Iterable[str], directories: Iterable[str]) -> Watch: ...


def wanted_routes(table: SubnetTable, known: Known, injected: Injected = MappingProxyType({})) -> frozenset[Route]:
    """The kernel routes of a table when the gateway instances and Route Servers know these prefixes: the active ones
    (section 5)."""
    fixed = {(item.source, item.route.prefix): item for item in table.fixed}
    told = _told(table, known, injected) if table.propagates else {}
    candidates = [*(item.candidate for item in table.fixed), *map(_learned, told)]
    chosen = (
        told[str(route.prefix)]
        if route.source == "VirtualNetworkGateway"
        else _kernel_route(table, fixed[route.source, str(route.prefix)], known)
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


def _by_gateways(table: SubnetTable, known: Known) -> Iterator[Told[tuple[Hop, ...]]]:
    for way in table.gateway_ways:
        for prefix, _, length in known.get(way.node, ()):
            teller: Teller = "ExpressRoute" if way.expressroute else "VpnGateway"
            yield Told(IPv4Network(prefix), teller, length, ((way.device, way.via),))


def _by_appliances(table: SubnetTable, injected: Injected) -> Iterator[Told[tuple[Hop, ...]]]:
    for prefix, (length, next_hops) in injected.get(table.route_server, {}).items():
        hops = tuple((device, via) for address, device, via in table.appliances if address in next_hops)
        yield Told(IPv4Network(prefix), "NVA", length, hops)


def _kernel_route(table: SubnetTable, item: FixedRoute, known: Known) -> Route:
    """The kernel route of a system or user route; one to the gateway leads over the instances that are there."""
    there = (way for way in table.gateway_ways if way.node in known)
    ways = [way for way in there if not way.expressroute]  # R88
    if item.next_hop_type != "VirtualNetworkGateway" or not ways:
        return item.route
    return over(ways, item.route.prefix, table.table, item.route.metric)


def _learned(prefix: str) -> EffectiveRoute:
    return EffectiveRoute("VirtualNetworkGateway", IPv4Network(prefix), "VirtualNetworkGateway")


def wanted_selectors(
    view: GatewayView, known: Iterable[tuple[str, bool, int]], custom: Iterable[str] = ()
) -> tuple[str, ...]:
    """What a gateway offers its clients: the static part, custom routes (R63), what BGP told it (1.3, rule 1)."""
    static = (*(view.p2s_connection.local_ts.prefixes if view.p2s_connection is not None else ()), *custom)
    by_bgp = (IPv4Network(prefix) for prefix, learned, _ in known if learned)
    return tuple(map(str, offered_selectors(map(IPv4Network, static), by_bgp)))


def known_by_gateways(plan: Plan, machine: Machine) -> Known:
    """What every gateway instance sends into its tunnels now, by node."""
    return {
        view.node: tuple(known for known in machine.gateway_prefixes(view) if known[1] or not view.expressroute)
        for view in plan.gateways
    }


def custom_routes(plan: Plan, machine: Machine) -> Custom:
    """What every gateway pushes to its clients besides, by node."""
    return {view.node: machine.custom_routes(view) for view in _p2s(plan)}


def injected_by_route_servers(plan: Plan, machine: Machine) -> Injected:
    """What Route Servers tell their VNets now: the shortest AS paths that either instance has from appliances."""
    found: dict[str, dict[str, tuple[int, frozenset[str]]]] = {}
    for view in plan.route_servers:
        here = found.setdefault(view.vnet, {})
        for prefix, (length, next_hops) in _shortest(machine.injected(view)).items():
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


def in_step(plan: Plan, machine: Machine, known: Known) -> bool:
    """Whether every table and every set of selectors is as it should be, given what the gateways know."""
    injected = injected_by_route_servers(plan, machine)
    tables = all(not any(_difference(plan, fabric, machine, known, injected)) for fabric in plan.fabrics)
    return tables and all(_offers(view, machine, known) for view in _p2s(plan))


def _p2s(plan: Plan) -> Iterator[GatewayView]:
    return (view for view in plan.gateways if view.p2s_connection is not None)


def _offers(view: GatewayView, machine: Machine, known: Known) -> bool:
    return set(machine.selectors(view)) == set(_wanted_selectors(view, machine, known))


def _wanted_selectors(view: GatewayView, machine: Machine, known: Known) -> tuple[str, ...]:
    return wanted_selectors(view, known[view.node], machine.custom_routes(view))


def _difference(
    plan: Plan, fabric: Fabric, machine: Machine, known: Known, injected: Injected
) -> tuple[frozenset[Route], frozenset[Route]]:
    """The routes that a fabric lacks, and those that it has too many."""
    wanted: frozenset[Route] = frozenset().union(*(wanted_routes(table, known, injected) for table in fabric.tables))
    numbers = {table.table for table in fabric.tables}
    present = frozenset(route for route in machine.tables(fabric.netns) if route.table in numbers)
    return wanted - present, present - wanted


def reconcile(plan: Plan, machine: Machine, known: Known, injected: Injected = MappingProxyType({})) -> None:
    """Bring every table and every set of selectors in step with what the gateways and Route Servers know."""
    for fabric in plan.fabrics:
        add, delete = _difference(plan, fabric, machine, known, injected)
        if add or delete:
            machine.change_tables(fabric.netns, add, delete)
    for view in _p2s(plan):
        if not _offers(view, machine, known):
            machine.load_selectors(view, _wanted_selectors(view, machine, known), plan.timers)


# --- the agent of the VPN devices -----------------------------------------------------------------------------------


def tunnels_up(plan: Plan, machine: Machine) -> steering.Up:
    """The tunnels that have an INSTALLED CHILD SA, by router and IKE connection."""
    installed = {charon.node: machine.all_installed(charon.directory) for charon in _of_tunnels(plan)}
    return frozenset(
        (tunnel.node, tunnel.connection)
        for tunnel in plan.tunnels
        if tunnel.connection != P2S and tunnel.connection in installed[tunnel.edge]
    )


def _of_tunnels(plan: Plan) -> Iterator[Charon]:
    """The charons at the ends of tunnels; those of clients make none that routes of a router lead into."""
    edges = {tunnel.edge for tunnel in plan.tunnels}
    return (charon for charon in plan.charons if charon.node in edges)


def steered(plan: Plan, machine: Machine, up: steering.Up) -> bool:
    """Whether every router's routes lead into the tunnels that are up."""
    return not any(_steering(plan, machine, up))


def _steering(
    plan: Plan, machine: Machine, up: steering.Up
) -> Iterator[tuple[str, frozenset[Route], frozenset[Route]]]:
    """The routers that must change something: namespace, the routes that they lack, those that they have too many."""
    for node in dict.fromkeys(tunnel.node for tunnel in plan.tunnels):
        netns = plan.netns(node)
        wanted, present = steering.routes(plan, node, up), frozenset(machine.own_routes(netns))
        if wanted != present:
            yield netns, wanted - present, present - wanted


def steer(plan: Plan, machine: Machine, up: steering.Up) -> None:
    """Have every router's routes lead into the tunnels that are up."""
    for netns, add, delete in _steering(plan, machine, up):
        machine.steer(netns, add, delete)


def reset_sessions(plan: Plan, machine: Machine, changed: steering.Up) -> None:
    """Have BGP know at once of a tunnel that went or came: its session ends, or is tried anew."""
    for speaker in plan.speakers:
        for neighbor in speaker.neighbors:
            if (speaker.node, neighbor.connection) in changed:
                machine.reset_session(speaker, neighbor.address)


class Orders(Protocol):
    """What others want of the controller: it tells them when it is ready, and how to wake it."""

    def ready(self, poke: Callable[[], None]) -> None: ...

    def replanned(self) -> bool: ...


def run(
    plan: Plan, machine: Machine, orders: Orders, begun: Callable[[], bool], before: steering.Up | None = None
) -> steering.Up | None:
    """Keep the lab in step until there is another plan; the tunnels that are up then. Acts only when something is new.

    Until ``begun`` says that every tunnel has been initiated, all count as up. ``before`` are those that were up at the
    end of the plan before: what went or came since is new.
    """
    directories = [charon.directory for charon in _of_tunnels(plan)]
    watch = machine.watch([*(v.netns for v in plan.gateways), *(v.netns for v in plan.route_servers)], directories)
    last: Seen | None = None
    try:
        while not orders.replanned():
            # Of what goes away while it is looked at, the next look sees that it is gone.
            with contextlib.suppress(LabError, OSError):
                now = _look(plan, machine, begun(), last, before)
                if last is None:
                    orders.ready(watch.poke)
                last, before = now, now[0]
            if watch.wait(_PERIOD):
                while watch.wait(_DEBOUNCE):
                    pass
    finally:
        watch.close()
    return before


def _look(plan: Plan, machine: Machine, begun: bool, last: Seen | None, before: steering.Up | None) -> Seen:
    """Look at tunnels and gateways, and bring in step what depends on what is new there."""
    up = tunnels_up(plan, machine) if begun else steering.everything_up(plan)
    if last is None or up != before:
        steer(plan, machine, up)
        reset_sessions(plan, machine, up ^ before if before is not None else frozenset())
    known = known_by_gateways(plan, machine)
    now = (known, custom_routes(plan, machine), injected_by_route_servers(plan, machine))
    if last is None or now != last[1]:
        reconcile(plan, machine, known, now[2])
    return up, now
