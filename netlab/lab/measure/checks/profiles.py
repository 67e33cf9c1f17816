"""Check the profile packages of clients that take their routes from them: Windows over IKEv2.

Success: always; a package that is stale is a finding and no failure (I6), and the message says so.
Failure: never.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.p2s.sessions import by_profile
from netlab.azure.state import State
from netlab.lab.build import profile
from netlab.lab.build.clients import tunnel_of
from netlab.machine.ports import Clients
from netlab.plan.model import Plan
from netlab.results.verification import Check


def check(plan: Plan, state: State, clients: Clients) -> Iterator[Check]:
    """Whether the profile of each client that takes its routes from it is what Azure would generate now."""
    for tunnel in state.network.client_tunnels.values():
        client = tunnel_of(plan, tunnel)
        if by_profile(tunnel):
            fresh = profile.is_current(plan, tunnel, client, clients)
            message = "current" if fresh else "stale: the topology changed since it was downloaded"
            yield Check(f"profile {client.name}", "passed", message)
