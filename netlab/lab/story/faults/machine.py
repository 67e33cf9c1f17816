"""Virtual machines are stopped: they send, receive and forward nothing."""

from __future__ import annotations

from collections.abc import Collection

from netlab.lab.story.faults.effect import Change, Effect, Left
from netlab.lab.story.stage import Stage
from netlab.machine import filters
from netlab.plan.model import Plan


def _begin(stage: Stage, change: Change) -> None:
    """Stop them."""
    stage.machine.filters.stop(stage.lab.plan, change.targets)


def _end(stage: Stage, change: Change) -> None:
    """Start them."""
    stage.machine.filters.start(stage.lab.plan, change.targets)


def _left(_: Plan, machines: Collection[str]) -> Left:
    return Left(rulesets=tuple((machine, filters.STOPPED, ()) for machine in machines))


EFFECT = Effect(_begin, _end, _left)
