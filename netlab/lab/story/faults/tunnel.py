"""Tunnels are taken down, and brought up again unless something else keeps them down."""

from __future__ import annotations

from netlab.lab.story.faults.effect import Change, Effect
from netlab.lab.story.stage import Stage


def _begin(stage: Stage, change: Change) -> None:
    """Terminate their SAs."""
    stage.machine.ike.terminate(stage.lab.plan, change.targets)


def _end(stage: Stage, change: Change) -> None:
    """Initiate them; those that stay down for another reason are only tried."""
    restored = change.targets - stage.state.refused
    stage.machine.ike.initiate(stage.lab.plan, restored, (restored - stage.state.up) | stage.state.not_at_once)


EFFECT = Effect(_begin, _end)
