"""SSTP: a daemon at the gateway's edge, and one at each client."""

from __future__ import annotations

from netlab.azure.p2s.pools import split_pool
from netlab.azure.p2s.routes import pool_addresses, static_prefixes
from netlab.azure.p2s.tunnels import TUNNELS
from netlab.plan.access import proxy_of, translated
from netlab.plan.certificates import client_credentials, gateway_credentials
from netlab.plan.devices import Device
from netlab.plan.model import Client, Credentials, DataPlane, SstpServer, Tunnel
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.p2s import radius
from netlab.plan.p2s.ikev2 import secret_name
from netlab.plan.ports import P2S, SSTP
from netlab.scenario.network import ClientTunnel, VpnGateway

# P23 has no number for SSTP; this is what Windows gives the interfaces of its PPP connections, and what IKEv2 has.
_MTU = TUNNELS["SSTP"].mtu
# Names have no dot: no node has this directory.
_SUFFIX = ".sstp"


def server(lab: str, device: Device, gateway: VpnGateway) -> SstpServer:
    """The daemon. In PPP it has the instance's address in GatewaySubnet."""
    edge, (first, last) = device.charon_edge(P2S), pool_addresses(gateway, "SSTP")
    return SstpServer(
        tunnel_type="SSTP",
        vnet=gateway.name,
        node=device.node,
        netns=lab_netns(lab, device.node),
        interface=SSTP,
        edge=edge,
        directory=node_directory(lab, edge + _SUFFIX),
        address=device.public_p2s,
        static=tuple(map(str, static_prefixes(gateway))),
        edge_netns=lab_netns(lab, edge),
        own=str(device.router.bgp_address),
        first=str(first),
        last=str(last),
        mtu=_MTU,
        credentials=gateway_credentials(gateway),
        users=tuple(_users(gateway)),
        radius=radius.clients(gateway),
    )


def _users(gateway: VpnGateway) -> list[tuple[str, str]]:
    """The names of the passwords that a gateway has of its clients; with certificates, or RADIUS, there are none."""
    if gateway.client_settings.authentication != "EapMSChapv2":
        return []
    return [(client.node, secret_name(gateway, client.name)) for client in gateway.clients]


def interface(device: Device, gateway: VpnGateway) -> Tunnel:
    """The daemon's TUN, with its part of the pool behind it."""
    part = split_pool(gateway).get("SSTP", (gateway.client_settings.address_pool,))
    edge, behind = device.charon_edge(P2S), tuple(map(str, part))
    return Tunnel(device.node, SSTP, SSTP, edge, SSTP, SSTP, _MTU, (), behind, ready_made=True)


def client(lab: str, tunnel: ClientTunnel, number: int, data_plane: DataPlane) -> Client:
    """A client's end of a tunnel: a TUN of its own for each, called as PPP's interfaces are."""
    del data_plane
    whose, gateway = tunnel.client, tunnel.gateway
    by_certificate = gateway.client_settings.authentication == "Certificate"
    own = client_credentials(whose, [gateway])
    return Client(
        node=whose.node,
        os=whose.spec.family,
        gateway=gateway.name,
        directory=node_directory(lab, tunnel.name + _SUFFIX),
        interface=f"ppp{number}",
        connection=SSTP,
        mtu=_MTU,
        if_id=0,
        name=tunnel.name,
        metric=whose.tunnels.index(tunnel),
        class_based_route=whose.class_based_route,
        tunnel_type="SSTP",
        server=str(whose.network.public.point_to_site[gateway.name]),
        translated=translated(whose),
        proxy=proxy_of(tunnel),
        credentials=own if by_certificate else Credentials(trusted=own.trusted),
        password="" if by_certificate else secret_name(gateway, whose.name, whose.spec.password),
    )
