"""Prediction: the whole reachability matrix of a scenario after each step of its story, without a lab. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import pairwise
from typing import Literal

from netlab.azure.forwarding import FROM_SELF, Hop, Packet, Used, hops
from netlab.azure.world import World, after, initial
from netlab.scenario.addresses import vm_addresses
from netlab.scenario.models import Scenario, Step
from netlab.scenario.names import Endpoint, endpoints

AS_BUILT = "as built"


@dataclass(frozen=True, slots=True)
class Walk:
    """One way that a packet may take: the nodes it passes, the routes they use, and where and why it dies, if it does.

    ``dropped_at`` is empty for a packet that arrives.
    """

    nodes: tuple[str, ...]
    used: tuple[Used, ...]
    dropped_at: str = ""
    reason: str = ""


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
    """What will become of every pair of endpoints that have an address."""
    addresses = endpoint_addresses(world.scenario) if addresses is None else addresses
    for source in endpoints(world.scenario):
        for target in endpoints(world.scenario):
            if source.node != target.node and source.node in addresses and target.node in addresses:
                yield pair(world, source, target, addresses)


def pair(world: World, source: Endpoint, target: Endpoint, addresses: Mapping[str, IPv4Address]) -> Predicted:
    """What will become of one pair."""
    there = Packet(source, target, addresses[source.node], addresses[target.node])
    back = Packet(target, source, addresses[target.node], addresses[source.node])
    forward = tuple(walks(world, there))
    arrives = not all(walk.dropped_at for walk in forward)
    return Predicted(source.node, target.node, forward, tuple(walks(world, back)) if arrives else ())


def endpoint_addresses(scenario: Scenario) -> dict[str, IPv4Address]:
    """The address of each endpoint; a client's is some address of its pool, each client's another one."""
    found: dict[str, IPv4Address] = {}
    handed_out: dict[str, int] = {}
    for endpoint in endpoints(scenario):
        if endpoint.kind == "vm":
            address = vm_addresses(scenario.vnets[endpoint.owner]).get(endpoint.name)
            if address is not None:
                found[endpoint.node] = address
        elif endpoint.kind == "host":
            found[endpoint.node] = scenario.sites[endpoint.owner].hosts[endpoint.name]
        else:
            found[endpoint.node] = _pool_address(scenario, endpoint.owner, handed_out)
    return found


def _pool_address(scenario: Scenario, client: str, handed_out: dict[str, int]) -> IPv4Address:
    gateway = scenario.clients[client].gateway
    settings = scenario.vnets[gateway].vpn_gateway
    assert settings is not None
    assert settings.point_to_site is not None
    handed_out[gateway] = handed_out.get(gateway, 0) + 1
    return settings.point_to_site.address_pool[handed_out[gateway]]


def walks(world: World, packet: Packet) -> Iterator[Walk]:
    """Every way that a packet may take."""
    yield from _onward(world, packet, packet.source.node, FROM_SELF, (), ())


def _onward(
    world: World, packet: Packet, node: str, ingress: str, passed: tuple[str, ...], used: tuple[Used, ...]
) -> Iterator[Walk]:
    nodes = (*passed, node)
    if node == packet.target.node:
        yield Walk(nodes, used)
    elif node == "internet":
        yield Walk(nodes, used, node, f"unknown route: the Internet knows no route to {packet.target_address}")
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
        yield from _onward(world, packet, hop.next_node, hop.ingress, nodes, now)
