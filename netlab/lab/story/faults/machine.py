"""Virtual machines are stopped: they send, receive and forward nothing."""

from __future__ import annotations

from netlab.lab.story.faults.effect import Change, Effect
from netlab.lab.story.stage import Stage


def _begin(stage: Stage, change: Change) -> None:
    """Stop them."""
    stage.machine.filters.stop(stage.lab.plan, change.targets)


def _end(stage: Stage, change: Change) -> None:
    """Start them."""
    stage.machine.filters.start(stage.lab.plan, change.targets)


EFFECT = Effect(_begin, _end)
