"""Everything that differs between two scenarios at a moment of their stories. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from netlab.azure.classes import sample
from netlab.azure.difference import cells, naming, objects, routes
from netlab.azure.difference.causes import Trials, explained, undone
from netlab.azure.difference.cells import Matrix, Observed
from netlab.azure.prediction import Forecast, endpoint_addresses
from netlab.azure.state import State
from netlab.results.difference import CellChange, ObjectChange, Part, PropertyChange, RouteChange
from netlab.results.verification import Report, StepReport
from netlab.scenario import rules
from netlab.scenario.names import by_node, sources
from netlab.scenario.nodes import backbone_node

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What differs, the number of cells that do not, and the other names of what was renamed."""

    objects: tuple[ObjectChange, ...] = ()
    routes: tuple[RouteChange, ...] = ()
    cells: tuple[CellChange, ...] = ()
    unchanged: int = 0
    renames: tuple[naming.Rename, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def in_words(self, message: str) -> str:
        """A message about the first one with the names of the second."""
        return naming.in_words(message, self.renames, self.names)


Measured = tuple[Report, StepReport]


def difference(
    a: State,
    b: State,
    parts: Collection[Part],
    measured: tuple[Measured, Measured] | None = None,
    assumed: Collection[tuple[str, str]] = (),
) -> Found:
    """What differs between two moments, in these parts; of two verifications the cells are those that were measured.

    ``assumed`` are properties, by kind and key, that an import makes of others: they are no change of their own.
    """
    renames, before = naming.renamed(objects.contents(a.written), objects.contents(b.written))
    every = objects.changes(before, objects.contents(b.written))
    changed = objects.stated(every, assumed)
    names = naming.by_other_names(a.written, b.written, renames)
    listed = (*(_renamed(rename) for rename in renames), *_states(a, b, changed, renames))
    table: list[RouteChange] = []
    if "routes" in parts:
        table = routes.changes(routes.routes(a, {**names, **naming.by_speaker(renames)}), routes.routes(b, {}))
    pairs: list[CellChange] = []
    unchanged = 0
    if "cells" in parts:
        one, other = _matrix(a, measured and measured[0], names), _matrix(b, measured and measured[1], {})
        pairs, unchanged = _cells(one, other, _asked(a, names) | _asked(b, {}), _asking(a, names) | _asking(b, {}))
        pairs = explained(pairs, _trials(a, b, renames, changed, every))
    return Found(listed if "objects" in parts else (), tuple(table), tuple(pairs), unchanged, renames, names)


def _matrix(state: State, measured: Measured | None, names: Mapping[str, str]) -> Matrix | Observed:
    """The cells of one side; the backbone has one name in all regions: a region alone is no change."""
    names = {**dict.fromkeys(state.network.backbones, backbone_node("")), **names}
    return Observed(*measured, names) if measured else Matrix(_forecast(state), names)


def _trials(
    a: State,
    b: State,
    renames: Collection[naming.Rename],
    changed: Collection[ObjectChange],
    every: Collection[ObjectChange],
) -> Trials:
    """The trials of the changed objects; what only follows from them is as before in all of them."""
    before, after = naming.rewritten(objects.written(a.written), renames), objects.written(b.written)
    paths = {one.name: tuple(one.name.split(".")) for one in changed}
    for one in every:
        if one.name not in paths:
            after = undone(after, before, tuple(one.name.split(".")))
    return Trials(before, after, b.history, paths, _broken(a) | _broken(b))


def _broken(state: State) -> frozenset[str]:
    """The rules that a scenario breaks already, and is compared all the same."""
    return frozenset(one.message for one in rules.check(state.written) if one.severity == "error")


def _renamed(rename: naming.Rename) -> ObjectChange:
    named = PropertyChange("name", rename.before, rename.after)
    return ObjectChange("renamed", rename.kind, ".".join((*rename.path, rename.after)), properties=(named,))


# --- connections ----------------------------------------------------------------------------------------------------


def _states(
    a: State, b: State, changed: Collection[ObjectChange], renames: Collection[naming.Rename]
) -> list[ObjectChange]:
    """The changed objects, of connections also the state that the model predicts."""
    other = {rename.before: rename.after for rename in renames if rename.kind == "connections"}
    before = {other.get(name, name): state for name, state in _connected(a).items()}
    after = _connected(b)
    found = {one.name: one for one in changed}
    for name in before.keys() & after.keys():
        if before[name] != after[name]:
            path = f"connections.{name}"
            known = found.get(path, ObjectChange("changed", "connections", path))
            state = PropertyChange("state", before[name], after[name])
            found[path] = replace(known, properties=(*known.properties, state))
    return [found[name] for name in sorted(found)]


def _connected(state: State) -> dict[str, str]:
    """The state of each connection, and why it has none."""
    found: dict[str, list[str]] = {}
    for tunnel in state.topology.tunnel.values():
        found.setdefault(tunnel.connection.name, []).append(state.why_down(tunnel))
    return {name: "Connected" if "" in reasons else f"NotConnected: {reasons[0]}" for name, reasons in found.items()}


# --- cells ----------------------------------------------------------------------------------------------------------


def _forecast(state: State) -> Forecast:
    return Forecast(state, endpoint_addresses(state))


def _cells(
    one: Matrix | Observed, other: Matrix | Observed, kept: Collection[str], asking: Collection[str]
) -> tuple[list[CellChange], int]:
    """The cells that changed, and how many did not; ``kept`` are the endpoints that are compared."""
    nodes = [node for node in other.ends if node in one.ends and node in kept]
    found: list[CellChange] = []
    unchanged = 0
    for pair in cells.pairs(nodes, [node for node in nodes if node in asking]):
        before, after = one.sides(pair), other.sides(pair)
        changed = list(cells.changes(before, after, pair))
        unchanged += not changed and bool(before and after)
        found += changed
    gone, new = one.ends.keys() - other.ends.keys(), other.ends.keys() - one.ends.keys()
    return [*_in_order(found), *cells.alone(new, "new"), *cells.alone(gone, "gone")], unchanged


def _in_order(found: list[CellChange]) -> list[CellChange]:
    order = ("lost", "gained", "other drop", "other path")
    return sorted(found, key=lambda cell: (order.index(cell.kind), cell.source, cell.target, cell.protocols))


def _asked(state: State, names: Mapping[str, str]) -> set[str]:
    """The endpoints that are asked: of a big network two of each class."""
    few = sample(state.scenario, (state,))
    nodes = by_node(state.scenario) if few is None else few.nodes
    return {names.get(node, node) for node in nodes}


def _asking(state: State, names: Mapping[str, str]) -> set[str]:
    return {names.get(end.node, end.node) for end in sources(state.scenario)}
