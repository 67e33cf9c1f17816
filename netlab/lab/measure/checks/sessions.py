"""Check every BGP session.

Success: a session that the model has is Established; one that is shut down, or whose peer is silent or advertises too
many prefixes, is not.
Failure: a session is in another state than that; it is a finding at both of its ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.bgp.policy import why_exceeded
from netlab.azure.state import State
from netlab.lab.build.settling import expected_peers, is_down
from netlab.lab.build.speakers import states
from netlab.machine.ports import Bgp
from netlab.plan.model import BgpNeighbor, BgpSpeaker, Plan
from netlab.results.verification import Check, Deviation


def check(plan: Plan, state: State, bgp: Bgp) -> Iterator[Check]:
    """Every BGP session, as predicted."""
    for speaker in plan.speakers:
        found = states(bgp, speaker)
        speaking = expected_peers(state, speaker)
        for neighbor in speaker.neighbors:
            session, name = found.get(neighbor.address, "unknown"), f"BGP {speaker.node} to {neighbor.address}"
            if neighbor.address in speaking:
                good = session == "Established"
                ends = () if good else _ends("session-missing", speaker, neighbor, session)
                yield Check(name, "passed" if good else "failed", session, ends)
            elif is_down(state, speaker, neighbor):
                yield _lost(state, speaker, neighbor, name, session)


def _lost(state: State, speaker: BgpSpeaker, neighbor: BgpNeighbor, name: str, session: str) -> Check:
    if session == "Established":
        return Check(name, "failed", session, _ends("session-extra", speaker, neighbor, session))
    routers = state.topology.speakers
    exceeded, tunnel = neighbor.connection in state.exceeded, state.topology.tunnel.get(neighbor.connection)
    why = f": {why_exceeded(routers[speaker.node], routers[neighbor.node])}" if exceeded else ""
    why = f": {tunnel.why_no_session}" if tunnel is not None and tunnel.why_no_session else why
    return Check(name, "passed", f"{session}, as expected{why}")


def _ends(kind: str, speaker: BgpSpeaker, neighbor: BgpNeighbor, session: str) -> tuple[Deviation, ...]:
    what = f"BGP {speaker.node} to {neighbor.address}"
    return tuple(Deviation(kind, node, what, session) for node in (speaker.node, neighbor.node))
