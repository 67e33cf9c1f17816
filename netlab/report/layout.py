"""Rows as a table or, where that does not fit the width, as records: a line per key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from rich.text import Text

_GAP = 2
# A last column of prose is wrapped where it has this much room.
_PROSE = 32

_STYLES = {"passed": "green", "failed": "bold red", "error": "bold red", "ok": "green", "missing": "bold red"}


def rows(found: Sequence[Mapping[str, object]], width: int | None) -> Iterator[Text]:
    """Rows with the same keys, as wide as they are where ``width`` is None."""
    if not found:
        return
    heads = tuple(found[0])
    body = [tuple(_cell(row[head]) for head in heads) for row in found]
    widths = [max(len(head), *(len(line[index]) for line in body)) for index, head in enumerate(heads)]
    taken = sum(widths[:-1]) + _GAP * (len(widths) - 1)
    room = width - taken if width is not None else widths[-1]
    if widths[-1] <= room:
        yield from _table(heads, body, widths)
    elif room >= _PROSE and _is_prose(body):
        yield from _table(heads, body, [*widths[:-1], room])
    else:
        yield from _records(heads, body, width or 0)


def _cell(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _is_prose(body: Sequence[tuple[str, ...]]) -> bool:
    return all(len(word) <= _PROSE for line in body for word in line[-1].split()) and any(" " in b[-1] for b in body)


def _table(heads: tuple[str, ...], body: Sequence[tuple[str, ...]], widths: Sequence[int]) -> Iterator[Text]:
    yield Text(_line(heads, widths), style="bold")
    indent = " " * (sum(widths[:-1]) + _GAP * (len(widths) - 1))
    for line in body:
        first, *more = wrap(line[-1], widths[-1], break_long_words=False, break_on_hyphens=False) or [""]
        text = Text(_line((*line[:-1], first), widths))
        for value in line[:-1]:
            if value in _STYLES:
                text.highlight_words([value], _STYLES[value])
        yield text
        yield from (Text(f"{indent}{rest}") for rest in more)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return (" " * _GAP).join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _records(heads: tuple[str, ...], body: Sequence[tuple[str, ...]], width: int) -> Iterator[Text]:
    """A record per row; values that are too long go on below each other."""
    label = max(map(len, heads)) + _GAP
    for number, line in enumerate(body):
        yield from [Text()] * bool(number)
        for head, value in zip(heads, line, strict=True):
            pieces = wrap(value, max(width - label, _PROSE), break_long_words=False, break_on_hyphens=False)
            yield Text.assemble((f"{head:<{label}}", "bold"), pieces[0] if pieces else "")
            yield from (Text(" " * label + piece) for piece in pieces[1:])
