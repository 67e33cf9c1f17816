"""Why a packet died: from where it was seen last, and the routes, tunnels and selectors of that node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from errno import EMSGSIZE

from netlab.lab.machine import Machine
from netlab.lab.measure.screening import Screening, covered
from netlab.machine.routes import KernelRoute, longest_match
from netlab.plan.clients import ON_LINK
from netlab.plan.model import (
    AccessRules,
    Barrier,
    Child,
    FabricRules,
    FixedRoute,
    FrontendRules,
    Plan,
    PrefixNat,
    Route,
    SourceFilter,
)
from netlab.plan.tables import FRONTENDS_TABLE, GATEWAY_METRIC
from netlab.plan.underlay import LAST_RESORT
from netlab.probe.trace import Leg, Sighting, Trace, last, looping, passage
from netlab.results.drops import Cause, Direction, Drop, DropType, cause
from netlab.results.protocols import PORT, Protocol
from netlab.scenario.names import INTERNET


@dataclass(slots=True)
class Coroner:
    """Says of a probe of so many bytes (0: few) that was not answered where it died and why; reads each namespace
    once."""

    plan: Plan
    machine: Machine
    size: int = 0
    _routes_of: dict[str, tuple[KernelRoute, ...]] = field(default_factory=dict)
    _ends: dict[tuple[str, str], _TunnelEnd | None] = field(default_factory=dict)
    _tables_of: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)
    _chosen: dict[tuple[str, str, tuple[int, ...]], KernelRoute | None] = field(default_factory=dict)
    _members_of: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _mtus_of: dict[str, dict[str, int]] = field(default_factory=dict)
    _broken_at: dict[tuple[str, ...], Cause | None] = field(default_factory=dict)

    def examine(self, trace: Trace) -> Drop:
        """The drop of a trace that is not answered."""
        probe = trace.probe
        if trace.unsent:
            narrow = self._narrow(probe.source, self._mtus(probe.source)) if trace.unsent == EMSGSIZE else None
            return Drop.of(probe.source, "forward", narrow or self._no_way(probe.source, trace.target_address))
        arrived = [
            s.node for s in trace.sightings if s.leg == "forward" and s.node in probe.receivers and not s.outgoing
        ]
        strangers = [node for node in trace.answered_by if node not in probe.receivers]
        if strangers:
            return Drop.of(strangers[0], "forward", cause(DropType.OTHER_ANSWERED, target=probe.target))
        if not arrived:
            return self._leg(trace, "forward", probe.source, trace.target_address)
        if (third := last(trace, "third")) is not None:
            return self._third(trace, third)
        return self._leg(trace, "reverse", arrived[0], trace.source_address)

    def _third(self, trace: Trace, seen: Sighting) -> Drop:
        """The drop of what follows the answer to a SYN, which has come back."""
        if seen.outgoing:
            return self._on_the_wire(seen, "forward", trace.target_address)
        if self.plan.node(seen.node).stateful:
            return Drop.of(seen.node, "forward", cause(DropType.INVALID_STATE, packet="ACK", before="SYN-ACK"))
        why = self._too_big(seen.node, trace.target_address, seen.interface)
        return Drop.of(seen.node, "forward", why or self._no_way(seen.node, trace.target_address, seen.interface))

    def _leg(self, trace: Trace, leg: Direction, start: str, destination: str) -> Drop:
        loop = looping(trace, leg)
        if loop is not None:
            return Drop.of(loop.node, leg, cause(DropType.LOOP))
        seen = last(trace, leg)
        if seen is None:
            rejected = self._rejected(trace, start)
            why = self._unfit(trace, leg, start, destination)
            if why is None:
                why = cause(DropType.NOT_ANSWERED, what=rejected) if rejected else self._no_way(start, destination)
            return Drop.of(start, leg, why)
        if leg == "reverse" and seen.node == trace.probe.source and seen.source != trace.target_address:
            why = cause(DropType.WRONG_ANSWER, found=seen.source, asked=trace.target_address)
            return Drop.of(seen.node, leg, why)
        if seen.node in ((trace.probe.source,) if leg == "reverse" else trace.probe.receivers) and not seen.outgoing:
            what = self._rejected(trace, seen.node) or "it arrived and was ignored"
            return Drop.of(seen.node, leg, self._broken(seen.node) or cause(DropType.NOT_ANSWERED, what=what))
        destination = self._after_nat_rules(trace, leg, seen, destination)
        if seen.outgoing:
            return self._on_the_wire(seen, leg, destination)
        if seen.node == start and seen.source == passage(trace, leg)[0].source:
            return Drop.of(start, leg, cause(DropType.LOOP))
        unfit = self._unfit(trace, leg, seen.node, destination, seen.interface)
        barred = unfit or self._barred(trace, leg, seen, destination)
        return Drop.of(seen.node, leg, barred or self._no_way(seen.node, destination, seen.interface))

    def _after_nat_rules(self, trace: Trace, leg: Direction, seen: Sighting, destination: str) -> str:
        """The destination of a packet where it was seen, if a gateway with NAT rules translated it before, or the
        request that it answers."""
        passed = {s.node for s in trace.sightings if s.leg in ("forward", leg) and s.time_ns <= seen.time_ns}
        rules = (ruleset for node in passed - {seen.node} for ruleset in self.plan.node(node).nftables)
        return seen.target if any(isinstance(ruleset, PrefixNat) for ruleset in rules) else destination

    def _rejected(self, trace: Trace, node: str) -> str:
        """What an ICMP error or a reset that a node sent says."""
        found = (s.rejection for s in trace.sightings if s.rejection is not None and s.node == node and s.outgoing)
        return next((rejection.reason for rejection in found), "")

    # --- sizes ------------------------------------------------------------------------------------------------------

    def _unfit(self, trace: Trace, leg: Leg, node: str, destination: str, interface: str = "") -> Cause | None:
        """Whether a packet was too big there: SYN and SYN-ACK are small, and an echo reply may be broken up."""
        fits = trace.probe.protocol == "tcp" or (trace.probe.protocol == "icmp" and leg == "reverse")
        return None if fits else self._too_big(node, destination, interface)

    def _too_big(self, node: str, destination: str, interface: str = "") -> Cause | None:
        """Whether a probe does not fit the interface by which a node would send it on; None if it does."""
        found = self._route(node, destination, *self._tables(node, interface)) if self.size else None
        if found is None or self._broken(node) is not None:
            return None
        return self._narrow(node, found.devices)

    def _narrow(self, node: str, interfaces: Iterable[str]) -> Cause | None:
        """Which of these interfaces of a node a probe does not fit; None if it fits all of them."""
        mtus = self._mtus(node)
        narrow = (name for name in interfaces if mtus.get(name, self.size) < self.size)
        found = next(narrow, None)
        return cause(DropType.TOO_BIG, size=self.size, link=found, mtu=mtus[found]) if found is not None else None

    def _mtus(self, node: str) -> Mapping[str, int]:
        if node not in self._mtus_of:
            netns = self.plan.netns(node)
            held = self.machine.inventory.read([netns])
            self._mtus_of[node] = {link.name: link.mtu for link in held[netns].links}
        return self._mtus_of[node]

    # --- into a tunnel, or onto a link ------------------------------------------------------------------------------

    def _on_the_wire(self, seen: Sighting, leg: Leg, destination: str) -> Drop:
        direction: Direction = "forward" if leg == "forward" else "reverse"
        return Drop.of(seen.node, direction, self._in_tunnel(seen, destination))

    def _in_tunnel(self, seen: Sighting, destination: str) -> Cause:
        place = seen.node, seen.interface
        if place not in self._ends:
            self._ends[place] = self._tunnel(*place)
        end = self._ends[place]
        if end is None:
            return cause(DropType.LOST, interface=seen.interface)
        if end.to_clients and not any(covered(destination, child.remote_ts.prefixes) for child in end.children):
            return cause(DropType.NO_CLIENT).about(destination)
        if not end.children and end.client:
            return cause(DropType.CLIENT_NOT_CONNECTED, client=end.client, why="it has no tunnel")
        if not end.children:
            return cause(DropType.TUNNEL_DOWN, tunnel=end.name)
        return _outside(end.children, end.name, seen.source, destination) or cause(
            DropType.LOST_IN_TUNNEL, tunnel=end.name
        )

    def _tunnel(self, node: str, interface: str) -> _TunnelEnd | None:
        """The end of a tunnel, or of all tunnels to clients, that an interface is."""
        for server in self.plan.servers:
            if (server.node, server.interface) == (node, interface):
                carried = self.machine.clients.carried_to_clients(server)
                return _TunnelEnd(server.interface, carried, to_clients=True)
        for client in self.plan.clients:
            if (client.node, client.interface) == (node, interface):
                return _TunnelEnd(client.interface, self.machine.clients.carried(client), client=client.node)
        directories = {charon.node: charon.directory for charon in self.plan.charons}
        for tunnel in self.plan.tunnels:
            if (tunnel.node, tunnel.interface) == (node, interface):
                children = self.machine.sas.children(directories[tunnel.edge], tunnel.connection)
                return _TunnelEnd(tunnel.connection, children)
        return None

    # --- barriers ---------------------------------------------------------------------------------------------------

    def _barred(self, trace: Trace, leg: Direction, seen: Sighting, destination: str) -> Cause | None:
        """Which filter of a fabric, or which barrier of a firewall, a packet that came in there met; None if none."""
        screening = Screening(self.plan, trace, leg, seen.node, self._members)
        refused = self._stray(trace, leg, seen) or screening.forwarded(seen)
        if refused is not None:
            return refused
        barriers = tuple(self._barriers(seen.node))
        if not barriers:
            return self._unbalanced(trace, seen)
        destination = self._behind(seen.node, destination)
        seen = replace(seen, target=self._behind(seen.node, seen.target))
        denied = screening.outbound(seen)
        if denied is not None:
            return denied
        unbalanced = self._unbalanced(trace, seen)
        found = self._route(seen.node, destination, *self._tables(seen.node, seen.interface))
        if found is not None and found.type == "throw":
            found = self._delivery(seen.node, destination)
        protocol = trace.probe.protocol
        for met, devices, to in _entering(seen, found, destination):
            stopping = (b for b in barriers if _stops(b, met, devices, to, protocol))
            stopped = next((barrier.cause.about(to) for barrier in stopping), None)
            denied = stopped or unbalanced or screening.inbound(met, devices)
            if denied is not None:
                return denied
        return unbalanced

    def _stray(self, trace: Trace, leg: Direction, seen: Sighting) -> Cause | None:
        """Whether a stateful appliance has not seen the request of an answer that came in there; None if not."""
        here = (s for s in trace.sightings if s.leg == "forward" and s.node == seen.node)
        asked = any(s.target == seen.source for s in here)
        names = {"icmp": ("echo reply", "echo request"), "tcp": ("SYN-ACK", "SYN")}.get(trace.probe.protocol)
        if (
            not self.plan.node(seen.node).stateful
            or asked
            or leg == "forward"
            or names is None
            or self._broken(seen.node) is not None
        ):
            return None
        return cause(DropType.INVALID_STATE, packet=names[0], before=names[1])

    def _unbalanced(self, trace: Trace, seen: Sighting) -> Cause | None:
        """Why a frontend drops a packet that none of its rules is for; None if one is, or if it is for no frontend."""
        rulesets = (rules for rules in self.plan.node(seen.node).nftables if isinstance(rules, FrontendRules))
        frontends = (item for rules in rulesets for item in rules.frontends if item.address == seen.target)
        asked = {(trace.probe.protocol, 0), (trace.probe.protocol, PORT)}
        lacking = (f for f in frontends if asked.isdisjoint((s.protocol, s.port) for s in f.services))
        return next((frontend.cause for frontend in lacking), None)

    def _members(self, netns: str, name: str) -> tuple[str, ...]:
        if (netns, name) not in self._members_of:
            self._members_of[netns, name] = self.machine.gateways.set_members(netns, name)
        return self._members_of[netns, name]

    def _behind(self, node: str, address: str) -> str:
        """The private address that a fabric translates a public one to before it filters; any other one as it is."""
        rules = (ruleset for ruleset in self.plan.node(node).nftables if isinstance(ruleset, FabricRules))
        return next((dict(ruleset.public).get(address, address) for ruleset in rules), address)

    def _barriers(self, node: str) -> Iterator[Barrier]:
        yield from (b for fabric in self.plan.fabrics if fabric.node == node for b in fabric.barriers)
        for ruleset in self.plan.node(node).nftables:
            yield from ruleset.barriers if isinstance(ruleset, AccessRules | PrefixNat | SourceFilter) else ()

    # --- routes -----------------------------------------------------------------------------------------------------

    def _no_way(self, node: str, destination: str, interface: str = "") -> Cause:
        """Why a node does not know where to send a packet that came in by an interface, or that it made itself."""
        stopped = self._broken(node)
        if stopped is not None:
            return stopped
        found = self._route(node, destination, *self._tables(node, interface))
        if found is not None and found.metric == LAST_RESORT:
            return cause(DropType.NO_PRIVATE_ROUTE).about(destination)
        if found is None:
            return cause(DropType.NO_ROUTE).about(destination)
        if (found.type, found.metric) == ("unreachable", ON_LINK):
            return cause(DropType.OWN_NETWORK, prefix=found.prefix).about(destination)
        if found.type == "throw":
            found = self._delivery(node, destination)
        if found is None:
            return cause(DropType.NO_NIC).about(destination)
        if found.type != "unicast":
            return self._discarded(node, found, destination)
        broken = self._broken(node, *found.devices)
        if broken is None and interface and not self.plan.node(node).forwarding:
            return cause(DropType.NOT_FORWARDING)
        what = f"{node} has the route {found.prefix} and does not forward"
        return broken or cause(DropType.NOT_ANSWERED, what=what)

    def _broken(self, node: str, *devices: str) -> Cause | None:
        """Whether the node itself is stopped, or nothing passes any of these interfaces; None if not."""
        if (node, *devices) not in self._broken_at:
            found = self._stopped(node) if not devices else self._broken(node) or self._severed(node, devices)
            self._broken_at[node, *devices] = found
        return self._broken_at[node, *devices]

    def _stopped(self, node: str) -> Cause | None:
        if not self.machine.filters.is_stopped(self.plan.netns(node)):
            return None
        return cause(DropType.INTERNET_CUT if node == INTERNET else DropType.STOPPED)

    def _severed(self, node: str, devices: Sequence[str]) -> Cause | None:
        netns, filters = self.plan.netns(node), self.machine.filters
        if all(filters.is_cut(netns, device) for device in devices):
            return cause(DropType.LINK_CUT)
        if all(filters.is_severed(netns, device) for device in devices):
            return cause(DropType.DEVICE_SILENT)
        return None

    def _delivery(self, node: str, destination: str) -> KernelRoute | None:
        """The route to the NIC that has an address, or to the members behind a frontend; None if nothing has it."""
        balanced = self._route(node, destination, FRONTENDS_TABLE)
        if balanced is not None:
            return balanced
        table = next(fabric.delivery for fabric in self.plan.fabrics if fabric.node == node)
        found = self._route(node, destination, table)
        return found if found is not None and found.type == "unicast" else None

    def _tables(self, node: str, interface: str) -> tuple[int, ...]:
        """The tables for what comes in by an interface, or for what a node sends itself."""
        if (node, interface) not in self._tables_of:
            self._tables_of[node, interface] = self.machine.routes.tables_of(self.plan.netns(node), interface)
        return self._tables_of[node, interface]

    def _route(self, node: str, destination: str, *tables: int) -> KernelRoute | None:
        if node not in self._routes_of:
            self._routes_of[node] = self.machine.routes.routes(self.plan.netns(node))
        if (node, destination, tables) not in self._chosen:
            self._chosen[node, destination, tables] = longest_match(self._routes_of[node], destination, *tables)
        return self._chosen[node, destination, tables]

    def _discarded(self, node: str, route: KernelRoute, destination: str) -> Cause:
        for item in self._fixed(node, route):
            if item.pool:
                vnet, balancer, _, pool = item.pool.split("/")
                named = {"vnet": vnet, "load_balancer": balancer, "pool": pool}
                return cause(DropType.NO_HEALTHY_MEMBER, **named, why="none answers the probe")
            if item.next_hop_type == "VirtualAppliance":
                return cause(DropType.NO_NEXT_HOP, next_hop=f"of {route.prefix}")
            if item.next_hop_type == "None":
                source = "user" if item.source == "User" else "system"
                return cause(DropType.NONE_ROUTE, source=source, prefix=route.prefix).about(destination)
        if route.type == "blackhole" and route.metric == GATEWAY_METRIC:
            # A Route Server injects what an appliance advertises whether the VNet has its next hop near or not (A14).
            return cause(DropType.NO_NEXT_HOP, next_hop=f"of {route.prefix}")
        return cause(DropType.NO_ROUTE).about(destination)

    def _fixed(self, node: str, route: KernelRoute) -> Iterator[FixedRoute]:
        """The route of Azure that a kernel route stands for; one that a gateway advertised is none."""
        tables = (item for fabric in self.plan.fabrics if fabric.node == node for item in fabric.tables)
        for item in (item for item in tables if item.table == route.table):
            yield from (f for f in item.fixed if _identity(f.route) == _identity(route) or _is_to_pool(f, route))


@dataclass(frozen=True, slots=True)
class _TunnelEnd:
    """An end of a tunnel and what it carries now; the client's node where it is a client's."""

    name: str
    children: tuple[Child, ...]
    to_clients: bool = False
    client: str = ""


def _entering(
    seen: Sighting, route: KernelRoute | None, destination: str
) -> Iterator[tuple[Sighting, tuple[str, ...], str]]:
    """A packet as it leaves by a route: its interfaces and its destination; one for each member behind a frontend,
    whose address it has by then."""
    if route is None or route.table != FRONTENDS_TABLE:
        yield seen, route.devices if route is not None else (), destination
        return
    for device, address in zip(route.devices, route.via, strict=True):
        yield replace(seen, target=address), (device,), address


def _stops(barrier: Barrier, seen: Sighting, egress: tuple[str, ...], destination: str, protocol: Protocol) -> bool:
    if barrier.ingress and seen.interface not in barrier.ingress:
        return False
    if barrier.egress and not set(egress) & set(barrier.egress):
        return False
    if barrier.protocols and protocol not in barrier.protocols:
        return False
    return not (covered(seen.source, barrier.sources) or covered(destination, barrier.destinations))


def _identity(route: Route | KernelRoute) -> tuple[str, str, int]:
    return route.prefix, route.type, route.metric


def _is_to_pool(item: FixedRoute, route: KernelRoute) -> bool:
    """Whether a route leads to the members of a pool, or nowhere because none is up."""
    return bool(item.pool) and (item.route.prefix, item.route.metric) == (route.prefix, route.metric)


def _outside(children: tuple[Child, ...], tunnel: str, source: str, destination: str) -> Cause | None:
    """Which address of a packet no CHILD SA selects, and what they select; None if one selects both."""
    pairs = [(child.local_ts.prefixes, child.remote_ts.prefixes) for child in children]
    towards = [local for local, remote in pairs if covered(destination, remote)]
    if any(covered(source, local) for local in towards):
        return None
    address, side = (source, towards) if towards else (destination, [remote for _, remote in pairs])
    selectors = ", ".join(sorted({ts for selectors in side for ts in selectors}))
    return cause(DropType.NOT_SELECTED, tunnel=tunnel, address=address, selectors=selectors)
