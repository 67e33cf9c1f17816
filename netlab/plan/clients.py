"""Point-to-site: the clients with a tunnel to each gateway, what serves them there, and the secrets of both."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Literal

from netlab.azure.p2s.routes import pool_addresses, static_prefixes
from netlab.plan import proposals
from netlab.plan.certificates import Servers, client_credentials
from netlab.plan.devices import TUNNEL_MTU, Device, Parts
from netlab.plan.model import (
    CHARON_TABLE,
    DEFAULT_TABLE,
    MAIN_TABLE,
    Charon,
    Client,
    DataPlane,
    IkeConnection,
    Node,
    PeerSecret,
    Route,
    Rule,
    Selector,
)
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.ports import NIC, P2S
from netlab.plan.underlay import FAR, private_drops, to_internet, upstream
from netlab.scenario import network
from netlab.scenario.models import node_name
from netlab.scenario.network import Network, VpnGateway

# Before every rule of charon's: a gateway is reached over the Internet, whatever its custom routes say (R64).
_GATEWAY_PRIORITY = 100
# After the rule of a client's charon, which takes it along when it ends: its other charon uses the same table.
_CHARON_PRIORITY = CHARON_TABLE + 1

# Windows gives on-link routes this metric: of equal prefixes the one of a tunnel wins.
ON_LINK = 256

# How strongSwan calls what Azure calls authentication types; without one it is a PSK.
_AUTHENTICATION = {"Certificate": "pubkey", "EapMSChapv2": "eap-mschapv2", None: "psk"}


def secret_name(gateway: str, client: str, password: str = "right") -> str:
    """The name under which a client's PSK or password is kept; a wrong password is a secret like any other."""
    return f"{P2S}:{gateway}:{node_name(client)}" + ("" if password == "right" else f":{password}")


# --- gateways -------------------------------------------------------------------------------------------------------


def p2s_connection(device: Device) -> IkeConnection | None:
    """The responder for a gateway's clients; its selectors grow with what BGP learns and with custom routes."""
    gateway = device.gateway
    if gateway is None or gateway.point_to_site is None:
        return None
    authentication, (first, last) = gateway.point_to_site.authentication, pool_addresses(gateway)
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
        remote_auth=_AUTHENTICATION[authentication],
    )


def gateway_secrets(device: Device, gateway: VpnGateway) -> Iterator[PeerSecret]:
    """The PSKs or the passwords of a gateway's clients; with certificates there are none."""
    authentication = gateway.client_settings.authentication
    if authentication != "Certificate":
        kind: Literal["IKE", "EAP"] = "IKE" if authentication is None else "EAP"
        for client in gateway.clients:
            yield PeerSecret(secret_name(gateway.name, client.name), (client.node, device.public_p2s), kind)


# --- clients --------------------------------------------------------------------------------------------------------


def machine(lab: str, client: network.Client) -> Parts:
    """A client: its public address, its own network, and no way out for private destinations.

    Differs from Azure: a client's own network has no other machine, so its route discards what it takes.

    The way to the Internet is in the last table that the kernel asks, so that a custom route takes precedence over it
    however short it is; the way to the gateways comes before all others.
    """
    public = client.network.public
    link = to_internet(client.node, (f"{public.clients[client.name]}/32",), NIC)
    servers = [f"{public.point_to_site[gateway.name]}/32" for gateway in client.gateways]
    rules = [Rule(_GATEWAY_PRIORITY + n, MAIN_TABLE, destination=server) for n, server in enumerate(servers)]
    if client.spec.further_gateways:
        rules.append(Rule(_CHARON_PRIORITY, CHARON_TABLE))
    return Parts(
        (
            Node(
                client.node,
                "client",
                lab_netns(lab, client.node),
                client.name,
                routes=(
                    *(Route(server, NIC, via=FAR) for server in servers),
                    upstream(NIC, table=DEFAULT_TABLE),
                    *_own_network(client),
                    *(drop for drop in private_drops(DEFAULT_TABLE) if not _is_own(client, drop)),
                ),
                rules=tuple(rules),
                forwarding=False,
            ),
        ),
        (link,),
    )


def _own_network(client: network.Client) -> Iterator[Route]:
    """The route to a client's own network: Windows compares it with those into tunnels; strongSwan's table, and routes
    added by hand, come before it."""
    if client.spec.local_network is not None:
        table = MAIN_TABLE if client.spec.os == "windows" else DEFAULT_TABLE
        yield Route(str(client.spec.local_network), type="unreachable", table=table, metric=ON_LINK)


def _is_own(client: network.Client, route: Route) -> bool:
    local = client.spec.local_network
    return local is not None and IPv4Network(route.prefix).subnet_of(local)


def tunnels(lab: str, client: network.Client, data_plane: DataPlane) -> tuple[Client, ...]:
    """The tunnels of a client, one to each of its gateways.

    kernel-libipsec gives each of a client's charons the next free ``ipsecN``; XFRM interfaces are called so too.
    """
    return tuple(
        Client(
            node=client.node,
            os=client.spec.os,
            gateway=tunnel.gateway.name,
            directory=node_directory(lab, client.node if data_plane == "kernel" else tunnel.name),
            interface=f"ipsec{number}",
            connection=P2S if not number else f"{P2S}-{tunnel.gateway.vnet.node}",
            mtu=TUNNEL_MTU,
            if_id=number + 1 if data_plane == "kernel" else 0,
            name=tunnel.name,
            metric=number,
            class_based_route=client.class_based_route,
        )
        for number, tunnel in enumerate(client.tunnels)
    )


def charons(client: network.Client, own: tuple[Client, ...], servers: Servers) -> Iterator[Charon]:
    """The IKE daemons of a client: one for each tunnel, or one for all where the kernel does ESP."""
    for directory in dict.fromkeys(tunnel.directory for tunnel in own):
        mine = [(t, g) for t, g in zip(own, client.gateways, strict=True) if t.directory == directory]
        yield Charon(
            client.node,
            directory,
            tuple(_connection(client, tunnel, gateway, servers[gateway.name]) for tunnel, gateway in mine),
            tuple(secret for _, gateway in mine for secret in _secrets(client, gateway, servers[gateway.name])),
            # azure-rules.md 1.3: both kinds negotiate the same; Windows installs only what its profile says.
            installs_routes=client.spec.os != "windows",
            credentials=client_credentials(client, [gateway for _, gateway in mine]),
            own_ports=directory != own[0].directory,
        )


def _connection(client: network.Client, tunnel: Client, gateway: VpnGateway, server: Device) -> IkeConnection:
    """Asks for 0.0.0.0/0 and an address, gets what the gateway narrows to."""
    authentication = gateway.client_settings.authentication
    return IkeConnection(
        name=tunnel.connection,
        local_address=str(client.network.public.clients[client.name]),
        remote_address=server.public_p2s,
        local_id=client.node,
        remote_id=server.public_p2s,
        secret=secret_name(gateway.name, client.name) if authentication is None else "",
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
        yield PeerSecret(secret_name(gateway.name, client.name), owners)
    elif authentication == "EapMSChapv2":
        yield PeerSecret(secret_name(gateway.name, client.name, client.spec.password), owners, "EAP")


def secret_names(found: Network) -> Iterator[str]:
    """Every PSK and password of the clients, and those that are typed where a password is wrong."""
    for tunnel in found.client_tunnels.values():
        gateway, client = tunnel.gateway, tunnel.client
        authentication = gateway.client_settings.authentication
        if authentication != "Certificate":
            yield secret_name(gateway.name, client.name)
        if authentication == "EapMSChapv2" and client.spec.password == "wrong":
            yield secret_name(gateway.name, client.name, client.spec.password)
