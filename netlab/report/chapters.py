"""What the page of a report shows: a chapter per step, with the pairs of its matrix, their ways and all routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from netlab.report import prose
from netlab.report.timeline import Timeline, timeline
from netlab.results.protocols import PROTOCOLS
from netlab.results.routes import NO_ROUTES, ClientTable, EffectiveTable, Foreseen, LearnedTable, Routes
from netlab.results.routes import Way as Foretold
from netlab.results.verification import Cell, Check, Down, Remark, Report, StepReport

Mark = Literal["yes", "no", "mixed", "FAIL"]
Leg = Literal["forward", "reverse"]
Pair = tuple[str, str]

_LETTERS: Mapping[Mark, str] = {"yes": "y", "no": "n", "FAIL": "F"}
_SAID = ("reached", "not reached", "not measured")
# From top to bottom of a cell, whatever the order in which protocols that fare alike were predicted.
_ORDER: Mapping[str, int] = {protocol: number for number, protocol in enumerate(PROTOCOLS)}


@dataclass(frozen=True, slots=True)
class Stop:
    """A node on a way: the route that it used, or what became of the packet there."""

    node: str
    says: str
    end: Literal["", "arrived", "dropped"] = ""


@dataclass(frozen=True, slots=True)
class Way:
    """One leg as it was seen, and the model's ways where none of them is the same."""

    stops: tuple[Stop, ...]
    foreseen: tuple[str, ...]

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that were passed, and the one where the packet died."""
        return tuple(stop.node for stop in self.stops)

    @property
    def died(self) -> str:
        """The node where the packet died; empty if it arrived."""
        return next((stop.node for stop in self.stops if stop.end == "dropped"), "")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of those protocols of a pair that fared alike; ``cell`` is the first one's."""

    protocols: tuple[str, ...]
    cell: Cell
    forward: Way
    reverse: Way

    @property
    def words(self) -> str:
        """The protocols, and whether they are reached."""
        return f"{', '.join(self.protocols)}: {_said(self.cell)}"


@dataclass(frozen=True, slots=True)
class Couple:
    """One cell of the matrix: all protocols between a source and a target."""

    id: str
    source: str
    target: str
    mark: Mark
    was: Mark | None
    cells: tuple[Cell, ...]
    fates: tuple[Fate, ...]
    mend: tuple[str, ...]

    @property
    def marks(self) -> str:
        """The marks by protocol, a letter each, where they are not all that of the cell; else empty."""
        letters = (_LETTERS[_mark((cell,))] for cell in self.cells)
        return "".join(letters) if self.mark in ("mixed", "FAIL") else ""

    @property
    def changed(self) -> bool:
        """Whether it fares otherwise than in the step before."""
        return self.was not in (None, self.mark)

    @property
    def by_protocol(self) -> str:
        """Which protocols are reached, and which are not."""
        named = {said: ", ".join(cell.protocol for cell in self.cells if said == _said(cell)) for said in _SAID}
        return "; ".join(f"{protocols} {said}" for said, protocols in named.items() if protocols)

    @property
    def words(self) -> str:
        """The cell as a sentence."""
        what = {"yes": "reached", "no": "not reached", "mixed": self.by_protocol}
        changed = f"; was {self.was} in the step before" if self.changed else ""
        return f"{self.source} to {self.target}: {what.get(self.mark, 'not as expected')}{changed}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a title; ``key`` is what a box of the topology calls it by."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    key: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A step of the story: its actions, matrix, checks and routes."""

    number: int
    name: str
    actions: tuple[str, ...]
    pairs: tuple[Couple, ...]
    checks: tuple[Check, ...]
    warnings: tuple[Remark, ...]
    outage: tuple[str, ...]
    timeline: Timeline | None
    tables: Mapping[str, tuple[Table, ...]]
    routes_since: int
    down: tuple[Down, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The rows of the matrix."""
        return tuple(dict.fromkeys(pair.source for pair in self.pairs))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the matrix: the same, and what is only a target."""
        return tuple(dict.fromkeys((*self.names, *(pair.target for pair in self.pairs))))

    @property
    def grid(self) -> Mapping[Pair, Couple]:
        """The pairs by source and target."""
        return {(pair.source, pair.target): pair for pair in self.pairs}

    @property
    def wrong(self) -> tuple[Couple, ...]:
        """The pairs that are not as expected, or were not measured."""
        return tuple(pair for pair in self.pairs if pair.mark == "FAIL")

    @property
    def wrong_checks(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if check.status != "passed")

    @property
    def broken(self) -> tuple[str, ...]:
        """The nodes that checks which did not pass name."""
        return tuple(dict.fromkeys(item.node for check in self.wrong_checks for item in check.findings))

    @property
    def changed(self) -> int:
        """How many pairs fare otherwise than in the step before."""
        return sum(pair.changed for pair in self.pairs)


def chapters(found: Report) -> Iterator[Chapter]:
    """The chapters of a page: a step each."""
    marks: Mapping[Pair, Mark] = {}
    before, since = NO_ROUTES, 0
    for number, step in enumerate(found.steps, 1):
        before, since = (before, since) if since and before == step.routes else (step.routes, number)
        chapter = _chapter(number, step, marks, since, found.time_scale)
        marks = {(pair.source, pair.target): pair.mark for pair in chapter.pairs}
        yield chapter


def _chapter(number: int, step: StepReport, marks: Mapping[Pair, Mark], since: int, scale: float) -> Chapter:
    foreseen: dict[Pair, list[Foreseen]] = {}
    for item in step.foreseen:
        foreseen.setdefault((item.source, item.target), []).append(item)
    by_pair: dict[Pair, list[Cell]] = {}
    for cell in step.cells:
        by_pair.setdefault((cell.source, cell.target), []).append(cell)
    pairs = (
        _couple(f"p{number}-{index}", cells, marks.get(pair), foreseen.get(pair, [Foreseen(*pair)]))
        for index, (pair, cells) in enumerate(by_pair.items(), 1)
    )
    flow, tables = step.flow, _tables(step.routes)
    outage = (f"{prose.outage(flow)}, measured here", *prose.timers(flow.timers)) if flow is not None else ()
    drawn = timeline(flow, scale) if flow is not None else None
    couples = tuple(pairs)
    return Chapter(
        number, step.name, step.actions, couples, step.checks, step.warnings, outage, drawn, tables, since, step.down
    )


# --- cells ----------------------------------------------------------------------------------------------------------


def _couple(id: str, cells: list[Cell], was: Mark | None, foreseen: list[Foreseen]) -> Couple:
    cells = sorted(cells, key=lambda cell: _ORDER[cell.protocol])
    alike: dict[Cell, list[Cell]] = {}
    # What went wrong comes first.
    for cell in sorted(cells, key=lambda cell: cell.status == "passed"):
        alike.setdefault(replace(cell, protocol="", rtt_ms=None), []).append(cell)
    fates = tuple(_fate(group, _of(group[0].protocol, foreseen)) for group in alike.values())
    mend = tuple(dict.fromkeys(line for item in foreseen for line in item.mend))
    return Couple(id, cells[0].source, cells[0].target, _mark(cells), was, tuple(cells), fates, mend)


def _said(cell: Cell) -> str:
    return {"reachable": "reached", "unreachable": "not reached", None: "not measured"}[cell.observed]


def _of(protocol: str, foreseen: list[Foreseen]) -> Foreseen:
    """What is foreseen of a protocol of a pair."""
    return next((item for item in foreseen if protocol in item.protocols), foreseen[0])


def _mark(cells: Iterable[Cell]) -> Mark:
    outcomes = {cell.observed if cell.status == "passed" else None for cell in cells}
    if None in outcomes:
        return "FAIL"
    return "mixed" if len(outcomes) > 1 else "yes" if outcomes == {"reachable"} else "no"


def _fate(cells: list[Cell], foreseen: Foreseen) -> Fate:
    cell = cells[0]
    there = _way(cell, "forward", cell.forward, foreseen.forward)
    back = _way(cell, "reverse", cell.reverse, foreseen.reverse)
    return Fate(tuple(item.protocol for item in cells), cell, there, back)


def _way(cell: Cell, leg: Leg, seen: tuple[str, ...], ways: tuple[Foretold, ...]) -> Way:
    """A leg: the nodes that the packet passed, each with the route that the model says it used."""
    drop = cell.dropped_at if cell.dropped_at is not None and cell.dropped_at.direction == leg else None
    nodes = seen if drop is None or seen[-1:] == (drop.node,) else (*seen, drop.node)
    same = next((way for way in ways if way.nodes == nodes), None)
    routes = [f"{used.prefix} → {used.leads_to} ({used.source})" for used in same.routes] if same else []
    stops = [Stop(node, route) for node, route in zip_longest(nodes, routes[: len(nodes)], fillvalue="")]
    if drop is not None:
        stops[-1] = Stop(drop.node, "", "dropped")
    elif stops:
        stops[-1] = replace(stops[-1], end="arrived")
    return Way(tuple(stops), () if same else tuple(" > ".join(way.nodes) for way in ways))


# --- routes ---------------------------------------------------------------------------------------------------------


def _tables(routes: Routes) -> Mapping[str, tuple[Table, ...]]:
    """All routes, as the model foresees them; headings without a table are left out."""
    found = {
        "Effective routes of the NICs": tuple(map(_effective, routes.effective)),
        "Learned by BGP": tuple(map(_learned, routes.learned)),
        "VPN routes of the clients": tuple(map(_of_client, routes.clients)),
    }
    return {heading: tables for heading, tables in found.items() if tables}


def _effective(table: EffectiveTable) -> Table:
    rows = ((route.source, route.prefix, route.next_hop_type, route.next_hop) for route in table.routes)
    title = f"{table.name}: {', '.join(table.nics) or 'no NIC'}"
    return Table(title, ("source", "prefix", "next hop type", "next hop"), tuple(rows), f"effective {table.name}")


def _learned(table: LearnedTable) -> Table:
    rows = (
        (route.prefix, route.connection or route.neighbor, " ".join(map(str, route.as_path))) for route in table.routes
    )
    return Table(table.name, ("prefix", "over", "AS path"), tuple(rows), f"learned {table.name}")


def _of_client(table: ClientTable) -> Table:
    rows = ((route.prefix, route.origin) for route in table.routes)
    return Table(f"{table.name} ({table.os})", ("prefix", "from"), tuple(rows), f"client {table.name}")
