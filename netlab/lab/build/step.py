"""A step of building or changing a lab: taken, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netlab.errors import BuildError, HostError, LabError

Progress = Callable[[str], None]


def nothing() -> None:
    """The undo of a step that goes away with what it was made in."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of building a lab, and how it is undone; undoing twice is harmless."""

    title: str
    apply: Callable[[], None]
    undo: Callable[[], None] = nothing


def take(step: Step) -> None:
    """Take a step; an error names it."""
    try:
        step.apply()
    except (LabError, HostError) as error:
        raise type(error)(f"{step.title}: {error.message}", error.hint) from error
    except OSError as error:
        raise BuildError(f"{step.title}: {error}") from error


def take_back(step: Step, progress: Progress) -> None:
    """Undo a step. ``up`` raises what failed first; what goes wrong on the way back is only printed."""
    try:
        step.undo()
    except (LabError, OSError) as error:
        progress(str(error))
