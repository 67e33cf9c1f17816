"""Circuits fail: nothing passes between their edge routers and the site."""

from __future__ import annotations

from collections.abc import Collection

from netlab.lab.story.faults.effect import Change, Effect
from netlab.lab.story.stage import Stage


def _begin(stage: Stage, change: Change) -> None:
    """Sever the links of these edge routers to their sites."""
    stage.machine.filters.sever(stage.lab.plan, _ports(stage, change.targets))


def _end(stage: Stage, change: Change) -> None:
    """Rejoin them."""
    stage.machine.filters.rejoin(stage.lab.plan, _ports(stage, change.targets))


def _ports(stage: Stage, edge_routers: Collection[str]) -> list[tuple[str, str]]:
    """The interfaces of edge routers that lead to sites."""
    plan, wanted = stage.lab.plan, frozenset(edge_routers)
    sites = {node.name for node in plan.nodes if node.kind == "site"}
    ends = (link.b for link in plan.links if link.a.node in sites)
    return [(end.node, end.name) for end in ends if end.node in wanted]


EFFECT = Effect(_begin, _end)
