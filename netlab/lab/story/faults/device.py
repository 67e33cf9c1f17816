"""VPN devices fall silent: nothing passes their interface to the Internet, and their link is up."""

from __future__ import annotations

from collections.abc import Collection

from netlab.lab.story.faults.effect import Change, Effect
from netlab.lab.story.faults.link import uplinks
from netlab.lab.story.stage import Stage


def _begin(stage: Stage, change: Change) -> None:
    """Silence them."""
    stage.machine.filters.sever(stage.lab.plan, _ports(stage, change.targets))


def _end(stage: Stage, change: Change) -> None:
    """Wake them."""
    stage.machine.filters.rejoin(stage.lab.plan, _ports(stage, change.targets))


def _ports(stage: Stage, nodes: Collection[str]) -> list[tuple[str, str]]:
    return [(link.a.node, link.a.name) for link in uplinks(stage.lab.plan, nodes)]


EFFECT = Effect(_begin, _end)
