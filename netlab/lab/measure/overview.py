"""What a running lab looks like: its health, and the routes of its nodes in Azure's words where they are Azure's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netlab.errors import LabError
from netlab.lab.build import journal, state
from netlab.lab.machine import Machine
from netlab.lab.measure.health import health
from netlab.machine.ports import Routes
from netlab.plan.model import CHARON_TABLE, MAIN_TABLE
from netlab.plan.tables import GATEWAY_METRIC
from netlab.results.verification import Check


@dataclass(frozen=True, slots=True)
class Overview:
    """A lab's state and checks."""

    lab: str
    state: str
    scenario: str
    data_plane: str
    time_scale: float
    namespaces: int
    checks: tuple[Check, ...]

    @property
    def healthy(self) -> bool:
        """Whether it is up and everything in it alive."""
        return self.state == "up" and all(check.status == "passed" for check in self.checks)

    @property
    def headline(self) -> str:
        """The lab in one line."""
        return (
            f"{self.lab}: {self.state}, scenario {self.scenario or 'unknown'}, {self.namespaces} namespaces, "
            f"data plane {self.data_plane or 'unknown'}, time scale {self.time_scale:g}"
        )

    def structure(self) -> dict[str, Any]:
        """The overview as plain values."""
        return {
            "lab": self.lab,
            "state": self.state,
            "scenario": self.scenario,
            "data_plane": self.data_plane,
            "time_scale": self.time_scale,
            "namespaces": self.namespaces,
            "healthy": self.healthy,
            "checks": [{"name": c.name, "status": c.status, "message": c.message} for c in self.checks],
        }


def overview(name: str, machine: Machine) -> Overview:
    """A lab as it is now: up, building, broken (its ``up`` never ended) or damaged."""
    namespaces = len(machine.labs.of(name))
    try:
        lab = state.read(name)
    except LabError as error:
        broken = Check("state", "failed", error.message)
        return Overview(name, "damaged", "", "", 0, namespaces, (broken,))
    facts = lab.facts
    if not journal.is_up(name):
        what = "building" if state.is_locked(name) else "broken"
        hint = Check("state", "failed", f"`up` has not come to its end; `netlab down {name}` removes what there is")
        return Overview(name, what, facts.scenario, facts.data_plane, facts.time_scale, namespaces, (hint,))
    checks = tuple(health(lab.plan, state.world(lab), machine))
    return Overview(name, "up", facts.scenario, facts.data_plane, facts.time_scale, namespaces, checks)


def route_rows(lab: state.Lab, node: str, routes: Routes) -> list[dict[str, Any]]:
    """The routes of a node, one row each; a VNet's by subnet and with Azure's next hop type."""
    delivery = {fabric.delivery for fabric in lab.plan.fabrics if fabric.node == node}
    tables = {t.table: t for fabric in lab.plan.fabrics if fabric.node == node for t in fabric.tables}
    # What charon installs for a Windows client no packet consults.
    unused = {CHARON_TABLE} if any(c.node == node and c.os == "windows" for c in lab.plan.clients) else set()
    rows = []
    for route in (r for r in routes.routes(lab.plan.netns(node)) if r.table not in unused):
        table = tables.get(route.table)
        fixed = table.fixed if table is not None else ()
        kinds = {(item.route.prefix, item.route.metric): item.next_hop_type for item in fixed}
        learned = table is not None and route.metric == GATEWAY_METRIC
        hop = "VirtualNetworkGateway" if learned else kinds.get((route.prefix, route.metric), "")
        rows.append(
            {
                "prefix": route.prefix,
                "table": table.subnet
                if table is not None
                else "delivery"
                if route.table in delivery
                else "main"
                if route.table == MAIN_TABLE
                else str(route.table),
                "type": route.type,
                "next_hop_type": hop,
                "via": list(route.via),
                "devices": list(route.devices),
                "protocol": "bgp" if route.by_bgp else "",
                "metric": route.metric,
                "source": route.source,
            }
        )
    return rows
