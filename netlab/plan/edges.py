"""Edges: the namespaces that face the Internet, hold a device's public address, and where its charons live.

Both data planes leave the same in the device's routing namespace: one point-to-point interface per connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Network

from netlab.azure import ike
from netlab.azure.selectors import ANY, local_prefixes
from netlab.azure.state import unknown_instance
from netlab.plan.access import link
from netlab.plan.certificates import gateway_credentials
from netlab.plan.devices import Device, Parts
from netlab.plan.ipsec import ike_connection
from netlab.plan.model import (
    MAIN_TABLE,
    Charon,
    IkeConnection,
    InitiatorOnly,
    Interface,
    Link,
    Node,
    PeerSecret,
    Route,
    Rule,
    Ruleset,
    UnknownPeer,
)
from netlab.plan.names import lab_netns, node_directory, table_numbers
from netlab.plan.p2s import radius
from netlab.plan.p2s.ikev2 import gateway_secrets, p2s_connection
from netlab.plan.ports import P2S, WAN, edge_port
from netlab.plan.underlay import INNER_FAR, INNER_NEAR, NEAR, to_backbone, upstream
from netlab.scenario.network import Tunnel

_TCP = 6
# Each peer has a rule with the table of its connection.
_STEERING_PRIORITY = 100

Peers = dict[str, Device]
Connections = dict[str, IkeConnection]


def edges(lab: str, device: Device, peers: Peers) -> Parts:
    """The edges of a device, as its data plane wants them; on standby without addresses and without daemons."""
    connections = _connections(device, peers)
    secrets = {name: tuple(_secrets(device, item)) for name, item in connections.items()}
    filters = {t.name: _closed_to(device, t, connections[t.name].remote_address) for t in device.tunnels}
    in_kernel = device.data_plane == "kernel"
    make = _behind_nic if device.appliance is not None else _kernel_edge if in_kernel else _userspace_edges
    parts = make(lab, device, connections, secrets, filters)
    charons = tuple(_with_credentials(device, charon) for charon in parts.charons)
    parts = radius.with_way(device, replace(parts, charons=charons))
    if not device.on_duty:
        return Parts(tuple(replace(node, loopback=(), rules=()) for node in parts.nodes), parts.links)
    return parts if device.serves_p2s or not device.p2s else _without_clients(device, parts)


def _with_credentials(device: Device, charon: Charon) -> Charon:
    """The charon that serves a gateway's clients has certificates."""
    serves = any(connection.name == P2S for connection in charon.connections)
    gateway = device.gateway if serves else None
    if gateway is None:
        return charon
    return replace(charon, credentials=gateway_credentials(gateway), radius=radius.clients(gateway))


def _without_clients(device: Device, parts: Parts) -> Parts:
    """The edges of an instance that point-to-site clients do not connect to now."""
    edge = device.charon_edge(P2S)
    nodes = (replace(n, loopback=()) if n.name == edge != device.edge else n for n in parts.nodes)
    served = (replace(c, connections=tuple(i for i in c.connections if i.name != P2S)) for c in parts.charons)
    return Parts(tuple(nodes), parts.links, tuple(charon for charon in served if charon.connections))


def _connections(device: Device, peers: Peers) -> Connections:
    found = {t.name: ike_connection(device, peers[t.other(device.node).node], t) for t in device.tunnels}
    responder = p2s_connection(device)
    return found | ({P2S: responder} if responder is not None else {})


def _secrets(device: Device, connection: IkeConnection) -> Iterator[PeerSecret]:
    if connection.name != P2S:
        yield PeerSecret(connection.secret, (connection.local_id, connection.remote_id))
    elif device.gateway is not None:
        yield from gateway_secrets(device, device.gateway)


def _closed_to(device: Device, tunnel: Tunnel, peer: str) -> tuple[Ruleset, ...]:
    """The filter of an InitiatorOnly end (R46), and of a device that does not answer an instance (B42)."""
    if unknown_instance(tunnel) and device.site is not None:
        return (UnknownPeer(tunnel.name, peer),)
    return () if ike.answers(tunnel.side(device.node)) else (InitiatorOnly(tunnel.name, peer),)


def _by_name(found: Iterable[PeerSecret]) -> Iterator[PeerSecret]:
    """Each secret once: the tunnels of a connection share theirs, and charon keeps the last one of a name only."""
    merged: dict[str, PeerSecret] = {}
    for secret in found:
        known = merged.get(secret.name, secret)
        owners = dict.fromkeys((*known.identities, *secret.identities))
        merged[secret.name] = replace(secret, identities=tuple(owners))
    return iter(merged.values())


Secrets = dict[str, tuple[PeerSecret, ...]]
Filters = dict[str, tuple[Ruleset, ...]]


def _behind_nic(lab: str, device: Device, connections: Connections, secrets: Secrets, filters: Filters) -> Parts:
    """The charons of an appliance, behind its machine: what they send leaves by its NIC, under the NIC's address."""
    by_edge: dict[str, list[str]] = {}
    for name in connections:
        by_edge.setdefault(device.charon_edge(name), []).append(name)
    charons = tuple(
        Charon(
            edge,
            node_directory(lab, edge),
            tuple(connections[name] for name in names),
            tuple(_by_name(secret for name in names for secret in secrets[name])),
        )
        for edge, names in by_edge.items()
    )
    nodes = (_charon_node(lab, device, c, (r for item in c.connections for r in filters[item.name])) for c in charons)
    return Parts(tuple(nodes), tuple(_edge_link(device, names[0]) for names in by_edge.values()), charons)


def _kernel_edge(lab: str, device: Device, connections: Connections, secrets: Secrets, filters: Filters) -> Parts:
    """One namespace with one charon for all connections; their XFRM interfaces differ by ``if_id``."""
    wan = _wan(device)
    node = Node(
        device.edge,
        "edge",
        lab_netns(lab, device.edge),
        device.end.name,
        loopback=tuple(f"{address}/32" for address in device.addresses),
        routes=(upstream(WAN),),
        nftables=tuple(ruleset for group in filters.values() for ruleset in group),
    )
    every_secret = tuple(_by_name(secret for group in secrets.values() for secret in group))
    directory = node_directory(lab, device.edge)
    charon = Charon(device.edge, directory, tuple(connections.values()), every_secret, program=device.ipsec)
    return Parts((node,), (wan,), (charon,) if connections else ())


def _wan(device: Device) -> Link:
    """The link of an edge to what carries its packets: of a gateway Microsoft's backbone (R80)."""
    if device.gateway is not None:
        return to_backbone(device.gateway.vnet, device.edge, (f"{NEAR}/32",), WAN)
    return link(device.edge, WAN, (f"{NEAR}/32",), device.site.upstream if device.site is not None else None)


def _userspace_edges(lab: str, device: Device, connections: Connections, secrets: Secrets, filters: Filters) -> Parts:
    """One charon and one namespace per connection, behind a steering namespace that faces the Internet.

    kernel-libipsec finds its policy by address alone, so two 0.0.0.0/0 selectors collide in one charon
    (platform-facts.md, section 1). The steering namespace owns no address: by the peer's address it chooses the edge,
    each of which holds the public address; unknown peers reach the point-to-site edge.
    """
    wan = _wan(device)
    inner = {name: _edge_link(device, name) for name in connections} | _link_for_clients(device)
    routes, rules = [upstream(WAN)], []
    tables = table_numbers(connections)
    for name, inward in inner.items():
        if name == P2S:
            routes.append(Route(f"{device.public_p2s}/32", inward.b.name, via=INNER_NEAR))
        else:
            way = Route(f"{connections[name].local_address}/32", inward.b.name, via=INNER_NEAR, table=tables[name])
            peer = f"{connections[name].remote_address}/32"
            routes.append(way)
            rules.append(Rule(_STEERING_PRIORITY, way.table, source=peer, destination=way.prefix))
    if rules and device.serves_tls:
        # R69, P26: a peer's UDP is its own IKE and ESP; its TCP is of clients behind the same NAT.
        rules.append(Rule(_STEERING_PRIORITY - 1, MAIN_TABLE, protocol=_TCP))
    steering = Node(
        device.edge, "edge", lab_netns(lab, device.edge), device.end.name, routes=tuple(routes), rules=tuple(rules)
    )
    charons = tuple(
        Charon(node, node_directory(lab, node), (connection,), secrets[name], program=device.ipsec)
        for name, connection in connections.items()
        if (node := device.charon_edge(name))
    )
    return Parts(
        (
            steering,
            *(_charon_node(lab, device, c, filters.get(c.connections[0].name, ())) for c in charons),
            *(() if P2S in connections else _node_for_clients(lab, device)),
        ),
        (wan, *inner.values()),
        charons,
    )


def _link_for_clients(device: Device) -> dict[str, Link]:
    return {P2S: _edge_link(device, P2S)} if device.p2s else {}


def _node_for_clients(lab: str, device: Device) -> Iterator[Node]:
    """Where clients' tunnels end that are none of IKE's."""
    if device.p2s:
        yield Node(
            device.charon_edge(P2S),
            "edge",
            lab_netns(lab, device.charon_edge(P2S)),
            device.end.name,
            loopback=(f"{device.public_p2s}/32",),
            routes=(upstream(WAN, INNER_FAR),),
            forwarding=False,
        )


def _charon_node(lab: str, device: Device, charon: Charon, nftables: Iterable[Ruleset]) -> Node:
    wanted = _selectable(device, charon) if device.data_plane == "userspace" else ()
    return Node(
        charon.node,
        "edge",
        lab_netns(lab, charon.node),
        device.end.name,
        loopback=(f"{charon.connections[0].local_address}/32", *dict.fromkeys(map(foothold, wanted))),
        routes=(upstream(WAN, INNER_FAR),),
        forwarding=False,
        nftables=tuple(nftables),
    )


def _selectable(device: Device, charon: Charon) -> Iterator[str]:
    """The local prefixes that CHILD SAs of a charon can select, as their peers may narrow what it has (R47)."""
    names = {connection.name for connection in charon.connections}
    yield from (p for c in charon.connections for p in c.local_ts.prefixes if c.name == P2S and p != str(ANY))
    yield from (str(p) for t in device.tunnels if t.name in names for p in local_prefixes(t.side(device.node)))


def _edge_link(device: Device, connection: str) -> Link:
    edge = device.charon_edge(connection)
    before = device.node if device.appliance is not None else device.edge
    return Link(
        Interface(edge, WAN, WAN, (f"{INNER_NEAR}/32",)),
        Interface(before, edge_port(connection), f"e-{connection.lower()}", (f"{INNER_FAR}/32",)),
        underlay=True,
    )


@cache
def foothold(prefix: str) -> str:
    """The address inside a prefix that kernel-libipsec wants on the edge before it takes the prefix for local."""
    network = IPv4Network(prefix)
    # No interface can have the address 0.0.0.0.
    return f"{network[0] if int(network[0]) else network[1]}/32"
