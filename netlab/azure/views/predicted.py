"""What the model says that routers hold, send and see of their peers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv4Address

from netlab.azure.bgp.fixpoint import Heard
from netlab.azure.bgp.policy import why_exceeded
from netlab.azure.bgp.sessions import Session, originated, possible
from netlab.azure.faults import Impact
from netlab.azure.faults.session import pair
from netlab.azure.state import State
from netlab.azure.views.bgp import Held, Neighbor, Sent, why_no_session
from netlab.results.shown import PeerStatus
from netlab.scenario.network import Router, Topology


@dataclass(frozen=True, slots=True)
class Model:
    """The model of a moment as a witness."""

    state: State

    def held(self, router: Router) -> tuple[Held, ...] | None:
        """What a router originates, and what it has accepted."""
        if self._is_silent(router):
            return None
        own = tuple(Held(prefix) for prefix in originated(router, self.state.announced))
        return (*own, *map(_held, self.state.bgp.received(router.node)))

    def sent(self, router: Router, peer: Neighbor) -> tuple[Sent, ...] | None:
        """What a router advertises to a peer."""
        if self._is_silent(router):
            return None
        speakers = self.state.topology.speakers
        return tuple(
            Sent(
                prefix,
                tuple(map(str, update.as_path)),
                str(_in_session(update.next_hop, router, self._local(router, peer))),
                speakers[update.learned_from] if update.learned_from else None,
            )
            for prefix, update in self.state.bgp.sent(router.node, peer.router.node, peer.tunnel)
        )

    def neighbors(self, router: Router) -> tuple[Neighbor, ...]:
        """The peers of a router, whether it has a session with them or not, and whether they are there or not."""
        complete = Topology(self.state.network, self.state.topology.switched)
        return tuple(dict.fromkeys(_expected(s) for s in possible(complete, router) if _is_configured(s)))

    def peers(self, router: Router) -> tuple[PeerStatus, ...] | None:
        """The state of each session of a router, and how many routes it has accepted over it."""
        if self._is_silent(router):
            return None
        shut = self.state.hit(Impact.SHUT_DOWN)
        received = Counter(_expected(heard.session) for heard in self.state.bgp.received(router.node))
        up = {_expected(session) for session in self.state.bgp_sessions if session.router is router}
        lost = {_expected(session) for session in self.state.bgp.exceeded if session.router is router}
        down = {peer: "Stopped" for peer in self.neighbors(router) if pair(router.node, peer.router.node) in shut}
        states = {**dict.fromkeys(lost, "Idle"), **down, **dict.fromkeys(up, "Connected")}
        return tuple(
            PeerStatus(
                neighbor=str(peer.address),
                asn=peer.asn,
                state=states.get(peer, "Connecting"),
                routesReceived=received[peer],
                localAddress=str(router.bgp_address),
                reason=why_exceeded(router, peer.router) if peer in lost else why_no_session(self.state, peer),
            )
            for peer in self.neighbors(router)
        )

    def _is_silent(self, router: Router) -> bool:
        """Whether its BGP daemon is stopped."""
        return router.node in self.state.hit(Impact.WITHOUT_BGP)

    def _local(self, router: Router, peer: Neighbor) -> IPv4Address:
        """The address that a router has towards a peer."""
        found = (s.address for s in self.state.bgp_sessions if s.router is router and _expected(s) == peer)
        return next(found, router.bgp_address)


def _held(heard: Heard) -> Held:
    session, update = heard.session, heard.update
    next_hop = _in_session(update.next_hop, session.peer, session.peer_address)
    as_path = tuple(map(str, update.as_path))
    return Held(heard.prefix, as_path, str(next_hop), _expected(session), session.internal, heard.used)


def _in_session(next_hop: IPv4Address, router: Router, address: IPv4Address) -> IPv4Address:
    """A next hop that is the router that advertises it: its address in the session."""
    return address if next_hop == router.bgp_address else next_hop


def _is_configured(session: Session) -> bool:
    """Whether the router has an address of the peer; a device without one of its own in a tunnel has none (B43)."""
    return session.tunnel is None or session.tunnel.bgp_of(session.router.node).peer is not None


def _expected(session: Session) -> Neighbor:
    """The peer of a session as its router is configured for it."""
    tunnel = session.tunnel
    if tunnel is None:
        return Neighbor(session.peer, session.peer_address, session.peer.asn)
    told = tunnel.bgp_of(session.router.node)
    return Neighbor(session.peer, told.peer or session.peer_address, told.peer_asn, tunnel.name)
