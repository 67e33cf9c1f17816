"""The policy rules and routes that every node should have, each by its origin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from ipaddress import IPv4Interface

from netlab.azure.dataplane import load_balancers
from netlab.azure.p2s.sessions import by_profile
from netlab.controllers import tables
from netlab.lab.build.settling import bgp_ways
from netlab.lab.measure.kernel.interfaces import Interfaces
from netlab.lab.measure.kernel.moment import Moment
from netlab.machine.inventory.tables import RTPROT_KERNEL, route_of, rule_of, way_of
from netlab.machine.routes import RTPROT_BGP, RTPROT_BIRD, RTPROT_NETLAB
from netlab.machine.tunnels import TUN
from netlab.plan import steering
from netlab.plan.gateways import custom_routes
from netlab.plan.model import (
    CHARON_TABLE,
    CUSTOM_ROUTES_TABLE,
    DEFAULT_TABLE,
    LOCAL_TABLE,
    MAIN_TABLE,
    Client,
    GatewayView,
    Node,
    Route,
    RouteServerView,
    Rule,
)
from netlab.plan.model.held import Wanted
from netlab.render.text import NO_PRIORITY, charon_priority

# linux/rtnetlink.h: what OpenVPN writes, and what pyroute2 and charon do.
_RTPROT_BOOT, _RTPROT_STATIC = 3, 4
# How zebra's routes for bgpd are weighed, and BIRD's by its configuration.
_BGP_METRIC = 20
# The rules that every namespace has.
_OWN_RULES = ((0, LOCAL_TABLE), (32_766, MAIN_TABLE), (32_767, DEFAULT_TABLE))


# Of a lab with thousands of prefixes a step asks for the same thousands of addresses at every edge.
_interface = cache(IPv4Interface)


@dataclass(frozen=True)
class Routing:
    """The rules and routes of every node of a moment."""

    moment: Moment
    interfaces: Interfaces

    @cached_property
    def _known(self) -> tables.Known:
        """What every gateway sends into its tunnels, for the tables of all fabrics."""
        return tables.known_by_gateways(self.moment.plan, Predicted(self.moment))

    @cached_property
    def _injected(self) -> tables.Injected:
        """What Route Servers program into VNets."""
        return tables.injected_by_route_servers(self.moment.plan, Predicted(self.moment))

    @cached_property
    def _healthy(self) -> tables.Healthy:
        """The members of pools that are up, as the model says."""
        state = self.moment.state
        balancers = (balancer for vnet in state.network.vnets.values() for balancer in vnet.load_balancers)
        rules = (rule for balancer in balancers for rule in balancer.rules)
        return {rule.choice: frozenset(nic.node for nic in load_balancers.healthy(state, rule)) for rule in rules}

    def of(self, node: Node) -> Iterator[Wanted]:
        """What a node should have of rules and routes."""
        yield from self._rules(node)
        yield from self._local(node)
        yield from self._planned(node)
        yield from self._steered(node)
        yield from self._by_bgp(node)
        yield from self._by_charon(node)
        yield from self._of_clients(node)

    # --- rules ------------------------------------------------------------------------------------------------------

    def _rules(self, node: Node) -> Iterator[Wanted]:
        for priority, table in _OWN_RULES:
            yield _rule(Rule(priority, table))
        yield from map(_rule, node.rules)
        if node.kind in ("edge", "client"):
            # A charon that was killed leaves its own.
            yield _rule(Rule(NO_PRIORITY, CHARON_TABLE), required=False)
        for charon in self.moment.plan.charons:
            priority = charon_priority(charon, self.moment.plan.data_plane)
            if charon.node == node.name and priority != NO_PRIORITY:
                yield _rule(Rule(priority, CHARON_TABLE))

    # --- routes -----------------------------------------------------------------------------------------------------

    def _local(self, node: Node) -> Iterator[Wanted]:
        """What the kernel derives from addresses: they are delivered, and so is what is sent to all of a prefix."""
        for text, required in self.interfaces.addresses(node.name).items():
            address, _, name = text.partition(" at ")
            own, up = _interface(address), self.interfaces.is_up(node.name, name)
            local = way_of("local", [(name, "")], "", RTPROT_KERNEL)
            yield Wanted("route", route_of(f"{own.ip}/32", LOCAL_TABLE, 0), (local,), required and up)
            if own.ip.is_loopback:
                yield Wanted("route", route_of(str(own.network), LOCAL_TABLE, 0), (local,))
            if own.network.prefixlen < 31:
                for ip in (own.network.network_address, own.network.broadcast_address):
                    way = way_of("broadcast", [(name, "")], "", RTPROT_KERNEL)
                    yield Wanted("route", route_of(f"{ip}/32", LOCAL_TABLE, 0), (way,), required=False)

    def _planned(self, node: Node) -> Iterator[Wanted]:
        """What the plan puts there; in a fabric's tables what the SDN controller makes of it."""
        fabric = next((fabric for fabric in self.moment.plan.fabrics if fabric.node == node.name), None)
        kept = {table.table for table in fabric.tables} if fabric is not None else set()
        for route in node.routes:
            if route.table not in kept and not (route.table == CUSTOM_ROUTES_TABLE and self._is_idle(node)):
                yield self._route(node, route, _RTPROT_STATIC)
        if self._is_idle(node):
            for route in self._custom_routes():
                yield replace(self._route(node, route, _RTPROT_STATIC), required=False)
        if fabric is not None:
            for table in fabric.tables:
                for route in tables.wanted_routes(table, self._known, self._injected, self._healthy):
                    yield self._route(node, route, _RTPROT_STATIC, RTPROT_NETLAB)

    def _is_idle(self, node: Node) -> bool:
        """Whether it is a gateway's instance that serves no clients: it gets the custom routes when it does."""
        serving = {server.node for server in self.moment.plan.servers}
        return node.kind == "gateway" and node.name not in serving

    def _custom_routes(self) -> Iterator[Route]:
        for network in (self.moment.state.network, self.moment.opening.network):
            for gateway in (each for each in network.vpn_gateways if each.point_to_site is not None):
                yield from custom_routes(map(str, gateway.client_settings.custom_routes))

    def _steered(self, node: Node) -> Iterator[Wanted]:
        for route in steering.routes(self.moment.plan, node.name, self.moment.up):
            yield self._route(node, route, RTPROT_NETLAB)

    def _by_bgp(self, node: Node) -> Iterator[Wanted]:
        for speaker in (speaker for speaker in self.moment.plan.speakers if speaker.node == node.name):
            # How its program marks the routes that it writes.
            protocol = RTPROT_BIRD if speaker.program == "bird" else RTPROT_BGP
            for prefix, devices in bgp_ways(self.moment.plan, self.moment.state, node.name).items():
                route = Route(prefix, metric=_BGP_METRIC, hops=tuple((device, "") for device in sorted(devices)))
                yield self._route(node, route, protocol)

    def _by_charon(self, node: Node) -> Iterator[Wanted]:
        """What charon installs for SAs: where no packet looks, but at clients that use it."""
        clients = {client.connection: client for client in self.moment.plan.clients if client.node == node.name}
        addresses = {text.partition("/")[0] for text in self.interfaces.addresses(node.name)}
        for sa in self.moment.selected(node.name):
            client = clients.get(sa.connection)
            device = client.interface if client is not None else TUN
            for prefix in sa.remote_ts:
                ways = (way_of("unicast", [(device, "")], source, _RTPROT_STATIC) for source in ("", *addresses))
                used = client is not None and client.os != "windows" and not client.if_id
                yield Wanted("route", route_of(prefix, CHARON_TABLE, 0), tuple(ways), required=used)

    def _of_clients(self, node: Node) -> Iterator[Wanted]:
        """A client's own routes into its tunnels: of its profile, of selectors, by hand."""
        for client in (client for client in self.moment.plan.clients if client.node == node.name):
            source = self.moment.leases[client.name]
            selected, written = _client_routes(self.moment, client)
            if client.if_id:
                for prefix in selected:
                    yield self._route(node, Route(prefix, client.interface, source=source), RTPROT_NETLAB)
            if source and client.next_hop:
                yield from self._pushed(node, client, selected)
            for prefix in written:
                route = Route(prefix, client.interface, source=source, metric=client.metric)
                yield self._route(node, route, _RTPROT_STATIC)

    def _pushed(self, node: Node, client: Client, prefixes: Iterable[str]) -> Iterator[Wanted]:
        """The routes that a gateway pushed to a client, and the one to the subnet of its address."""
        for prefix in prefixes:
            if prefix != client.subnet:
                route = Route(prefix, client.interface, via=client.next_hop, metric=client.metric)
                yield self._route(node, route, _RTPROT_BOOT)
        connected = Route(client.subnet, client.interface)
        yield self._route(node, connected, RTPROT_KERNEL)

    def _route(self, node: Node, route: Route, *protocols: int) -> Wanted:
        """A route, which is there only while its interfaces are up."""
        hops = route.hops or (((route.device, route.via),) if route.device else ())
        there = all(self.interfaces.is_up(node.name, device) for device, _ in hops)
        by_bgp = bool({RTPROT_BGP, RTPROT_BIRD} & {*protocols})
        ways = (
            way_of(route.type, ((device, "" if by_bgp else via) for device, via in hops), route.source, protocol)
            for protocol in protocols
        )
        return Wanted("route", route_of(route.prefix, route.table, route.metric), tuple(ways), required=there)


def _rule(rule: Rule, *, required: bool = True) -> Wanted:
    what = rule_of(rule.priority, rule.source, rule.destination, rule.iif, rule.protocol)
    return Wanted("rule", what, (f"lookup {rule.table}",), required)


def _client_routes(moment: Moment, client: Client) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The prefixes that a client was offered, if it uses them, and those that are written into its table."""
    key = next(key for key, tunnel in moment.state.network.client_tunnels.items() if tunnel.name == client.name)
    session = moment.state.sessions[key]
    if session.absent:
        return (), ()
    routes = moment.state.tunnel_routes(*key)
    from_profile = by_profile(moment.state.network.client_tunnels[key])
    written = routes if from_profile else session.by_hand
    return () if from_profile else tuple(map(str, session.selectors)), tuple(map(str, written))


@dataclass(frozen=True, slots=True)
class Predicted:
    """What gateways and Route Servers know, as the model says: what the SDN controller would read of them."""

    moment: Moment

    def gateway_prefixes(self, view: GatewayView) -> tuple[tuple[str, bool, int], ...]:
        """The prefixes that a gateway sends into its tunnels, whether by BGP, and over how many AS."""
        into = set(view.tunnels)
        planned = (
            *self.moment.plan.node(view.node).routes,
            *steering.routes(self.moment.plan, view.node, self.moment.up),
        )
        main = (route for route in planned if route.table == MAIN_TABLE)
        static = [(r.prefix, False, 0) for r in main if into & {r.device, *(device for device, _ in r.hops)}]
        lengths = self._lengths(view)
        ways = bgp_ways(self.moment.plan, self.moment.state, view.node)
        return (*static, *((p, True, lengths.get(p, 0)) for p, devices in ways.items() if devices & into))

    def _lengths(self, view: GatewayView) -> Mapping[str, int]:
        """Over how many AS a gateway has each prefix; of one that is not read nothing."""
        learned = self.moment.state.learned.get(view.node, {}) if view.directory else {}
        return {str(prefix): len(paths[0].as_path) for prefix, paths in learned.items() if paths}

    def custom_routes(self, netns: str) -> tuple[str, ...]:
        """The custom routes of a gateway."""
        node = next(node for node in self.moment.plan.nodes if node.netns == netns)
        return tuple(route.prefix for route in node.routes if route.table == CUSTOM_ROUTES_TABLE)

    def injected(self, view: RouteServerView) -> tuple[tuple[str, str, int], ...]:
        """What an instance of a Route Server learned from appliances: prefix, next hop, and over how many AS."""
        return tuple(_injected(self.moment, view))


def _injected(moment: Moment, view: RouteServerView) -> Iterator[tuple[str, str, int]]:
    for prefix, paths in moment.state.learned.get(view.node, {}).items():
        for path in paths:
            if not path.internal and path.next_hop is not None:
                yield str(prefix), str(path.next_hop), len(path.as_path)
