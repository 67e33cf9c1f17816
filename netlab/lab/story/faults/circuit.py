"""Circuits fail: nothing passes between their edge routers and the site."""

from __future__ import annotations

from collections.abc import Collection

from netlab.lab.story.faults.effect import severing
from netlab.plan.model import Plan


def _ports(plan: Plan, edge_routers: Collection[str]) -> list[tuple[str, str]]:
    """The interfaces of edge routers that lead to sites."""
    sites = {node.name for node in plan.nodes if node.kind == "site"}
    ends = (link.b for link in plan.links if link.a.node in sites)
    return [(end.node, end.name) for end in ends if end.node in edge_routers]


EFFECT = severing(_ports)
