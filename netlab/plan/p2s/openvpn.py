"""OpenVPN: a daemon at the gateway's edge, and one at each client."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import summarize_address_range

from netlab.azure.p2s.routes import pool_addresses, pool_part, static_prefixes
from netlab.azure.p2s.tunnels import TUNNELS
from netlab.plan.access import proxy_of, translated
from netlab.plan.certificates import gateway_credentials
from netlab.plan.devices import Device
from netlab.plan.model import Client, DataPlane, OpenVpnServer, Tunnel
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.p2s import radius
from netlab.plan.p2s.ikev2 import secret_name
from netlab.plan.ports import OPENVPN, P2S
from netlab.scenario.models import node_name
from netlab.scenario.network import ClientTunnel, VpnGateway

# P23: OpenVPN's own; no number of Azure's is known.
_MTU = TUNNELS["OpenVPN"].mtu
# Names have no dot: no node has this directory.
_SUFFIX = ".openvpn"


def tls_key_name(vnet: str) -> str:
    """The name under which the lab keeps the key of a gateway's tls-auth."""
    return f"tls-auth-{node_name(vnet)}"


def server(lab: str, device: Device, gateway: VpnGateway) -> OpenVpnServer:
    """The daemon, which pushes what the lab's SDN controller keeps in step."""
    edge, pool = device.charon_edge(P2S), gateway.client_settings.address_pool
    first, last = pool_addresses(gateway, "OpenVPN")
    return OpenVpnServer(
        tunnel_type="OpenVPN",
        vnet=gateway.name,
        node=device.node,
        netns=lab_netns(lab, device.node),
        interface=OPENVPN,
        edge=edge,
        directory=node_directory(lab, edge + _SUFFIX),
        address=device.public_p2s,
        static=tuple(map(str, static_prefixes(gateway))),
        edge_netns=lab_netns(lab, edge),
        subnet=str(pool),
        own=str(pool_part(gateway, "OpenVPN")[0]),
        first=str(first),
        last=str(last),
        credentials=gateway_credentials(gateway),
        tls_key=tls_key_name(gateway.name),
        radius=radius.clients(gateway),
    )


def interface(device: Device, gateway: VpnGateway) -> Tunnel:
    """The daemon's TUN, with the addresses of its clients behind it."""
    edge, behind = device.charon_edge(P2S), tuple(_behind(gateway))
    return Tunnel(device.node, OPENVPN, OPENVPN, edge, OPENVPN, OPENVPN, _MTU, (), behind, ready_made=True)


def _behind(gateway: VpnGateway) -> Iterator[str]:
    """The prefixes of its clients: the pool, or of a pool that it shares its part."""
    if len(gateway.client_settings.tunnel_types) == 1:
        yield str(gateway.client_settings.address_pool)
    else:
        yield from map(str, summarize_address_range(*pool_part(gateway, "OpenVPN")))


def client(lab: str, tunnel: ClientTunnel, number: int, data_plane: DataPlane) -> Client:
    """A client's end of a tunnel: a TUN of its own for each."""
    del data_plane
    whose, gateway = tunnel.client, tunnel.gateway
    has_password = gateway.client_settings.has_passwords
    return Client(
        node=whose.node,
        os=whose.spec.family,
        gateway=gateway.name,
        directory=node_directory(lab, tunnel.name + _SUFFIX),
        interface=f"tun{number}",
        connection=OPENVPN,
        mtu=_MTU,
        if_id=0,
        name=tunnel.name,
        metric=whose.tunnels.index(tunnel),
        class_based_route=False,
        tunnel_type="OpenVPN",
        server=str(whose.network.public.point_to_site[gateway.name]),
        translated=translated(whose),
        proxy=proxy_of(tunnel),
        subnet=str(gateway.client_settings.address_pool),
        next_hop=str(pool_part(gateway, "OpenVPN")[0]),
        password=secret_name(gateway, whose.name, whose.spec.password) if has_password else "",
    )
