"""What would bring a packet on from where it was dropped, by the type of the drop. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.dataplane.offers import instances_by_prefix
from netlab.azure.dataplane.routers import ways
from netlab.azure.dataplane.walk import Walk
from netlab.azure.p2s.refusals import NO_ADDRESS, REVOKED, UNTRUSTED, WRONG_PASSWORD
from netlab.azure.p2s.routes import profile_prefixes
from netlab.azure.prediction import Addresses, Predicted, address_towards
from netlab.azure.restarts import restarts
from netlab.azure.state import State
from netlab.azure.widening import Flow, widened
from netlab.results.drops import Cause, DropType
from netlab.scenario.addresses import DEFAULT_ROUTE, GATEWAY_SUBNET
from netlab.scenario.models import UserRoute
from netlab.scenario.names import INTERNET, by_node
from netlab.scenario.network import Appliance, Client, ClientTunnel, Nic, Site, Subnet, Tunnel, VNet, VpnGateway

AnyEnd = VpnGateway | Site | Appliance


def mends(state: State, found: Predicted, addresses: Addresses) -> Iterator[str]:
    """What would let a pair talk that cannot; nothing for one that can."""
    if found.death is None:
        return
    leg, walk = found.death
    ends = by_node(state.scenario)
    source, target = ends[found.source], ends[found.target]
    assert walk.cause is not None
    restarted = tuple(restarts(state, source, target, addresses))
    if restarted:
        yield from restarted
    elif walk.cause.type is DropType.CLIENT_NOT_CONNECTED:
        client = next(c for c in state.network.clients.values() if c.node == walk.cause["client"])
        yield _of_absence(state, client)
    elif walk.dropped_at == source.node == INTERNET:
        yield from _of_public_access(state, target.node, leg)
    else:
        there = (target, source) if leg == "forward" else (source, target)
        own, address = (address_towards(state, *pair, addresses) for pair in (there[::-1], there))
        yield from _Case(state, walk, walk.cause, own, address).mends()


def _of_public_access(state: State, node: str, leg: str) -> Iterator[str]:
    """What would let the Internet's host talk to a machine."""
    nic = _nics(state).get(node)
    if nic is None:
        return
    if leg == "forward":
        yield f"give {node} a public_ip_address: the Internet has no route to a private one"
    else:
        where = f"subnet {nic.subnet.name} of {nic.vnet.name}"
        yield f"have a user route lead {DEFAULT_ROUTE} of {where} to Internet (R85)"


def _of_absence(state: State, client: Client) -> str:
    """What would let a client in that has no tunnel at all."""
    name, gateway, reason = client.name, client.spec.gateway, state.absence(client.name)
    return {
        REVOKED: f"issue {name} a new certificate, or take it out of {gateway}'s revoked_certificates",
        UNTRUSTED: f"issue {name} a certificate by a root that {gateway}'s gateway trusts, or let it trust "
        f"{client.issuer} (root_certificates)",
        WRONG_PASSWORD: f"have the user of {name} type the right password",
        NO_ADDRESS: f"give {gateway}'s gateway a larger address_pool or SKU, or disconnect another client and connect "
        f"{name}",
    }.get(reason, f"connect {name}: it does not come back by itself (R66)")


def _nics(state: State) -> dict[str, Nic]:
    return {nic.node: nic for vnet in state.network.vnets.values() for nic in vnet.nics}


@dataclass(frozen=True, slots=True)
class _Place:
    """What an address belongs to: a VNet, a site or a P2S pool, and the prefix that would lead to it."""

    kind: str
    name: str
    prefix: IPv4Network


def _place(state: State, address: IPv4Address) -> _Place | None:
    for name, vnet in state.network.vnets.items():
        for prefix in vnet.address_space:
            if address in prefix:
                return _Place("VNet", name, prefix)
        pool = vnet.vpn_gateway.point_to_site if vnet.vpn_gateway is not None else None
        if pool is not None and address in pool.address_pool:
            return _Place("pool", name, pool.address_pool)
    around = ((name, p) for name, site in state.network.sites.items() for p in site.prefixes if address in p)
    found = max(around, key=lambda item: item[1].prefixlen, default=None)
    return _Place("site", *found) if found is not None else None


@dataclass(frozen=True)
class _Case:
    """A packet for an address that was dropped on its walk."""

    state: State
    walk: Walk
    cause: Cause
    own: IPv4Address
    address: IPv4Address

    def mends(self) -> Iterator[str]:
        """What the type of the drop asks for, or else what would lead from its node to the address."""
        of_type = _BY_TYPE.get(self.cause.type)
        found = tuple(of_type(self)) if of_type is not None else ()
        yield from found or self._by_place()

    def _by_place(self) -> Iterator[str]:
        place, node, network = _place(self.state, self.address), self.walk.dropped_at, self.state.network
        if place is None:
            return
        client = next((client for client in network.clients.values() if client.node == node), None)
        vnet = next((vnet for vnet in network.vnets.values() if vnet.node == node), None)
        router = (self.state.topology.routers | self.state.topology.appliances).get(node)
        if client is not None:
            yield from _of_client(self.state, client, place)
        elif vnet is not None:
            yield from tuple(self._by_vpn_server(place)) or _of_vnet(self.state, vnet, place)
        elif router is not None and isinstance(router.end, VpnGateway | Site | Appliance):
            yield from _of_end(self.state, router.end, place)

    # --- by type ----------------------------------------------------------------------------------------------------

    def start(self) -> Iterator[str]:
        """A stopped machine."""
        yield f"start {self.walk.dropped_at}"

    def link(self) -> Iterator[str]:
        """A link to the Internet that is cut."""
        yield f"mend the link of {self.walk.dropped_at} to the Internet"

    def ip_forwarding(self) -> Iterator[str]:
        """A NIC without IP forwarding."""
        yield f"set enable_ip_forwarding on the NIC of {self.cause['nic']} (R116)"

    def forwarded_traffic(self) -> Iterator[str]:
        """A peering without AllowForwardedTraffic."""
        vnets = self.state.network.vnets
        peering = self.state.network.peering[vnets[self.cause["vnet"]], vnets[self.cause["remote"]]]
        ends = f"from {peering.vnet.name} to {peering.remote.name}"
        yield f"set allow_forwarded_traffic on {peering.name}, the peering {ends} (R107)"

    def loop(self) -> Iterator[str]:
        """An appliance that a route of its own subnet leads to again, or to another one."""
        nics = _nics(self.state)
        for nic in (nics[node] for node in dict.fromkeys(self.walk.nodes) if node in nics):
            name, found = _user_route(nic.subnet, self.address)
            if nic.appliance is not None and found is not None and found.next_hop_type == "VirtualAppliance":
                route = f"route {name} of route table {nic.subnet.spec.route_table}"
                yield f"give {nic.node} a subnet without {route}, which leads back to it (R89)"

    def appliance(self) -> Iterator[str]:
        """A machine that forwards nothing."""
        if len(self.walk.nodes) > 1:
            yield f"make {self.walk.dropped_at} an appliance (nva): it forwards nothing"

    def own_network(self) -> Iterator[str]:
        """A client's own network, whose prefix is longer than those of its tunnels."""
        client = next(c for c in self.state.network.clients.values() if c.node == self.walk.dropped_at)
        selectors = self.state.sessions[client.tunnels[0].key].selectors
        if any(self.address in prefix for prefix in selectors):
            yield f"add {self.address}/32 by hand on {client.name}: it is longer than {self.cause['prefix']}"

    def tunnel_down(self) -> Iterator[str]:
        """A tunnel that is down."""
        name = self.cause["tunnel"]
        tunnel = self.state.topology.tunnel[name]
        if self.state.negotiated[tunnel.connection.name].reason == "selectors unacceptable":
            yield from self._widened(tunnel)
        else:
            yield f"bring {name} up again: {self.state.why_down(tunnel)}"

    def selectors(self) -> Iterator[str]:
        """A tunnel whose selectors do not cover the packet; of a client its own tunnel says more."""
        tunnel = self.state.topology.tunnel.get(self.cause["tunnel"])
        if tunnel is not None:
            yield from self._widened(tunnel)
            return
        client = next(t.client for t in self.state.network.client_tunnels.values() if t.name == self.cause["tunnel"])
        place = _place(self.state, IPv4Address(self.cause["address"]))
        if client.node != self.walk.dropped_at and place is not None:
            yield f"reconnect the client, so that {place.prefix} is negotiated anew"

    def _widened(self, tunnel: Tunnel) -> Iterator[str]:
        near, far = (_place(self.state, address) for address in (self.own, self.address))
        if near is not None and far is not None:
            flow = Flow(self.own, self.address, near.prefix, far.prefix)
            yield from widened(tunnel.side(self.walk.dropped_at), flow)

    def route_table(self) -> Iterator[str]:
        """The route table of the subnet that a packet came from when it was dropped in a VNet."""
        subnet = self._came_from()
        table = subnet.spec.route_table if subnet is not None else None
        if subnet is None or table is None:
            return
        name, found = _user_route(subnet, self.address)
        if self.cause.type is DropType.NONE_ROUTE and found is not None and found.next_hop_type == "None":
            prefix = found.address_prefix
            yield f"remove route {name} of route table {table}, or give it another next hop: it drops {prefix}"
        elif self.cause.type is DropType.NO_NEXT_HOP and found is not None:
            none = f"{found.next_hop_ip_address} is none in {subnet.vnet.name} or a peer"
            yield f"give route {name} of route table {table} an appliance as its next hop: {none}"
        elif subnet.route_table.disable_bgp_route_propagation and found is None:
            serving = subnet.vnet.serving
            known = instances_by_prefix(self.state, serving) if serving is not None else {}
            if subnet.name == GATEWAY_SUBNET and not subnet.vnet.branch_to_branch:
                known = {}
            if any(self.address in prefix for prefix in known):
                yield f"let route table {table} take the gateway's routes: it has disable_bgp_route_propagation"

    # --- where it came from -----------------------------------------------------------------------------------------

    def _came_from(self) -> Subnet | None:
        """The subnet that a packet came from when it was dropped in its VNet; None where it came from no subnet."""
        vnet = next((v for v in self.state.network.vnets.values() if v.node == self.walk.dropped_at), None)
        before = self.walk.nodes[-2] if len(self.walk.nodes) > 1 else ""
        if vnet is None:
            return None
        if before in {router.node for router in self.state.topology.with_tunnels(vnet.vpn_gateway)}:
            return vnet.subnets[GATEWAY_SUBNET]
        return next((nic.subnet for nic in vnet.nics if nic.node == before), None)

    def _by_vpn_server(self, place: _Place) -> Iterator[str]:
        """The user route that leads a subnet to a VPN server of its VNet, or of a peer, that has a route (R90)."""
        subnet = self._came_from()
        if subnet is None:
            return
        near = {subnet.vnet, *subnet.vnet.peering_to}
        for server in (server for server in self.state.network.vpn_servers if server.vnet in near):
            if any(way.tunnel and self.address in way.prefix for way in ways(self.state, server.router)):
                route = f"a user route for {place.prefix} to VirtualAppliance {server.bgp_address}"
                where = f"subnet {subnet.name} of {subnet.vnet.name}"
                yield f"give {where} {route}, the VPN server {server.router.node} (R90)"


_BY_TYPE: Mapping[DropType, Callable[[_Case], Iterator[str]]] = {
    DropType.STOPPED: _Case.start,
    DropType.LINK_CUT: _Case.link,
    DropType.IP_FORWARDING_IN: _Case.ip_forwarding,
    DropType.IP_FORWARDING_OUT: _Case.ip_forwarding,
    DropType.FORWARDED_TRAFFIC: _Case.forwarded_traffic,
    DropType.LOOP: _Case.loop,
    DropType.NOT_FORWARDING: _Case.appliance,
    DropType.OWN_NETWORK: _Case.own_network,
    DropType.TUNNEL_DOWN: _Case.tunnel_down,
    DropType.NOT_SELECTED: _Case.selectors,
    DropType.NONE_ROUTE: _Case.route_table,
    DropType.NO_NEXT_HOP: _Case.route_table,
    DropType.NO_ROUTE: _Case.route_table,
    DropType.NO_NIC: _Case.route_table,
}


def _user_route(subnet: Subnet, destination: IPv4Address) -> tuple[str, UserRoute | None]:
    """The route of a subnet's route table that covers a destination with the longest prefix, and its name."""
    covering = {name: r for name, r in subnet.route_table.routes.items() if destination in r.address_prefix}
    best = max(covering, key=lambda name: covering[name].address_prefix.prefixlen, default="")
    return best, covering.get(best)


# --- by place -------------------------------------------------------------------------------------------------------


def _of_client(state: State, client: Client, place: _Place) -> Iterator[str]:
    """What would lead a client to a place: through the gateway that offers it or, if none does, through its first."""
    for tunnel in client.tunnels:
        if any(place.prefix.subnet_of(prefix) for prefix in state.offered(tunnel.gateway)):
            yield from _of_client_tunnel(state, tunnel, place)
            return
    yield from _of_end(state, client.gateways[0], place)


def _of_client_tunnel(state: State, tunnel: ClientTunnel, place: _Place) -> Iterator[str]:
    session, client, gateway = state.sessions[tunnel.key], tunnel.client.name, tunnel.gateway.name
    if session.absent:
        yield f"connect {client} to {gateway}'s gateway: it does not come back by itself (R66)"
    elif not any(place.prefix.subnet_of(prefix) for prefix in session.selectors):
        yield f"reconnect {client}: {gateway}'s gateway offers {place.prefix} now, and did not when it connected"
    elif tunnel.client.spec.os == "windows":
        new = frozenset(profile_prefixes(tunnel)) - session.profile
        if any(place.prefix.subnet_of(prefix) for prefix in new):
            yield f"download the profile of {client} anew: it holds {place.prefix} now (R65)"
        yield f"add {place.prefix} by hand on {client}: a Windows profile holds no prefix that S2S or BGP brings"


def _of_vnet(state: State, vnet: VNet, place: _Place) -> Iterator[str]:
    serving, peering = vnet.serving, state.network.peering
    other = state.network.vnets[place.name] if place.kind == "VNet" else None
    if other is not None and (vnet, other) not in peering:
        yield f"peer {vnet.name} and {other.name} directly: peering is not transitive (R102)"
    elif other is not None and (other, vnet) not in peering:
        yield f"make the peering from {other.name} to {vnet.name} too: one alone stays Initiated (R101)"
    end = serving.vpn_gateway if serving is not None else None
    if end is not None and (other is None or _way(state, end, place.name)):
        yield from _of_end(state, end, place)
    elif other is None and serving is not None:
        yield f"connect {serving.name} and {place.name}: no connection leads from one to the other"
    elif other is None:
        lenders = [p.vnet.name for p in peering.values() if p.remote is vnet and p.spec.allow_gateway_transit]
        hint = f", or set use_remote_gateways on its peering to {lenders[0]}" if lenders else ""
        yield f"give {vnet.name} a VPN gateway of its own{hint}: it uses none now"


def _of_end(state: State, end: AnyEnd, place: _Place) -> Iterator[str]:
    """What would give a gateway or a device a route to a place."""
    way = _way(state, end, place.name)
    if not way:
        yield f"connect {end.name} and {place.name}: no connection leads from one to the other"
        return
    connections = state.network.connections
    static = [name for name in way if not connections[name].speaks_bgp]
    if not static:
        yield f"have {place.name} announce {place.prefix}: BGP runs all the way and does not carry it"
        return
    yield f"enable BGP on {' and '.join(static)}: a static connection has routes to its direct neighbour only (R78)"
    first = connections[way[0]]
    other = first.side(end).other.end.name
    if first.speaks_bgp:
        return
    if not isinstance(end, VpnGateway):
        device = f"the device of {end.name}" if isinstance(end, Site) else end.name
        yield f"or have {device} send {place.prefix} into {first.name} (static_routes)"
    elif first.spec.type == "Vnet2Vnet":
        yield (
            f"or make {first.name} a connection of type IPsec, with {place.prefix} in {end.name}'s local network "
            f"gateway for {other}: the hidden one of a Vnet2Vnet connection cannot be edited (R75)"
        )
    else:
        yield f"or add {place.prefix} to {end.name}'s local network gateway for {other}"


def _way(state: State, start: AnyEnd, goal: str) -> tuple[str, ...]:
    """The connections of a shortest way from one end to another, or to what serves a VNet: a gateway, or a VPN server
    of its own."""
    vnet = state.network.vnets.get(goal)
    goals = {goal, vnet.serving.name if vnet is not None and vnet.serving is not None else goal}
    goals |= {appliance.name for appliance in vnet.appliances} if vnet is not None else set()
    ways: dict[str, tuple[str, ...]] = {start.name: ()}
    frontier: list[AnyEnd] = [start]
    while frontier:
        end = frontier.pop(0)
        if end.name in goals:
            return ways[end.name]
        for side in end.sides:
            other = side.other.end
            if other.name not in ways:
                ways[other.name] = (*ways[end.name], side.connection.name)
                frontier.append(other)
    return ()
