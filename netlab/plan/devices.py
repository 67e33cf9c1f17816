"""VPN devices: a gateway or a site with its tunnels, its BGP and its IKE connections, the same on both data planes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.azure import ike
from netlab.azure.propagation import (
    Announcements,
    bgp_ends,
    originated,
    static_prefixes,
    vnet_prefixes,
)
from netlab.plan import proposals
from netlab.plan.model import (
    BgpNeighbor,
    BgpSpeaker,
    Charon,
    Child,
    DataPlane,
    IkeConnection,
    Link,
    Node,
    Route,
    Selector,
    Timers,
    Tunnel,
)
from netlab.plan.names import interface, node_directory
from netlab.plan.underlay import LAST_RESORT, PublicAddresses
from netlab.scenario.addresses import asn, bgp_address, supernets
from netlab.scenario.models import Scenario, node_name

TUNNEL_MTU = 1400  # R39
MAXIMUM_PREFIX = 4000  # B16
P2S = "p2s"


@dataclass(frozen=True, slots=True)
class Device:
    """One VPN device: its Azure name, its routing namespace, and its public address."""

    end: str
    node: str
    public: str
    connections: tuple[str, ...]
    p2s: bool
    data_plane: DataPlane

    @property
    def edge(self) -> str:
        """The namespace that faces the Internet."""
        return f"{self.node}-edge"

    def charon_edge(self, connection: str) -> str:
        """The namespace of the charon that serves a connection: one for all where the kernel does ESP."""
        if self.data_plane == "kernel":
            return self.edge
        return f"{self.node}-p2s-edge" if connection == P2S else f"{self.edge}-{connection.lower()}"

    def if_id(self, connection: str) -> int:
        """The number that ties a connection's SAs to its XFRM interface, 0 where there is none."""
        if self.data_plane != "kernel":
            return 0
        return 1 + (len(self.connections) if connection == P2S else self.connections.index(connection))


@dataclass(frozen=True, slots=True)
class Parts:
    """What a planner function adds to a lab."""

    nodes: tuple[Node, ...] = ()
    links: tuple[Link, ...] = ()
    charons: tuple[Charon, ...] = ()


def gateway_node(vnet: str) -> str:
    """The node of a VPN gateway's active instance."""
    return node_name(vnet, "gw", "0")


def devices(scenario: Scenario, public: PublicAddresses, data_plane: DataPlane) -> tuple[Device, ...]:
    """Every gateway and every site of a scenario."""
    gateways = (
        Device(
            name,
            gateway_node(name),
            public.of(name),
            tuple(connection for connection, _ in scenario.connections_of(name)),
            vnet.vpn_gateway.point_to_site is not None,
            data_plane,
        )
        for name, vnet in scenario.vnets.items()
        if vnet.vpn_gateway is not None
    )
    sites = (
        Device(
            name,
            node_name(name),
            public.of(name),
            tuple(connection for connection, _ in scenario.connections_of(name)),
            False,
            data_plane,
        )
        for name in scenario.sites
    )
    return (*gateways, *sites)


def shared_key_name(connection: str, end: str) -> str:
    """The name under which an end of a connection keeps its PSK: both ends need the same (R31) and may have another."""
    return f"ipsec:{connection}:{end}"


# --- tunnels and what leads into them -------------------------------------------------------------------------------


def tunnels(scenario: Scenario, device: Device, peers: dict[str, Device]) -> Iterator[Tunnel]:
    """The tunnel interfaces of a device: one per connection, one for all its point-to-site clients."""
    for name in device.connections:
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
            device.if_id(name),
        )
    gateway = scenario.vnets[device.end].vpn_gateway if device.p2s else None
    if gateway is not None and gateway.point_to_site is not None:
        pool = str(gateway.point_to_site.address_pool)
        yield Tunnel(
            device.node, P2S, P2S, device.charon_edge(P2S), P2S, TUNNEL_MTU, (Route(pool, P2S),), "", device.if_id(P2S)
        )


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


def ike_connection(scenario: Scenario, device: Device, peer: Device, name: str) -> IkeConnection:
    """One end of a site-to-site or VNet-to-VNet connection, with a PSK (R29)."""
    end = device.end
    initiator = end == ike.initiator(scenario, name)
    policy_based = ike.faces_policy_based(scenario, name)
    wanted = (ike.selectors if initiator else ike.accepted_selectors)(scenario, name, end)
    first, *further = wanted
    return IkeConnection(
        name=name,
        local_address=device.public,
        remote_address=peer.public,
        local_id=device.public,
        remote_id=peer.public,
        secret=shared_key_name(name, end),
        initiator=initiator,
        ike_proposals=tuple(map(proposals.ike, ike.ike_proposals(scenario, name, end))),
        esp_proposals=tuple(map(proposals.esp, ike.esp_proposals(scenario, name, end))),
        local_ts=_selector(first.local),
        remote_ts=_selector(first.remote),
        if_id=device.if_id(name),
        version=1 if ike.protocol(scenario, name, end) == "IKEv1" else 2,
        further=tuple(
            Child(f"{name}-{number}", _selector(each.local), _selector(each.remote))
            for number, each in enumerate(further, 2)
        ),
        on_demand=ike.on_demand(scenario, name) and (initiator or policy_based),
        # R23: policy-based gateways ask nobody whether he lives; R22: they take down what is idle.
        dpd_timeout=0 if policy_based else scenario.connections[name].dpd_timeout_seconds,
        idle_timeout=ike.IDLE_TIMEOUT if policy_based else 0,
        child_lifetime=ike.child_lifetime(scenario, name, end),
    )


def _selector(prefixes: Iterable[IPv4Network]) -> Selector:
    return Selector(tuple(map(str, prefixes)))
