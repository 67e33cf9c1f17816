"""A report as one HTML page that needs nothing else: no network, no other file, and JavaScript only for comfort."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal

from netlab.azure.explanation import explain
from netlab.azure.forwarding import tables
from netlab.azure.nics import nics
from netlab.azure.prediction import Predicted, PredictedStep, Walk, endpoint_addresses, predict, story_of
from netlab.azure.propagation import bgp_ends
from netlab.azure.world import World
from netlab.render.text import template_directory
from netlab.results.verification import Cell, Check, Report, StepReport
from netlab.scenario.models import Action, Scenario, Step

if TYPE_CHECKING:
    from jinja2 import Environment

Mark = Literal["yes", "no", "mixed", "FAIL"]
Leg = Literal["forward", "reverse"]


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


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of those protocols of a pair that fared alike; ``cell`` is the first one's."""

    protocols: tuple[str, ...]
    cell: Cell
    forward: Way
    reverse: Way


@dataclass(frozen=True, slots=True)
class Pair:
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
    def words(self) -> str:
        """The cell as a sentence."""
        what = {"yes": "reached", "no": "not reached, as expected", "mixed": "not the same for all protocols"}
        changed = f"; was {self.was} in the step before" if self.was not in (None, self.mark) else ""
        return f"{self.source} to {self.target}: {what.get(self.mark, 'not as expected')}{changed}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A step of the story: its actions, matrix, checks, and who knew which routes."""

    number: int
    name: str
    actions: tuple[str, ...]
    pairs: tuple[Pair, ...]
    checks: tuple[Check, ...]
    tables: Mapping[str, tuple[Table, ...]]
    routes_since: int

    @property
    def names(self) -> tuple[str, ...]:
        """The rows of the matrix."""
        return tuple(dict.fromkeys(pair.source for pair in self.pairs))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the matrix: the same, and what is only a target."""
        return tuple(dict.fromkeys((*self.names, *(pair.target for pair in self.pairs))))

    @property
    def grid(self) -> Mapping[tuple[str, str], Pair]:
        """The pairs by source and target."""
        return {(pair.source, pair.target): pair for pair in self.pairs}

    @property
    def wrong(self) -> tuple[Pair, ...]:
        """The pairs that are not as expected, or were not measured."""
        return tuple(pair for pair in self.pairs if pair.mark == "FAIL")

    @property
    def wrong_checks(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if check.status != "passed")

    @property
    def changed(self) -> int:
        """How many pairs fare otherwise than in the step before."""
        return sum(pair.was not in (None, pair.mark) for pair in self.pairs)


def page(found: Report, scenario: Scenario, drawing: str) -> str:
    """The page of a report; ``drawing`` is the SVG of its topology."""
    script = (template_directory() / "report/report.js").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("report/report.html.j2")
        .render(
            report=found,
            scenario=scenario,
            chapters=tuple(_chapters(found, scenario)),
            drawing=_inline(drawing),
            style=(template_directory() / "report/report.css").read_text(encoding="utf-8"),
            script=script,
            # Nothing but this very script may run, whatever a name or a reason holds.
            script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        )
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(template_directory()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )


def _inline(svg: str) -> str:
    """An SVG file as a part of a page: without prolog, comments and namespaces, which HTML knows by itself."""
    element = re.sub(r"<!--.*?-->\n?", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    head, rest = element.split(">", 1)
    return re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", head) + ' role="img" aria-labelledby="topology">' + rest


# --- steps ----------------------------------------------------------------------------------------------------------


def _chapters(found: Report, scenario: Scenario) -> Iterator[Chapter]:
    marks: Mapping[tuple[str, str], Mark] = {}
    before: tuple[Mapping[str, tuple[Table, ...]], int] = ({}, 0)
    told = zip(found.steps, predict(scenario), story_of(scenario), strict=True)
    for number, (step, predicted, story) in enumerate(told, 1):
        tables = _tables(predicted.world)
        before = before if before[0] == tables else (tables, number)
        chapter = _chapter(number, step, predicted, story, marks, before)
        marks = {(pair.source, pair.target): pair.mark for pair in chapter.pairs}
        yield chapter


def _chapter(
    number: int,
    step: StepReport,
    predicted: PredictedStep,
    story: Step,
    marks: Mapping[tuple[str, str], Mark],
    tables: tuple[Mapping[str, tuple[Table, ...]], int],
) -> Chapter:
    foreseen = {(item.source, item.target): item for item in predicted.cells}
    by_pair: dict[tuple[str, str], list[Cell]] = {}
    for cell in step.cells:
        by_pair.setdefault((cell.source, cell.target), []).append(cell)
    pairs = (
        _pair(f"p{number}-{index}", cells, marks.get(pair), foreseen.get(pair), predicted.world)
        for index, (pair, cells) in enumerate(by_pair.items(), 1)
    )
    actions = tuple(map(_action, story.do))
    return Chapter(number, step.name, actions, tuple(pairs), step.checks, *tables)


def _action(action: Action) -> str:
    return f"{action.verb}: {', '.join(str(value) for _, value in action.subject)}"


# --- cells ----------------------------------------------------------------------------------------------------------


def _pair(id: str, cells: list[Cell], was: Mark | None, foreseen: Predicted | None, world: World) -> Pair:
    alike: dict[Cell, list[Cell]] = {}
    # What went wrong comes first.
    for cell in sorted(cells, key=lambda cell: cell.status == "passed"):
        alike.setdefault(replace(cell, protocol="", rtt_ms=None), []).append(cell)
    fates = (_fate(group, foreseen) for group in alike.values())
    mend = _mend(world, foreseen) if foreseen is not None and foreseen.death is not None else ()
    return Pair(id, cells[0].source, cells[0].target, _mark(cells), was, tuple(cells), tuple(fates), mend)


def _mark(cells: Iterable[Cell]) -> Mark:
    outcomes = {cell.observed if cell.status == "passed" else None for cell in cells}
    if None in outcomes:
        return "FAIL"
    return "mixed" if len(outcomes) > 1 else "yes" if outcomes == {"reachable"} else "no"


def _mend(world: World, foreseen: Predicted) -> tuple[str, ...]:
    return explain(world, foreseen, endpoint_addresses(world)).mend


def _fate(cells: list[Cell], foreseen: Predicted | None) -> Fate:
    cell, ways = cells[0], (foreseen.forward, foreseen.reverse) if foreseen is not None else ((), ())
    return Fate(
        tuple(item.protocol for item in cells),
        cell,
        _way(cell, "forward", cell.forward, ways[0]),
        _way(cell, "reverse", cell.reverse, ways[1]),
    )


def _way(cell: Cell, leg: Leg, seen: tuple[str, ...], walks: tuple[Walk, ...]) -> Way:
    """A leg: the nodes that the packet passed, each with the route that the model says it used."""
    drop = cell.dropped_at if cell.dropped_at is not None and cell.dropped_at.direction == leg else None
    nodes = seen if drop is None or seen[-1:] == (drop.node,) else (*seen, drop.node)
    same = next((walk for walk in walks if walk.nodes == nodes), None)
    routes = [f"{used.prefix} → {used.leads_to} ({used.source})" for used in same.used] if same else []
    stops = [Stop(node, route) for node, route in zip_longest(nodes, routes[: len(nodes)], fillvalue="")]
    if drop is not None:
        stops[-1] = Stop(drop.node, "", "dropped")
    elif stops:
        stops[-1] = replace(stops[-1], end="arrived")
    return Way(tuple(stops), () if same else tuple(" > ".join(walk.nodes) for walk in walks))


# --- routes ---------------------------------------------------------------------------------------------------------


def _tables(world: World) -> Mapping[str, tuple[Table, ...]]:
    """Who knows which routes, as the model says; headings without a table are left out."""
    found = {
        "Effective routes of the NICs": tuple(_effective(world)),
        "Learned by BGP": tuple(_learned(world)),
        "VPN routes of the clients": tuple(_client_routes(world)),
    }
    return {heading: tables for heading, tables in found.items() if tables}


def _effective(world: World) -> Iterator[Table]:
    for vnet in world.scenario.vnets:
        found = tables(world, vnet)
        places = {nic.node: f"{vnet}/{nic.subnet}" for nic in nics(world.scenario, vnet)}
        for name, routes in found.items():
            mine = (node for node, place in places.items() if name == (place if place in found else vnet))
            rows = ((r.source, str(r.prefix), r.next_hop_type, r.next_hop) for r in routes)
            title = f"{name}: {', '.join(mine) or 'no NIC'}"
            yield Table(title, ("source", "prefix", "next hop type", "next hop"), tuple(rows))


def _learned(world: World) -> Iterator[Table]:
    speaking = bgp_ends(world.scenario)
    for name, known in world.learned_by_name.items():
        rows = (
            (str(prefix), path.tunnel or path.neighbor, " ".join(map(str, path.as_path)))
            for prefix, paths in sorted(known.items())
            for path in paths
        )
        if name in speaking or known:
            yield Table(name, ("prefix", "over", "AS path"), tuple(rows))


def _client_routes(world: World) -> Iterator[Table]:
    for name, client in world.scenario.clients.items():
        origin = "the downloaded profile" if client.os == "windows" else "the negotiated selectors"
        by_hand = {prefix for session in world.sessions_of(name).values() for prefix in session.by_hand}
        rows = (
            (str(prefix), "added by hand" if prefix in by_hand else origin)
            for prefix in sorted(world.client_routes(name))
        )
        yield Table(f"{name} ({client.os})", ("prefix", "from"), tuple(rows))
