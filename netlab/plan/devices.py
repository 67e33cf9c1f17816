"""VPN devices: gateway instances, devices of sites, and appliances at which tunnels end; on both data planes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from netlab.azure.sizes import TUNNEL_MTU
from netlab.plan.model import Before, BgpListeners, Charon, DataPlane, IkeProgram, Link, Node, Route, Ruleset, Tunnel
from netlab.plan.ports import P2S, device_port, tunnel_port
from netlab.plan.underlay import LAST_RESORT
from netlab.scenario import network
from netlab.scenario.addresses import LAB_CHARONS
from netlab.scenario.models import NEEDS
from netlab.scenario.network import Appliance, End, Network, Router, Site, Topology, VpnGateway
from netlab.scenario.places import places

_IF_IDS = 2**31 - 1
# Libreswan calls an interface after its number, which its administrator types. It takes no 1 that is there before it
# (kernel_xfrm_interface.c of 4.10, xfrm_iface_supported).
_LIBRESWANS_IF_IDS = range(2, 1000)


@dataclass(frozen=True)
class Device:
    """A gateway instance, a VPN device or an appliance at which tunnels end: its router, its public address and that
    of its gateway's point-to-site clients, its tunnels, whether it is on duty or on standby, and whether clients
    connect to it. Behind NAT it has a private address."""

    router: Router
    public: str
    public_p2s: str
    tunnels: tuple[network.Tunnel, ...]
    data_plane: DataPlane
    on_duty: bool = True
    serves_p2s: bool = False
    private: str = ""

    @property
    def end(self) -> End:
        """The VPN gateway, the site or the appliance that it belongs to."""
        return self.router.end

    @property
    def gateway(self) -> VpnGateway | None:
        """The VPN gateway of which it is an instance, if it is one."""
        return self.router.end if isinstance(self.router.end, VpnGateway) else None

    @property
    def site(self) -> Site | None:
        """The site whose device it is, if it is one."""
        return self.router.end if isinstance(self.router.end, Site) else None

    @property
    def appliance(self) -> Appliance | None:
        """The appliance that it is, if it is one: behind a NIC of a VNet, whose fabric translates its address."""
        return self.router.end if isinstance(self.router.end, Appliance) else None

    @property
    def ipsec(self) -> IkeProgram:
        """The program that its tunnels end at."""
        return self.site.spec.software.ipsec if self.site is not None else "strongswan"

    @property
    def node(self) -> str:
        """Its routing namespace."""
        return self.router.node

    @property
    def edge(self) -> str:
        """The namespace that faces the Internet."""
        return f"{self.node}-edge"

    @property
    def own(self) -> str:
        """The address that its edge has: the public one, or behind NAT the private one."""
        return self.private or self.public

    @property
    def p2s(self) -> bool:
        """Whether point-to-site clients connect to it, or could."""
        return bool(self.public_p2s)

    @property
    def serves_tls(self) -> bool:
        """Whether clients with tunnels over TLS connect to it, or could."""
        types = self.gateway.client_settings.tunnel_types if self.gateway is not None and self.p2s else ()
        return any(NEEDS[each] == ("tcp/443",) for each in types)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of its edge."""
        return tuple(dict.fromkeys((self.own, *((self.public_p2s,) if self.serves_p2s else ()))))

    def charon_edge(self, connection: str) -> str:
        """The namespace of the charon that serves a connection: one for all where the kernel does ESP."""
        if self.data_plane == "kernel":
            return self.edge
        return f"{self.node}-p2s-edge" if connection == P2S else f"{self.edge}-{connection.lower()}"

    def local_address(self, connection: str) -> str:
        """The address that the charon of a connection has: of an appliance one behind its NIC's."""
        if self.appliance is None:
            return self.public_p2s if connection == P2S else self.own
        return self._behind_nic[self.charon_edge(connection)]

    @cached_property
    def _behind_nic(self) -> dict[str, str]:
        found = places((self.charon_edge(tunnel.name) for tunnel in self.tunnels), LAB_CHARONS.num_addresses)
        return {edge: str(LAB_CHARONS[place]) for edge, place in found.items()}

    def if_id(self, connection: str) -> int:
        """The number that ties a connection's SAs to its XFRM interface, 0 where there is none."""
        return self._if_ids[connection] if self.data_plane == "kernel" else 0

    @cached_property
    def _if_ids(self) -> dict[str, int]:
        possible = _LIBRESWANS_IF_IDS if self.ipsec == "libreswan" else range(1, 1 + _IF_IDS)
        found = places((P2S, *(tunnel.name for tunnel in self.tunnels)), len(possible))
        return {name: possible[place] for name, place in found.items()}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a planner function adds to a lab."""

    nodes: tuple[Node, ...] = ()
    links: tuple[Link, ...] = ()
    charons: tuple[Charon, ...] = ()


def devices(topology: Topology, data_plane: DataPlane, lost: frozenset[str]) -> tuple[Device, ...]:
    """Every gateway instance, also the ones on standby and the lost ones, every device of a site, and the appliances
    at which connections end."""
    found = topology.network
    present = Topology(found, topology.switched, lost)
    return (
        *(d for gateway in found.vpn_gateways for d in _of_gateway(topology, present, gateway, data_plane)),
        *(_device(topology, r, data_plane, r.node not in lost) for site in found.sites.values() for r in site.devices),
        *(_of_server(topology, server, data_plane) for server in found.vpn_servers),
    )


def _of_gateway(topology: Topology, present: Topology, gateway: VpnGateway, data_plane: DataPlane) -> Iterator[Device]:
    public = gateway.network.public
    clients = str(public.point_to_site[gateway.name]) if gateway.point_to_site is not None else ""
    active, serving = topology.with_tunnels(gateway), present.point_to_site(gateway)
    for router in gateway.instances:
        if router in active:
            tunnels = topology.tunnels_of(router.node)
        else:
            tunnels = tuple(_standing_in(tunnel, router) for tunnel in topology.tunnels_of(active[0].node))
        on_duty = router in present.with_tunnels(gateway)
        address = str(public.routers[router.node])
        yield Device(router, address, clients, tunnels, data_plane, on_duty, bool(clients) and router is serving)


def _standing_in(tunnel: network.Tunnel, router: Router) -> network.Tunnel:
    """The tunnel that an instance on standby takes over."""
    one, other = (router if each.end is router.end else each for each in tunnel.routers)
    return network.Tunnel(tunnel.name, tunnel.connection, (one, other))


def _device(topology: Topology, router: Router, data_plane: DataPlane, on_duty: bool) -> Device:
    public = topology.network.public
    tunnels, private = topology.tunnels_of(router.node), str(public.private.get(router.node, ""))
    return Device(router, str(public.routers[router.node]), "", tunnels, data_plane, on_duty, private=private)


def _of_server(topology: Topology, server: Appliance, data_plane: DataPlane) -> Device:
    node = server.router.node
    address = str(topology.network.public.machines[node])
    return Device(server.router, address, "", topology.tunnels_of(node), data_plane)


def shared_key_name(connection: str, end: str) -> str:
    """The name under which an end of a connection keeps its PSK: both ends need the same (R31) and may have another."""
    return f"ipsec:{connection}:{end}"


def shared_key_names(found: Network) -> Iterator[str]:
    """The names of all PSKs of connections."""
    return (shared_key_name(item.name, side.end.name) for item in found.connections.values() for side in item.sides)


# --- tunnels and what leads into them -------------------------------------------------------------------------------


def tunnels(device: Device) -> Iterator[Tunnel]:
    """The interfaces of a device's tunnels; those for point-to-site clients are in ``p2s``."""
    for item in device.tunnels:
        peer, connection = item.other(device.node), item.connection
        address = item.bgp_of(device.node).peer if connection.speaks_bgp else None
        statics = tuple(map(str, item.side(device.node).static_prefixes))
        yield Tunnel(
            device.node,
            tunnel_port(item.name),
            f"t-{item.name.lower()}",
            device.charon_edge(item.name),
            item.name,
            connection.name,
            TUNNEL_MTU,
            statics,
            (f"{address}/32",) if address is not None else (),  # B9, B11
            peer.node,
            device.if_id(item.name),
            _before(device) if statics else None,
            decoy=f"ipsec{device.if_id(item.name)}" if device.ipsec == "libreswan" else "",
        )


def bgp_listeners(device: Device) -> tuple[Ruleset, ...]:
    """Where a device with several BGP addresses takes BGP connections: in each tunnel at its own one."""
    if not device.router.tunnel_addresses:
        return ()
    speaking = (tunnel for tunnel in device.tunnels if tunnel.connection.speaks_bgp)
    found = ((tunnel_port(t.name), t.bgp_of(device.node).address) for t in speaking)
    return (BgpListeners(tuple((port, str(address or "")) for port, address in found)),)


def _before(device: Device) -> Before | None:
    """The router before a site's several devices, with its way to this one."""
    before = device.site.before_devices if device.site is not None else None
    return Before(before.node, device_port(device.node), str(device.router.bgp_address)) if before else None


def peer_pins(device: Device) -> Iterator[Route]:
    """What keeps a BGP session in its own tunnel when the peer's address lies in a learned prefix."""
    for tunnel in device.tunnels:
        address = tunnel.bgp_of(device.node).peer if tunnel.connection.speaks_bgp else None
        if address is not None:
            yield Route(f"{address}/32", type="unreachable", metric=LAST_RESORT)
