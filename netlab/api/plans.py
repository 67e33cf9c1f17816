"""Plans: all that ``up`` would make."""

from __future__ import annotations

import os

from netlab.errors import UsageError
from netlab.machine import host
from netlab.plan.model import DataPlane, Plan
from netlab.plan.planner import plan as make
from netlab.report.outline import outline, structure
from netlab.scenario.models import Scenario, is_lab_name

__all__ = ["Plan", "lab_name", "outline", "plan", "structure"]


def plan(scenario: Scenario, name: str, time_scale: float | None, data_plane: str) -> Plan:
    """The plan of a scenario's lab; only root can try what the kernel has, else ``auto`` is the userspace plane."""
    plane: DataPlane = "kernel" if data_plane == "kernel" else "userspace"
    if data_plane == "auto" and os.geteuid() == 0:
        plane = host.choose_data_plane(data_plane)
    return make(scenario, lab_name(name) if name else scenario.name, plane, time_scale)


def lab_name(name: str) -> str:
    """The name, if it can name a lab."""
    if not is_lab_name(name):
        raise UsageError(
            f"{name[:60]!r} cannot name a lab", "lower case letters, digits and dashes, a letter first, 40 at most"
        )
    return name
