"""IKEv2: a responder for a gateway's clients in a charon of its own or the edge's, and a charon at each client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from netlab.azure.p2s.routes import pool_addresses, static_prefixes
from netlab.azure.sizes import TUNNEL_MTU
from netlab.plan import proposals
from netlab.plan.access import translated
from netlab.plan.certificates import Servers, client_credentials
from netlab.plan.devices import Device
from netlab.plan.model import Charon, Client, DataPlane, IkeConnection, IkeServer, PeerSecret, Selector, Tunnel
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.ports import P2S
from netlab.scenario import network
from netlab.scenario.models import node_name
from netlab.scenario.network import ClientTunnel, Network, VpnGateway
from netlab.scenario.passage import Obstacle

# How strongSwan calls what Azure calls authentication types; without one it is a PSK.
_AUTHENTICATION = {"Certificate": "pubkey", "EapMSChapv2": "eap-mschapv2", "Radius": "eap-mschapv2", None: "psk"}
# What a gateway asks for that has not the passwords itself.
_BY_RADIUS = "eap-radius"


def secret_name(gateway: VpnGateway, client: str, password: str = "right") -> str:
    """The name under which a client's PSK or password is kept; a wrong password is a secret like any other.

    A user has one password at all RADIUS servers, whichever gateway asks.
    """
    keeper = "radius" if gateway.spec.radius_servers else gateway.name
    return f"{P2S}:{keeper}:{node_name(client)}" + ("" if password == "right" else f":{password}")


# --- gateways -------------------------------------------------------------------------------------------------------


def p2s_connection(device: Device) -> IkeConnection | None:
    """The responder for a gateway's clients; its selectors grow with what BGP learns and with custom routes."""
    gateway = device.gateway
    if gateway is None or gateway.point_to_site is None or "IkeV2" not in gateway.point_to_site.tunnel_types:
        return None
    authentication, (first, last) = gateway.point_to_site.authentication, pool_addresses(gateway, "IkeV2")
    return IkeConnection(
        name=P2S,
        local_address=device.public_p2s,
        remote_address="",
        local_id=device.public_p2s,
        remote_id="",
        secret="",
        initiator=False,
        ike_proposals=proposals.P2S_IKE,
        esp_proposals=proposals.P2S_ESP,
        local_ts=Selector(tuple(map(str, static_prefixes(gateway)))),
        remote_ts=Selector(),
        pool=f"{first}-{last}",
        if_id=device.if_id(P2S),
        local_auth="psk" if authentication is None else "pubkey",
        remote_auth=_AUTHENTICATION[authentication] if authentication != "Radius" else _BY_RADIUS,
        closed_to=tuple(sorted(set(_of_devices(gateway)))),
    )


def _of_devices(gateway: VpnGateway) -> Iterator[str]:
    """The public addresses of clients that are those of site-to-site devices, whose IKE it is (R69)."""
    for tunnel in gateway.network.client_tunnels.values():
        if tunnel.gateway is gateway and tunnel.obstacle("IkeV2") is Obstacle.SHARED_ADDRESS:
            yield str(tunnel.client.public_address)


def gateway_secrets(device: Device, gateway: VpnGateway) -> Iterator[PeerSecret]:
    """The PSKs or the passwords of a gateway's clients; with certificates there are none."""
    authentication = gateway.client_settings.authentication
    if authentication in (None, "EapMSChapv2"):
        kind: Literal["IKE", "EAP"] = "IKE" if authentication is None else "EAP"
        for client in gateway.clients:
            yield PeerSecret(secret_name(gateway, client.name), (client.node, device.public_p2s), kind)


def server(lab: str, device: Device, gateway: VpnGateway) -> IkeServer:
    """The responder as the lab's SDN controller keeps it in step."""
    edge, connection = device.charon_edge(P2S), p2s_connection(device)
    assert connection is not None
    return IkeServer(
        tunnel_type="IkeV2",
        vnet=gateway.name,
        node=device.node,
        netns=lab_netns(lab, device.node),
        interface=P2S,
        edge=edge,
        directory=node_directory(lab, edge),
        address=device.public_p2s,
        static=connection.local_ts.prefixes,
        connection=connection,
        edge_netns=lab_netns(lab, edge),
        footholds=device.data_plane == "userspace",
    )


def interface(device: Device, gateway: VpnGateway) -> Tunnel:
    """The interface of all clients: charon's TUN, or an XFRM interface."""
    pool = str(gateway.client_settings.address_pool)
    edge, if_id = device.charon_edge(P2S), device.if_id(P2S)
    return Tunnel(device.node, P2S, P2S, edge, P2S, P2S, TUNNEL_MTU, (), (pool,), "", if_id)


# --- clients --------------------------------------------------------------------------------------------------------


def client(lab: str, tunnel: ClientTunnel, number: int, data_plane: DataPlane) -> Client:
    """A client's end of a tunnel.

    kernel-libipsec gives each of a client's charons the next free ``ipsecN``; XFRM interfaces are called so too.
    """
    whose = tunnel.client
    return Client(
        node=whose.node,
        os=whose.spec.family,
        gateway=tunnel.gateway.name,
        directory=node_directory(lab, whose.node if data_plane == "kernel" else tunnel.name),
        interface=f"ipsec{number}",
        connection=P2S if not number else f"{P2S}-{tunnel.gateway.vnet.node}",
        mtu=TUNNEL_MTU,
        if_id=number + 1 if data_plane == "kernel" else 0,
        name=tunnel.name,
        metric=whose.tunnels.index(tunnel),
        class_based_route=whose.class_based_route,
        tunnel_type="IkeV2",
        server=str(whose.network.public.point_to_site[tunnel.gateway.name]),
        translated=translated(whose),
    )


def charons(client: network.Client, own: tuple[Client, ...], servers: Servers) -> Iterator[Charon]:
    """The IKE daemons of a client: one for each tunnel, or one for all where the kernel does ESP."""
    by_ike = [(t, g) for t, g in zip(own, client.gateways, strict=True) if t.tunnel_type == "IkeV2"]
    for number, directory in enumerate(dict.fromkeys(tunnel.directory for tunnel, _ in by_ike)):
        mine = [(t, g) for t, g in by_ike if t.directory == directory]
        yield Charon(
            client.node,
            directory,
            tuple(_connection(client, tunnel, gateway, servers[gateway.name]) for tunnel, gateway in mine),
            tuple(secret for _, gateway in mine for secret in _secrets(client, gateway, servers[gateway.name])),
            # azure-rules.md 1.3: both kinds negotiate the same; Windows installs only what its profile says.
            installs_routes=client.spec.family != "windows",
            credentials=client_credentials(client, [gateway for _, gateway in mine]),
            own_ports=bool(number),
        )


def _connection(client: network.Client, tunnel: Client, gateway: VpnGateway, server: Device) -> IkeConnection:
    """Asks for 0.0.0.0/0 and an address, gets what the gateway narrows to."""
    authentication = gateway.client_settings.authentication
    return IkeConnection(
        name=tunnel.connection,
        local_address=str(client.own_address),
        remote_address=server.public_p2s,
        local_id=client.node,
        remote_id=server.public_p2s,
        secret=secret_name(gateway, client.name) if authentication is None else "",
        initiator=True,
        ike_proposals=proposals.P2S_IKE,
        esp_proposals=proposals.P2S_ESP,
        local_ts=Selector(),
        virtual_ip=True,
        if_id=tunnel.if_id,
        local_auth=_AUTHENTICATION[authentication],
        remote_auth="psk" if authentication is None else "pubkey",
    )


def _secrets(client: network.Client, gateway: VpnGateway, server: Device) -> Iterator[PeerSecret]:
    authentication, owners = gateway.client_settings.authentication, (client.node, server.public_p2s)
    if authentication is None:
        yield PeerSecret(secret_name(gateway, client.name), owners)
    elif authentication != "Certificate":
        yield PeerSecret(secret_name(gateway, client.name, client.spec.password), owners, "EAP")


def secret_names(found: Network) -> Iterator[str]:
    """Every PSK and password of the clients, and those that are typed where a password is wrong."""
    for tunnel in found.client_tunnels.values():
        gateway, client = tunnel.gateway, tunnel.client
        authentication = gateway.client_settings.authentication
        if authentication != "Certificate":
            yield secret_name(gateway, client.name)
        if gateway.client_settings.has_passwords and client.spec.password == "wrong":
            yield secret_name(gateway, client.name, client.spec.password)
