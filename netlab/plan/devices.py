"""VPN devices: gateway instances and the devices of sites with their tunnels, their BGP and their IKE connections, the
same on both data planes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.azure import ike
from netlab.azure.propagation import static_prefixes
from netlab.plan import proposals
from netlab.plan.model import (
    Charon,
    Child,
    DataPlane,
    IkeConnection,
    Link,
    Node,
    Route,
    Selector,
    Tunnel,
)
from netlab.plan.names import interface
from netlab.plan.underlay import LAST_RESORT, PublicAddresses
from netlab.scenario import routers
from netlab.scenario.models import Scenario
from netlab.scenario.routers import Router, Topology

TUNNEL_MTU = 1400  # R39
# Of the charons of an appliance, in its own namespace only.
_BEHIND_NICS = IPv4Network("169.254.8.0/24")
P2S = "p2s"
# Of machines, gateways and Route Servers, into their VNet.
NIC = "eth0"
# Between the instances of an active-active gateway, and from one of a site's several devices to the router before them.
PAIR = "pair"
INSIDE = "lan0"


@dataclass(frozen=True, slots=True)
class Device:
    """A gateway instance, a VPN device or an appliance that ends connections: its router, its public address and that
    of its gateway's point-to-site clients, its tunnels, whether it is on duty or on standby, and whether clients
    connect to it."""

    router: Router
    public: str
    public_p2s: str
    tunnels: tuple[routers.Tunnel, ...]
    data_plane: DataPlane
    on_duty: bool = True
    serves_p2s: bool = False

    @property
    def end(self) -> str:
        """The VNet or the site that it belongs to."""
        return self.router.end

    @property
    def node(self) -> str:
        """Its routing namespace."""
        return self.router.node

    @property
    def edge(self) -> str:
        """The namespace that faces the Internet."""
        return f"{self.node}-edge"

    @property
    def p2s(self) -> bool:
        """Whether point-to-site clients connect to it, or could."""
        return bool(self.public_p2s)

    @property
    def publics(self) -> tuple[str, ...]:
        """Its public addresses."""
        return tuple(dict.fromkeys((self.public, *((self.public_p2s,) if self.serves_p2s else ()))))

    def charon_edge(self, connection: str) -> str:
        """The namespace of the charon that serves a connection: one for all where the kernel does ESP."""
        if self.data_plane == "kernel":
            return self.edge
        return f"{self.node}-p2s-edge" if connection == P2S else f"{self.edge}-{connection.lower()}"

    @property
    def in_vnet(self) -> bool:
        """Whether it is an appliance: behind a NIC of a VNet, whose fabric translates its public address."""
        return self.router.role == "appliance"

    def local_address(self, connection: str) -> str:
        """The address that the charon of a connection has: of an appliance one behind its NIC's."""
        if not self.in_vnet:
            return self.public_p2s if connection == P2S else self.public
        names = [tunnel.name for tunnel in self.tunnels]
        return str(_BEHIND_NICS[1 + (0 if self.data_plane == "kernel" else names.index(connection))])

    def if_id(self, connection: str) -> int:
        """The number that ties a connection's SAs to its XFRM interface, 0 where there is none."""
        if self.data_plane != "kernel":
            return 0
        names = [tunnel.name for tunnel in self.tunnels]
        return 1 + (len(names) if connection == P2S else names.index(connection))


@dataclass(frozen=True, slots=True)
class Parts:
    """What a planner function adds to a lab."""

    nodes: tuple[Node, ...] = ()
    links: tuple[Link, ...] = ()
    charons: tuple[Charon, ...] = ()


def devices(
    scenario: Scenario, topology: Topology, public: PublicAddresses, data_plane: DataPlane, lost: frozenset[str]
) -> tuple[Device, ...]:
    """Every gateway instance, also the ones on standby and the lost ones, every device of a site, and the appliances
    that end connections."""
    found = []
    for end in routers.ends(scenario):
        is_gateway = end in scenario.vnets
        for router in routers.instances(scenario, end) if is_gateway else topology.with_tunnels(end):
            at_work = router in topology.with_tunnels(end)
            own = topology if at_work else Topology(scenario, topology.active ^ {end})
            p2s = public.point_to_site[end] if is_gateway and own.point_to_site(end) is not None else ""
            tunnels = own.tunnels_of(router.node)
            on_duty = at_work and router.node not in lost
            serves = bool(p2s) and router == Topology(scenario, topology.active, lost).point_to_site(end)
            found.append(Device(router, public.routers[router.node], p2s, tunnels, data_plane, on_duty, serves))
    for router in routers.vpn_servers(scenario):
        tunnels = topology.tunnels_of(router.node)
        found.append(Device(router, public.machines[router.node], "", tunnels, data_plane))
    return tuple(found)


def shared_key_name(connection: str, end: str) -> str:
    """The name under which an end of a connection keeps its PSK: both ends need the same (R31) and may have another."""
    return f"ipsec:{connection}:{end}"


# --- tunnels and what leads into them -------------------------------------------------------------------------------


def tunnels(scenario: Scenario, device: Device) -> Iterator[Tunnel]:
    """The tunnel interfaces of a device: one per tunnel, one for all its point-to-site clients."""
    for item in device.tunnels:
        peer = item.other(device.node)
        name = interface(f"t-{item.name}")
        speaks = scenario.connections[item.connection].enable_bgp
        yield Tunnel(
            device.node,
            name,
            f"t-{item.name.lower()}",
            device.charon_edge(item.name),
            item.name,
            item.connection,
            TUNNEL_MTU,
            tuple(map(str, static_prefixes(scenario, device.end, item.connection))),
            (f"{peer.bgp_address}/32",) if speaks else (),  # B9, B11
            peer.node,
            device.if_id(item.name),
        )
    gateway = scenario.vnets[device.end].vpn_gateway if device.serves_p2s else None
    if gateway is not None and gateway.point_to_site is not None:
        pool = str(gateway.point_to_site.address_pool)
        edge, if_id = device.charon_edge(P2S), device.if_id(P2S)
        yield Tunnel(device.node, P2S, P2S, edge, P2S, P2S, TUNNEL_MTU, (), (pool,), "", if_id)


# --- BGP --------------------------------------------------------------------------------------------------------------


def circuit_port(other: Router) -> str:
    """The interface that leads to a router over a circuit."""
    return interface(f"x-{other.node}")


def sd_wan_ports(nva: Router, site: str) -> tuple[str, str]:
    """The interfaces between an appliance and a site behind it: the appliance's and the site's."""
    return interface(f"s-{site}"), interface(f"n-{nva.node}")


def device_port(router: Router) -> str:
    """The interface that leads to one of several devices from the router before them."""
    return interface(f"d-{router.node}")


def peer_pins(scenario: Scenario, device: Device) -> Iterator[Route]:
    """What keeps a BGP session in its own tunnel when the peer's address lies in a learned prefix."""
    for tunnel in device.tunnels:
        if scenario.connections[tunnel.connection].enable_bgp:
            address = tunnel.other(device.node).bgp_address
            yield Route(f"{address}/32", type="unreachable", metric=LAST_RESORT)


# --- IKE ------------------------------------------------------------------------------------------------------------


def ike_connection(scenario: Scenario, device: Device, peer: Device, tunnel: routers.Tunnel) -> IkeConnection:
    """One end of a site-to-site or VNet-to-VNet tunnel, with a PSK (R29)."""
    end, name = device.end, tunnel.connection
    initiator = end == ike.initiator(scenario, name)
    policy_based = ike.faces_policy_based(scenario, name)
    wanted = (ike.selectors if initiator else ike.accepted_selectors)(scenario, name, end)
    first, *further = wanted
    return IkeConnection(
        name=tunnel.name,
        local_address=device.local_address(tunnel.name),
        remote_address=peer.public,
        local_id=device.public,
        remote_id=peer.public,
        secret=shared_key_name(name, end),
        initiator=initiator,
        ike_proposals=tuple(map(proposals.ike, ike.ike_proposals(scenario, name, end))),
        esp_proposals=tuple(map(proposals.esp, ike.esp_proposals(scenario, name, end))),
        local_ts=_selector(first.local),
        remote_ts=_selector(first.remote),
        if_id=device.if_id(tunnel.name),
        version=1 if ike.protocol(scenario, name, end) == "IKEv1" else 2,
        further=tuple(
            Child(f"{tunnel.name}-{number}", _selector(each.local), _selector(each.remote))
            for number, each in enumerate(further, 2)
        ),
        on_demand=ike.on_demand(scenario, name, end),
        # R23: policy-based gateways ask nobody whether he lives; R22: they take down what is idle.
        dpd_timeout=0 if policy_based else scenario.connections[name].dpd_timeout_seconds,
        idle_timeout=ike.IDLE_TIMEOUT if policy_based else 0,
        child_lifetime=ike.child_lifetime(scenario, name, end),
        translated=device.public if device.in_vnet else "",
    )


def _selector(prefixes: Iterable[IPv4Network]) -> Selector:
    return Selector(tuple(map(str, prefixes)))
