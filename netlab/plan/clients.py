"""Point-to-site: the clients with a tunnel to each gateway, what serves them there, and everybody's certificates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from netlab.azure.propagation import p2s_static_prefixes
from netlab.azure.sessions import issuer, point_to_site, pool_addresses, tunnel_name
from netlab.plan import proposals
from netlab.plan.devices import P2S, TUNNEL_MTU, Device
from netlab.plan.model import (
    CHARON_TABLE,
    DEFAULT_TABLE,
    MAIN_TABLE,
    Certificate,
    Charon,
    Client,
    Credentials,
    DataPlane,
    IkeConnection,
    Link,
    Node,
    PeerSecret,
    Route,
    Rule,
    Selector,
)
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.underlay import FAR, PublicAddresses, private_drops, to_internet, upstream
from netlab.scenario.models import Scenario, node_name

WAN = "eth0"
# Before every rule of charon's: a gateway is reached over the Internet, whatever its custom routes say (R64).
_GATEWAY_PRIORITY = 100
# After the rule of a client's charon, which takes it along when it ends: its other charon uses the same table.
_CHARON_PRIORITY = CHARON_TABLE + 1

# How strongSwan calls what Azure calls authentication types; without one it is a PSK.
_AUTHENTICATION = {"Certificate": "pubkey", "EapMSChapv2": "eap-mschapv2", None: "psk"}

Peers = dict[str, Device]


# --- the names under which a lab keeps certificates and secrets -----------------------------------------------------


def root_name(root: str) -> str:
    """A root that issues clients' certificates."""
    return f"root-{root}"


def server_root_name(vnet: str) -> str:
    """The root behind a gateway's own certificate: VpnServerRoot.cer of the profile package."""
    return f"server-root-{node_name(vnet)}"


def server_name(vnet: str) -> str:
    """A gateway's own certificate."""
    return f"server-{node_name(vnet)}"


def certificate_name(client: str) -> str:
    """A client's certificate."""
    return f"client-{node_name(client)}"


def revocations_name(vnet: str, root: str) -> str:
    """What a gateway holds for revoked of what a root issued."""
    return f"revoked-{node_name(vnet)}-{root}"


def secret_name(gateway: str, client: str, password: str = "right") -> str:
    """The name under which a client's PSK or password is kept; a wrong password is a secret like any other."""
    return f"{P2S}:{gateway}:{node_name(client)}" + ("" if password == "right" else f":{password}")


# --- gateways -------------------------------------------------------------------------------------------------------


def p2s_connection(scenario: Scenario, device: Device) -> IkeConnection | None:
    """The responder for a gateway's clients; its selectors grow with what BGP learns and with custom routes."""
    if not device.p2s:
        return None
    first, last = pool_addresses(scenario, device.end)
    authentication = point_to_site(scenario, device.end).authentication
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
        local_ts=Selector(tuple(map(str, p2s_static_prefixes(scenario, device.end)))),
        remote_ts=Selector(),
        pool=f"{first}-{last}",
        if_id=device.if_id(P2S),
        local_auth="psk" if authentication is None else "pubkey",
        remote_auth=_AUTHENTICATION[authentication],
    )


def gateway_secrets(scenario: Scenario, device: Device) -> Iterator[PeerSecret]:
    """The PSKs or the passwords of a gateway's clients; with certificates there are none."""
    authentication = point_to_site(scenario, device.end).authentication
    if authentication != "Certificate":
        kind: Literal["IKE", "EAP"] = "IKE" if authentication is None else "EAP"
        for client in scenario.clients_of(device.end):
            owners = (node_name(client), device.public_p2s)
            yield PeerSecret(secret_name(device.end, client), owners, kind)


def gateway_credentials(scenario: Scenario, vnet: str) -> Credentials:
    """What a gateway shows its clients, whom it trusts, and what it holds for revoked."""
    settings = point_to_site(scenario, vnet)
    if settings.authentication is None:
        return Credentials()
    if settings.authentication == "EapMSChapv2":
        return Credentials((server_name(vnet),))
    roots = settings.root_certificates
    return Credentials(
        (server_name(vnet),), tuple(map(root_name, roots)), tuple(revocations_name(vnet, root) for root in roots)
    )


def certificates(scenario: Scenario, peers: Peers) -> Iterator[Certificate]:
    """Every certificate that the gateways and the clients of a lab need, roots before what they issue."""
    asking = {
        vnet: settings
        for vnet in peers
        if peers[vnet].p2s and (settings := point_to_site(scenario, vnet)).authentication is not None
    }
    for vnet in asking:
        yield Certificate(server_root_name(vnet), f"{vnet} gateway root")
        yield Certificate(server_name(vnet), peers[vnet].public_p2s, server_root_name(vnet))
    trusting = {vnet: item for vnet, item in asking.items() if item.authentication == "Certificate"}
    holders = [name for name, item in scenario.clients.items() if trusting.keys() & set(item.gateways)]
    roots = (*(root for item in trusting.values() for root in item.root_certificates), *_issuers(scenario, holders))
    for root in dict.fromkeys(roots):
        yield Certificate(root_name(root), root)
    for client in holders:
        yield Certificate(certificate_name(client), node_name(client), root_name(issuer(scenario, client)))
    for vnet, item in trusting.items():
        revoked = tuple(map(str.lower, item.revoked_certificates))
        names = [name for name in holders if name.lower() in revoked]
        for root in item.root_certificates:
            own = tuple(certificate_name(name) for name in names if issuer(scenario, name) == root)
            yield Certificate(revocations_name(vnet, root), root, root_name(root), own)


def _issuers(scenario: Scenario, clients: Iterable[str]) -> Iterator[str]:
    return (issuer(scenario, client) for client in clients)


# --- clients --------------------------------------------------------------------------------------------------------


def client_node(lab: str, scenario: Scenario, name: str, public: PublicAddresses) -> tuple[Node, Link]:
    """A client: its public address, its own network, and no way out for private destinations.

    The way to the Internet is in the last table that the kernel asks, so that a custom route takes precedence over it
    however short it is; the way to the gateways comes before all others.
    """
    node, item = node_name(name), scenario.clients[name]
    local = item.local_network
    link = to_internet(node, (f"{public.clients[name]}/32",), WAN)
    servers = [f"{public.point_to_site[vnet]}/32" for vnet in item.gateways]
    rules = [Rule(_GATEWAY_PRIORITY + n, MAIN_TABLE, destination=server) for n, server in enumerate(servers)]
    if item.further_gateways:
        rules.append(Rule(_CHARON_PRIORITY, CHARON_TABLE))
    return (
        Node(
            node,
            "client",
            lab_netns(lab, node),
            name,
            bridges=(("lan0", f"{local[1]}/{local.prefixlen}"),) if local else (),
            routes=(
                *(Route(server, WAN, via=FAR) for server in servers),
                upstream(WAN, table=DEFAULT_TABLE),
                *private_drops(DEFAULT_TABLE),
            ),
            rules=tuple(rules),
            forwarding=False,
        ),
        link,
    )


def tunnels(lab: str, scenario: Scenario, name: str, data_plane: DataPlane) -> tuple[Client, ...]:
    """The tunnels of a client, one to each of its gateways.

    kernel-libipsec gives each of a client's charons the next free ``ipsecN``; XFRM interfaces are called so too.
    """
    item, node = scenario.clients[name], node_name(name)
    found = []
    for number, vnet in enumerate(item.gateways):
        label = tunnel_name(scenario, (name, vnet))
        home = node if data_plane == "kernel" else label
        found.append(
            Client(
                node=node,
                os=item.os,
                gateway=vnet,
                directory=node_directory(lab, home),
                interface=f"ipsec{number}",
                connection=P2S if not number else f"{P2S}-{node_name(vnet)}",
                mtu=TUNNEL_MTU,
                if_id=number + 1 if data_plane == "kernel" else 0,
                name=label,
            )
        )
    return tuple(found)


def charons(scenario: Scenario, name: str, own: tuple[Client, ...], public: str, peers: Peers) -> Iterator[Charon]:
    """The IKE daemons of a client: one for each tunnel, or one for all where the kernel does ESP."""
    for directory in dict.fromkeys(tunnel.directory for tunnel in own):
        mine = [tunnel for tunnel in own if tunnel.directory == directory]
        yield Charon(
            mine[0].node,
            directory,
            tuple(_connection(scenario, name, tunnel, public, peers[tunnel.gateway]) for tunnel in mine),
            tuple(secret for tunnel in mine for secret in _secrets(scenario, name, peers[tunnel.gateway])),
            # azure-rules.md 1.3: both kinds negotiate the same; Windows installs only what its profile says.
            installs_routes=mine[0].os != "windows",
            credentials=_credentials(scenario, name, tuple(tunnel.gateway for tunnel in mine)),
            own_ports=directory != own[0].directory,
        )


def _connection(scenario: Scenario, name: str, tunnel: Client, public: str, gateway: Device) -> IkeConnection:
    """Asks for 0.0.0.0/0 and an address, gets what the gateway narrows to."""
    authentication = point_to_site(scenario, gateway.end).authentication
    return IkeConnection(
        name=tunnel.connection,
        local_address=public,
        remote_address=gateway.public_p2s,
        local_id=tunnel.node,
        remote_id=gateway.public_p2s,
        secret=secret_name(gateway.end, name) if authentication is None else "",
        initiator=True,
        ike_proposals=proposals.P2S_IKE,
        esp_proposals=proposals.P2S_ESP,
        local_ts=Selector(),
        virtual_ip=True,
        if_id=tunnel.if_id,
        local_auth=_AUTHENTICATION[authentication],
        remote_auth="psk" if authentication is None else "pubkey",
    )


def _secrets(scenario: Scenario, name: str, gateway: Device) -> Iterator[PeerSecret]:
    authentication, owners = point_to_site(scenario, gateway.end).authentication, (node_name(name), gateway.public_p2s)
    if authentication is None:
        yield PeerSecret(secret_name(gateway.end, name), owners)
    elif authentication == "EapMSChapv2":
        yield PeerSecret(secret_name(gateway.end, name, scenario.clients[name].password), owners, "EAP")


def _credentials(scenario: Scenario, name: str, gateways: tuple[str, ...]) -> Credentials:
    kinds = {vnet: point_to_site(scenario, vnet).authentication for vnet in gateways}
    own = (certificate_name(name),) if "Certificate" in kinds.values() else ()
    return Credentials(own, tuple(server_root_name(vnet) for vnet, kind in kinds.items() if kind is not None))


def secret_names(scenario: Scenario) -> Iterator[str]:
    """Every PSK and password of the clients, and what those type whose password is wrong."""
    for name, item in scenario.clients.items():
        for vnet in item.gateways:
            authentication = point_to_site(scenario, vnet).authentication
            if authentication != "Certificate":
                yield secret_name(vnet, name)
            if authentication == "EapMSChapv2" and item.password == "wrong":
                yield secret_name(vnet, name, item.password)
