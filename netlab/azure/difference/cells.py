"""The cells of the matrix that differ between two moments. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

from netlab.azure.dataplane.walk import Walk
from netlab.azure.prediction import Forecast, Predicted
from netlab.results.difference import CellChange, Class, Side
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.results.verification import Cell, Outcome, Report, StepReport
from netlab.scenario.names import INTERNET, by_node

Pair = tuple[str, str]


@dataclass(frozen=True)
class Matrix:
    """The predictions of a moment, with the other names of what was renamed; a pair is asked for when it is read."""

    forecast: Forecast
    names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def ends(self) -> dict[str, str]:
        """The nodes of all endpoints and of the Internet, by their other names."""
        return {self.names.get(node, node): node for node in by_node(self.forecast.state.scenario)}

    def sides(self, pair: Pair) -> dict[Protocol, Side]:
        """What becomes of a pair, by protocol."""
        ends = by_node(self.forecast.state.scenario)
        source, target = (ends[self.ends[node]] for node in pair)
        found = self.forecast.by_protocol(source, target)
        return {protocol: self._side(item) for item in found for protocol in item.protocols}

    def _side(self, item: Predicted) -> Side:
        drop = item.drop
        if drop is not None:
            named = self.names.get(drop.node, drop.node)
            drop = replace(drop, node=named)
        way, back = _telling(item.forward), _telling(item.reverse)
        return Side(item.outcome, self._nodes(way), self._nodes(back), drop, _reason(item, way))

    def _nodes(self, walk: Walk | None) -> tuple[str, ...]:
        return tuple(self.names.get(node, node) for node in walk.nodes) if walk is not None else ()


@dataclass(frozen=True)
class Observed:
    """What `verify` measured after a step, with the other names of what was renamed."""

    report: Report
    step: StepReport
    names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def ends(self) -> dict[str, str]:
        """The machines, by their other names."""
        return {self.names.get(machine.node, machine.node): machine.node for machine in self.report.machines}

    @cached_property
    def _cells(self) -> dict[Pair, dict[Protocol, Side]]:
        found: dict[Pair, dict[Protocol, Side]] = {}
        for cell in self.step.cells:
            if cell.observed is not None:
                pair = self.names.get(cell.source, cell.source), self.names.get(cell.target, cell.target)
                found.setdefault(pair, {})[cast(Protocol, cell.protocol)] = self._side(cell, cell.observed)
        return found

    def sides(self, pair: Pair) -> dict[Protocol, Side]:
        """What became of a pair, by protocol; nothing of what could not be measured."""
        return self._cells.get(pair, {})

    def _side(self, cell: Cell, observed: Outcome) -> Side:
        drop = cell.dropped_at
        if drop is not None:
            drop = replace(drop, node=self.names.get(drop.node, drop.node))
        forward, reverse = (tuple(self.names.get(n, n) for n in nodes) for nodes in (cell.forward, cell.reverse))
        return Side(observed, forward, reverse, drop, drop.reason if drop is not None else "")


def _telling(walks: Sequence[Walk]) -> Walk | None:
    """The way that is dropped, else the first one."""
    return next((walk for walk in walks if walk.cause is not None), walks[0] if walks else None)


def _reason(item: Predicted, way: Walk | None) -> str:
    """Why it comes to this end: the drop, or the route that the first node behind the source uses."""
    if item.drop is not None:
        return item.drop.reason
    chosen = way.used if way is not None else ()
    used = next((one for one in chosen if one.node != item.source), chosen[0] if chosen else None)
    return f"{used.node}: {used.prefix}, from {used.source}, leads to {used.leads_to}" if used else ""


def end_of(side: Side) -> Hashable:
    """What is equal for cells that are alike: verdict, ways, and node, direction and type of a drop."""
    drop = side.drop
    return side.verdict, side.forward, side.reverse, (drop.node, drop.direction, drop.type) if drop else None


def kind_of(before: Side, after: Side) -> Class | None:
    """How a cell changed; None where it is alike."""
    if before.verdict != after.verdict:
        return "lost" if before.verdict == "reachable" else "gained"
    one, other = before.drop, after.drop
    if (one and (one.node, one.direction, one.type)) != (other and (other.node, other.direction, other.type)):
        return "other drop"
    return None if end_of(before) == end_of(after) else "other path"


def pairs(nodes: Collection[str], sources: Collection[str]) -> Iterator[Pair]:
    """Every pair of different nodes; only ``sources`` ask."""
    return ((source, target) for source in sources for target in nodes if source != target)


def changes(before: Mapping[Protocol, Side], after: Mapping[Protocol, Side], pair: Pair) -> Iterator[CellChange]:
    """How a pair changed: protocols that changed alike are one change."""
    found: dict[Hashable, CellChange] = {}
    for protocol in PROTOCOLS:
        one, other = before.get(protocol), after.get(protocol)
        kind = kind_of(one, other) if one is not None and other is not None else None
        if kind is None or one is None or other is None:
            continue
        key = end_of(one), end_of(other)
        known = found.get(key)
        protocols = (*known.protocols, protocol) if known is not None else (protocol,)
        found[key] = CellChange(kind, *pair, protocols, known.before if known else one, known.after if known else other)
    return iter(found.values())


def alone(nodes: Collection[str], kind: Class) -> Iterator[CellChange]:
    """A machine that only one side has."""
    return (CellChange(kind, node, "", (), None, None) for node in sorted(nodes) if node != INTERNET)
