"""What Azure's operations show of a gateway or a site: connections, IKE SAs, P2S sessions, with the keys of ``az``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from netlab.azure.state import State
from netlab.lab.build.records import Lab
from netlab.lab.story.connections import observe
from netlab.machine.admission import Connected
from netlab.machine.charon import Listed
from netlab.machine.ports import Clients, Sas
from netlab.plan.model import Tunnel
from netlab.results.shown import ClientSession, ConnectionStatus, IkeSa, QuickModeSa, Shown, TunnelStatus

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


@dataclass(frozen=True, slots=True)
class Gateway:
    """A VNet's gateway, a site, or an appliance that ends connections, in a running lab."""

    lab: Lab
    state: State
    sas: Sas
    clients: Clients
    end: str

    def connections(self) -> Shown[ConnectionStatus]:
        """As ``az network vpn-connection show``, one object per connection; ``reason`` is the lab's own word."""
        rows: list[ConnectionStatus] = []
        for name, item in self.state.scenario.connections_of(self.end):
            mine = [tunnel for tunnel in self._tunnels() if tunnel.of == name]
            tunnels = [self._tunnel(tunnel) for tunnel in mine]
            seen = observe(self.lab.plan, self.sas, (tunnel.connection for tunnel in mine))
            rows.append(
                ConnectionStatus(
                    name=name,
                    connectionType=item.type,
                    connectionStatus=seen.state,
                    enableBgp=item.enable_bgp,
                    ingressBytesTransferred=sum(each.ingressBytesTransferred for each in tunnels),
                    egressBytesTransferred=sum(each.egressBytesTransferred for each in tunnels),
                    tunnelConnectionStatus=tuple(tunnels),
                    reason=seen.reason,
                )
            )
        return Shown(tuple(rows), tuple(self._dead_charons()))

    def _tunnel(self, tunnel: Tunnel) -> TunnelStatus:
        sas = [sa for sa in self._listed(tunnel) if sa.name == tunnel.connection]
        children = [child for sa in sas for child in sa.children]
        seen = observe(self.lab.plan, self.sas, (tunnel.connection,))
        return TunnelStatus(
            tunnel=tunnel.connection,
            connectionStatus=seen.state,
            ingressBytesTransferred=sum(int(child["bytes-in"]) for child in children),
            egressBytesTransferred=sum(int(child["bytes-out"]) for child in children),
            lastConnectionEstablishedUtcTime=_since(max((_age(sa) for sa in sas), default=None)),
        )

    def ike_sas(self) -> Shown[IkeSa]:
        """As ``az network vpn-connection list-ike-sas``, for every connection; ``connection`` says which tunnel."""
        rows = (ike_sa(sa) for tunnel in self._tunnels() for sa in self._listed(tunnel) if sa.name == tunnel.connection)
        return Shown(tuple(rows), tuple(self._dead_charons()))

    def p2s_sessions(self) -> Shown[ClientSession]:
        """As ``az network vnet-gateway vpn-client show-health``: who is connected."""
        rows: list[ClientSession] = []
        dead: list[str] = []
        for server in self.lab.plan.servers_of(self.end):
            found = self.clients.connected(server)
            rows += map(_session, found or ())
            dead += [f"{server.program or 'charon'} of {server.node}"] if found is None else []
        return Shown(tuple(rows), tuple(dead))

    def _tunnels(self) -> tuple[Tunnel, ...]:
        end = self.state.network.end(self.end)
        nodes = {router.node for router in self.state.topology.with_tunnels(end)}
        return tuple(t for t in self.lab.plan.tunnels if t.node in nodes and not t.to_clients)

    def _listed(self, tunnel: Tunnel) -> tuple[Listed, ...]:
        return self.sas.listed(self._directory(tunnel)) or ()

    def _directory(self, tunnel: Tunnel) -> str:
        return next(charon.directory for charon in self.lab.plan.charons if charon.node == tunnel.edge)

    def _dead_charons(self) -> Iterator[str]:
        edges = dict.fromkeys((tunnel.edge, self._directory(tunnel)) for tunnel in self._tunnels())
        return (f"charon of {edge}" for edge, directory in edges if self.sas.listed(directory) is None)


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


def ike_sa(sa: Listed) -> IkeSa:
    """An IKE SA in Azure's words."""
    fields = sa.fields
    local, remote = (f"{fields[f'{side}-host']}:{fields[f'{side}-port']}" for side in ("local", "remote"))
    return IkeSa(
        connection=sa.name,
        localEndpoint=local,
        remoteEndpoint=remote,
        initiatorCookie=fields.get("initiator-spi", ""),
        responderCookie=fields.get("responder-spi", ""),
        encryption=_encryption(fields),
        integrity=_integrity(fields),
        dhGroup=_GROUPS.get(fields.get("dh-group", ""), fields.get("dh-group", "")),
        lifeTimeInSeconds=int(fields.get("rekey-time", fields.get("reauth-time", 0))),
        isSaInitiator=fields.get("initiator") == "yes",
        quickModeSA=tuple(_quick_mode(child, local, remote) for child in sa.children),
    )


def _quick_mode(child: dict[str, Any], local: str, remote: str) -> QuickModeSa:
    return QuickModeSa(
        localEndpoint=local,
        remoteEndpoint=remote,
        encryption=_encryption(child),
        integrity=_integrity(child),
        pfsGroupId=_GROUPS.get(child.get("dh-group", ""), child.get("dh-group", "None")),
        inboundSPI=child.get("spi-in", ""),
        outboundSPI=child.get("spi-out", ""),
        localTrafficSelectors=tuple(child.get("local-ts", ())),
        remoteTrafficSelectors=tuple(child.get("remote-ts", ())),
        lifeTimeInSeconds=int(child.get("life-time", 0)),
    )


def _session(client: Connected) -> ClientSession:
    (bytes_in, packets_in), (bytes_out, packets_out) = client.received, client.sent
    return ClientSession(
        vpnConnectionId=client.identifier,
        vpnConnectionDuration=client.seconds,
        vpnConnectionTime=_since(client.seconds),
        publicIpAddress=client.public,
        privateIpAddress=client.address,
        vpnUserName=client.user,
        ingressBytesTransferred=bytes_in,
        egressBytesTransferred=bytes_out,
        ingressPacketsTransferred=packets_in,
        egressPacketsTransferred=packets_out,
    )
