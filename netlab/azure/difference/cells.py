"""The cells of the matrix that differ between two moments. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from netlab.azure.dataplane.walk import Walk, telling
from netlab.azure.prediction import Forecast, Predicted
from netlab.results.difference import CellChange, Class, Side
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.results.verification import Report, StepReport
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
        sides = ((_side(item).renamed(self.names), item.protocols) for item in found)
        return {protocol: side for side, protocols in sides for protocol in protocols}


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
                drop = cell.dropped_at
                side = Side(cell.observed, cell.forward, cell.reverse, drop, drop.reason if drop is not None else "")
                found.setdefault(pair, {})[cast(Protocol, cell.protocol)] = side.renamed(self.names)
        return found

    def sides(self, pair: Pair) -> dict[Protocol, Side]:
        """What became of a pair, by protocol; nothing of what could not be measured."""
        return self._cells.get(pair, {})


def _side(item: Predicted) -> Side:
    way, back, drop = telling(item.forward), telling(item.reverse), item.drop
    reason = drop.reason if drop is not None else _reason(item.source, way)
    return Side(item.outcome, _nodes(way), _nodes(back), drop, reason)


def _nodes(way: Walk | None) -> tuple[str, ...]:
    return way.nodes if way is not None else ()


def _reason(source: str, way: Walk | None) -> str:
    """Why a packet arrives: the route that the first node behind the source uses."""
    chosen = way.used if way is not None else ()
    used = next((one for one in chosen if one.node != source), chosen[0] if chosen else None)
    return used.sentence if used is not None else ""


def kind_of(before: Side, after: Side) -> Class | None:
    """How a cell changed; None where it is alike."""
    if before.verdict != after.verdict:
        return "lost" if before.verdict == "reachable" else "gained"
    if before.place != after.place:
        return "other drop"
    return None if before.end == after.end else "other path"


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
        key = one.end, other.end
        known = found.get(key)
        protocols = (*known.protocols, protocol) if known is not None else (protocol,)
        found[key] = CellChange(kind, *pair, protocols, known.before if known else one, known.after if known else other)
    return iter(found.values())


def alone(nodes: Collection[str], kind: Class) -> Iterator[CellChange]:
    """A machine that only one side has."""
    return (CellChange(kind, node, "", (), None, None) for node in sorted(nodes) if node != INTERNET)
