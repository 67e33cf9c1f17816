"""Check that a lab is as it was built (`status` only: `verify` puts back what was changed before it begins).

Success: no fault lasts, what is advertised, the keys, the clients and the links are those of the scenario.
Failure: something was changed since `up` and not put back; the message says by which actions and on which links. Each
tunnel and each BGP session that is down by it is a finding at both of its ends; so is a machine that stands still.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netlab.azure.faults import Impact
from netlab.azure.outcome import actions
from netlab.azure.state import State
from netlab.plan.model import Uplink
from netlab.results.verification import Check, Deviation
from netlab.scenario.models import Step

NAME = "changed"


def check(opening: State, now: State, built: Iterable[Uplink], links: Iterable[Uplink]) -> Iterator[Check]:
    """What was changed of a lab since it was built; no check where nothing was."""
    words = [*(actions(Step(name=NAME, do=now.history)) if _is_another(opening, now) else ())]
    words += [f"link {link.name} is impaired" for was, link in zip(built, links, strict=True) if was != link]
    if words:
        hint = "`netlab reset story` puts back what actions changed, `netlab impair LINK --reset` a link"
        found = tuple(dict.fromkeys(_down(opening, now)))
        yield Check(NAME, "failed", f"since `up`: {'; '.join(words)}. {hint}", found)


def _down(opening: State, now: State) -> Iterator[Deviation]:
    """What was up when the lab was built and is not by what actions have left, at each of its ends."""
    for node in sorted(now.hit(Impact.STOPPED) - opening.hit(Impact.STOPPED)):
        yield Deviation("node-stopped", node, node)
    for name in sorted(opening.up - now.up):
        yield from (Deviation("tunnel-down", router.node, name) for router in opening.topology.tunnel[name].routers)
    speaking = {session.over for session in now.bgp_sessions}
    for session in opening.bgp_sessions:
        if session.over not in speaking:
            yield Deviation("session-down", session.router.node, f"BGP with {session.peer.node}")
    for key, was in opening.sessions.items():
        tunnel = opening.network.client_tunnels[key]
        if not was.absent and now.sessions[key].absent:
            ends = (tunnel.client.node, tunnel.gateway.instances[0].node)
            yield from (Deviation("tunnel-down", node, tunnel.name, now.sessions[key].absent) for node in ends)


def _is_another(opening: State, now: State) -> bool:
    """Whether actions have left anything: a fault that was mended, or a client that came back, leaves nothing."""
    return any(
        before != after
        for before, after in (
            (opening.faults, now.faults),
            (opening.announced, now.announced),
            (opening.sessions, now.sessions),
            (opening.keys, now.keys),
            (opening.scenario, now.scenario),
        )
    )
