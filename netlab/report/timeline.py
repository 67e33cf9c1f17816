"""A flow over time, to be drawn: when its packets got through, when they were lost, and what happened meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netlab.results.verification import FlowReport, Gap

# Units of the drawing: its width, and the least width of a gap, which else would not be seen.
WIDTH = 720.0
_LEAST = 2.0
# From so many on, gaps are counted and not listed.
_MANY = 6
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the line, from the left, in units of the drawing."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Sign:
    """A number above the line, and what happened there; those that would cover each other are on other levels."""

    number: int
    x: float
    level: int
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A time below the line."""

    x: float
    words: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A flow as a line: its losses as stretches, what happened as signs, seconds as ticks; and all of it in words."""

    lost: tuple[Stretch, ...]
    signs: tuple[Sign, ...]
    ticks: tuple[Tick, ...]
    levels: int
    gaps: tuple[str, ...]
    words: str


def timeline(flow: FlowReport, scale: float) -> Timeline | None:
    """The timeline of a flow; None of one without a length, as in a report of an earlier version."""
    if not flow.seconds:
        return None
    unit = WIDTH / flow.seconds
    lost = tuple(Stretch(round(gap.begins * unit, 1), round(max(gap.seconds * unit, _LEAST), 1)) for gap in flow.gaps)
    signs = tuple(_signs(flow, unit, scale))
    got = f"{flow.sent - flow.lost} of {flow.sent} packets got through in {flow.seconds:g} s"
    words = f"{flow.source} to {flow.target}: {got}; {len(flow.gaps) or 'no'} gap{'s' if len(flow.gaps) != 1 else ''}"
    levels = max((sign.level for sign in signs), default=0) + 1
    return Timeline(lost, signs, tuple(_ticks(flow.seconds, unit)), levels, tuple(_gaps(flow.gaps, scale)), words)


def _signs(flow: FlowReport, unit: float, scale: float) -> Iterator[Sign]:
    """What happened, numbered in its order."""
    levels: list[float] = []
    for number, item in enumerate(sorted(flow.milestones, key=lambda item: item.at), 1):
        x = round(min(max(item.at * unit, 0.0), WIDTH), 1)
        level = next((index for index, last in enumerate(levels) if x - last >= 18), len(levels))
        levels[level:] = [x, *levels[level + 1 :]]
        yield Sign(number, x, level, f"{_when(item.at, scale)}: {item.what}")


def _gaps(gaps: tuple[Gap, ...], scale: float) -> Iterator[str]:
    """The longest gaps in words, in their order."""
    longest = sorted(gaps, key=lambda gap: -gap.seconds)[:_MANY]
    for gap in sorted(longest, key=lambda gap: gap.begins):
        yield f"lost from {_when(gap.begins, scale)} for {_long(gap.seconds, scale)}"
    if len(gaps) > _MANY:
        yield f"and {len(gaps) - _MANY} shorter gaps"


def _ticks(seconds: float, unit: float) -> Iterator[Tick]:
    """Round seconds, at most ten."""
    step = next((step for step in _STEPS if seconds / step <= 10), seconds)
    yield from (Tick(round(n * step * unit, 1), f"{n * step:g} s") for n in range(int(seconds / step) + 1))


def _when(at: float, scale: float) -> str:
    return f"{at:.2f} s" + (f" ({at * scale:.1f} s in Azure's time)" if scale != 1 else "")


def _long(seconds: float, scale: float) -> str:
    return f"{seconds:.2f} s" + (f" ({seconds * scale:.1f} s)" if scale != 1 else "")
