"""Links to the Internet are cut: their far ends are down."""

from __future__ import annotations

from collections.abc import Collection

from netlab.lab.story.faults.effect import Change, Effect, Left
from netlab.lab.story.stage import Stage
from netlab.plan.model import Link, Plan


def _begin(stage: Stage, change: Change) -> None:
    """Cut the links of these routers and clients."""
    stage.machine.links.cut(stage.lab.plan, uplinks(stage.lab.plan, change.targets))


def _end(stage: Stage, change: Change) -> None:
    """Mend them."""
    stage.machine.links.mend(stage.lab.plan, uplinks(stage.lab.plan, change.targets))


def uplinks(plan: Plan, nodes: Collection[str]) -> list[Link]:
    """The links towards the Internet of routers, at their edges, and of clients."""
    faces = {*nodes, *(f"{node}-edge" for node in nodes)}
    return [link for link in plan.links if link.a.node in faces and link.underlay]


def _left(plan: Plan, nodes: Collection[str]) -> Left:
    return Left(down=frozenset((link.b.node, link.b.name) for link in uplinks(plan, nodes)))


EFFECT = Effect(_begin, _end, _left)
