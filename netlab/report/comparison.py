"""A difference as a table for a terminal, and as Markdown for the comment of a pull request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from netlab.report import sweep
from netlab.results.difference import (
    CellChange,
    Class,
    Difference,
    FailureChange,
    ObjectChange,
    RedundancyDifference,
    RouteChange,
    RouteEntry,
    Side,
)

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "renamed": "~"}
_WORDS: dict[Class, str] = {
    "lost": "LOST",
    "gained": "GAINED",
    "other drop": "DROP",
    "other path": "PATH",
    "new": "NEW",
    "gone": "GONE",
}
LONGEST_COMMENT = 60_000
MARK = "<!-- netlab diff -->"
_DETAILS = ("other drop", "other path")


def table(found: Difference, most: int | None = None, *, alone: bool = False) -> Iterator[str]:
    """A difference as lines; ``alone`` lists machines that only one side has, ``most`` limits the lines of a part."""
    if found.compared == "observed":
        yield f"observed: {found.a.source} and {found.b.source}"
    if is_empty(found):
        yield "no change"
    for title, count, lines in () if is_empty(found) else _parts(found, alone):
        if count:
            yield f"{title:<8} {count}"
            yield from _limited(lines, most)
    if found.summary.accepted:
        yield f"accepted {found.summary.accepted}"


def is_empty(found: Difference) -> bool:
    """Whether nothing differs."""
    return not (found.objects or found.routes or found.cells or found.checks or _failures(found))


def _parts(found: Difference, alone: bool) -> Iterator[tuple[str, str, Iterator[str]]]:
    yield "objects", _counted(found.objects), (line for item in found.objects for line in _object(item))
    places = len({route.place for route in found.routes})
    subnets = f"{places} {'place' if places == 1 else 'places'}" if places else ""
    yield "routes", subnets, (_route(item) for item in found.routes)
    listed = [fold for fold in folded(found.cells) if alone or fold.first.target]
    yield "cells", _cells(found), (line for fold in listed for line in _cell(fold))
    yield "checks", _counted(found.checks), (f"  {_SIGNS[c.change]} {_finding(c)}" for c in found.checks)
    failures = _failures(found)
    yield "failures", _counted(failures), (line for item in failures for line in _failure(item))


def _failures(found: Difference) -> tuple[FailureChange, ...]:
    return found.failures if isinstance(found, RedundancyDifference) else ()


def _failure(item: FailureChange) -> Iterator[str]:
    yield f"  {_SIGNS[item.change]} {item.name}"
    for word, pairs in (("now costs", item.lost), ("costs no more", item.kept)):
        if pairs:
            yield f"      {word}: {sweep.listed(pairs)}"


def _limited(lines: Iterable[str], most: int | None) -> Iterator[str]:
    listed = [*lines]
    yield from listed if most is None else listed[:most]
    if most is not None and len(listed) > most:
        yield f"  … and {len(listed) - most} more lines"


def _counted(changes: Sequence[Any]) -> str:
    kinds = ("changed", "added", "removed", "renamed")
    counts = ((kind, sum(change.change == kind for change in changes)) for kind in kinds)
    return ", ".join(f"{count} {kind}" for kind, count in counts if count)


def _cells(found: Difference) -> str:
    one = found.summary
    if not found.cells and not one.unchanged:
        return ""
    words = [f"{one.lost} lost", f"{one.gained} gained", f"{one.other_path} other path", f"{one.unchanged} unchanged"]
    if one.other_drop:
        words.insert(2, f"{one.other_drop} other drop")
    only = [(kind, sum(cell.kind == kind for cell in found.cells)) for kind in ("new", "gone")]
    words += [f"{count} {kind} {'machine' if count == 1 else 'machines'}" for kind, count in only if count]
    return ", ".join(words)


def _finding(item: Any) -> str:
    where = f"{item.where}: " if item.where else ""
    return f"{where}{item.message}{f' [{item.rule}]' if item.rule else ''}"


def _object(item: ObjectChange) -> Iterator[str]:
    if item.change == "renamed":
        place = item.name.rpartition(".")[0]
        yield f"  ~ {place}: renamed {item.properties[0].before} -> {item.properties[0].after}"
        return
    head = f"  {_SIGNS[item.change]} {item.name}"
    if not item.properties:
        yield head
    for number, one in enumerate(item.properties):
        change = f"{one.path}: {shown(one.before)} -> {shown(one.after)}"
        yield f"{head:<36} {change}" if number == 0 else f"{'':<36} {change}"


def shown(value: Any) -> str:
    """A value as a file has it."""
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _route(item: RouteChange) -> str:
    change = f"{_entries(item.before)} -> {_entries(item.after)}" if item.before and item.after else ""
    only = f"{_SIGNS[item.change]} {_entries(item.after or item.before)}"
    return f"  {item.place:<22} {item.prefix:<18} {change or only}"


def _entries(entries: tuple[RouteEntry, ...]) -> str:
    return " | ".join(_entry(entry) for entry in entries)


def _entry(entry: RouteEntry) -> str:
    words = [entry.next_hop_type, entry.next_hop]
    path = f"AS {' '.join(map(str, entry.as_path))}" if entry.as_path else ""
    state = f"({entry.source}, {entry.state})" if entry.state != "Active" else f"({entry.source})"
    return " ".join(word for word in (*words, path, state) if word)


# --- cells that changed alike -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fold:
    """Cells that changed alike: by the same nodes between their ends, and because of the same objects."""

    cells: tuple[CellChange, ...]

    @property
    def first(self) -> CellChange:
        return self.cells[0]

    @property
    def more(self) -> str:
        count = len(self.cells) - 1
        return f" and {count} alike" if count else ""


def folded(cells: Iterable[CellChange]) -> list[Fold]:
    """The cells, those that changed alike together."""
    found: dict[object, list[CellChange]] = {}
    for cell in cells:
        key = (cell.kind, cell.protocols, cell.because_of, _between(cell.before, cell), _between(cell.after, cell))
        alone = (cell.source,) if not cell.target else ()
        found.setdefault((key, alone), []).append(cell)
    return [Fold(tuple(each)) for each in found.values()]


def _between(side: Side | None, cell: CellChange) -> object:
    """A side of a cell without the names of its ends."""
    return side.renamed({cell.source: "source", cell.target: "target"}).end if side is not None else None


def _cell(fold: Fold) -> Iterator[str]:
    cell = fold.first
    if cell.before is None or cell.after is None:
        yield f"  {_WORDS[cell.kind]:<6} {cell.source}"
        return
    pair = f"{cell.source} -> {cell.target} ({', '.join(cell.protocols)}){fold.more}"
    before, after = sides(cell)
    if cell.kind == "other path":
        yield f"  {_WORDS[cell.kind]:<6} {pair}    {before} -> {after}"
    else:
        yield f"  {_WORDS[cell.kind]:<6} {pair}"
        yield f"           before  {before}"
        yield f"           after   {after}"
    if cell.because_of:
        yield f"           {because(cell.because_of)}"


def sides(cell: CellChange) -> tuple[str, str]:
    """Both sides of a cell, in a line each; of another path the nodes that only one side passes."""
    if cell.before is None or cell.after is None:
        return "", ""
    if cell.kind != "other path":
        return side(cell.before), side(cell.after)
    answer = cell.before.forward == cell.after.forward
    one, other = ((each.reverse if answer else each.forward) for each in (cell.before, cell.after))
    return _way(one, other, answer), _way(other, one, answer)


def _way(nodes: Sequence[str], others: Sequence[str], answer: bool) -> str:
    only = [node for node in dict.fromkeys(nodes) if node not in others] or nodes[1:-1]
    return f"{'answer ' if answer else ''}via {', '.join(only)}" if only else "direct"


def side(one: Side) -> str:
    """A side of a cell in one line."""
    if one.drop is not None:
        back = " on the way back" if one.drop.direction == "reverse" else ""
        return f"dropped at {one.drop.node}{back}: {one.reason}"
    if one.verdict == "unreachable":
        return "unreachable"
    inner = [node for node in one.forward[1:-1] if node not in (one.forward[0], one.forward[-1])]
    return f"reachable via {', '.join(inner)}" if inner else "reachable"


def because(names: Sequence[str]) -> str:
    """The objects that a change is because of."""
    return f"because of {names[0]}" if len(names) == 1 else f"changed on the way: {', '.join(names)}"


# --- Markdown ---------------------------------------------------------------------------------------------------------


def markdown(found: Difference, most: int | None = None) -> str:
    """A difference as the comment of a pull request, 60,000 characters at most; nothing in it is a link or HTML."""
    names = f"{escaped(found.a.source)} and {escaped(found.b.source)}"
    if is_empty(found):
        accepted = f", {found.summary.accepted} accepted" if found.summary.accepted else ""
        return f"{MARK} **netlab diff**: no change between {names}{accepted}\n"
    parts = _sections(found, most)
    rows = [len(part.rows) for part in parts]
    while True:
        text = _document(found, names, parts, rows)
        if len(text) <= LONGEST_COMMENT or not any(rows):
            return text
        lengths = [sum(map(len, part.rows[:count])) for part, count in zip(parts, rows, strict=True)]
        longest = lengths.index(max(lengths))
        rows[longest] = rows[longest] * 3 // 4


@dataclass(frozen=True, slots=True)
class _Section:
    """A part of the comment: what stands before its rows, the rows, and whether it is folded away."""

    title: str
    head: tuple[str, ...]
    rows: tuple[str, ...]
    total: int
    is_open: bool = False


def _sections(found: Difference, most: int | None) -> list[_Section]:
    folds = folded(found.cells)
    moved = [fold for fold in folds if fold.first.kind in ("lost", "gained")]
    other = [fold for fold in folds if fold.first.kind in _DETAILS]
    head = ("", "| source | target | before | after | because of |", "|---|---|---|---|---|")
    listed: list[tuple[str, tuple[str, ...], list[str], bool]] = [
        ("reachability", head, [_row(fold) for fold in moved], True),
        ("objects", (), _items(found.objects, _object), False),
        ("routes", (), _items(found.routes, lambda route: [_route(route)]), False),
        ("other drops and paths", head, [_row(fold) for fold in other], False),
        ("single failures", (), _items(_failures(found), lambda f: [" ".join(_failure(f))]), False),
        ("findings of check", (), _items(found.checks, lambda c: [f"{_SIGNS[c.change]} {_finding(c)}"]), False),
    ]
    return [
        _Section(title, top, tuple(rows[:most]), len(rows), is_open) for title, top, rows, is_open in listed if rows
    ]


def _items(found: Sequence[Any], lines: Callable[[Any], Iterable[str]]) -> list[str]:
    listed = (" ".join(line.split()) for item in found for line in lines(item))
    return [f"- {'&#45;' if line.startswith('-') else ''}{escaped(line.removeprefix('-'))}" for line in listed]


def _row(fold: Fold) -> str:
    cell = fold.first
    protocols = "" if len(cell.protocols) == 3 else f" ({', '.join(cell.protocols)})"
    values = (cell.source, f"{cell.target}{protocols}{fold.more}", *sides(cell), ", ".join(cell.because_of))
    return f"| {' | '.join(map(escaped, values))} |"


def _document(found: Difference, names: str, parts: Sequence[_Section], rows: Sequence[int]) -> str:
    one = found.summary
    word = "**reachability lost**" if one.lost else "changed"
    count = (
        f"{one.lost} lost, {one.gained} gained, {one.unchanged} unchanged; {one.objects} objects, {one.routes} routes"
    )
    accepted = f", {one.accepted} accepted" if one.accepted else ""
    lines = [MARK, f"### netlab diff: {word}", "", f"{names} ({found.compared}): {count}{accepted}"]
    for part, kept in zip(parts, rows, strict=True):
        more = [f"- … and {part.total - kept} more"] if kept < part.total else []
        head = part.head if part.is_open else part.head[1:]
        body = [*head, *part.rows[:kept], *(["", *more] if part.head and more else more)]
        if part.is_open:
            lines += body
        else:
            lines += ["", f"<details><summary>{part.title} ({part.total})</summary>", "", *body, "", "</details>"]
    return "\n".join(lines) + "\n"


# HTML entities, so that no name is a link, a mention, a heading or HTML; a mention is read after entities are.
_ENTITIES = {ord(mark): f"&#{ord(mark)};" for mark in "&<>|`[]()*_~+\\#:/!\"'"}
_ENTITIES |= {ord("@"): "&#64;&#8203;", ord("\n"): " ", ord("\r"): " "}


def escaped(text: str) -> str:
    """A text of the input in Markdown."""
    return text.translate(_ENTITIES).replace("www.", "www&#46;")
