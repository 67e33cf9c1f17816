"""A report for a person: per step the matrix, the reasons, and what is not as it should be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from netlab.results.verification import Cell, Check, Report

_MARKS = {
    ("passed", "reachable"): ("yes", "green"),
    ("passed", "unreachable"): ("no", "cyan"),
}


def report(found: Report) -> RenderableType:
    """The whole report: steps, then the verdict."""
    return Group(*(step(item.name, item.cells, item.checks) for item in found.steps), *_legend(found), verdict(found))


def verdict(found: Report) -> Text:
    """The last line: how many cells and checks passed, failed, and could not be measured."""
    failed, errors = found.count("failed"), found.count("error")
    words = f"{found.scenario}: {found.count('passed')} passed, {failed} failed, {errors} errors"
    return Text(words, style="bold red" if failed or errors else "bold green")


def _legend(found: Report) -> Iterator[Text]:
    cells = [cell for item in found.steps for cell in item.cells]
    words = ["yes: reached and answered over icmp, udp and tcp", "no: not, and that is expected"]
    if any(cell.status in ("failed", "error") for cell in cells):
        words.append("FAIL: not as expected")
    yield Text("; ".join(words), style="dim")
    yield Text()


def step(name: str, cells: tuple[Cell, ...], found: tuple[Check, ...] = ()) -> RenderableType:
    """One step: its matrix, what is not as it should be, and why what is unreachable is."""
    parts: list[RenderableType] = [Text(name, style="bold"), _matrix(cells)]
    parts += [Text(line, style="red") for line in _failures(cells, found)]
    parts += [Text(line, style="dim") for line in _reasons(cells)]
    return Group(*parts, Text())


def _matrix(cells: tuple[Cell, ...]) -> Table:
    names = list(dict.fromkeys(cell.source for cell in cells))
    columns = dict.fromkeys((*names, *(cell.target for cell in cells)))
    table = Table(title_justify="left", box=None, pad_edge=False)
    table.add_column("from \\ to", style="bold")
    for name in columns:
        table.add_column(name, justify="center")
    by_pair: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        by_pair.setdefault((cell.source, cell.target), []).append(cell)
    for source in names:
        table.add_row(source, *(_mark(by_pair.get((source, target), [])) for target in columns))
    return table


def _mark(cells: list[Cell]) -> Text:
    marks = {_MARKS.get((cell.status, cell.observed or ""), ("FAIL", "bold red")) for cell in cells}
    if len(marks) > 1:
        return Text("FAIL" if any(c.status in ("failed", "error") for c in cells) else "mixed", style="bold red")
    return Text(*next(iter(marks))) if marks else Text("·", style="dim")


def _failures(cells: tuple[Cell, ...], found: tuple[Check, ...]) -> Iterator[str]:
    """What is not as it should be: the cell, the path and the drop point."""
    for check in found:
        if check.status in ("failed", "error"):
            yield f"  {check.status.upper()}  {check.name}: {check.message}"
    wrong = (cell for cell in cells if cell.status in ("failed", "error"))
    for (pair, message, evidence), group in groupby(wrong, key=_wrong):
        yield f"  {pair} ({', '.join(cell.protocol for cell in group)}): {message}"
        yield from (f"          {line}" for line in evidence)


def _wrong(cell: Cell) -> tuple[str, str, tuple[str, ...]]:
    """What a report says of a cell that is not as it should be; protocols that fared alike say the same."""
    evidence = (f"forward: {' > '.join(cell.forward)}", f"reverse: {' > '.join(cell.reverse) or 'none'}")
    drop = (_drop(cell),) if cell.dropped_at is not None else ()
    return f"{cell.status.upper()}  {cell.source} to {cell.target}", cell.message, (*evidence, *drop)


def _drop(cell: Cell) -> str:
    drop = cell.dropped_at
    assert drop is not None
    what = "" if drop.direction == "forward" else "the answer "
    return f"{what}dropped at {drop.node}: {drop.reason}"


def _reasons(cells: Iterable[Cell]) -> Iterator[str]:
    """Why what is unreachable is, once for all protocols that died alike."""
    lost = [cell for cell in cells if cell.dropped_at is not None and cell.status == "passed"]
    for (source, target, drop), group in groupby(lost, key=lambda c: (c.source, c.target, _drop(c))):
        protocols = {cell.protocol for cell in group}
        only = "" if len(protocols) == 3 or protocols == {"any"} else f" ({', '.join(sorted(protocols))})"
        yield f"  {source} to {target}{only}: {drop}"


def checks(found: Iterable[Check]) -> Table:
    """Checks as a table."""
    table = Table(box=None, pad_edge=False)
    for column in ("check", "status", "message"):
        table.add_column(column, overflow="fold")
    for check in found:
        style = "green" if check.status == "passed" else "bold red"
        table.add_row(check.name, Text(check.status, style=style), check.message)
    return table


def rows(columns: tuple[str, ...], content: Iterable[tuple[str, ...]]) -> Table:
    """Plain rows under plain headings."""
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in content:
        table.add_row(*row)
    return table
