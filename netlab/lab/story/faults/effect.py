"""What a kind of faults does to a running lab."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from netlab.lab.story.stage import Stage
from netlab.machine import filters
from netlab.plan.model import Plan
from netlab.scenario.models import Action

Undo = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Change:
    """What an action changes among the faults of a kind: their targets, and the action."""

    targets: frozenset[str]
    action: Action


@dataclass(frozen=True, slots=True)
class Left:
    """What faults leave in the kernel while they last: interfaces of nodes that are down, and rulesets of nftables of
    nodes with the interfaces that these need."""

    down: frozenset[tuple[str, str]] = frozenset()
    rulesets: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    def with_more(self, other: Left) -> Left:
        """What both leave."""
        return Left(self.down | other.down, (*self.rulesets, *other.rulesets))


def _nothing(_: Plan, __: Collection[str]) -> Left:
    return Left()


@dataclass(frozen=True, slots=True)
class Effect:
    """How faults of a kind begin in a lab, what faults of these targets leave in the kernel, and how they end.

    ``repairs``: what finishes, once all is put back, what actions have left that were killed half-way.
    """

    begin: Callable[[Stage, Change], None]
    end: Callable[[Stage, Change], None]
    left: Callable[[Plan, Collection[str]], Left] = _nothing
    repairs: Callable[[tuple[Action, ...]], Iterator[Undo]] | None = None


def severing(ports: Callable[[Plan, Collection[str]], list[tuple[str, str]]]) -> Effect:
    """Nothing passes some interfaces of the targets, though their links are up: node and interface, by ``ports``."""

    def begin(stage: Stage, change: Change) -> None:
        stage.machine.filters.sever(stage.lab.plan, ports(stage.lab.plan, change.targets))

    def end(stage: Stage, change: Change) -> None:
        stage.machine.filters.rejoin(stage.lab.plan, ports(stage.lab.plan, change.targets))

    def left(plan: Plan, targets: Collection[str]) -> Left:
        return Left(rulesets=tuple((node, filters.severing(port), (port,)) for node, port in ports(plan, targets)))

    return Effect(begin, end, left)
