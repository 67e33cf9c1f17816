"""What a running lab looks like: its health, and the routes of its nodes in Azure's words where they are Azure's."""

from __future__ import annotations

from netlab.errors import LabError
from netlab.lab.build import journal, records
from netlab.lab.machine import Machine
from netlab.lab.measure.checks import kernel, unchanged
from netlab.lab.measure.health import health
from netlab.machine.ports import Routes
from netlab.machine.routes import KernelRoute
from netlab.plan.model import CHARON_TABLE, MAIN_TABLE
from netlab.plan.tables import GATEWAY_METRIC
from netlab.results.lab import NodeRoute, Overview
from netlab.results.verification import Check


def overview(name: str, machine: Machine) -> Overview:
    """A lab as it is now: up, building, removing, broken (its ``up``, ``apply`` or ``down`` never ended) or damaged."""
    namespaces = len(machine.labs.of(name))
    if journal.is_removing(name):
        what = "removing" if records.is_locked(name) else "broken"
        hint = Check("state", "failed", f"`down` has not come to its end; `netlab down {name}` goes on with it")
        return Overview(name, what, "", "", 0, namespaces, False, (hint,))
    try:
        lab = records.read(name)
    except LabError as error:
        broken = Check("state", "failed", error.message)
        return Overview(name, "damaged", "", "", 0, namespaces, False, (broken,))
    facts = lab.facts
    if not journal.is_up(name):
        what = "building" if records.is_locked(name) else "broken"
        hint = Check(
            "state", "failed", f"`up` or `apply` has not come to its end; `netlab down {name}` removes what there is"
        )
        return Overview(name, what, facts.scenario, facts.data_plane, facts.time_scale, namespaces, False, (hint,))
    state = records.state(lab)
    altered = unchanged.check(records.opening(lab), state, lab.plan.uplinks, records.uplinks(lab))
    checks = (*altered, *health(lab.plan, state, machine), kernel.check(lab, state, machine))
    alive = all(check.status == "passed" for check in checks)
    return Overview(name, "up", facts.scenario, facts.data_plane, facts.time_scale, namespaces, alive, checks)


def node_routes(lab: records.Lab, node: str, routes: Routes) -> tuple[NodeRoute, ...]:
    """The routes of a node, a VNet's by subnet and with Azure's next hop type."""
    delivery = {fabric.delivery for fabric in lab.plan.fabrics if fabric.node == node}
    tables = {t.table: t for fabric in lab.plan.fabrics if fabric.node == node for t in fabric.tables}
    of_client = [client.tables for client in lab.plan.clients if client.node == node]
    unused = {CHARON_TABLE}.difference(*of_client) if of_client else set()
    found = []
    for route in (r for r in routes.routes(lab.plan.netns(node)) if r.table not in unused):
        table = tables.get(route.table)
        fixed = table.fixed if table is not None else ()
        kinds = {(item.route.prefix, item.route.metric): item.next_hop_type for item in fixed}
        learned = table is not None and route.metric == GATEWAY_METRIC
        hop = "VirtualNetworkGateway" if learned else kinds.get((route.prefix, route.metric), "")
        found.append(
            NodeRoute(
                prefix=route.prefix,
                table=table.subnet if table is not None else _table(route, delivery),
                type=route.type,
                next_hop_type=hop,
                via=route.via,
                devices=route.devices,
                protocol="bgp" if route.by_bgp else "",
                metric=route.metric,
                source=route.source,
            )
        )
    return tuple(found)


def _table(route: KernelRoute, delivery: set[int]) -> str:
    """The name of a table that is no subnet's."""
    if route.table in delivery:
        return "delivery"
    return "main" if route.table == MAIN_TABLE else str(route.table)
