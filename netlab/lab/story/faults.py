"""Faults of a running lab: what is broken and mended there when the model's faults change."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

from netlab.azure.state import Faults
from netlab.lab.build import keys, state
from netlab.lab.story import failover
from netlab.lab.story.stage import Stage
from netlab.machine.waiting import until
from netlab.plan.model import Link, Plan
from netlab.scenario.models import Action, GatewayFault

# R8: the least that Azure documents for an active-standby gateway, in seconds, from the loss of one instance to the
# first tunnel of the other. BGP comes on top: FRR starts a session anew after a second, whatever the time scale.
GAP_PLANNED = 10.0
GAP_UNPLANNED = 60.0


def change(stage: Stage, action: Action, before: Faults, now: Faults) -> None:
    """Break what has a fault now, and mend what has none any more."""
    if (before.switched, before.lost) != (now.switched, now.lost):
        _fail_over(stage, action)
    plan, machine, world = stage.lab.plan, stage.machine, stage.world
    machine.ike.terminate(plan, now.tunnels - before.tunnels)
    restored = before.tunnels - now.tunnels - world.refused
    machine.ike.initiate(plan, restored, restored - world.up)
    machine.links.cut(plan, _uplinks(plan, now.cut - before.cut))
    machine.links.mend(plan, _uplinks(plan, before.cut - now.cut))
    machine.filters.sever(plan, _near(_uplinks(plan, now.silent - before.silent)))
    machine.filters.rejoin(plan, _near(_uplinks(plan, before.silent - now.silent)))
    machine.filters.stop(plan, now.stopped - before.stopped)
    machine.filters.start(plan, before.stopped - now.stopped)
    machine.filters.sever(plan, _customer_ports(plan, now.severed - before.severed))
    machine.filters.rejoin(plan, _customer_ports(plan, before.severed - now.severed))


def _uplinks(plan: Plan, nodes: Collection[str]) -> list[Link]:
    """The links to the Internet of routers, at their edges, and of clients."""
    faces = {*nodes, *(f"{node}-edge" for node in nodes)}
    internet = {node.name for node in plan.nodes if node.kind == "internet"}
    return [link for link in plan.links if link.a.node in faces and link.b.node in internet]


def _near(links: Iterable[Link]) -> list[tuple[str, str]]:
    return [(link.a.node, link.a.name) for link in links]


def _customer_ports(plan: Plan, edge_routers: Iterable[str]) -> list[tuple[str, str]]:
    """The interfaces of edge routers that lead to sites."""
    sites = {node.name for node in plan.nodes if node.kind == "site"}
    ends = (link.b for link in plan.links if link.a.node in sites)
    wanted = frozenset(edge_routers)
    return [(end.node, end.name) for end in ends if end.node in wanted]


def _fail_over(stage: Stage, action: Action) -> None:
    """Go over to the plan of this moment: an instance is lost, or comes back, or the standby takes over.

    Before planned maintenance the standby is prepared. The gap is Azure's (R8): an active-active gateway has none.
    """
    machine = stage.machine
    old, stage.lab = stage.lab.plan, state.planned(stage.lab.facts, stage.lab.scenario, stage.world)
    new, secrets = stage.lab.plan, keys.read(stage.lab.facts.lab)
    fault = action.subject if action.verb == "fail_gateway" else None
    planned = not isinstance(fault, GatewayFault) or fault.planned
    gap = 0.0 if fault is None or stage.world.faults.lost else (GAP_PLANNED if planned else GAP_UNPLANNED)
    if planned:
        failover.prepare(old, new, secrets, machine)
    over = time.monotonic() + gap / new.timers.scale
    failover.stop(old, new, machine, abruptly=not planned)
    if not planned:
        failover.prepare(old, new, secrets, machine)
    until(over)
    failover.cut_over(old, new, machine, stage.world.up)
