"""Check who is connected by point-to-site.

Success: a client is connected, or refused for the reason that the model predicts; the message says which tunnel types
were tried before, and what stopped them.
Failure: a client is connected and must not be, or is not and must be, or is refused for another reason. Its tunnel
is a finding at both of its ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.p2s.refusals import REFUSALS
from netlab.azure.p2s.sessions import OBSTACLES
from netlab.azure.state import State
from netlab.lab.build.clients import refusals, tunnel_of
from netlab.machine.ports import Clients
from netlab.plan.model import Plan
from netlab.results.verification import Check, Deviation
from netlab.scenario.network import ClientTunnel
from netlab.scenario.passage import Obstacle

# What proxies say themselves.
_AT_PROXY = tuple(OBSTACLES[why] for why in (Obstacle.PROXY_PORT, Obstacle.PROXY_PASSWORD))


def check(plan: Plan, state: State, clients: Clients) -> Iterator[Check]:
    """The session of every client, as predicted."""
    for key, session in state.sessions.items():
        tunnel = state.network.client_tunnels[key]
        client = tunnel_of(plan, tunnel)
        up = clients.state(client)
        said = "" if up else refusals(plan, client.gateway, clients).get(client.node, "")
        good, words = _judged(up, said, session.absent)
        words += _passed_over(tunnel)
        kind = "tunnel-extra" if up else "tunnel-changed" if session.absent else "tunnel-missing"
        ends = (client.node, tunnel.gateway.instances[0].node)
        found = () if good else tuple(Deviation(kind, node, client.name, words) for node in ends)
        yield Check(f"connection {client.name}", "passed" if good else "failed", words, found)


def _passed_over(tunnel: ClientTunnel) -> str:
    """Which tunnel type it is where others were tried before, and what stopped those."""
    before = "; ".join(f"{each}: {OBSTACLES[why]}" for each, why in tunnel.passed_over.items())
    return f"; {tunnel.tunnel_type} after {before}" if before else ""


def _judged(up: str, said: str, predicted: str) -> tuple[bool, str]:
    if up:
        return not predicted, f"{up}, predicted: {predicted}" if predicted else up
    if not predicted:
        return False, "no tunnel" + (f": {said}" if said else "")
    if predicted in (*REFUSALS, *_AT_PROXY) and said != predicted:
        return False, f"not connected: predicted {predicted}, it was refused for: {said or 'nothing'}"
    return True, f"not connected: {predicted}"
