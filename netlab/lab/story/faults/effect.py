"""What a kind of faults does to a running lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from netlab.lab.story.stage import Stage
from netlab.scenario.models import Action

Undo = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Change:
    """What an action changes among the faults of a kind: their targets, and the action."""

    targets: frozenset[str]
    action: Action


@dataclass(frozen=True, slots=True)
class Effect:
    """How faults of a kind begin in a lab, and how they end.

    ``repairs``: what finishes, once all is put back, what actions have left that were killed half-way.
    """

    begin: Callable[[Stage, Change], None]
    end: Callable[[Stage, Change], None]
    repairs: Callable[[tuple[Action, ...]], Iterator[Undo]] | None = None
