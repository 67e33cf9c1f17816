"""Why a BGP session that a file sets up is not established: each cause has its sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netlab.azure.bgp.policy import why_exceeded
from netlab.azure.bgp.sessions import Session, sessions
from netlab.azure.faults import Impact
from netlab.azure.faults.session import pair
from netlab.azure.state import State
from netlab.scenario.network import Router, Topology, Tunnel
from netlab.scenario.values import once


@dataclass(frozen=True, slots=True)
class Unestablished:
    """A session as one of its routers is set for it, and why it is not established."""

    session: Session
    why: str

    @property
    def sentence(self) -> str:
        """The session and the cause in words."""
        return f"{self.session.router.node} has no BGP session with {self.session.peer.node}: {self.why}"


@once
def unestablished(state: State) -> tuple[Unestablished, ...]:
    """The sessions of a moment that are not established, each at both of its routers."""
    healthy = Topology(state.network, state.hit(Impact.SWITCHED))
    there = {_ends(session) for session in state.bgp_sessions}
    missing = (s for s in sessions(healthy, frozenset(healthy.tunnel)) if _ends(s) not in there)
    return tuple(Unestablished(session, next(_causes(state, session))) for session in missing)


def _ends(session: Session) -> tuple[str, str, str]:
    return session.router.node, session.peer.node, session.over


def _causes(state: State, session: Session) -> Iterator[str]:
    """What keeps a session from being established, the deepest cause first."""
    routers = session.router, session.peer
    yield from (f"{r.node} is stopped" for r in routers if r.node in state.hit(Impact.STOPPED))
    yield from (f"{r.node} is down" for r in routers if r.node in state.hit(Impact.LOST))
    severed = state.hit(Impact.SEVERED)
    yield from (f"the link of {r.node} to its site is down" for r in routers if _is_severed(r, session, severed))
    if session.tunnel is not None:
        yield from _of_tunnel(state, session.tunnel)
    without = state.hit(Impact.WITHOUT_BGP)
    yield from (f"the BGP daemon of {r.node} is stopped" for r in routers if r.node in without)
    shut = state.hit(Impact.SHUT_DOWN)
    for one, other in (routers, routers[::-1]):
        if pair(one.node, other.node) in shut:
            yield f"{one.node} has shut it down"
    yield why_exceeded(*routers)


def _is_severed(router: Router, session: Session, severed: frozenset[str]) -> bool:
    """Whether an edge router's session is the one over its link to the customer's end."""
    return router.node in severed and {"device", "provider edge"} & {session.router.role, session.peer.role} != set()


def _of_tunnel(state: State, tunnel: Tunnel) -> Iterator[str]:
    """Why no session runs in a tunnel: it is down, its ends expect other addresses, or it does not select these."""
    down = state.why_down(tunnel)
    if down:
        yield f"the tunnel {tunnel.name} is down: {down}"
    elif tunnel.why_no_session:
        yield tunnel.why_no_session
    elif tunnel.name not in state.talking:
        near, far = (end.address for end in tunnel.bgp)
        yield f"the traffic selectors of {tunnel.connection.name} do not hold its addresses {near} and {far} (B11)"
