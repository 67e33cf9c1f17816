"""Check who is connected by point-to-site.

Success: a client is connected, or refused for the reason that the model predicts.
Failure: a client is connected and must not be, or is not and must be, or is refused for another reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.p2s.refusals import REFUSALS
from netlab.azure.p2s.sessions import OBSTACLES
from netlab.azure.state import State
from netlab.lab.build.clients import refusals, tunnel_of
from netlab.machine.ports import Clients
from netlab.plan.model import Plan
from netlab.results.verification import Check
from netlab.scenario.passage import Obstacle

# What proxies say themselves.
_AT_PROXY = tuple(OBSTACLES[why] for why in (Obstacle.PROXY_PORT, Obstacle.PROXY_PASSWORD))


def check(plan: Plan, state: State, clients: Clients) -> Iterator[Check]:
    """The session of every client, as predicted."""
    for key, session in state.sessions.items():
        client = tunnel_of(plan, state.network.client_tunnels[key])
        up = clients.state(client)
        said = "" if up else refusals(plan, client.gateway, clients).get(client.node, "")
        good, words = _judged(up, said, session.absent)
        yield Check(f"connection {client.name}", "passed" if good else "failed", words)


def _judged(up: str, said: str, predicted: str) -> tuple[bool, str]:
    if up:
        return not predicted, f"{up}, predicted: {predicted}" if predicted else up
    if not predicted:
        return False, "no tunnel" + (f": {said}" if said else "")
    if predicted in (*REFUSALS, *_AT_PROXY) and said != predicted:
        return False, f"not connected: predicted {predicted}, it was refused for: {said or 'nothing'}"
    return True, f"not connected: {predicted}"
