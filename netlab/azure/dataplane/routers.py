"""Gateway instances, VPN devices and appliances: their routes into tunnels, and their nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.azure import nat_rules
from netlab.azure.bgp.settling import Path
from netlab.azure.dataplane.filters import PoolFilter, within
from netlab.azure.dataplane.nodes import Node, PrefixTranslation, Translation
from netlab.azure.dataplane.tables import ANY, Hop, Route, TunnelEnd, table
from netlab.azure.p2s.tunnels import TUNNELS
from netlab.azure.selectors import Selectors
from netlab.azure.sizes import TUNNEL_MSS, TUNNEL_MTU
from netlab.azure.state import State
from netlab.results.drops import DropType, cause
from netlab.scenario.addresses import PRIVATE_PREFIXES
from netlab.scenario.network import Appliance, Router, Site, Tunnel, VpnGateway
from netlab.scenario.values import once_each

# The addresses that clients have from their pools, by the name of their tunnel.
Leases = Callable[[str], IPv4Address | None]


@dataclass(frozen=True, slots=True)
class Way:
    """A route of a router: into a tunnel, or to another ``node``; and where the router has it from.

    ``as_path_length`` is 0 where it is not BGP's; ``is_peer`` says that it is the host route of a BGP peer.
    """

    prefix: IPv4Network
    tunnel: str
    node: str
    source: str
    as_path_length: int = 0
    is_peer: bool = False


@once_each
def ways(state: State, router: Router) -> tuple[Way, ...]:
    """The routes of a router into tunnels, or to another router of its gateway or site; found once per moment."""
    statics = tuple(static_ways(state, router))
    fixed = {way.prefix for way in statics}
    learned = tuple(way for way in learned_ways(state, router) if way.prefix not in fixed)
    known = fixed | {way.prefix for way in learned}
    return (*statics, *learned, *(way for way in _fallbacks(state, router) if way.prefix not in known))


def static_ways(state: State, router: Router) -> Iterator[Way]:
    """The static routes of a router that are in force, its BGP peers' host routes, and the P2S pool."""
    own = router.vnet.prefixes if router.vnet is not None and router.role == "gateway" else ()
    for prefix, tunnels in _by_static_prefix(state, router).items():
        if prefix not in own:
            yield from (Way(prefix, t.name, "", _static_source(router)) for t in _leading(state, tunnels))
    for tunnel in state.topology.tunnels_of(router.node):
        peer = tunnel.bgp_of(router.node).peer if tunnel.connection.speaks_bgp else None
        if peer is not None and tunnel.name in state.up:
            yield Way(IPv4Network(peer), tunnel.name, "", "the BGP peer's host route", is_peer=True)
    if router.role == "device" and isinstance(router.end, Site):
        for appliance in router.end.appliances:
            yield Way(IPv4Network(appliance.bgp_address), "", appliance.nic.node, "the appliance's host route")
    if isinstance(router.end, Appliance) and router.end.bgp is not None:
        for address in router.end.addresses_by_fabric:
            yield Way(IPv4Network(address), "", router.end.vnet.node, "the peer's host route")
    pool = client_pool(state, router)
    if pool is not None:
        yield Way(pool, P2S, "", "the P2S address pool")


def _by_static_prefix(state: State, router: Router) -> dict[IPv4Network, list[Tunnel]]:
    """The tunnels of a router by the prefixes that it is set to send into them, in the file's order."""
    found: dict[IPv4Network, list[Tunnel]] = {}
    for tunnel in state.topology.tunnels_of(router.node):
        for prefix in tunnel.side(router.node).static_prefixes:
            found.setdefault(prefix, []).append(tunnel)
    return found


def _leading(state: State, tunnels: list[Tunnel]) -> Iterator[Tunnel]:
    """Of a router's tunnels with one static prefix those that it uses.

    Static routes have no liveness (R83), and of several connections one carries the packets (B46): here the first one
    in the file that is up (B47). Where none is up here, but at another instance, the prefix leads there.
    """
    up = [tunnel for tunnel in tunnels if tunnel.name in state.up]
    same = (other for tunnel in tunnels for other in state.topology.tunnels_by_connection[tunnel.connection.name])
    usable = up or ([] if any(other.name in state.up for other in same) else tunnels)
    return (tunnel for tunnel in usable if tunnel.connection is usable[0].connection)


P2S = "p2s"


def client_pool(state: State, router: Router) -> IPv4Network | None:
    """The pool of the clients that connect to a router; None where none do."""
    gateway = router.end
    if not isinstance(gateway, VpnGateway) or gateway.point_to_site is None:
        return None
    return gateway.point_to_site.address_pool if state.topology.point_to_site(gateway) is router else None


def _static_source(router: Router) -> str:
    return "the local network gateway" if router.role == "gateway" else f"a static route of the {router.role}"


def _fallbacks(state: State, router: Router) -> Iterator[Way]:
    """The routes over the other instance of an active-active gateway: to connections of which this one has no tunnel
    that is up, and to the point-to-site clients. Those of the router before a site's devices to one of these."""
    if router.before_devices:
        yield from _to_devices(state, router)
    if router.role != "gateway":
        return
    for other in state.topology.lan_of(router.node):
        prefixes = dict.fromkeys(way.prefix for way in static_ways(state, other) if way.prefix.prefixlen < 32)
        for prefix in prefixes:
            yield Way(prefix, "", other.node, "the other instance's static routes")


def _to_devices(state: State, before: Router) -> Iterator[Way]:
    """From the router before several devices: each static prefix to the first device whose tunnel is up."""
    leading: dict[IPv4Network, dict[str, bool]] = {}
    for device in state.topology.with_tunnels(_site_of(before)):
        for prefix, tunnels in _by_static_prefix(state, device).items():
            alive = any(tunnel.name in state.up for tunnel in tunnels)
            leading.setdefault(prefix, {})[device.node] = alive
    for prefix, devices in leading.items():
        first = next((node for node, alive in devices.items() if alive), next(iter(devices)))
        yield Way(prefix, "", first, "the site's own routing")


def _site_of(router: Router) -> Site:
    assert isinstance(router.end, Site)
    return router.end


def learned_ways(state: State, router: Router) -> Iterator[Way]:
    """The routes that a router has by BGP."""
    speakers = state.topology.speakers
    for prefix, paths in state.learned.get(router.node, {}).items():
        for path in paths:
            node = "" if path.tunnel else path.neighbor
            if not path.tunnel and router.vnet is not None and _through_vnet(router, speakers[path.neighbor]):
                node = router.vnet.node
            yield Way(prefix, path.tunnel, node, bgp_source(path), len(path.as_path))


def _through_vnet(router: Router, neighbor: Router) -> bool:
    """Whether what a neighbor advertises leads into the VNet, whose fabric has the route: that of a Route Server, of
    the other gateway, of an appliance in a peered VNet."""
    return neighbor.role in ("route server", "expressroute") or (router.role, neighbor.role) == ("appliance",) * 2


def bgp_source(path: Path) -> str:
    """Where a router has a route from, in words."""
    return f"{'iBGP' if path.internal else 'BGP'}, AS path {' '.join(map(str, path.as_path))}".rstrip()


# --- nodes ----------------------------------------------------------------------------------------------------------


def gateway_instance(state: State, leases: Leases, router: Router) -> Node:
    """An instance of a VPN gateway: into its VNet, and into its tunnels.

    What comes out of a tunnel and has no route goes into the VNet, where the routes of GatewaySubnet decide (B49, P21);
    what comes out of the VNet and has none is dropped (B50).
    """
    gateway, vnet = router.end, router.vnet
    assert isinstance(gateway, VpnGateway)
    assert vnet is not None
    inward = Hop(vnet.node, vnet.node, router.node)
    routes = table(
        lost_peers(state, router),
        (Route(prefix, "the VNet's address space", vnet.name, (inward,)) for prefix in vnet.prefixes),
        _clients(state, leases, router),
        own_routes(state, router),
    )
    rest = Route(ANY, "the way of what has no other route", vnet.name, (inward,))
    out_of_tunnels = table(routes.routes, (rest,))
    return Node(
        router.node,
        routes,
        tables=dict.fromkeys(_at_tunnels(state, router), out_of_tunnels),
        addresses=frozenset((*gateway.instance_addresses(router), *router.tunnel_addresses)),
        filters=tuple(_pools(state, router)),
        translations=dict(_translations(state, router)),
    )


def _translations(state: State, router: Router) -> Iterator[tuple[str, PrefixTranslation]]:
    """The NAT rules of a gateway's connections, by the tunnels of one of its instances."""
    for tunnel in state.topology.tunnels_of(router.node):
        own, others = nat_rules.of_tunnel(tunnel, router)
        if own or others:
            yield tunnel.name, PrefixTranslation(_memory(router, tunnel), own, others)


def _pools(state: State, router: Router) -> Iterator[PoolFilter]:
    """The filters of the dynamic rules among them."""
    for tunnel in state.topology.tunnels_of(router.node):
        own, others = nat_rules.of_tunnel(tunnel, router)
        link, memory, why = frozenset((tunnel.name,)), _memory(router, tunnel), cause(DropType.NO_NAT_SESSION)
        for rule in (rule for rule in own if rule.dynamic):
            yield PoolFilter(why, memory, (rule.internal, rule.external), ingress=link)
        for rule in (rule for rule in others if rule.dynamic):
            yield PoolFilter(why, memory, (rule.internal, rule.external), egress=link)


def _memory(router: Router, tunnel: Tunnel) -> str:
    return f"the NAT of {router.node} in {tunnel.name}"


def _at_tunnels(state: State, router: Router) -> Iterator[str]:
    """What packets that come out of a gateway instance's tunnels come in by: the tunnels, and clients."""
    yield from (tunnel.name for tunnel in state.topology.tunnels_of(router.node))
    yield from (t.client.node for t in state.network.client_tunnels.values() if t.gateway is router.end)


def device(state: State, router: Router) -> Node:
    """A VPN device of a site, or the router before several devices, with a way to the Internet."""
    site = router.end
    assert isinstance(site, Site)
    inward: tuple[Route, ...] = ()
    if router.node != site.node:
        hop = Hop(site.node, site.node, router.node)
        inward = tuple(Route(prefix, "the site's own network", site.name, (hop,)) for prefix in site.prefixes)
    known = tuple(own_routes(state, router))
    out = state.topology.with_tunnels(site)[0].node if router.before_devices else edge(router.node)
    default = Route(ANY, "the way to the Internet", out, (Hop(out, out, router.node),))
    return Node(
        router.node,
        table(
            lost_peers(state, router),
            _hosts(router, site),
            inward,
            known,
            _without_host(router, site),
            _without_session(router, site),
            to_the_internet(default, known),
        ),
        addresses=frozenset(
            (router.bgp_address, *router.tunnel_addresses, *state.network.link_addresses_of(router)),
        ),
        translations=dict(_public_sources(router, site)),
    )


def edge(router: str) -> str:
    """The node between a VPN device and the Internet."""
    return f"{router}-edge"


def _hosts(router: Router, site: Site) -> Iterator[Route]:
    if router.node == site.node:
        for host in site.hosts:
            hop = Hop(host.node, host.node, router.node)
            yield Route(IPv4Network(host.address), "the site's own network", host.name, (hop,))
        for client in site.network.clients_in(site):
            hop = Hop(client.node, client.node, router.node)
            yield Route(IPv4Network(client.own_address), "the site's own network", client.name, (hop,))


def _without_host(router: Router, site: Site) -> Iterator[Route]:
    """A site's own prefixes where no host is: not for the Internet."""
    if router.node == site.node:
        yield from (
            Route(prefix, "the site's own network", site.name, (_NO_PRIVATE_ROUTE,)) for prefix in site.prefixes
        )


def _without_session(router: Router, site: Site) -> Iterator[Route]:
    """The public prefixes of a site's Microsoft peerings where neither a host is nor a session of NAT leads further."""
    if router.node == site.node:
        for prefix in site.public_prefixes:
            yield Route(prefix, "the site's public prefix", site.name, (_NO_PRIVATE_ROUTE,))


def _public_sources(router: Router, site: Site) -> Iterator[tuple[str, Translation]]:
    """What a site does to the sources of packets into its Microsoft peerings (R124)."""
    for peering in site.microsoft_peerings:
        own = {host.address: host.address for host in site.hosts if within(host.address, peering.advertised)}
        for edge, end, _ in peering.links:
            if end is router and peering.spec.nat_address is not None:
                yield edge.node, Translation(edge.node, own, peering.spec.nat_address)


def lost_peers(state: State, router: Router) -> Iterator[Route]:
    """The BGP peers at the other ends of tunnels that are down: no other route leads to them."""
    for tunnel in state.topology.tunnels_of(router.node):
        address = tunnel.bgp_of(router.node).peer if tunnel.connection.speaks_bgp else None
        if address is not None and tunnel.name not in state.up:
            yield Route(IPv4Network(address), "the tunnel's end", tunnel.name, (_NO_PRIVATE_ROUTE,))


_NO_PRIVATE_ROUTE = Hop(drop=cause(DropType.NO_PRIVATE_ROUTE))


def to_the_internet(default: Route, known: Iterable[Route]) -> Iterator[Route]:
    """A default route to the Internet, and no way for private destinations, for a node with these other routes.

    A private prefix inside another route follows that one.
    """
    covering = [route.prefix for route in known]
    yield default
    for prefix in PRIVATE_PREFIXES:
        if not any(prefix.subnet_of(other) for other in covering):
            yield Route(prefix, "private destinations", "nowhere", (_NO_PRIVATE_ROUTE,))


def own_routes(state: State, router: Router) -> Iterator[Route]:
    return (route_of(state, router, way) for way in ways(state, router))


def route_of(state: State, router: Router, way: Way) -> Route:
    """The route that a way is."""
    if way.tunnel == P2S:
        return Route(way.prefix, way.source, P2S, (Hop(drop=cause(DropType.NO_CLIENT)),))
    if way.tunnel:
        return Route(way.prefix, way.source, way.tunnel, (into_tunnel(state, router, way.tunnel),))
    node = _next_router(router, way.node)
    return Route(way.prefix, way.source, way.node, (Hop(node, node, router.node),))


def _next_router(router: Router, node: str) -> str:
    """The next node towards another router: a site's devices reach each other over the router before them."""
    site = router.end
    beside = isinstance(site, Site) and not router.before_devices and node in {r.node for r in site.devices}
    return site.node if beside and isinstance(site, Site) else node


def into_tunnel(state: State, router: Router, name: str) -> Hop:
    """The hop into a tunnel that ends at a router."""
    tunnel = state.topology.tunnel[name]
    down = None if name in state.up else cause(DropType.TUNNEL_DOWN, tunnel=name)
    selectors = state.negotiated[tunnel.connection.name].selectors[tunnel.side(router.node).index]
    return Hop(
        tunnel.other(router.node).node, name, name, TunnelEnd(name, down, selectors), mtu=TUNNEL_MTU, mss=TUNNEL_MSS
    )


def _clients(state: State, leases: Leases, router: Router) -> Iterator[Route]:
    """A host route to each connected client: its tunnel carries what comes from where its type lets it."""
    if client_pool(state, router) is None:
        return
    for tunnel in state.network.client_tunnels.values():
        session, address = state.sessions[tunnel.key], leases(tunnel.name)
        if tunnel.gateway is router.end and address is not None and not session.absent:
            carried = TUNNELS[tunnel.tunnel_type].carries(session.selectors)
            selectors = Selectors(tuple(carried), (ANY,))
            end = TunnelEnd(tunnel.name, None, (selectors,))
            hop = Hop(tunnel.client.node, tunnel.name, router.node, end, mtu=TUNNELS[tunnel.tunnel_type].mtu)
            yield Route(IPv4Network(address), "the P2S address pool", P2S, (hop,))
