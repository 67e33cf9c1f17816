"""Recorded answers beside the prediction, for a terminal: what differs, and how much does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from netlab.results.recorded import VERDICTS, ComparedFile, ComparedRow, Comparison, Row

_TITLES = {
    "effective-routes": "effective routes",
    "learned-routes": "learned routes",
    "advertised-routes": "advertised routes",
    "bgp-peers": "BGP peers",
    "connection": "connection",
}

_INDENT = 19
# Keys that need no column.
_IN_DIFFERENCES_ONLY = ("disableBgpRoutePropagation",)


def lines(found: Comparison) -> Iterator[str]:
    """Each file with the rows that are not equal, then the sums; a reason stands below all the rows that it is of."""
    for file in found.files:
        yield f"{_title(file)}: {_counted(Counter(row.verdict for row in file.rows))}  ({file.file})"
        yield from _rows([row for row in file.rows if row.verdict != "equal"])
    of_lab = f"  (here is the lab {found.lab})" if found.lab else ""
    yield f"all: {_counted(Counter(row.verdict for file in found.files for row in file.rows))}{of_lab}"


def is_equal(found: Comparison) -> bool:
    """Whether every row is as predicted."""
    sums = found.summary
    return not (sums.different or sums.missing_here or sums.missing_there)


def _title(file: ComparedFile) -> str:
    peer = f" {'to' if file.kind == 'advertised-routes' else 'from'} {file.peer}" if file.peer else ""
    of = " " if file.kind == "connection" else " of "
    return f"{_TITLES[file.kind]}{of}{file.subject}{peer}"


def _counted(counts: Counter[Any]) -> str:
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]) or "no rows"


def _rows(unequal: Sequence[ComparedRow]) -> Iterator[str]:
    """Rows in columns under the keys of `az`, each with what differs and why."""
    cells = [_cells(row.recorded or row.predicted or {}) for row in unequal]
    heads = [_keys(row.recorded or row.predicted or {}) for row in unequal][:1]
    widths = [max(map(len, column)) for column in zip(*heads, *cells, strict=True)]
    for head in heads:
        yield _line("", head, widths)
    for number, row in enumerate(unequal):
        yield _line(row.verdict, cells[number], widths)
        for key in row.differs:
            there, here = (_shown((side or {}).get(key)) for side in (row.recorded, row.predicted))
            yield f"{'':<{_INDENT}}{key}: {there} there, {here} here"
        following = unequal[number + 1 : number + 2]
        if row.reason and [(one.verdict, one.reason) for one in following] != [(row.verdict, row.reason)]:
            yield f"{'':<{_INDENT}}{row.reason}"


def _line(verdict: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"  {verdict:<13}  {padded}".rstrip()


def _keys(row: Row) -> list[str]:
    return [key for key in row if key not in _IN_DIFFERENCES_ONLY]


def _cells(row: Row) -> list[str]:
    return [_shown(row[key]) for key in _keys(row)]


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        head = ", ".join(map(str, value[:3]))
        return f"{head}, ... ({len(value)})" if len(value) > 3 else head or "-"
    if isinstance(value, bool):
        return str(value).lower()
    return "-" if value is None else str(value)
