"""Virtual machines are stopped: they send, receive and forward nothing."""

from __future__ import annotations

from collections.abc import Collection

from netlab.lab.story.stage import Stage


def begin(stage: Stage, nodes: Collection[str]) -> None:
    """Stop them."""
    stage.machine.filters.stop(stage.lab.plan, nodes)


def end(stage: Stage, nodes: Collection[str]) -> None:
    """Start them."""
    stage.machine.filters.start(stage.lab.plan, nodes)
