"""The lab's SDN controller: what a gateway learns reaches the tables of its VNets and the selectors of its clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Protocol

from netlab.azure.effective import EffectiveRoute, NextHopType, active
from netlab.azure.propagation import offered_selectors
from netlab.plan.model import Fabric, GatewayView, Plan, Route, SubnetTable, Timers
from netlab.plan.networks import GATEWAY_METRIC

_DEBOUNCE = 0.01
# Missed events are made up for by reading everything anew.
_PERIOD = 1.0

Known = Mapping[str, tuple[tuple[str, bool], ...]]


class Watch(Protocol):
    """Something to wait on for changes."""

    def wait(self, seconds: float) -> bool: ...


class Machine(Protocol):
    """What the controller asks of the machine."""

    def gateway_prefixes(self, view: GatewayView) -> tuple[tuple[str, bool], ...]: ...

    def custom_routes(self, view: GatewayView) -> tuple[str, ...]: ...

    def tables(self, netns: str) -> tuple[Route, ...]: ...

    def change_tables(self, netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None: ...

    def selectors(self, view: GatewayView) -> tuple[str, ...]: ...

    def load_selectors(self, view: GatewayView, prefixes: Iterable[str], timers: Timers) -> None: ...

    def watch(self, netns: Iterable[str]) -> Watch: ...


def wanted_routes(table: SubnetTable, gateway_prefixes: Iterable[str]) -> frozenset[Route]:
    """The kernel routes of a table when its gateway knows these prefixes: the active ones (section 5)."""
    system = {(item.next_hop_type, item.route.prefix): item.route for item in table.system}
    candidates = [*_system(table), *(_learned(prefix) for prefix in gateway_prefixes)]
    chosen = (
        system.get((route.next_hop_type, str(route.prefix)))
        or Route(
            str(route.prefix),
            table.gateway_device,
            via=table.gateway_via,
            table=table.table,
            metric=GATEWAY_METRIC,
        )
        for route in active(candidates)
    )
    return frozenset((*table.delivery, *chosen))


def _system(table: SubnetTable) -> Iterator[EffectiveRoute]:
    for item in table.system:
        kind: NextHopType = item.next_hop_type  # type: ignore[assignment]
        yield EffectiveRoute("Default", IPv4Network(item.route.prefix), kind)


def _learned(prefix: str) -> EffectiveRoute:
    return EffectiveRoute("VirtualNetworkGateway", IPv4Network(prefix), "VirtualNetworkGateway")


def wanted_selectors(
    view: GatewayView, known: Iterable[tuple[str, bool]], custom: Iterable[str] = ()
) -> tuple[str, ...]:
    """What a gateway offers its clients: the static part, custom routes (R63), what BGP told it (1.3, rule 1)."""
    static = (*(view.p2s_connection.local_ts.prefixes if view.p2s_connection is not None else ()), *custom)
    by_bgp = (IPv4Network(prefix) for prefix, learned in known if learned)
    return tuple(map(str, offered_selectors(map(IPv4Network, static), by_bgp)))


def known_by_gateways(plan: Plan, machine: Machine) -> Known:
    """What every gateway sends into its tunnels now, by VNet."""
    return {view.vnet: machine.gateway_prefixes(view) for view in plan.gateways}


def custom_routes(plan: Plan, machine: Machine) -> Mapping[str, tuple[str, ...]]:
    """What every gateway pushes to its clients besides, by VNet."""
    return {view.vnet: machine.custom_routes(view) for view in _p2s(plan)}


def in_step(plan: Plan, machine: Machine, known: Known) -> bool:
    """Whether every table and every set of selectors is as it should be, given what the gateways know."""
    tables = all(not any(_difference(fabric, machine, known)) for fabric in plan.fabrics)
    return tables and all(_offers(view, machine, known) for view in _p2s(plan))


def _p2s(plan: Plan) -> Iterator[GatewayView]:
    return (view for view in plan.gateways if view.p2s_connection is not None)


def _offers(view: GatewayView, machine: Machine, known: Known) -> bool:
    return set(machine.selectors(view)) == set(_wanted_selectors(view, machine, known))


def _wanted_selectors(view: GatewayView, machine: Machine, known: Known) -> tuple[str, ...]:
    return wanted_selectors(view, known[view.vnet], machine.custom_routes(view))


def _difference(fabric: Fabric, machine: Machine, known: Known) -> tuple[frozenset[Route], frozenset[Route]]:
    """The routes that a fabric lacks, and those that it has too many."""
    wanted: frozenset[Route] = frozenset().union(
        *(wanted_routes(table, (prefix for prefix, _ in known.get(table.gateway, ()))) for table in fabric.tables)
    )
    numbers = {table.table for table in fabric.tables}
    present = frozenset(route for route in machine.tables(fabric.netns) if route.table in numbers)
    return wanted - present, present - wanted


def reconcile(plan: Plan, machine: Machine, known: Known) -> None:
    """Bring every table and every set of selectors in step with what the gateways know."""
    for fabric in plan.fabrics:
        add, delete = _difference(fabric, machine, known)
        if add or delete:
            machine.change_tables(fabric.netns, add, delete)
    for view in _p2s(plan):
        if not _offers(view, machine, known):
            machine.load_selectors(view, _wanted_selectors(view, machine, known), plan.timers)


def run(plan: Plan, machine: Machine, ready: Callable[[], None]) -> None:
    """Keep the lab in step until stopped; says when it is ``ready``. Acts only when a gateway knows something new."""
    watch = machine.watch([view.netns for view in plan.gateways])
    last: object = None
    while True:
        known = known_by_gateways(plan, machine)
        now = (known, custom_routes(plan, machine))
        if now != last:
            reconcile(plan, machine, known)
            if last is None:
                ready()
            last = now
        if watch.wait(_PERIOD):
            while watch.wait(_DEBOUNCE):
                pass
