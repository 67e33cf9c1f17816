"""What is planned for scenarios of the catalogue."""

from __future__ import annotations

from functools import cache

from netlab.plan.model import Charon, DataPlane, Plan
from netlab.plan.planner import plan
from netlab.scenario.loader import load
from netlab.scenario.models import Scenario


@cache
def catalogued(name: str) -> Scenario:
    """A scenario of the catalogue."""
    return load(name).scenario


@cache
def planned(name: str = "p2s-branch-bgp", plane: DataPlane = "userspace") -> Plan:
    return plan(catalogued(name), "lab", plane)


def charon(node: str, plane: DataPlane = "userspace") -> Charon:
    return next(item for item in planned(plane=plane).charons if item.node == node)
