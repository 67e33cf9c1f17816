"""What the BGP daemons of a running lab say that routers hold, send and see of their peers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.bgp.policy import policy, translated, why_exceeded
from netlab.azure.bgp.sessions import originated
from netlab.azure.state import State
from netlab.azure.views.bgp import Held, Neighbor, Sent, why_no_session
from netlab.lab.build.speakers import GIVEN_UP
from netlab.machine.ports import Bgp
from netlab.machine.speaking import BgpPeer, BgpRoute
from netlab.plan.model import BgpNeighbor, BgpSpeaker, Plan
from netlab.results.shown import PeerStatus
from netlab.scenario.network import Router, Topology

# bgpd is idle between two attempts; Azure calls all of that Connecting (lab dual-hub-interconnect-ars-route-policy).
_STATES = {"Established": "Connected", GIVEN_UP: "Idle", "Idle (Admin)": "Stopped"}


@dataclass(frozen=True)
class Daemons:
    """The bgpds of a lab as a witness; each is asked once for its routes and once for its peers."""

    plan: Plan
    state: State
    bgp: Bgp
    _asked: dict[str, tuple[BgpRoute, ...] | None] = field(default_factory=dict)
    _sessions: dict[str, tuple[BgpPeer, ...] | None] = field(default_factory=dict)

    def held(self, router: Router) -> tuple[Held, ...] | None:
        """Every valid route of a router; of one without BGP its own."""
        speaker = self._speaker(router)
        if speaker is None:
            return tuple(Held(prefix) for prefix in originated(router, self.state.announced))
        found, peers = self._routes(speaker), self._peers(router)
        return tuple(_held(router, peers.get(route.peer), route) for route in found) if found is not None else None

    def sent(self, router: Router, peer: Neighbor) -> tuple[Sent, ...] | None:
        """What a router advertises to a peer."""
        speaker, neighbor = self._neighbor(router, peer)
        if speaker is None or neighbor is None:
            return ()
        found, held = self.bgp.advertised(speaker, neighbor.address), self._routes(speaker)
        if found is None or held is None:
            return None
        peers = self._peers(router)
        sources = {route.prefix: peers[route.peer].router for route in held if route.first and route.peer in peers}
        return tuple(_sent(speaker, neighbor, route, sources.get(route.prefix)) for route in found)

    def neighbors(self, router: Router) -> tuple[Neighbor, ...]:
        """The peers that a router is configured for."""
        speaker = self._speaker(router)
        found = speaker.neighbors if speaker is not None else ()
        return tuple(Neighbor(self._routers[n.node], IPv4Address(n.address), n.asn, n.connection) for n in found)

    def peers(self, router: Router) -> tuple[PeerStatus, ...] | None:
        """The state of each session of a router."""
        speaker = self._speaker(router)
        if speaker is None:
            return ()
        found, peers = self.sessions(speaker), self._peers(router)
        if found is None:
            return None
        return tuple(_status(router, peer, self._reason(router, peers.get(peer.address), peer)) for peer in found)

    def sessions(self, speaker: BgpSpeaker) -> tuple[BgpPeer, ...] | None:
        """What a bgpd says of its peers; None if it does not answer."""
        if speaker.node not in self._sessions:
            self._sessions[speaker.node] = self.bgp.peers(speaker)
        return self._sessions[speaker.node]

    def _reason(self, router: Router, other: Neighbor | None, peer: BgpPeer) -> str | None:
        """Why a session is not up, where bgpd or the model can say it."""
        if other is None or peer.state == "Established":
            return None
        return why_exceeded(router, other.router) if peer.state == GIVEN_UP else why_no_session(self.state, other)

    def _routes(self, speaker: BgpSpeaker) -> tuple[BgpRoute, ...] | None:
        if speaker.node not in self._asked:
            self._asked[speaker.node] = self.bgp.routes(speaker)
        return self._asked[speaker.node]

    def _speaker(self, router: Router) -> BgpSpeaker | None:
        return next((speaker for speaker in self.plan.speakers if speaker.node == router.node), None)

    def _neighbor(self, router: Router, peer: Neighbor) -> tuple[BgpSpeaker | None, BgpNeighbor | None]:
        speaker = self._speaker(router)
        found = speaker.neighbors if speaker is not None else ()
        return speaker, next((neighbor for neighbor in found if neighbor.address == str(peer.address)), None)

    def _peers(self, router: Router) -> dict[str, Neighbor]:
        """The peers of a router by their addresses."""
        return {str(other.address): other for other in self.neighbors(router)}

    @cached_property
    def _routers(self) -> dict[str, Router]:
        """Every router by its node, also one that is lost now."""
        return Topology(self.state.network).speakers | self.state.topology.speakers


def _held(router: Router, peer: Neighbor | None, route: BgpRoute) -> Held:
    prefix, as_path = IPv4Network(route.prefix), tuple(route.as_path.split())
    # bgpd has removed the ASN by which loops are found from the path (A32); Azure shows it.
    if peer is not None and prefix in policy(router, peer.router).imports.as_path_exclude:
        as_path = (str(peer.router.asn), *as_path)
    return Held(prefix, as_path, route.next_hop, peer, route.inside, route.first)


def _status(router: Router, peer: BgpPeer, reason: str | None) -> PeerStatus:
    up = peer.state == "Established"
    return PeerStatus(
        neighbor=peer.address,
        asn=peer.asn,
        state=_STATES.get(peer.state, "Connecting"),
        routesReceived=peer.received,
        localAddress=str(router.bgp_address),
        reason=reason,
        connectedDuration=_duration(peer.up_milliseconds // 1000) if up else None,
        messagesSent=peer.messages_sent,
        messagesReceived=peer.messages_received,
    )


def _sent(speaker: BgpSpeaker, neighbor: BgpNeighbor, route: BgpRoute, source: Router | None) -> Sent:
    exports = neighbor.policy.exports
    # A route of its own has no next hop in bgpd; what iBGP peers advertise goes to other AS with its own address.
    inside = source is not None and source.asn == speaker.asn
    kept = exports.next_hop_unchanged and not inside and route.next_hop not in ("", "0.0.0.0")
    # bgpd puts its own number before the path only as it sends it.
    own = () if neighbor.internal else (str(speaker.asn),)
    given = exports.next_hop_of(IPv4Network(route.prefix))
    next_hop = str(given or "") or (route.next_hop if kept else neighbor.local or speaker.address)
    prefix = translated(IPv4Network(route.prefix), exports.translations)
    return Sent(prefix, (*own, *route.as_path.split()), next_hop, source)


def _duration(seconds: int) -> str:
    """As .NET writes a time span."""
    days, rest = divmod(seconds, 86_400)
    return f"{f'{days}.' if days else ''}{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
