"""What Azure's operations show of a gateway, from its daemons: with the keys of ``az``; of a site the same.

Of an instance of a Route Server and of an appliance what is BGP's: ``az network routeserver peering list-*`` has the
same keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from typing import Any, Protocol

from netlab.azure.learning import routers
from netlab.azure.propagation import originated, too_many
from netlab.azure.world import World
from netlab.lab.build.settling import GIVEN_UP
from netlab.lab.build.state import Lab
from netlab.lab.story import connections
from netlab.machine.charon import Listed
from netlab.machine.frr import BgpPeer, BgpRoute
from netlab.plan.model import BgpNeighbor, BgpSpeaker, Tunnel
from netlab.plan.ports import P2S
from netlab.scenario.routers import Router

Row = dict[str, Any]

WEIGHT = 32768  # B30
_STATES = {"Established": "Connected", "Idle": "Idle", GIVEN_UP: "Idle", "Idle (Admin)": "Stopped"}
_ENCRYPTION = {"AES_CBC": "AES", "AES_GCM_16": "GCMAES", "3DES_CBC": "DES3", "DES_CBC": "DES", "NULL": "None"}
_INTEGRITY = {
    "HMAC_SHA1_96": "SHA1",
    "HMAC_SHA2_256_128": "SHA256",
    "HMAC_SHA2_384_192": "SHA384",
    "HMAC_MD5_96": "MD5",
}
_GROUPS = {
    "MODP_768": "DHGroup1",
    "MODP_1024": "DHGroup2",
    "MODP_2048": "DHGroup14",
    "MODP_2048_256": "DHGroup24",
    "ECP_256": "ECP256",
    "ECP_384": "ECP384",
}


class Machine(connections.Machine, Protocol):
    """What is asked of the machine; None where a daemon does not answer."""

    def bgp_routes(self, speaker: BgpSpeaker) -> tuple[BgpRoute, ...] | None: ...

    def advertised(self, speaker: BgpSpeaker, peer: str) -> tuple[BgpRoute, ...] | None: ...

    def bgp_peers(self, speaker: BgpSpeaker) -> tuple[BgpPeer, ...] | None: ...

    def listed(self, directory: str) -> tuple[Listed, ...] | None: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """What an operation shows, and the daemons that did not answer."""

    rows: tuple[Row, ...]
    dead: tuple[str, ...] = ()


@dataclass(slots=True)
class Gateway:
    """A VNet's gateway or a site in a running lab, of which something is to be shown; for BGP also another speaker."""

    lab: Lab
    world: World
    machine: Machine
    end: str

    # --- BGP ----------------------------------------------------------------------------------------------------------

    def learned_routes(self) -> Shown:
        """As ``az network vnet-gateway list-learned-routes``: own, static and learned routes of every instance."""
        rows: list[Row] = []
        dead: list[str] = []
        for router in routers(self.world, self.end):
            speaker = self._speaker(router)
            if speaker is None:
                rows += (_learned(str(router.bgp_address), BgpRoute(str(p))) for p in self._own())
                continue
            found = self.machine.bgp_routes(speaker)
            rows += (_learned(speaker.address, route) for route in found or ())
            dead += [f"bgpd of {router.node}"] if found is None else []
        return Shown(tuple(rows), tuple(dead))

    def advertised_routes(self, peer: str) -> Shown:
        """As ``az network vnet-gateway list-advertised-routes``: what the instances tell a peer."""
        rows: list[Row] = []
        dead: list[str] = []
        for speaker in self._speakers():
            for neighbor in speaker.neighbors:
                if neighbor.address == peer:
                    found = self.machine.advertised(speaker, peer)
                    rows += (_advertised(speaker, route, neighbor) for route in found or ())
                    dead += [f"bgpd of {speaker.node}"] if found is None else []
        return Shown(tuple(rows), tuple(dead))

    def peers(self) -> tuple[str, ...]:
        """The addresses of all BGP peers."""
        return tuple(dict.fromkeys(n.address for speaker in self._speakers() for n in speaker.neighbors))

    def bgp_peers(self) -> Shown:
        """As ``az network vnet-gateway list-bgp-peer-status``; ``reason`` is the lab's own word."""
        rows: list[Row] = []
        dead: list[str] = []
        for speaker in self._speakers():
            found = self.machine.bgp_peers(speaker)
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
        speakers = self.world.topology.speakers
        return too_many(self.world.scenario, speakers[speaker.node], speakers[node])

    def _own(self) -> tuple[IPv4Network, ...]:
        return originated(self.world.scenario, self.end, self.world.announced)

    def _speaker(self, router: Router) -> BgpSpeaker | None:
        return next((speaker for speaker in self.lab.plan.speakers if speaker.node == router.node), None)

    def _speakers(self) -> Iterator[BgpSpeaker]:
        found = (self._speaker(router) for router in routers(self.world, self.end))
        return (speaker for speaker in found if speaker is not None)

    # --- IKE ----------------------------------------------------------------------------------------------------------

    def connections(self) -> Shown:
        """As ``az network vpn-connection show``, one object per connection; ``reason`` is the lab's own word."""
        rows: list[Row] = []
        for name, item in self.world.scenario.connections_of(self.end):
            mine = [tunnel for tunnel in self._tunnels() if tunnel.of == name]
            tunnels = [self._tunnel(tunnel) for tunnel in mine]
            seen = connections.observe(self.lab.plan, self.machine, (tunnel.connection for tunnel in mine))
            rows.append(
                {
                    "name": name,
                    "connectionType": item.type,
                    "connectionStatus": seen.state,
                    "enableBgp": item.enable_bgp,
                    "ingressBytesTransferred": sum(each["ingressBytesTransferred"] for each in tunnels),
                    "egressBytesTransferred": sum(each["egressBytesTransferred"] for each in tunnels),
                    "tunnelConnectionStatus": tunnels,
                    "reason": seen.reason,
                }
            )
        return Shown(tuple(rows), tuple(self._dead_charons()))

    def _tunnel(self, tunnel: Tunnel) -> Row:
        sas = [sa for sa in self._listed(tunnel) if sa.name == tunnel.connection]
        children = [child for sa in sas for child in sa.children]
        seen = connections.observe(self.lab.plan, self.machine, (tunnel.connection,))
        return {
            "tunnel": tunnel.connection,
            "connectionStatus": seen.state,
            "ingressBytesTransferred": sum(int(child["bytes-in"]) for child in children),
            "egressBytesTransferred": sum(int(child["bytes-out"]) for child in children),
            "lastConnectionEstablishedUtcTime": _since(max((_age(sa) for sa in sas), default=None)),
        }

    def ike_sas(self) -> Shown:
        """As ``az network vpn-connection list-ike-sas``, for every connection; ``connection`` says which tunnel."""
        rows = (
            _ike_sa(sa) for tunnel in self._tunnels() for sa in self._listed(tunnel) if sa.name == tunnel.connection
        )
        return Shown(tuple(rows), tuple(self._dead_charons()))

    def p2s_sessions(self) -> Shown:
        """As ``az network vnet-gateway vpn-client show-health``: who is connected."""
        rows: list[Row] = []
        dead: list[str] = []
        for view in self.lab.plan.gateways:
            if view.vnet == self.end and view.p2s_directory:
                found = self.machine.listed(view.p2s_directory)
                rows += (_session(sa) for sa in found or () if sa.name == P2S and sa.fields["state"] == "ESTABLISHED")
                dead += [f"charon of {view.node}"] if found is None else []
        return Shown(tuple(rows), tuple(dead))

    def _tunnels(self) -> tuple[Tunnel, ...]:
        nodes = {router.node for router in self.world.topology.with_tunnels(self.end)}
        return tuple(t for t in self.lab.plan.tunnels if t.node in nodes and t.connection != P2S)

    def _listed(self, tunnel: Tunnel) -> tuple[Listed, ...]:
        return self.machine.listed(self._directory(tunnel)) or ()

    def _directory(self, tunnel: Tunnel) -> str:
        return next(charon.directory for charon in self.lab.plan.charons if charon.node == tunnel.edge)

    def _dead_charons(self) -> Iterator[str]:
        edges = dict.fromkeys((tunnel.edge, self._directory(tunnel)) for tunnel in self._tunnels())
        return (f"charon of {edge}" for edge, directory in edges if self.machine.listed(directory) is None)


def _as_path(numbers: Iterable[object]) -> str:
    return "-".join(map(str, numbers))


def _learned(local: str, route: BgpRoute) -> Row:
    return {
        "network": route.prefix,
        "nextHop": route.next_hop or None,
        "sourcePeer": route.peer or local,
        "origin": "Network" if not route.peer else "IBgp" if route.inside else "EBgp",
        "asPath": _as_path(route.as_path.split()),
        "weight": WEIGHT,
        "localAddress": local,
    }


def _advertised(speaker: BgpSpeaker, route: BgpRoute, neighbor: BgpNeighbor) -> Row:
    # Of what it leads to itself bgpd knows no next hop.
    kept = neighbor.keeps_next_hop and route.next_hop not in ("", "0.0.0.0")
    return {
        "network": route.prefix,
        "nextHop": neighbor.next_hop or (route.next_hop if kept else speaker.address),
        "sourcePeer": speaker.address,
        "origin": "Igp",
        # bgpd puts its own number before the path only as it sends it.
        "asPath": _as_path((*(() if neighbor.inside else (speaker.asn,)), *route.as_path.split())),
        "weight": 0,
        "localAddress": speaker.address,
    }


def _peer(speaker: BgpSpeaker, peer: BgpPeer, lost: str = "") -> Row:
    up = peer.state == "Established"
    state = "Unknown" if peer.state == "Unknown" else _STATES.get(peer.state, "Connecting")
    return {
        "neighbor": peer.address,
        "asn": peer.asn,
        "state": state,
        "connectedDuration": _duration(peer.up_milliseconds // 1000) if up else None,
        "routesReceived": peer.received,
        "messagesSent": peer.messages_sent,
        "messagesReceived": peer.messages_received,
        "localAddress": speaker.address,
        "reason": "bgpd does not answer" if state == "Unknown" else lost,
    }


def _duration(seconds: int) -> str:
    """As .NET writes a time span."""
    days, rest = divmod(seconds, 86_400)
    return f"{f'{days}.' if days else ''}{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


def _age(sa: Listed) -> int:
    return int(sa.fields.get("established", 0))


def _since(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="seconds")


def _encryption(fields: dict[str, Any]) -> str:
    name = str(fields.get("encr-alg", ""))
    return _ENCRYPTION.get(name, name) + (fields.get("encr-keysize", "") if name.startswith("AES") else "")


def _integrity(fields: dict[str, Any]) -> str:
    """GCM authenticates by itself; Azure then names it here too."""
    name = str(fields.get("integ-alg", ""))
    return _INTEGRITY.get(name, name) or _encryption(fields)


def _ike_sa(sa: Listed) -> Row:
    fields = sa.fields
    local, remote = (f"{fields[f'{side}-host']}:{fields[f'{side}-port']}" for side in ("local", "remote"))
    return {
        "connection": sa.name,
        "localEndpoint": local,
        "remoteEndpoint": remote,
        "initiatorCookie": fields.get("initiator-spi", ""),
        "responderCookie": fields.get("responder-spi", ""),
        "encryption": _encryption(fields),
        "integrity": _integrity(fields),
        "dhGroup": _GROUPS.get(fields.get("dh-group", ""), fields.get("dh-group", "")),
        "lifeTimeInSeconds": int(fields.get("rekey-time", fields.get("reauth-time", 0))),
        "isSaInitiator": fields.get("initiator") == "yes",
        "quickModeSA": [_quick_mode(child, local, remote) for child in sa.children],
    }


def _quick_mode(child: dict[str, Any], local: str, remote: str) -> Row:
    return {
        "localEndpoint": local,
        "remoteEndpoint": remote,
        "encryption": _encryption(child),
        "integrity": _integrity(child),
        "pfsGroupId": _GROUPS.get(child.get("dh-group", ""), child.get("dh-group", "None")),
        "inboundSPI": child.get("spi-in", ""),
        "outboundSPI": child.get("spi-out", ""),
        "localTrafficSelectors": list(child.get("local-ts", ())),
        "remoteTrafficSelectors": list(child.get("remote-ts", ())),
        "lifeTimeInSeconds": int(child.get("life-time", 0)),
    }


def _session(sa: Listed) -> Row:
    fields = sa.fields

    def total(key: str) -> int:
        return sum(int(child[key]) for child in sa.children)

    return {
        "vpnConnectionId": f"IKEv2_{fields.get('initiator-spi', '')}",
        "vpnConnectionDuration": _age(sa),
        "vpnConnectionTime": _since(_age(sa)),
        "publicIpAddress": f"{fields['remote-host']}:{fields['remote-port']}",
        "privateIpAddress": next(iter(fields.get("remote-vips", ())), ""),
        "vpnUserName": fields.get("remote-eap-id", fields.get("remote-id", "")),
        "ingressBytesTransferred": total("bytes-in"),
        "egressBytesTransferred": total("bytes-out"),
        "ingressPacketsTransferred": total("packets-in"),
        "egressPacketsTransferred": total("packets-out"),
    }
