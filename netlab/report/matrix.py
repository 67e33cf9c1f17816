"""The matrix as text: rows and columns are numbered, a cell is one glyph, a VNet, a site and the clients are blocks."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rich.text import Text

from netlab.results.prediction import PredictedCell
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.results.topology import Machine
from netlab.results.verification import Cell

Pair = tuple[str, str]

REACHED, NOT_REACHED, MIXED, FAILED, ERROR = "+", ".", "~", "X", "?"
_ITSELF = "\\"
_STYLES = {
    REACHED: "green", NOT_REACHED: "cyan", MIXED: "bold yellow", FAILED: "bold white on red",
    ERROR: "bold black on yellow", _ITSELF: "dim",
}  # fmt: skip
_WORDS = {
    REACHED: "reached",
    NOT_REACHED: "not reached, as expected",
    MIXED: "only some protocols, as expected",
    FAILED: "NOT as expected",
    ERROR: "NOT measured",
}
_ABREAST = 5


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the model predicts of a pair: ``mixed`` where its protocols differ, whose words name those that pass."""

    kind: Literal["yes", "no", "mixed"]
    words: str


class Ends(typing.Protocol):
    """Anything that lies between two machines."""

    @property
    def source(self) -> str: ...

    @property
    def target(self) -> str: ...


def rows(machines: Iterable[Machine], cells: Iterable[Ends]) -> tuple[Machine, ...]:
    """The machines that ask: no private endpoints and frontends, and the Internet only where it asks, too."""
    asking = {cell.source for cell in cells}
    return tuple(m for m in machines if m.kind not in ("internet", "private endpoint", "frontend") or m.node in asking)


def columns(machines: Iterable[Machine], cells: Iterable[Ends]) -> tuple[Machine, ...]:
    """The machines that are asked: all but the Internet, and that one where it is asked, too."""
    asked = {cell.target for cell in cells}
    return tuple(machine for machine in machines if machine.kind != "internet" or machine.node in asked)


def glyph(cells: Iterable[Cell]) -> str:
    """What became of all protocols of a pair."""
    cells = tuple(cells)
    if any(cell.status == "failed" for cell in cells):
        return FAILED
    if any(cell.status == "error" for cell in cells):
        return ERROR
    outcomes = {cell.observed for cell in cells}
    return MIXED if len(outcomes) > 1 else REACHED if outcomes == {"reachable"} else NOT_REACHED


def foretold(cells: Iterable[PredictedCell]) -> dict[Pair, Foretold]:
    """Whether the model predicts that a pair can talk."""
    answered: dict[Pair, dict[Protocol, bool]] = {}
    for cell in cells:
        of_pair = answered.setdefault((cell.source, cell.target), {})
        of_pair |= dict.fromkeys(cell.protocols, cell.predicted == "reachable")
    return {pair: _foretold(found) for pair, found in answered.items()}


def _foretold(answered: Mapping[Protocol, bool]) -> Foretold:
    some = ", ".join(protocol for protocol in PROTOCOLS if answered.get(protocol))
    if len(set(answered.values())) > 1:
        return Foretold("mixed", f"only {some}")
    return Foretold("yes", "yes") if some else Foretold("no", "no")


def legend(glyphs: Iterable[str]) -> Text:
    """What the glyphs that were used mean."""
    used = set(glyphs)
    parts = [Text.assemble((sign, _STYLES[sign]), f" {words}") for sign, words in _WORDS.items() if sign in used]
    return Text("   ").join(parts)


@dataclass(frozen=True, slots=True)
class Matrix:
    """The machines of a story, each with its number, which is that of its row and of its column."""

    machines: tuple[Machine, ...]

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each machine."""
        return {machine.node: number for number, machine in enumerate(self.machines, 1)}

    def lines(self, glyphs: Mapping[Pair, str], width: int) -> Iterator[Text]:
        """The matrix at a width; where the columns do not fit, in several parts below each other."""
        pairs = [_Pair(*pair) for pair in glyphs]
        asking, asked = rows(self.machines, pairs), columns(self.machines, pairs)
        digits = len(str(len(self.machines)))
        label = digits + 1 + max((len(machine.node) for machine in asking), default=0) + 2
        places, room = _spread(asked), max(width - label, 2 * _ABREAST)
        step = 2 if _extent(places, 2) - 1 <= room else 1
        for part in _parts(places, step, room):
            yield from self._head(part, step, label)
            for block, machines in enumerate(_blocks(asking)):
                yield from [Text()] * bool(block)
                for machine in machines:
                    name = f"{self.numbers[machine.node]:>{digits}} {machine.node}"
                    yield _row(f"{name:<{label}}", machine.node, part, glyphs, step)
        for machine in asked:
            if machine not in asking:
                yield Text(f"{self.numbers[machine.node]:>{digits}} {machine.node} (is only asked)", style="dim")

    def _head(self, part: Sequence[Machine | None], step: int, label: int) -> Iterator[Text]:
        """The numbers of the columns, read from top to bottom; upper digits only where they change."""
        highest = max(self.numbers[machine.node] for machine in part if machine is not None)
        for power in reversed(range(len(str(highest)))):
            digits, before = [], ""
            for machine in part:
                number = self.numbers[machine.node] // 10**power if machine is not None else 0
                sign = "" if machine is None or not number else str(number)[-1]
                shown = sign if power == 0 or (sign and str(number) != before) else ""
                before = str(number) if machine is not None else before
                digits.append(f"{shown:<{step}}" if machine is not None else " ")
            yield Text((" " * label + "".join(digits)).rstrip(), style="bold")

    def between(self, pairs: Iterable[Pair]) -> str:
        """Pairs in few words: up to three by name, else grouped, by numbers: `1-3 5 > 7`, `7 <> all`."""
        pairs = tuple(pairs)
        if len(pairs) <= 3:
            return ", ".join(_named(pairs))
        groups = min(_grouped(pairs, with_self=False), _grouped(pairs, with_self=True), key=len)
        words: dict[tuple[str, str], None] = {}
        for sources, targets in groups:
            ends = self._set(sources, targets), self._set(targets, sources)
            if ends[::-1] not in words:
                words[ends] = None
        both = {(self._set(t, s), self._set(s, t)) for s, t in groups}
        return "; ".join(f"{a} {'<>' if (a, b) in both and a != b else '>'} {b}" for a, b in words)

    def _set(self, nodes: frozenset[str], others: frozenset[str]) -> str:
        """Numbers with ranges: `1-3 5`; `all` stands for every machine but the other one."""
        everything = {machine.node for machine in self.machines if machine.kind != "internet"}
        if len(nodes) > 1 and nodes >= everything - (others if len(others) == 1 else set()):
            return "all"
        numbers = sorted(self.numbers[node] for node in nodes)
        runs = [
            [number for _, number in run] for _, run in groupby(enumerate(numbers), key=lambda item: item[1] - item[0])
        ]
        return " ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else " ".join(map(str, run)) for run in runs)


@dataclass(frozen=True, slots=True)
class _Pair:
    source: str
    target: str


def _named(pairs: Sequence[Pair]) -> Iterator[str]:
    for source, target in pairs:
        if (target, source) not in pairs:
            yield f"{source} > {target}"
        elif pairs.index((target, source)) > pairs.index((source, target)):
            yield f"{source} <> {target}"


def _grouped(pairs: Sequence[Pair], *, with_self: bool) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Sources that have the same targets; ``with_self``: a set of machines may be the sources and the targets."""
    targets: dict[str, set[str]] = {}
    for source, target in pairs:
        targets.setdefault(source, {source} if with_self else set()).add(target)
    alike: dict[frozenset[str], set[str]] = {}
    for source, found in targets.items():
        alike.setdefault(frozenset(found), set()).add(source)
    return [(frozenset(sources), found - sources if len(sources) == 1 else found) for found, sources in alike.items()]


# --- columns --------------------------------------------------------------------------------------------------------


def _blocks(machines: Sequence[Machine]) -> list[list[Machine]]:
    """Machines by VNet, site and kind; those that are alone in theirs are one block with their neighbors."""
    found: list[list[Machine]] = []
    for _, group in groupby(machines, key=lambda machine: (machine.kind, machine.place)):
        block = list(group)
        lone = len(block) == 1 and bool(found) and len({(m.kind, m.place) for m in found[-1]}) == len(found[-1])
        if lone:
            found[-1] += block
        else:
            found.append(block)
    return found


def _spread(machines: Sequence[Machine]) -> list[Machine | None]:
    """The columns with gaps (None) between blocks and, in a long block, after every few columns."""
    places: list[Machine | None] = []
    for block in _blocks(machines):
        places += [None] if places else []
        for index, machine in enumerate(block):
            places += [None] if index and index % _ABREAST == 0 else []
            places.append(machine)
    return places


def _extent(places: Iterable[Machine | None], step: int) -> int:
    return sum(step if place is not None else 1 for place in places)


def _parts(places: Sequence[Machine | None], step: int, room: int) -> Iterator[list[Machine | None]]:
    part: list[Machine | None] = []
    for place in places:
        if _extent([*part, place], step) - step + 1 > room:
            yield part
            part = []
        if part or place is not None:
            part.append(place)
    if part:
        yield part


def _row(label: str, source: str, part: Sequence[Machine | None], glyphs: Mapping[Pair, str], step: int) -> Text:
    line = Text(label)
    for place in part:
        if place is None:
            line.append(" ")
        else:
            sign = _ITSELF if place.node == source else glyphs.get((source, place.node), " ")
            line.append(sign, _STYLES.get(sign, ""))
            line.append(" " * (step - 1))
    line.rstrip()
    return line
