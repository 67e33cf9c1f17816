"""Prediction: the whole reachability matrix of a scenario after each step of its story, without a lab. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Address
from typing import Literal

from netlab.azure import nat_rules
from netlab.azure.dataplane import firewalls
from netlab.azure.dataplane.packets import Packet
from netlab.azure.dataplane.plane import Plane
from netlab.azure.dataplane.walk import Walk
from netlab.azure.moments import after, initial
from netlab.azure.p2s.routes import pool_addresses
from netlab.azure.sizes import TCP_HEADERS
from netlab.azure.state import State
from netlab.results.drops import Direction, Drop, DropType, cause
from netlab.results.protocols import PORT, PROTOCOLS, SOURCE_PORTS, Protocol
from netlab.scenario.addresses import INTERNET_ADDRESS
from netlab.scenario.models import Scenario, Step, TunnelType
from netlab.scenario.names import INTERNET, Endpoint, asked_by_address, by_node, sources, targets
from netlab.scenario.network import Machine

AS_BUILT = "as built"

Addresses = Mapping[str, IPv4Address]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What will become of a pair: the ways of the request, if it arrives of the answer, and then of TCP's ``third``
    packet.

    Several where equal paths share the load; they all end alike, else the first that is dropped counts. It holds for
    ``protocols``, and for packets of this ``size``: of TCP it is that of the third packet.
    """

    source: str
    target: str
    forward: tuple[Walk, ...]
    reverse: tuple[Walk, ...]
    protocols: tuple[Protocol, ...] = PROTOCOLS
    third: tuple[Walk, ...] = ()
    size: int = 0

    @property
    def legs(self) -> Iterator[tuple[Direction, Walk]]:
        """Every way, with its direction, in the order of the packets."""
        yield from (("forward", walk) for walk in self.forward)
        yield from (("reverse", walk) for walk in self.reverse)
        yield from (("forward", walk) for walk in self.third)

    @property
    def death(self) -> tuple[Direction, Walk] | None:
        """The leg and the way on which a packet is dropped; None if the pair can talk."""
        return next(((leg, walk) for leg, walk in self.legs if walk.cause is not None), None)

    @property
    def drop(self) -> Drop | None:
        """Where and why a packet is dropped; None if the pair can talk."""
        for leg, walk in self.legs:
            if walk.cause is not None:
                return Drop.of(walk.dropped_at, leg, walk.cause)
        return None

    @property
    def ends(self) -> frozenset[tuple[str, str]]:
        """Every end that this may come to: the node and the leg of a drop, or two empty words for an answer.

        More than one where equal paths share the load and differ: which one a flow takes is not foreseeable.
        """
        dead = {(walk.dropped_at, leg) for leg, walk in self.legs if walk.dropped_at}
        last = self.third or self.reverse
        return frozenset(dead | {("", "") for walk in last if not walk.dropped_at})

    @property
    def course(self) -> Hashable:
        """What is equal for protocols that pass the same nodes and end alike."""
        return tuple((walk.nodes, walk.dropped_at, walk.cause) for walk in (*self.forward, *self.reverse, *self._late))

    @property
    def _late(self) -> tuple[Walk, ...]:
        return tuple(walk for walk in self.third if walk.dropped_at)

    @property
    def outcome(self) -> Literal["reachable", "unreachable"]:
        """Whether a request is answered."""
        return "reachable" if self.death is None else "unreachable"


@dataclass(frozen=True)
class PredictedStep:
    """A step of the story: its name, the state after it, how big its probes are, and what it foresees."""

    name: str
    state: State
    size: int = 0

    @cached_property
    def forecast(self) -> Forecast:
        """The predictions of the moment after the step."""
        return Forecast(self.state, endpoint_addresses(self.state), self.size)

    @cached_property
    def cells(self) -> tuple[Predicted, ...]:
        """The matrix: every pair of endpoints."""
        return tuple(self.forecast.matrix())


def story_of(scenario: Scenario) -> tuple[Step, ...]:
    """The steps of a scenario; one without actions where it tells no story."""
    return scenario.story or (Step(name=AS_BUILT),)


def predict(scenario: Scenario) -> Iterator[PredictedStep]:
    """The state after each step of the story, and what it foresees."""
    state = initial(scenario)
    for step in story_of(scenario):
        for action in step.do:
            state = after(state, action)
        yield PredictedStep(step.name, state, step.size)


def matrix(state: State, addresses: Addresses | None = None) -> Iterator[Predicted]:
    """What will become of every pair of endpoints; several of a pair whose protocols differ."""
    return Forecast(state, endpoint_addresses(state) if addresses is None else addresses).matrix()


def pair(
    state: State, source: Endpoint, target: Endpoint, addresses: Addresses, protocol: Protocol = "icmp"
) -> Predicted:
    """What will become of one pair."""
    return Forecast(state, addresses).pair(source, target, protocol)


@dataclass(frozen=True)
class Forecast:
    """The predictions of a moment for packets of a size, 0 for small ones, given the addresses of all endpoints, of
    clients by the names of their tunnels."""

    state: State
    addresses: Addresses
    size: int = 0

    @cached_property
    def plane(self) -> Plane:
        """The data plane of the moment."""
        return Plane(self.state, self.addresses)

    def matrix(self, among: Collection[Endpoint] | None = None) -> Iterator[Predicted]:
        """What will become of every pair of endpoints, or of those ``among`` these and the Internet; several of a pair
        whose protocols differ."""
        asking, asked = sources(self.state.scenario), targets(self.state.scenario)
        if among is not None:
            kept = frozenset((*among, by_node(self.state.scenario)[INTERNET]))
            asking, asked = (tuple(end for end in ends if end in kept) for ends in (asking, asked))
        for source in asking:
            for target in asked:
                if source.node != target.node:
                    yield from self.by_protocol(source, target)

    def by_protocol(self, source: Endpoint, target: Endpoint) -> Iterator[Predicted]:
        """What will become of a pair: one prediction for all protocols that end alike."""
        first = self.pair(source, target)
        if not self.size and not self._reads_protocols(first):
            yield first
            return
        alike: dict[Hashable, Predicted] = {}
        for protocol in PROTOCOLS:
            asked = first if protocol == "icmp" else self.pair(source, target, protocol)
            found = replace(asked, protocols=(protocol,))
            same = alike.setdefault(found.course, found)
            if same is not found:
                alike[found.course] = replace(same, protocols=(*same.protocols, protocol))
        yield from alike.values()

    def _reads_protocols(self, found: Predicted) -> bool:
        """Whether a node that a packet or its answer passes reads the protocol."""
        passed = {node for walk in (*found.forward, *found.reverse) for node in walk.nodes}
        return any(self.plane.node(node).reads_protocols for node in passed)

    def pair(self, source: Endpoint, target: Endpoint, protocol: Protocol = "icmp") -> Predicted:
        """What will become of one pair. A client without a tunnel has no address to send from or to be reached at."""
        for end in (source, target):
            absence = self.state.absence(end.owner) if end.kind == "client" else ""
            if absence:
                why = cause(DropType.CLIENT_NOT_CONNECTED, client=end.node, why=absence)
                walk = Walk((source.node,), (), end.node, why)
                return Predicted(source.node, target.node, (walk,), (), size=self.size)
        request = self._request(source, target, protocol)
        forward = self.plane.walks(source.node, request)
        ends = ((walk, walk.arrived) for walk in reversed(forward) if walk.arrived is not None)
        arrived = {(walk.nodes[-1], packet, walk.sessions): walk for walk, packet in ends}
        reverse, third = list[Walk](), list[Walk]()
        for (receiver, packet, sessions), there in reversed(arrived.items()):
            for back in self.plane.walks(receiver, packet.answer, sessions):
                reverse.append(_recognised(back, request))
                if protocol == "tcp":
                    third += self._third(source, there, reverse[-1])
        late = tuple(dict.fromkeys(third))
        return Predicted(source.node, target.node, forward, tuple(reverse), third=late, size=self.size)

    def _third(self, source: Endpoint, there: Walk, back: Walk) -> Iterator[Walk]:
        """The way of the packet with which the source completes the handshake: by its flow it is that of the SYN."""
        if back.arrived is not None:
            text = replace(back.arrived.answer, size=min(self.size, back.arrived.mss + TCP_HEADERS))
            ways = self.plane.walks(source.node, text, back.sessions)
            yield from (way for way in ways if way.nodes == there.nodes[: len(way.nodes)])

    def _request(self, source: Endpoint, target: Endpoint, protocol: Protocol) -> Packet:
        asked = address_asked(self.state, source, target, self.addresses)
        own = address_of_sender(self.state, source, target, asked, self.addresses)
        ports = (SOURCE_PORTS[0], PORT) if protocol != "icmp" else (0, 0)
        return Packet(own, asked, protocol, *ports, size=0 if protocol == "tcp" else self.size)


def _recognised(walk: Walk, request: Packet) -> Walk:
    """An answer counts only from the address that was asked."""
    asked, found = request.destination, walk.arrived.source if walk.arrived is not None else None
    if found in (None, asked):
        return walk
    why = cause(DropType.WRONG_ANSWER, found=found, asked=asked)
    return replace(walk, dropped_at=walk.nodes[-1], cause=why, arrived=None)


def endpoint_addresses(state: State) -> dict[str, IPv4Address]:
    """The address of each endpoint, of a client by the name of its tunnel: some address of the gateway's pool."""
    network = state.network
    found: dict[str, IPv4Address] = {INTERNET: INTERNET_ADDRESS}
    found |= network.machine_addresses
    found |= {node: endpoint.address for node, endpoint in network.private_endpoints.items()}
    found |= {node: frontend.address for node, frontend in network.frontends.items()}
    connected: dict[tuple[str, TunnelType], int] = {}
    for tunnel in network.client_tunnels.values():
        if not state.sessions[tunnel.key].absent:
            kind = tunnel.gateway.name, tunnel.tunnel_type
            before = connected.setdefault(kind, 0)
            connected[kind] += 1
            found[tunnel.name] = pool_addresses(tunnel.gateway, tunnel.tunnel_type)[0] + before
    return found


def address_towards(state: State, end: Endpoint, peer: Endpoint, addresses: Addresses) -> IPv4Address:
    """The address that an endpoint has for a peer: of a client with several tunnels, the one that leads there."""
    if end.kind != "client":
        return addresses[end.node]
    connected = [t for t in state.network.clients[end.owner].tunnels if not state.sessions[t.key].absent]
    if len(connected) == 1:
        return addresses[connected[0].name]

    def fit(gateway: str) -> int:
        if peer.kind == "client":
            theirs = state.sessions.get((peer.owner, gateway))
            return int(theirs is not None and not theirs.absent)
        routes = state.tunnel_routes(end.owner, gateway)
        return max((prefix.prefixlen for prefix in routes if addresses[peer.node] in prefix), default=-1)

    return addresses[max(connected, key=lambda tunnel: fit(tunnel.gateway.name)).name]


def address_of_sender(
    state: State, source: Endpoint, target: Endpoint, asked: IPv4Address, addresses: Addresses
) -> IPv4Address:
    """The address from which a source asks a target at one of its addresses: of a machine that of the NIC by which its
    routes lead there (R126)."""
    if source.kind == "vm":
        return state.network.machines[source.node].towards(asked).address
    return address_towards(state, source, target, addresses)


def address_asked(state: State, source: Endpoint, target: Endpoint, addresses: Addresses) -> IPv4Address:
    """The address at which a source asks a target: one by which the story names the machine; from the Internet a
    machine's public one, if it has one, or that of an Azure Firewall which translates it to the machine's; where NAT
    rules of a VPN gateway are between the two, the address after NAT."""
    named = asked_by_address(state.scenario).get((source.node, target.node))
    own = IPv4Address(named) if named is not None else address_towards(state, target, source, addresses)
    if target.kind == "vm":
        machine = state.network.machines[target.node]
        public = [nic.public_address for nic in machine.nics if nic.public_address is not None]
        if own in public:
            return own
        found = next(iter((*public, *_translated_to(machine))), None)
        if source.kind == "internet" and found is not None:
            return found
    return nat_rules.seen_from(state.network, source, target, own)


def _translated_to(machine: Machine) -> Iterator[IPv4Address]:
    """The public addresses of the Azure Firewalls that translate what comes for the probes' port to a machine's."""
    for firewall in machine.vnet.network.firewalls.values():
        for redirect in firewalls.redirects(firewall):
            ports = redirect.term.destination_ports
            asked = any(first <= PORT <= last for first, last in ports) and redirect.port in (None, PORT)
            if redirect.address in machine.addresses and asked:
                yield firewall.public_address
