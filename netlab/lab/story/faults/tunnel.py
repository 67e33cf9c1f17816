"""Tunnels are taken down, and brought up again unless something else keeps them down."""

from __future__ import annotations

from collections.abc import Collection

from netlab.lab.story.stage import Stage


def begin(stage: Stage, tunnels: Collection[str]) -> None:
    """Terminate their SAs."""
    stage.machine.ike.terminate(stage.lab.plan, tunnels)


def end(stage: Stage, tunnels: Collection[str]) -> None:
    """Initiate them; those that stay down for another reason are only tried."""
    restored = frozenset(tunnels) - stage.world.refused
    stage.machine.ike.initiate(stage.lab.plan, restored, restored - stage.world.up)
