"""What `diff` found between two descriptions of a network: objects, routes, cells, findings of `check`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as aliased

from netlab.results.drops import Drop
from netlab.results.protocols import Protocol
from netlab.results.sweep import LostPair
from netlab.results.verification import Outcome

Part = Literal["objects", "routes", "cells", "checks"]
PARTS: tuple[Part, ...] = ("objects", "routes", "cells", "checks")
Class = Literal["lost", "gained", "other drop", "other path", "new", "gone"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the two that are compared: the name as given, and what it is."""

    source: str
    kind: Literal["scenario", "import", "verification"]


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """A property of an object that both have, by its path; None where it is not there."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """An object that was added, removed, changed or renamed; ``name`` is its path in the file, as `peerings.hub-spoke`.

    The name before is in ``properties`` of a renamed one, under `name`; ``id`` is Azure's of an import.
    """

    change: Literal["added", "removed", "changed", "renamed"]
    kind: str
    name: str
    id: str = ""
    properties: tuple[PropertyChange, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """A route of one side: of a NIC's effective routes, or learned by BGP."""

    next_hop_type: str
    next_hop: str
    source: str
    state: str = "Active"
    as_path: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteChange:
    """The routes for a prefix that differ: of a subnet's NICs, or of a router (`node`) that learned them by BGP."""

    node: str
    subnet: str
    prefix: str
    change: Literal["added", "removed", "changed"]
    before: tuple[RouteEntry, ...] = ()
    after: tuple[RouteEntry, ...] = ()

    @property
    def place(self) -> str:
        """The subnet or the router."""
        return self.subnet or self.node


@dataclass(frozen=True, slots=True)
class Side:
    """A cell on one side: the verdict, a way of the request and of its answer as nodes, the drop, and why."""

    verdict: Outcome
    forward: tuple[str, ...]
    reverse: tuple[str, ...]
    drop: Drop | None
    reason: str

    @property
    def end(self) -> Hashable:
        """What is equal for cells that are alike: verdict, ways, and node, direction and type of a drop."""
        return self.verdict, self.forward, self.reverse, self.place

    @property
    def place(self) -> Hashable:
        """Node, direction and type of a drop; None without one."""
        return (self.drop.node, self.drop.direction, self.drop.type) if self.drop is not None else None

    def renamed(self, names: Mapping[str, str]) -> Side:
        """The side with the other names of nodes."""
        forward, reverse = (tuple(names.get(node, node) for node in way) for way in (self.forward, self.reverse))
        drop = self.drop and replace(self.drop, node=names.get(self.drop.node, self.drop.node))
        return replace(self, forward=forward, reverse=reverse, drop=drop)


@aliased(frozen=True, slots=True)
class CellChange:
    """A cell whose verdict, path or drop differs, and the changed objects that this is because of."""

    kind: Annotated[Class, Field(serialization_alias="class")]
    source: str
    target: str
    protocols: tuple[Protocol, ...]
    before: Side | None
    after: Side | None
    because_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckChange:
    """A finding of `check` that only one side has."""

    change: Literal["added", "removed"]
    rule: str
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Summary:
    """How many changes there are; cells are pairs with their protocols, ``unchanged`` those that are alike.

    ``accepted`` are changes that a list of accepted ones names: no other number counts them.
    """

    objects: int
    routes: int
    checks: int
    lost: int
    gained: int
    other_drop: int
    other_path: int
    unchanged: int
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between ``a`` and ``b`` after a step of their stories."""

    a: Compared
    b: Compared
    compared: Literal["predicted", "observed"]
    step: str
    objects: tuple[ObjectChange, ...]
    routes: tuple[RouteChange, ...]
    cells: tuple[CellChange, ...]
    checks: tuple[CheckChange, ...]
    summary: Summary


@dataclass(frozen=True, slots=True)
class FailureChange:
    """A single failure that costs other pairs than before, or that only one side can have."""

    change: Literal["added", "removed", "changed"]
    kind: str
    name: str
    lost: tuple[LostPair, ...]
    """The pairs that it costs after the change only."""
    kept: tuple[LostPair, ...]
    """The pairs that it cost before the change only."""


@dataclass(frozen=True, slots=True)
class RedundancyDifference(Difference):
    """The same, and what each single failure costs on either side."""

    failures: tuple[FailureChange, ...] = ()
