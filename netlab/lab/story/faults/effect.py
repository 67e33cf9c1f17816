"""What a kind of faults does to a running lab."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from netlab.lab.story.stage import Stage
from netlab.plan.model import Plan
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


def severing(ports: Callable[[Plan, Collection[str]], list[tuple[str, str]]]) -> Effect:
    """Nothing passes some interfaces of the targets, though their links are up: node and interface, by ``ports``."""

    def begin(stage: Stage, change: Change) -> None:
        stage.machine.filters.sever(stage.lab.plan, ports(stage.lab.plan, change.targets))

    def end(stage: Stage, change: Change) -> None:
        stage.machine.filters.rejoin(stage.lab.plan, ports(stage.lab.plan, change.targets))

    return Effect(begin, end)
