"""Circuits fail: nothing passes between their edge routers and the customer's end."""

from __future__ import annotations

from collections.abc import Collection

from netlab.lab.story.faults.effect import severing
from netlab.plan.model import Plan


def _ports(plan: Plan, edge_routers: Collection[str]) -> list[tuple[str, str]]:
    """The interfaces of edge routers that lead to sites and to the routers of providers."""
    customers = {node.name for node in plan.nodes if node.kind in ("site", "provider edge")}
    ends = (link.b for link in plan.links if link.a.node in customers)
    return [(end.node, end.name) for end in ends if end.node in edge_routers]


EFFECT = severing(_ports)
