"""Prediction: the whole reachability matrix of a scenario after each step of its story, without a lab. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from itertools import pairwise
from typing import Literal

from netlab.azure.forwarding import FROM_SELF, PUBLIC, Hop, Mask, Packet, Used, hops
from netlab.azure.sessions import pool_addresses, tunnel_name
from netlab.azure.world import World, after, initial
from netlab.scenario.addresses import INTERNET_ADDRESS, vm_addresses
from netlab.scenario.models import Scenario, Step, node_name
from netlab.scenario.names import INTERNET, Endpoint, endpoints, sources, targets

AS_BUILT = "as built"


@dataclass(frozen=True, slots=True)
class Walk:
    """One way that a packet may take: the nodes it passes, the routes they use, and where and why it dies, if it does.

    ``dropped_at`` is empty for a packet that arrives; ``arrived`` is that packet as its target sees it.
    """

    nodes: tuple[str, ...]
    used: tuple[Used, ...]
    dropped_at: str = ""
    reason: str = ""
    arrived: Packet | None = None


@dataclass(frozen=True, slots=True)
class Predicted:
    """What will become of a pair: the ways of the request and, if it arrives, of the answer.

    Several where equal paths share the load; they all end alike, else the first that dies counts.
    """

    source: str
    target: str
    forward: tuple[Walk, ...]
    reverse: tuple[Walk, ...]

    @property
    def death(self) -> tuple[Literal["forward", "reverse"], Walk] | None:
        """The leg and the way on which a packet dies; None if the pair can talk."""
        for walk in self.forward:
            if walk.dropped_at:
                return "forward", walk
        for walk in self.reverse:
            if walk.dropped_at:
                return "reverse", walk
        return None

    @property
    def ends(self) -> frozenset[tuple[str, str]]:
        """Every end that this may come to: the node and the leg of a death, or two empty words for an answer.

        More than one where equal paths share the load and differ: which one a flow takes is not foreseeable.
        """
        dead = {(walk.dropped_at, "forward") for walk in self.forward if walk.dropped_at}
        back = {(walk.dropped_at, "reverse" if walk.dropped_at else "") for walk in self.reverse}
        return frozenset(dead | back)

    @property
    def outcome(self) -> Literal["reachable", "unreachable"]:
        """Whether a request is answered."""
        return "reachable" if self.death is None else "unreachable"


@dataclass(frozen=True, slots=True)
class PredictedStep:
    """A step of the story: its name, the world after it, and the matrix."""

    name: str
    world: World
    cells: tuple[Predicted, ...]


def story_of(scenario: Scenario) -> tuple[Step, ...]:
    """The steps of a scenario; one without actions where it tells no story."""
    return scenario.story or (Step(name=AS_BUILT),)


def predict(scenario: Scenario) -> Iterator[PredictedStep]:
    """The matrix after each step of the story."""
    world = initial(scenario)
    for step in story_of(scenario):
        for action in step.do:
            world = after(world, action)
        yield PredictedStep(step.name, world, tuple(matrix(world)))


def matrix(world: World, addresses: Mapping[str, IPv4Address] | None = None) -> Iterator[Predicted]:
    """What will become of every pair of endpoints."""
    addresses = endpoint_addresses(world) if addresses is None else addresses
    for source in sources(world.scenario):
        for target in targets(world.scenario):
            if source.node != target.node:
                yield pair(world, source, target, addresses)


def pair(world: World, source: Endpoint, target: Endpoint, addresses: Mapping[str, IPv4Address]) -> Predicted:
    """What will become of one pair. A client without a tunnel has no address to send from or to be reached at."""
    for end in (source, target):
        absence = world.absence(end.owner) if end.kind == "client" else ""
        if absence:
            dead = Walk((source.node,), (), end.node, f"no tunnel: {end.node} is not connected: {absence}")
            return Predicted(source.node, target.node, (dead,), ())
    request = _request(world, source, target, addresses)
    forward = tuple(walks(world, request))
    answers = dict.fromkeys(walk.arrived.answer for walk in forward if walk.arrived is not None)
    back = tuple(_recognised(walk, request) for answer in answers for walk in walks(world, answer))
    return Predicted(source.node, target.node, forward, back)


def _request(world: World, source: Endpoint, target: Endpoint, addresses: Mapping[str, IPv4Address]) -> Packet:
    """The packet that asks; the public address of a NIC is a mask that the NIC's fabric takes off."""
    from_, own = (address_towards(world, *ends, addresses) for ends in ((source, target), (target, source)))
    asked = address_asked(world, source, target, addresses)
    masks = (Mask(node_name(target.owner), own),) if asked != own else ()
    return Packet(source, target, from_, asked, masks)


def _recognised(walk: Walk, request: Packet) -> Walk:
    """An answer counts only from the address that was asked."""
    asked, found = request.target_address, walk.arrived.source_address if walk.arrived is not None else None
    if found in (None, asked):
        return walk
    came_from = str(found) if found != PUBLIC else "another address"
    return replace(walk, dropped_at=request.source.node, reason=from_elsewhere(str(asked), came_from), arrived=None)


def from_elsewhere(asked: str, found: str) -> str:
    """Why an answer that arrives is none."""
    return f"no answer: it comes from {found}, and {asked} was asked"


def endpoint_addresses(world: World) -> dict[str, IPv4Address]:
    """The address of each endpoint, of a client by the name of its tunnel: some address of the gateway's pool."""
    scenario = world.scenario
    found: dict[str, IPv4Address] = {INTERNET: INTERNET_ADDRESS}
    for endpoint in endpoints(scenario):
        if endpoint.kind == "vm":
            address = vm_addresses(scenario.vnets[endpoint.owner]).get(endpoint.name)
            if address is not None:
                found[endpoint.node] = address
        elif endpoint.kind == "host":
            found[endpoint.node] = scenario.sites[endpoint.owner].hosts[endpoint.name]
    connected = [tunnel for tunnel, session in world.sessions.items() if not session.absent]
    for number, tunnel in enumerate(connected):
        before = sum(gateway == tunnel[1] for _, gateway in connected[:number])
        found[tunnel_name(scenario, tunnel)] = pool_addresses(scenario, tunnel[1])[0] + before
    return found


def address_towards(world: World, end: Endpoint, peer: Endpoint, addresses: Mapping[str, IPv4Address]) -> IPv4Address:
    """The address that an endpoint has for a peer: of a client with several tunnels, the one that leads there."""
    if end.kind != "client":
        return addresses[end.node]
    connected = [gateway for gateway, session in world.sessions_of(end.owner).items() if not session.absent]

    def fit(gateway: str) -> int:
        if peer.kind == "client":
            theirs = world.sessions.get((peer.owner, gateway))
            return int(theirs is not None and not theirs.absent)
        routes = world.tunnel_routes(end.owner, gateway)
        return max((prefix.prefixlen for prefix in routes if addresses[peer.node] in prefix), default=-1)

    return addresses[tunnel_name(world.scenario, (end.owner, max(connected, key=fit)))]


def address_asked(
    world: World, source: Endpoint, target: Endpoint, addresses: Mapping[str, IPv4Address]
) -> IPv4Address:
    """The address at which a source asks a target: from the Internet a machine's public one, if it has one."""
    here = world.nics[target.owner] if source.kind == "internet" and target.kind == "vm" else ()
    public = next((nic.public for nic in here if nic.node == target.node), None)
    return public or address_towards(world, target, source, addresses)


def walks(world: World, packet: Packet) -> Iterator[Walk]:
    """Every way that a packet may take."""
    yield from _onward(world, packet, packet.source.node, FROM_SELF, (), ())


def _onward(
    world: World, packet: Packet, node: str, ingress: str, passed: tuple[str, ...], used: tuple[Used, ...]
) -> Iterator[Walk]:
    nodes, packet = (*passed, node), packet.arriving(node)
    if node == packet.target.node:
        yield Walk(nodes, used, arrived=packet)
    else:
        for hop in hops(world, node, ingress, packet):
            yield from _take(world, packet, node, hop, nodes, used)


def _take(
    world: World, packet: Packet, node: str, hop: Hop, nodes: tuple[str, ...], used: tuple[Used, ...]
) -> Iterator[Walk]:
    now = (*used, hop.used) if hop.used is not None else used
    if hop.dropped:
        yield Walk(nodes, now, node, hop.dropped)
    elif (node, hop.next_node) in pairwise(nodes):
        yield Walk(nodes, now, node, f"loop: the packet came back to {node}")
    else:
        onward = packet.masked(node, hop.masked) if hop.masked is not None else packet
        yield from _onward(world, onward, hop.next_node, hop.ingress, nodes, now)
