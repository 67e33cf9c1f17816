"""Check the profile packages of Windows clients.

Success: always; a package that is stale is a finding and no failure (I6), and the message says so.
Failure: never.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.state import State
from netlab.lab.build import profile
from netlab.plan.model import Plan
from netlab.results.verification import Check


def check(plan: Plan, world: State) -> Iterator[Check]:
    """Whether the package of each Windows client is what Azure would generate now."""
    for client in plan.clients:
        if client.os == "windows":
            fresh = profile.read(plan.lab, client) == profile.current(plan, world.scenario, client)
            message = "current" if fresh else "stale: the topology changed since it was downloaded"
            yield Check(f"profile {client.name}", "passed", message)
