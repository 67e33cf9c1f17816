"""A Route Server loses an instance, or gets it back: it is silent, and its daemons are not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from netlab.azure import faults
from netlab.lab.build import keys, records
from netlab.lab.story import failover
from netlab.lab.story.faults import machine
from netlab.lab.story.faults.effect import Change, Effect, Undo
from netlab.lab.story.stage import Stage
from netlab.scenario.models import Action, RouteServerFault


def _begin(stage: Stage, change: Change) -> None:
    """Silence them first, so that their peers see nothing of the end of their daemons."""
    old, stage.lab = stage.lab.plan, records.planned(stage.lab.facts, stage.lab.scenario, stage.state)
    stage.machine.filters.stop(stage.lab.plan, change.targets)
    failover.stop(old, stage.lab.plan, stage.machine, abruptly=False)


def _end(stage: Stage, change: Change) -> None:
    """Start their daemons, and bring up the sessions."""
    old, stage.lab = stage.lab.plan, records.planned(stage.lab.facts, stage.lab.scenario, stage.state)
    stage.machine.filters.start(stage.lab.plan, change.targets)
    failover.prepare(old, stage.lab.plan, keys.read(stage.lab.facts.lab), stage.machine)
    failover.cut_over(old, stage.lab.plan, stage.machine, frozenset())


def _repairs(taken: tuple[Action, ...]) -> Iterator[Undo]:
    for subject in dict.fromkeys(action.subject for action in taken if isinstance(action.subject, RouteServerFault)):
        yield partial(_repair, lost=Action(fail_route_server=subject))


def _repair(stage: Stage, lost: Action) -> None:
    """Finish what a loss or a return that was killed half-way has left, now that the story has been put back."""
    opening = records.opening(stage.lab)
    stage.lab = records.planned(stage.lab.facts, stage.lab.scenario, opening)
    found = faults.after(opening.network, frozenset(), lost)
    other = records.planned(stage.lab.facts, stage.lab.scenario, replace(opening, faults=found)).plan
    stage.machine.filters.start(stage.lab.plan, {fault.target for fault in found})
    failover.repair(other, stage.lab.plan, keys.read(stage.lab.facts.lab), stage.machine, opening.up)


EFFECT = Effect(_begin, _end, machine.EFFECT.left, _repairs)
