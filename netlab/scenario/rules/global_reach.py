"""ExpressRoute Global Reach: connections between the private peerings of two circuits."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from netlab.scenario.models import Circuit, GlobalReach, Scenario
from netlab.scenario.rules.breach import Breach, Breaches, Path, unknown
from netlab.scenario.rules.joined import address_spaces


def _connections(scenario: Scenario) -> Iterator[tuple[Path, str, GlobalReach]]:
    """Each connection with its place, and the circuit at which it is written."""
    for name, circuit in scenario.expressroute_circuits.items():
        for key, reach in circuit.global_reach.items():
            yield ("expressroute_circuits", name, "global_reach", key), name, reach


def u25_circuits_are_two(scenario: Scenario) -> Breaches:
    """U25: Global Reach joins two circuits that exist; the connection is written at one of them, once."""
    known, joined = scenario.expressroute_circuits, dict[frozenset[str], str]()
    for path, name, reach in _connections(scenario):
        yield from unknown((*path, "peer_circuit"), reach.peer_circuit, known, "circuit")
        if reach.peer_circuit == name:
            yield Breach((*path, "peer_circuit"), "a circuit is not connected with itself; name another one")
            continue
        pair = frozenset((name, reach.peer_circuit))
        before = joined.setdefault(pair, ".".join(map(str, path)))
        if before != ".".join(map(str, path)):
            message = f"{before} connects the two circuits already, in both directions; leave this one out"
            yield Breach(path, message)


def u29_links_have_a_prefix_of_their_own(scenario: Scenario) -> Breaches:
    """U29: the addresses of Global Reach are a /29 that neither VNets nor sites nor other links use."""
    taken = [(space.prefix, f"`{space.owner}`") for space in address_spaces(scenario)]
    for name, circuit in scenario.expressroute_circuits.items():
        taken += [(prefix, f"a link of `{name}`") for prefix in _of_links(circuit)]
    for path, name, reach in _connections(scenario):
        prefix, place = reach.address_prefix, (*path, "address_prefix")
        if prefix.prefixlen != 29:
            yield Breach(place, f"{prefix} is no /29; Microsoft makes a /30 of it for each of two links")
        over = next((owner for other, owner in taken if other.overlaps(prefix)), None)
        if over is not None:
            yield Breach(place, f"{prefix} overlaps the prefix of {over}; take another one")
        taken.append((prefix, f"Global Reach between `{name}` and `{reach.peer_circuit}`"))


def _of_links(circuit: Circuit) -> Iterator[IPv4Network]:
    both = (circuit.primary_peer_address_prefix, circuit.secondary_peer_address_prefix)
    yield from (prefix for prefix in both if prefix is not None)
    if circuit.microsoft_peering is not None:
        yield from circuit.microsoft_peering.peer_prefixes


def u30_circuits_are_at_different_locations(scenario: Scenario) -> Breaches:
    """U30: Global Reach joins circuits of different peering locations."""
    for path, name, reach in _connections(scenario):
        peer = scenario.expressroute_circuits.get(reach.peer_circuit)
        here = scenario.expressroute_circuits[name].peering_location
        if peer is not None and peer.peering_location == here is not None and reach.peer_circuit != name:
            message = (
                f"`{name}` and `{reach.peer_circuit}` are both at {here}; Global Reach joins circuits of different ones"
            )
            yield Breach((*path, "peer_circuit"), message)
