"""Recorded answers beside the prediction, for a terminal: what differs, and how much does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from netlab.results.recorded import VERDICTS, ComparedFile, ComparedRow, Comparison, Row

_TITLES = {
    "effective-routes": "effective routes",
    "learned-routes": "learned routes",
    "advertised-routes": "advertised routes",
    "bgp-peers": "BGP peers",
    "connection": "connection",
}


def lines(found: Comparison) -> Iterator[str]:
    """Each file with the rows that are not equal, then the sums; a reason stands below all the rows that it is of."""
    for file in found.files:
        yield f"{_title(file)}: {_counted(Counter(row.verdict for row in file.rows))}  ({file.file})"
        unequal = [row for row in file.rows if row.verdict != "equal"]
        for number, row in enumerate(unequal, 1):
            yield from _row(row)
            following = unequal[number] if number < len(unequal) else None
            if row.reason and (following is None or (following.verdict, following.reason) != (row.verdict, row.reason)):
                yield f"{'':<17}{row.reason}"
    yield f"all: {_counted(Counter(row.verdict for file in found.files for row in file.rows))}"


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


def _row(row: ComparedRow) -> Iterator[str]:
    yield f"  {row.verdict:<14} {_words(row.recorded or row.predicted or {})}"
    for key in row.differs:
        there, here = (_shown((side or {}).get(key)) for side in (row.recorded, row.predicted))
        yield f"{'':<17}{key}: {there} there, {here} here"


def _words(row: Row) -> str:
    """The values of a row that say something."""
    return " ".join(_shown(value) for value in row.values() if value not in (None, ()) and not isinstance(value, bool))


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        head = ", ".join(map(str, value[:3]))
        return f"{head}, ... ({len(value)})" if len(value) > 3 else head or "none"
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)
