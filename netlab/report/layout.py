"""Rows as a table, as narrow as the width asks for; where none fits, as records: a line per key. Nothing is cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from rich.text import Text

_GAP = 2
# A last column of several words may be wrapped where it has this much room.
_LEAST = 16

_STYLES = {"passed": "green", "failed": "bold red", "error": "bold red", "ok": "green", "missing": "bold red"}

Heads = Sequence[str]
Body = Sequence[Sequence[str]]


def rows(found: Sequence[Mapping[str, object]], width: int | None) -> Iterator[Text]:
    """Rows with the same keys, as wide as they are where ``width`` is None.

    Where they are wider than that, what is the same in every row is a line below, and columns may be a space apart.
    """
    if not found:
        return
    heads = tuple(found[0])
    body = [tuple(_cell(row[head]) for head in heads) for row in found]
    if width is None or _natural(heads, body) <= width:
        yield from _table(heads, body, None)
        return
    same = {head: body[0][i] for i, head in enumerate(heads) if len(body) > 1 and len({line[i] for line in body}) == 1}
    kept = [index for index, head in enumerate(heads) if head not in same]
    fewer, rest = [heads[index] for index in kept], [[line[index] for index in kept] for line in body]
    gap = next((gap for gap in (_GAP, 1) if kept and _fits(fewer, rest, width, gap)), None)
    if gap is not None:
        yield from _table(fewer, rest, width, gap)
    else:
        yield from _records(fewer if kept else heads, rest if kept else body, width)
        yield from [Text()] * bool(same and kept)
    if same and kept:
        words = ", ".join(f"{head} {value or 'none'}" for head, value in same.items())
        said = wrap(f"in every row: {words}", width, break_on_hyphens=False)
        yield from (Text(line, style="dim") for line in said)


def _cell(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _widths(heads: Heads, body: Body) -> list[int]:
    return [max(len(head), *(len(line[index]) for line in body)) for index, head in enumerate(heads)]


def _natural(heads: Heads, body: Body, gap: int = _GAP) -> int:
    """The width of a table in which no cell is wrapped."""
    return sum(_widths(heads, body)) + gap * (len(heads) - 1)


def _fits(heads: Heads, body: Body, width: int, gap: int) -> bool:
    """Whether a table fits, if need be with its last column wrapped at spaces."""
    if _natural(heads, body, gap) <= width:
        return True
    room = width - (_natural(heads, body, gap) - _widths(heads, body)[-1])
    last = (heads[-1], *(line[-1] for line in body))
    longest = max((len(word) for value in last for word in value.split()), default=0)
    return room >= max(_LEAST, longest)


def _table(heads: Heads, body: Body, width: int | None, gap: int = _GAP) -> Iterator[Text]:
    widths = _widths(heads, body)
    if width is not None:
        widths[-1] = min(widths[-1], width - sum(widths[:-1]) - gap * (len(widths) - 1))
    yield Text(_line(heads, widths, gap), style="bold")
    indent = " " * (sum(widths[:-1]) + gap * (len(widths) - 1))
    for line in body:
        first, *more = wrap(line[-1], widths[-1], break_long_words=False, break_on_hyphens=False) or [""]
        text = Text(_line((*line[:-1], first), widths, gap))
        for value in line[:-1]:
            if value in _STYLES:
                text.highlight_words([value], _STYLES[value])
        yield text
        yield from (Text(f"{indent}{rest}") for rest in more)


def _line(cells: Sequence[str], widths: Sequence[int], gap: int) -> str:
    return (" " * gap).join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _records(heads: Heads, body: Body, width: int) -> Iterator[Text]:
    """A record per row, without its empty values; a value that is too long goes on below itself."""
    label = max(map(len, heads)) + _GAP
    for number, record in enumerate(body):
        yield from [Text()] * bool(number)
        for head, value in zip(heads, record, strict=True):
            pieces = wrap(value, max(width - label, _LEAST), break_long_words=False, break_on_hyphens=False)
            for index, piece in enumerate(pieces):
                yield Text.assemble((f"{'' if index else head:<{label}}", "bold"), piece)
