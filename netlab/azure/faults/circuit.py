"""A circuit, or one of its two links to the customer's end, carries nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlab.azure.faults.kind import Faults, Impact, Kind, Subjects
from netlab.scenario.models import Action, CircuitLink
from netlab.scenario.network import Network

_LINKS = {"primary": (0,), "secondary": (1,), None: (0, 1)}


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    """The edge routers, of every peering, whose links to the customer's end the action is about."""
    del faults
    subject = action.subject
    assert isinstance(subject, CircuitLink)
    routers = network.circuits[subject.circuit].every_edge
    return frozenset(router.node for router in routers if router.index in _LINKS[subject.link])


def _subject(network: Network, node: str) -> Mapping[str, Any]:
    found = ((name, r) for name, circuit in network.circuits.items() for r in circuit.every_edge if r.node == node)
    return next({"circuit": name, "link": ("primary", "secondary")[router.index]} for name, router in found)


def _links(network: Network) -> Subjects:
    routers = (router for circuit in network.circuits.values() for router in circuit.every_edge[:2])
    return [_subject(network, router.node) for router in routers]


CIRCUIT = Kind("circuit", "circuit", "fail_circuit", "restore_circuit", _named, _subject, Impact.SEVERED, single=_links)
