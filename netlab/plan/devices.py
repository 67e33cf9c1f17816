"""VPN devices: the routing namespace of a gateway or a site, its tunnels, its BGP, and the edges where charon lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.azure.propagation import (
    Announcements,
    bgp_ends,
    originated,
    p2s_static_prefixes,
    static_prefixes,
    vnet_prefixes,
)
from netlab.plan import proposals
from netlab.plan.model import (
    BgpNeighbor,
    BgpSpeaker,
    Charon,
    IkeConnection,
    Interface,
    Link,
    Node,
    PeerSecret,
    Route,
    Rule,
    Selector,
    Timers,
    Tunnel,
)
from netlab.plan.names import interface, lab_netns, node_directory
from netlab.plan.underlay import INNER_FAR, INNER_NEAR, LAST_RESORT, NEAR, PublicAddresses, to_internet, upstream
from netlab.scenario.addresses import asn, bgp_address, supernets
from netlab.scenario.models import Scenario, node_name

TUNNEL_MTU = 1400  # R39
MAXIMUM_PREFIX = 4000  # B16
P2S = "p2s"
_STEERING_TABLE = 100


@dataclass(frozen=True, slots=True)
class Device:
    """One VPN device: its Azure name, its routing namespace, and its public address."""

    end: str
    node: str
    public: str
    connections: tuple[str, ...]
    p2s: bool

    @property
    def edge(self) -> str:
        """The namespace that faces the Internet."""
        return f"{self.node}-edge"

    def charon_edge(self, connection: str) -> str:
        """The namespace of the charon that serves a connection."""
        return f"{self.node}-p2s-edge" if connection == P2S else f"{self.edge}-{connection.lower()}"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a planner function adds to a lab."""

    nodes: tuple[Node, ...] = ()
    links: tuple[Link, ...] = ()
    charons: tuple[Charon, ...] = ()


def gateway_node(vnet: str) -> str:
    """The node of a VPN gateway's active instance."""
    return node_name(vnet, "gw", "0")


def devices(scenario: Scenario, public: PublicAddresses) -> tuple[Device, ...]:
    """Every gateway and every site of a scenario."""
    gateways = (
        Device(
            name,
            gateway_node(name),
            public.of(name),
            tuple(connection for connection, _ in scenario.connections_of(name)),
            vnet.vpn_gateway.point_to_site is not None,
        )
        for name, vnet in scenario.vnets.items()
        if vnet.vpn_gateway is not None
    )
    sites = (
        Device(name, node_name(name), public.of(name), tuple(c for c, _ in scenario.connections_of(name)), False)
        for name in scenario.sites
    )
    return (*gateways, *sites)


def secret_name(connection: str, client: str = "") -> str:
    """The name under which a PSK is kept: one per connection (R31), one per point-to-site client."""
    return f"{P2S}:{connection}:{client}" if client else f"ipsec:{connection}"


# --- tunnels and what leads into them -------------------------------------------------------------------------------


def tunnels(scenario: Scenario, device: Device, peers: dict[str, Device]) -> Iterator[Tunnel]:
    """The tunnel interfaces of a device: one per connection, one for all its point-to-site clients."""
    for number, name in enumerate(device.connections, 1):
        item = scenario.connections[name]
        peer = peers[item.other(device.end)]
        tunnel = interface(f"t-{name}")
        prefixes = [str(prefix) for prefix in static_prefixes(scenario, device.end, name)]
        if item.enable_bgp:
            prefixes.append(f"{bgp_address(scenario, peer.end)}/32")  # B9, B11
        yield Tunnel(
            device.node,
            tunnel,
            f"t-{name.lower()}",
            device.charon_edge(name),
            name,
            TUNNEL_MTU,
            tuple(Route(prefix, tunnel) for prefix in dict.fromkeys(prefixes)),
            peer.node,
            number,
        )
    gateway = scenario.vnets[device.end].vpn_gateway if device.p2s else None
    if gateway is not None and gateway.point_to_site is not None:
        pool = str(gateway.point_to_site.address_pool)
        yield Tunnel(device.node, P2S, P2S, device.charon_edge(P2S), P2S, TUNNEL_MTU, (Route(pool, P2S),))


# --- BGP ------------------------------------------------------------------------------------------------------------


def speaker(
    lab: str, scenario: Scenario, device: Device, timers: Timers, announced: Announcements | None = None
) -> BgpSpeaker | None:
    """The BGP speaker of a device, if one of its connections has BGP on."""
    if device.end not in bgp_ends(scenario):
        return None
    is_gateway = device.end in scenario.vnets
    own = vnet_prefixes(scenario, device.end) if is_gateway else ()
    return BgpSpeaker(
        node=device.node,
        directory=node_directory(lab, device.node),
        asn=asn(scenario, device.end),
        address=str(bgp_address(scenario, device.end)),
        networks=tuple(map(str, originated(scenario, device.end, announced))),
        neighbors=tuple(_neighbors(scenario, device)),
        keepalive=timers.bgp_keepalive,
        hold=timers.bgp_hold,
        maximum_prefix=MAXIMUM_PREFIX,
        own_prefixes=tuple(map(str, own)),
        covering=tuple(str(wide) for wide in dict.fromkeys(s for prefix in own for s in supernets(prefix))),
    )


def _neighbors(scenario: Scenario, device: Device) -> Iterator[BgpNeighbor]:
    for name in device.connections:
        item = scenario.connections[name]
        if item.enable_bgp:
            peer = item.other(device.end)
            # B13: the gateway opens the session; between two gateways the first one named does.
            passive = device.end in scenario.sites or (peer in scenario.vnets and device.end == item.between[1])
            yield BgpNeighbor(name, str(bgp_address(scenario, peer)), asn(scenario, peer), passive)


def peer_pins(scenario: Scenario, device: Device) -> Iterator[Route]:
    """What keeps a BGP session in its own tunnel when the peer's address lies in a learned prefix."""
    for neighbor in _neighbors(scenario, device):
        yield Route(f"{neighbor.address}/32", type="unreachable", metric=LAST_RESORT)


# --- IKE ------------------------------------------------------------------------------------------------------------


def ike_connection(scenario: Scenario, device: Device, peer: Device, name: str, if_id: int = 0) -> IkeConnection:
    """One end of a site-to-site or VNet-to-VNet connection: any-to-any selectors (R19), PSK (R29)."""
    initiator = device.end == scenario.connections[name].between[0]
    return IkeConnection(
        name=name,
        local_address=device.public,
        remote_address=peer.public,
        local_id=device.public,
        remote_id=peer.public,
        secret=secret_name(name),
        initiator=initiator,
        ike_proposals=proposals.IKE,
        esp_proposals=proposals.ESP_INITIATOR if initiator else proposals.ESP_RESPONDER,
        if_id=if_id,
    )


def p2s_connection(scenario: Scenario, device: Device) -> IkeConnection | None:
    """The responder for a gateway's point-to-site clients; its selectors grow with what BGP learns."""
    gateway = scenario.vnets[device.end].vpn_gateway if device.p2s else None
    if gateway is None or gateway.point_to_site is None:
        return None
    return IkeConnection(
        name=P2S,
        local_address=device.public,
        remote_address="",
        local_id=device.public,
        remote_id="",
        secret="",
        initiator=False,
        ike_proposals=proposals.P2S_IKE,
        esp_proposals=proposals.P2S_ESP,
        local_ts=Selector(tuple(map(str, p2s_static_prefixes(scenario, device.end)))),
        remote_ts=Selector(),
        pool=str(gateway.point_to_site.address_pool),
    )


def client_charon(lab: str, scenario: Scenario, client: str, address: str, gateway: Device) -> Charon:
    """The IKE daemon of a point-to-site client: asks for 0.0.0.0/0 and an address, gets what the gateway narrows to."""
    node = node_name(client)
    secret = secret_name(gateway.end, node)
    connection = IkeConnection(
        name=P2S,
        local_address=address,
        remote_address=gateway.public,
        local_id=node,
        remote_id=gateway.public,
        secret=secret,
        initiator=True,
        ike_proposals=proposals.P2S_IKE,
        esp_proposals=proposals.P2S_ESP,
        local_ts=Selector(),
        virtual_ip=True,
    )
    return Charon(
        node,
        node_directory(lab, node),
        (connection,),
        (PeerSecret(secret, (node, gateway.public)),),
        # azure-rules.md 1.3: both kinds negotiate the same; Windows installs only what its profile says.
        installs_routes=scenario.clients[client].os != "windows",
    )


# --- edges: the userspace data plane --------------------------------------------------------------------------------


def userspace_edges(lab: str, scenario: Scenario, device: Device, peers: dict[str, Device]) -> Parts:
    """One charon and one namespace per connection, behind a steering namespace that faces the Internet.

    kernel-libipsec finds its policy by address alone, so two 0.0.0.0/0 selectors collide in one charon
    (platform-facts.md, section 1). The steering namespace owns no address: by the peer's address it chooses the edge,
    each of which holds the public address; unknown peers reach the point-to-site edge.
    """
    names = (*device.connections, *((P2S,) if device.p2s else ()))
    charons = tuple(_edge_charon(lab, scenario, device, peers, name) for name in names)
    wan = to_internet(device.edge, (f"{NEAR}/32",))
    inner = tuple(_edge_link(device, name) for name in names)
    routes, rules = [upstream("wan")], []
    for number, (name, link) in enumerate(zip(names, inner, strict=True), _STEERING_TABLE):
        steered = Route(f"{device.public}/32", link.b.name, via=INNER_NEAR)
        if name == P2S:
            routes.append(steered)
            continue
        peer = peers[scenario.connections[name].other(device.end)]
        rules.append(Rule(number, number, source=f"{peer.public}/32", destination=f"{device.public}/32"))
        routes.append(Route(steered.prefix, steered.device, via=INNER_NEAR, table=number))
    steering = Node(
        device.edge, "edge", lab_netns(lab, device.edge), device.end, routes=tuple(routes), rules=tuple(rules)
    )
    edges = tuple(
        Node(
            charon.node,
            "edge",
            lab_netns(lab, charon.node),
            device.end,
            loopback=(f"{device.public}/32", *_footholds(charon)),
            routes=(upstream("wan", INNER_FAR),),
            forwarding=False,
        )
        for charon in charons
    )
    return Parts((steering, *edges), (wan, *inner), charons)


def foothold(prefix: str) -> str:
    """The address inside a prefix that kernel-libipsec wants on the edge before it takes the prefix for local."""
    return f"{IPv4Network(prefix).network_address}/32"


def _footholds(charon: Charon) -> tuple[str, ...]:
    wanted = (p for c in charon.connections if c.pool for p in c.local_ts.prefixes)
    return tuple(dict.fromkeys(map(foothold, wanted)))


def _edge_link(device: Device, connection: str) -> Link:
    edge = device.charon_edge(connection)
    return Link(
        Interface(edge, "wan", "wan", (f"{INNER_NEAR}/32",)),
        Interface(device.edge, interface(f"e-{connection}"), f"e-{connection.lower()}", (f"{INNER_FAR}/32",)),
        underlay=True,
    )


def _edge_charon(lab: str, scenario: Scenario, device: Device, peers: dict[str, Device], name: str) -> Charon:
    node = device.charon_edge(name)
    if name == P2S:
        responder = p2s_connection(scenario, device)
        assert responder is not None
        clients = [node_name(client) for client in scenario.clients_of(device.end)]
        secrets = tuple(PeerSecret(secret_name(device.end, c), (c, device.public)) for c in clients)
        return Charon(node, node_directory(lab, node), (responder,), secrets)
    peer = peers[scenario.connections[name].other(device.end)]
    connection = ike_connection(scenario, device, peer, name)
    secret = PeerSecret(connection.secret, (connection.local_id, connection.remote_id))
    return Charon(node, node_directory(lab, node), (connection,), (secret,))
