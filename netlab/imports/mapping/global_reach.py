"""Connections of circuits by Global Reach: in the list of a private peering, or resources of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netlab.imports import ids
from netlab.imports.bodies import Resource, text
from netlab.imports.facts import Facts
from netlab.imports.mapping.job import CIRCUIT_CONNECTIONS, CIRCUITS, Job
from netlab.imports.names import fitted


@dataclass(frozen=True)
class Reach:
    """A connection of two circuits that are in the input; ``ends`` begins with that at which it is written."""

    name: str
    ends: tuple[Resource, Resource]
    facts: Facts


def peerings(job: Job, circuit: Resource) -> list[tuple[str, Facts]]:
    """The peerings of a circuit, each with its type."""
    parts = job.facts(circuit).parts("peerings")
    return [(str(part.body.get("peeringtype", part.body.get("name", ""))), part) for part in parts]


def found(job: Job) -> list[Reach]:
    """The connections of two circuits of the input that have private peerings; each pair once."""
    made: dict[frozenset[str], Reach] = {}
    for circuit, name, facts in _written(job):
        reference = facts.reference("peerexpressroutecircuitpeering")
        peer = job.inventory.by_key.get(_circuit_of(reference))
        where = f"{circuit.name}: Global Reach {name}"
        if peer is None or peer.key == circuit.key:
            job.notes.need(reference, circuit.name)
            job.notes.warn(
                circuit.name, f"its connection {name} (Global Reach) leads to a circuit that is not in the input"
            )
        elif not all(_is_private(job, end) for end in (circuit, peer)):
            job.notes.warn(where, "one of its circuits has no private peering: left out")
        else:
            made.setdefault(frozenset((circuit.key, peer.key)), Reach(name, (circuit, peer), facts))
    return list(made.values())


def _written(job: Job) -> Iterator[tuple[Resource, str, Facts]]:
    """Each connection with the circuit at which it is written, its name and what it says."""
    for circuit in job.of_type(CIRCUITS):
        for type_, peering in peerings(job, circuit):
            parts = peering.parts("connections") if type_.lower() == "azureprivatepeering" else ()
            yield from ((circuit, text(part.body.get("name")) or "connection", part) for part in parts)
    for item in job.of_type(CIRCUIT_CONNECTIONS):
        owner = job.inventory.by_key.get(_circuit_of(item.key))
        if owner is None:
            job.notes.leave_out(item, "its circuit is not in the input")
        else:
            job.notes.settle(item, "imported")
            yield owner, item.name, job.facts(item)


def _circuit_of(reference: str) -> str:
    """The key of the circuit of a peering or of a connection."""
    return ids.key(reference).split("/peerings/")[0]


def _is_private(job: Job, circuit: Resource) -> bool:
    return any(type_.lower() == "azureprivatepeering" for type_, _ in peerings(job, circuit))


def add(job: Job, reaches: list[Reach]) -> None:
    """Write the connections, and where their circuits are (U30)."""
    for reach in reaches:
        near, far = (job.names.given[end.key] for end in reach.ends)
        prefixes = reach.facts.prefixes(("addressprefix",))
        if not prefixes:
            job.notes.warn(
                reach.ends[0].name, f"its connection {reach.name} (Global Reach) has no addressPrefix: left out"
            )
            continue
        entry = {"peer_circuit": far, "address_prefix": prefixes[0]}
        name = fitted(reach.name, f"{near}-{far}")
        job.draft.put(("expressroute_circuits", near, "global_reach", name), entry)
        for given, end in zip((near, far), reach.ends, strict=True):
            location = text(end.get("serviceproviderproperties", "peeringlocation"))
            if location:
                job.draft.put(("expressroute_circuits", given, "peering_location"), location)
