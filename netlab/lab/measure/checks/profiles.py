"""Check the profile packages of Windows clients.

Success: always; a package that is stale is a finding and no failure (I6), and the message says so.
Failure: never.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.state import State
from netlab.lab.build import profile
from netlab.lab.build.clients import tunnel_of
from netlab.plan.model import Plan
from netlab.results.verification import Check


def check(plan: Plan, state: State) -> Iterator[Check]:
    """Whether the package of each Windows client is what Azure would generate now."""
    for tunnel in state.network.client_tunnels.values():
        client = tunnel_of(plan, tunnel)
        if client.os == "windows":
            fresh = profile.read(plan.lab, client) == profile.current(plan, tunnel, client)
            message = "current" if fresh else "stale: the topology changed since it was downloaded"
            yield Check(f"profile {client.name}", "passed", message)
