"""A change of what is configured on Azure, in a running lab: from one plan to another, as `netlab apply` does it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial

from netlab.azure import moments
from netlab.azure.state import State
from netlab.lab.build import clients, keys, records, transition
from netlab.lab.build.step import take
from netlab.lab.build.transition import Moment, Transition
from netlab.lab.story.stage import Stage
from netlab.scenario.changing import way_back
from netlab.scenario.models import Action, Reconfiguration


def change(stage: Stage, before: State) -> None:
    """Bring the lab from the plan of the state before to that of the stage's state."""
    old, stage.lab = stage.lab, records.planned(stage.lab.facts, stage.lab.scenario, stage.state)
    _go(stage, old, before)


def change_back(stage: Stage, taken: tuple[Action, ...]) -> None:
    """Bring the lab to the plan of its scenario, whatever these actions, killed half-way, have changed of it."""
    opening = records.opening(stage.lab)
    found = tuple(_changed(opening, taken))
    if not found:
        return
    if found[-1].scenario != opening.scenario:
        stage.remember((*taken, way_back(found[-1].scenario, opening.scenario)))
    stage.state = opening
    target = records.planned(stage.lab.facts, stage.lab.scenario, opening)
    for state in reversed(found):
        old = records.planned(stage.lab.facts, stage.lab.scenario, state)
        stage.lab = target
        if old.plan != target.plan:
            _go(stage, old, state)


def _changed(state: State, taken: tuple[Action, ...]) -> Iterator[State]:
    """The state after each change among actions, without faults."""
    for action in taken:
        state = moments.after(state, action)
        if isinstance(action.subject, Reconfiguration):
            yield replace(state, faults=frozenset())


def _go(stage: Stage, old: records.Lab, before: State) -> None:
    new, now, machine, lab = stage.lab, stage.state, stage.machine, stage.lab.facts.lab
    held = keys.read(lab)
    secrets = keys.carried_over(before.scenario, now.scenario, new.plan.secrets, held)
    both = before.sessions.keys() & now.sessions.keys()
    lost = (key for key in both if now.sessions[key].absent and not before.sessions[key].absent)

    def connect(names: Collection[str]) -> None:
        for key, tunnel in now.network.client_tunnels.items():
            if tunnel.name in names and not now.sessions[key].absent:
                clients.connect(new.plan, clients.tunnel_of(new.plan, tunnel), machine.clients)

    ways = Transition(
        Moment(old.plan, before, records.uplinks(old), held, lambda: None),
        Moment(new.plan, now, records.uplinks(new), secrets, partial(keys.write, lab, {**held, **secrets})),
        machine,
        frozenset(before.network.client_tunnels[key].name for key in lost),
        connect,
    )
    for step in transition.steps(ways):
        take(step)
