"""A story for a person: the first step's matrix, then what each step changed; reasons once, failures in full."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from textwrap import wrap

from rich.text import Text

from netlab.report import prose
from netlab.report.causes import Causes, Why, by_cause, causes
from netlab.report.matrix import ERROR, FAILED, MIXED, NOT_REACHED, REACHED, Matrix, Pair, glyph, legend
from netlab.results.drops import Drop
from netlab.results.prediction import PredictedStep, Prediction
from netlab.results.protocols import PROTOCOLS
from netlab.results.verification import Cell, Remark, Report, StepReport, Unstated, summary

_BAD = "bold red"
_DOUBT = "yellow"
# The columns of a matrix that goes into a pipe; lines of text are then never wrapped.
PIPED = 120
# A space at which no line is wrapped.
_GLUE = "\N{NO-BREAK SPACE}"


def verification(found: Report, width: int | None, *, everything: bool = False) -> Iterator[Text]:
    """What `verify` found: the story, then the verdict."""
    yield from _stand_ins(found.classes)
    yield from _story(_Page(Matrix(found.machines), width), found.steps, everything=everything)
    yield from verdict(found, width)


def prediction(found: Prediction, width: int | None, *, everything: bool = False) -> Iterator[Text]:
    """What `predict` foresees: the same."""
    steps = tuple(map(_as_measured, found.steps))
    yield from _stand_ins(found.classes)
    yield from _story(_Page(Matrix(found.machines), width, observed=False), steps, everything=everything)
    yield from _silence(found.scenario, found.unstated, width)
    total = summary(steps)
    if total.failed:
        yield Text(f"{found.scenario}: {total.failed} predicted otherwise than expected", style=_BAD)


def changes(found: Report) -> Iterator[tuple[str, ...]]:
    """What each step changed, in lines: a heading, then a cause each with its pairs; of the first step nothing."""
    page, before = _Page(Matrix(found.machines), None), None
    for step in found.steps:
        seen = _Seen.of(step)
        yield tuple(line.plain.strip() for line in _changes(page, before, seen)) if before is not None else ()
        before = seen


def _stand_ins(classes: Mapping[str, Sequence[str]]) -> Iterator[Text]:
    """The machines that stand for others."""
    for first, members in classes.items():
        yield Text(f"{first} stands for {len(members)} machines that are alike: {_some(members)}")


def _some(members: Sequence[str]) -> str:
    """The names of machines; of many the first and the last ones."""
    return ", ".join(members if len(members) <= 6 else (*members[:3], "...", members[-1]))


def verdict(found: Report, width: int | None) -> Iterator[Text]:
    """The last lines: what the scenario states nothing about, and how many cells and checks passed, failed, and could
    not be measured."""
    yield from _silence(found.scenario, found.unstated, width)
    total = found.summary
    if total.inferred:
        words = f"{found.scenario}: {prose.inferred(found.inferred, total.inferred)}"
        pieces = [words] if width is None else wrap(words, width, subsequent_indent="  ", break_long_words=False)
        yield from (Text(piece, style=_DOUBT) for piece in pieces)
    if found.stopped:
        yield Text(f"{found.scenario}: {prose.STOPPED[found.stopped]}", style=_DOUBT)
    words = f"{found.scenario}: {total.passed} passed, {total.failed} failed, {total.errors} errors"
    words += f", {total.inferred} inferred" if total.inferred else ""
    yield Text(words, style=_BAD if total.failed or total.errors else "bold green")


def _silence(scenario: str, found: Unstated, width: int | None) -> Iterator[Text]:
    """What is compared with the model only, if there is anything."""
    if silent := prose.unstated(found):
        words = f"{scenario}: {silent}"
        pieces = [words] if width is None else wrap(words, width, subsequent_indent="  ", break_long_words=False)
        yield from (Text(piece, style=_DOUBT) for piece in pieces)


def _as_measured(step: PredictedStep) -> StepReport:
    """A predicted step in the shape of a measured one: what is predicted is observed."""
    cells = (
        Cell(
            source=cell.source,
            target=cell.target,
            protocol=protocol,
            expected=cell.expected,
            predicted=cell.predicted,
            observed=cell.predicted,
            status=cell.status,
            forward=cell.forward[0],
            reverse=cell.reverse[0] if cell.reverse else (),
            dropped_at=cell.dropped_at,
            predicted_drop=cell.dropped_at,
            documented=cell.documented,
            message=cell.message,
        )
        for cell in step.cells
        for protocol in (["any"] if len(cell.protocols) == len(PROTOCOLS) else cell.protocols)
    )
    return StepReport(step.name, tuple(cells), step.checks, actions=step.actions, warnings=step.warnings)


# --- steps ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Page:
    """How the story is written: the numbers of the machines, and the width; without one, a line is never wrapped.

    Of a prediction nothing was observed."""

    matrix: Matrix
    width: int | None
    observed: bool = True

    def wrapped(self, text: str, indent: int, style: str = "") -> Iterator[Text]:
        """A text, with its further lines indented."""
        pieces = [text]
        if self.width is not None:
            pieces = wrap(text, self.width, subsequent_indent=" " * indent, break_long_words=False)
        return (Text(piece.replace(_GLUE, " "), style=style) for piece in pieces)

    def pairs(self, pairs: Sequence[Pair]) -> str:
        """Pairs in few words and, where they are not all named, their number."""
        words = re.sub(r"(?<![;,]) ", _GLUE, self.matrix.between(pairs))
        return words if len(pairs) <= 3 else f"{len(pairs)}{_GLUE}pairs, {words}"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A step as it is shown: per pair its cells, its glyph and why it is not reached."""

    cells: Mapping[Pair, tuple[Cell, ...]]
    glyphs: Mapping[Pair, str]
    causes: Causes

    def answered(self, pair: Pair) -> frozenset[str]:
        """The protocols of a pair that are reached."""
        found = {cell.protocol for cell in self.cells[pair] if cell.observed == "reachable"}
        return frozenset(PROTOCOLS if "any" in found else found)

    @staticmethod
    def of(step: StepReport) -> _Seen:
        cells: dict[Pair, list[Cell]] = {}
        for cell in step.cells:
            cells.setdefault((cell.source, cell.target), []).append(cell)
        glyphs = {pair: glyph(group) for pair, group in cells.items()}
        why = {pair: causes(group) for pair, group in cells.items() if glyphs[pair] in (NOT_REACHED, MIXED)}
        return _Seen({pair: tuple(group) for pair, group in cells.items()}, glyphs, why)


def _story(page: _Page, steps: Iterable[StepReport], *, everything: bool) -> Iterator[Text]:
    before: _Seen | None = None
    used: set[str] = set()
    warned: tuple[Remark, ...] = ()
    for number, step in enumerate(steps, 1):
        seen = _Seen.of(step)
        yield Text.assemble((f"{number}. {step.name}", "bold"), ": ", *_count(seen, step))
        yield from (Text(f"   {action}", style="dim") for action in step.actions)
        if before is None or everything:
            yield from page.matrix.lines(seen.glyphs, page.width or PIPED)
            fresh = set(seen.glyphs.values()) - used
            yield from [legend(fresh)] if fresh else []
            used |= fresh
        yield from _wrong(page, step)
        fresh_warnings = (item for item in step.warnings if everything or item not in warned)
        for item in fresh_warnings:
            yield from page.wrapped(f"   WARNING  {item.name}: {item.message}", 11, _DOUBT)
        warned = step.warnings
        yield from _outage(page, step)
        if before is None or everything:
            yield from _listed(page, by_cause(seen.causes, seen.causes), "not reached")
        else:
            yield from _changes(page, before, seen)
        yield Text()
        before = seen


def _count(seen: _Seen, step: StepReport) -> Iterator[tuple[str, str]]:
    """The step in one line: how many pairs are reached, and whether all is as expected."""
    glyphs = list(seen.glyphs.values())
    if not glyphs and not step.checks:
        yield "nothing was asked: the scenario has no two machines that talk", _DOUBT
        return
    reached = glyphs.count(REACHED)
    yield f"{reached} of {len(glyphs)} pairs reached", ""
    if some := glyphs.count(MIXED):
        yield f", {some} by some protocols only", ""
    failed = glyphs.count(FAILED) + sum(check.status == "failed" for check in step.checks)
    errors = glyphs.count(ERROR) + sum(check.status == "error" for check in step.checks)
    if failed or errors:
        yield f", {failed} NOT as expected" if failed else "", _BAD
        yield f", {errors} NOT measured" if errors else "", _BAD
    else:
        yield ", all as expected", "green"


def _outage(page: _Page, step: StepReport) -> Iterator[Text]:
    """What the step's flow missed, as it was measured here, and what Azure is known to take."""
    if step.flow is not None:
        yield from page.wrapped(f"   {prose.outage(step.flow)}, measured here", 5)
        for line in prose.timers(step.flow.timers):
            yield from page.wrapped(f"   {line}", 7, "dim")


# --- reasons --------------------------------------------------------------------------------------------------------


def _listed(page: _Page, found: Mapping[str, Sequence[Pair]], title: str) -> Iterator[Text]:
    """Every cause once, with the pairs that have it; the cause of most pairs first."""
    if found:
        yield Text(f"   {title}:", style="bold")
    for cause, pairs in sorted(found.items(), key=lambda item: -len(item[1])):
        yield from page.wrapped(f"   - {cause}: {page.pairs(pairs)}", 5)


def _changes(page: _Page, before: _Seen, now: _Seen) -> Iterator[Text]:
    """What a step changed: reached, not reached, not reached for another cause, reached on another way."""
    changed = [pair for pair, sign in now.glyphs.items() if sign != before.glyphs.get(pair)]
    reached = [pair for pair in changed if now.glyphs[pair] == REACHED]
    if reached:
        yield from page.wrapped(f"   now reached: {page.pairs(reached)}", 5, "green")
    partly: dict[str, list[Pair]] = {}
    for pair in now.causes:
        if pair in before.cells and (gained := now.answered(pair) - before.answered(pair)):
            partly.setdefault(", ".join(p for p in PROTOCOLS if p in gained), []).append(pair)
    for protocols, pairs in partly.items():
        yield from page.wrapped(f"   now reached (only {protocols}): {page.pairs(pairs)}", 5, "green")
    lost = {pair: _new_causes(before, now, pair) for pair in now.causes if _is_lost(before, now, pair)}
    yield from _listed(page, by_cause(lost, lost), "no longer reached")
    other = [pair for pair in now.causes if pair not in lost and not _same_cause(before, now, pair)]
    yield from _listed(page, by_cause(now.causes, other), "still not reached, for another reason")
    elsewhere: dict[str, list[Pair]] = {}
    for pair in _reached_twice(before, now):
        if way := _another_way(before.cells[pair], now.cells[pair]):
            elsewhere.setdefault(way, []).append(pair)
    yield from _listed(page, elsewhere, "reached on another way")
    if not (changed or partly or lost or other or elsewhere):
        yield Text("   as in the step before", style="dim")


def _is_lost(before: _Seen, now: _Seen, pair: Pair) -> bool:
    """Whether a protocol of a pair was reached in the step before, or the pair was then not as expected."""
    known = before.glyphs.get(pair) in (REACHED, NOT_REACHED, MIXED)
    return not known or bool(before.answered(pair) - now.answered(pair))


def _new_causes(before: _Seen, now: _Seen, pair: Pair) -> Mapping[Why, str]:
    """The causes of a pair but those that the same protocols had in the step before."""
    return {why: to for why, to in now.causes[pair].items() if why not in before.causes.get(pair, {})}


def _same_cause(before: _Seen, now: _Seen, pair: Pair) -> bool:
    """Whether all that is not reached of a pair has the same causes as in the step before, or was not measured then."""
    if pair not in before.causes:
        return True
    old, new = before.causes[pair].keys(), now.causes[pair].keys()
    if now.answered(pair) == before.answered(pair):
        return old == new
    return {replace(why, only="") for why in new} <= {replace(why, only="") for why in old}


def _reached_twice(before: _Seen, now: _Seen) -> Iterator[Pair]:
    return (pair for pair, sign in now.glyphs.items() if sign == REACHED == before.glyphs.get(pair))


def _another_way(before: tuple[Cell, ...], now: tuple[Cell, ...]) -> str:
    """Which nodes a pair's packets pass now, and which they passed before; empty if they are the same."""
    old, new = (dict.fromkeys((*cells[0].forward, *cells[0].reverse)) for cells in (before, now))
    added, gone = [node for node in new if node not in old], [node for node in old if node not in new]
    if not added and not gone:
        return ""
    parts = (f"over {', '.join(added)}" if added else "", f"not over {', '.join(gone)}" if gone else "")
    return ", ".join(filter(None, parts))


# --- what is not as it should be ------------------------------------------------------------------------------------


def _wrong(page: _Page, step: StepReport) -> Iterator[Text]:
    """Every check and every cell that failed or could not be measured, one by one and in full."""
    for check in step.checks:
        if check.status != "passed":
            yield from page.wrapped(f"   {check.status.upper()}  {check.name}: {check.message}", 11, _BAD)
    wrong = (cell for cell in step.cells if cell.status != "passed")
    for (title, message, evidence), group in groupby(wrong, key=partial(_in_full, page)):
        protocols = ", ".join(cell.protocol for cell in group if cell.protocol != "any")
        head = f"   {title}{f' ({protocols})' if protocols else ''}: {message}"
        yield from page.wrapped(head, 11, _BAD)
        for name, value in evidence:
            yield from page.wrapped(f"           {name}: {value}", 13)


def _in_full(page: _Page, cell: Cell) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """All that is known of a cell: title, message and evidence; protocols that fared alike have the same."""
    evidence = (
        ("expected", f"{cell.expected}{f' ({cell.documented})' if cell.documented else ''}"),
        ("predicted", cell.predicted + _dropped(cell.predicted_drop)),
        *([("observed", (cell.observed or "not measured") + _dropped(cell.dropped_at))] if page.observed else ()),
        ("forward", " > ".join(cell.forward) or "none"),
        ("reverse", " > ".join(cell.reverse) or "none"),
    )
    return f"{cell.status.upper()}  {cell.source} to {cell.target}", cell.message, evidence


def _dropped(drop: Drop | None) -> str:
    if drop is None:
        return ""
    what = "the request" if drop.direction == "forward" else "the answer"
    return f", {what} dropped at {drop.node}: {drop.reason}"
