"""What Azure's operations show of a BGP speaker: routes and peers, with the keys of ``az``.

Of a gateway and a site as ``az network vnet-gateway list-*``; of an instance of a Route Server and of an appliance as
``az network routeserver peering list-*``, which has the same keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.azure.bgp.policy import why_exceeded
from netlab.azure.bgp.sessions import originated
from netlab.azure.learning import routers
from netlab.azure.state import State
from netlab.lab.build.records import Lab
from netlab.lab.build.speakers import GIVEN_UP
from netlab.machine.frr import BgpPeer, BgpRoute
from netlab.machine.ports import Bgp
from netlab.plan.model import BgpNeighbor, BgpSpeaker
from netlab.results.shown import GatewayRoute, PeerStatus, Shown
from netlab.scenario.network import Router

WEIGHT = 32768  # B30
_STATES = {"Established": "Connected", "Idle": "Idle", GIVEN_UP: "Idle", "Idle (Admin)": "Stopped"}


@dataclass(frozen=True, slots=True)
class Speaker:
    """A gateway, a site, an instance of a Route Server or an appliance in a running lab that speaks BGP."""

    lab: Lab
    state: State
    bgp: Bgp
    end: str

    def learned_routes(self) -> Shown[GatewayRoute]:
        """As ``az network vnet-gateway list-learned-routes``: own, static and learned routes of every instance."""
        rows: list[GatewayRoute] = []
        dead: list[str] = []
        for router in routers(self.state, self.end):
            speaker = self._speaker(router)
            if speaker is None:
                rows += (_learned(str(router.bgp_address), BgpRoute(str(p))) for p in self._own(router))
                continue
            found = self.bgp.routes(speaker)
            rows += (_learned(speaker.address, route) for route in found or ())
            dead += [f"bgpd of {router.node}"] if found is None else []
        return Shown(tuple(rows), tuple(dead))

    def advertised_routes(self, peer: str) -> Shown[GatewayRoute]:
        """As ``az network vnet-gateway list-advertised-routes``: what the instances advertise to a peer."""
        rows: list[GatewayRoute] = []
        dead: list[str] = []
        for speaker in self._speakers():
            for neighbor in speaker.neighbors:
                if neighbor.address == peer:
                    found = self.bgp.advertised(speaker, peer)
                    rows += (_advertised(speaker, route, neighbor) for route in found or ())
                    dead += [f"bgpd of {speaker.node}"] if found is None else []
        return Shown(tuple(rows), tuple(dead))

    def peers(self) -> tuple[str, ...]:
        """The addresses of all BGP peers."""
        return tuple(dict.fromkeys(n.address for speaker in self._speakers() for n in speaker.neighbors))

    def bgp_peers(self) -> Shown[PeerStatus]:
        """As ``az network vnet-gateway list-bgp-peer-status``; ``reason`` is the lab's own word."""
        rows: list[PeerStatus] = []
        dead: list[str] = []
        for speaker in self._speakers():
            found = self.bgp.peers(speaker)
            rows += (_peer(speaker, peer, self._lost(speaker, peer)) for peer in found or ())
            if found is None:
                rows += (_peer(speaker, BgpPeer(n.address, n.asn, "Unknown")) for n in speaker.neighbors)
                dead.append(f"bgpd of {speaker.node}")
        return Shown(tuple(rows), tuple(dead))

    def _lost(self, speaker: BgpSpeaker, peer: BgpPeer) -> str:
        """Why bgpd has given up a session."""
        if peer.state != GIVEN_UP:
            return ""
        node = next(neighbor.node for neighbor in speaker.neighbors if neighbor.address == peer.address)
        speakers = self.state.topology.speakers
        return why_exceeded(speakers[speaker.node], speakers[node])

    def _own(self, router: Router) -> tuple[IPv4Network, ...]:
        return originated(self.state.topology.speakers[router.node], self.state.announced)

    def _speaker(self, router: Router) -> BgpSpeaker | None:
        return next((speaker for speaker in self.lab.plan.speakers if speaker.node == router.node), None)

    def _speakers(self) -> Iterator[BgpSpeaker]:
        found = (self._speaker(router) for router in routers(self.state, self.end))
        return (speaker for speaker in found if speaker is not None)


def _as_path(numbers: Iterable[object]) -> str:
    return "-".join(map(str, numbers))


def _learned(local: str, route: BgpRoute) -> GatewayRoute:
    return GatewayRoute(
        network=route.prefix,
        nextHop=route.next_hop or None,
        sourcePeer=route.peer or local,
        origin="Network" if not route.peer else "IBgp" if route.inside else "EBgp",
        asPath=_as_path(route.as_path.split()),
        weight=WEIGHT,
        localAddress=local,
    )


def _advertised(speaker: BgpSpeaker, route: BgpRoute, neighbor: BgpNeighbor) -> GatewayRoute:
    # A route of its own has no next hop in bgpd.
    kept = neighbor.policy.exports.next_hop_unchanged and route.next_hop not in ("", "0.0.0.0")
    hop = route.next_hop if kept else neighbor.local or speaker.address
    return GatewayRoute(
        network=route.prefix,
        nextHop=str(neighbor.policy.exports.next_hop or "") or hop,
        sourcePeer=speaker.address,
        origin="Igp",
        # bgpd puts its own number before the path only as it sends it.
        asPath=_as_path((*(() if neighbor.internal else (speaker.asn,)), *route.as_path.split())),
        weight=0,
        localAddress=speaker.address,
    )


def _peer(speaker: BgpSpeaker, peer: BgpPeer, lost: str = "") -> PeerStatus:
    up = peer.state == "Established"
    state = "Unknown" if peer.state == "Unknown" else _STATES.get(peer.state, "Connecting")
    return PeerStatus(
        neighbor=peer.address,
        asn=peer.asn,
        state=state,
        connectedDuration=_duration(peer.up_milliseconds // 1000) if up else None,
        routesReceived=peer.received,
        messagesSent=peer.messages_sent,
        messagesReceived=peer.messages_received,
        localAddress=speaker.address,
        reason="bgpd does not answer" if state == "Unknown" else lost,
    )


def _duration(seconds: int) -> str:
    """As .NET writes a time span."""
    days, rest = divmod(seconds, 86_400)
    return f"{f'{days}.' if days else ''}{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
