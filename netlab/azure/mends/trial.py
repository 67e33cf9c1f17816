"""Changes tried in the model: what becomes of a pair when they are made. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from typing import Any

from pydantic import ValidationError

from netlab.azure.moments import after, initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.state import State
from netlab.errors import ScenarioError
from netlab.results.mends import Change, actions_of, edits_of
from netlab.results.protocols import Protocol
from netlab.scenario import rules
from netlab.scenario.changing import way_back
from netlab.scenario.edits import changed
from netlab.scenario.models import Action, Step
from netlab.scenario.models import Change as Reconfigured
from netlab.scenario.names import by_node
from netlab.scenario.values import once_each


@once_each
def tried(state: State, changes: tuple[Change, ...]) -> Forecast | None:
    """The predictions after changes; None where `check` refuses them, or where BGP does not settle."""
    try:
        now = _after(state, changes)
        # BGP settles, or refuses to.
        return Forecast(now, endpoint_addresses(now)) if now is not None and now.learned is not None else None
    except (ScenarioError, ValidationError):
        return None


def outcome(forecast: Forecast, source: str, target: str, protocols: Collection[Protocol], size: int = 0) -> Predicted:
    """What becomes of a pair for some protocols and a size: of those that end otherwise, one that cannot talk."""
    ends = by_node(forecast.state.scenario)
    sized = forecast if not size else replace(forecast, size=size)
    found = [p for p in sized.by_protocol(ends[source], ends[target]) if set(p.protocols) & set(protocols)]
    return next((item for item in found if item.death is not None), found[0])


def _after(state: State, changes: tuple[Change, ...]) -> State | None:
    """The moment after changes: the file is edited, the story plays again, and then the actions are taken."""
    edits, actions = edits_of(changes), tuple(map(Action.model_validate, actions_of(changes)))
    # What the story changed in it, it changes again.
    scenario = changed(state.written, edits) if edits else state.scenario
    story = (Step(name="mended", do=(*state.history, *actions)), Step(name="later", do=_later(state)))
    if any(breach.severity == "error" for breach in rules.check(scenario.model_copy(update={"story": story}))):
        return None
    now = reduce(after, state.history, initial(scenario)) if edits else state
    return reduce(after, actions, now)


def _later(state: State) -> tuple[Action, ...]:
    """What the story of the file does after a moment: a change must fit that, too. Nothing after actions by hand."""
    told, done = tuple(action for step in state.written.story for action in step.do), len(state.history)
    return told[done:] if told[:done] == state.history else ()


def ways(state: State, change: Change) -> Iterator[Change]:
    """The ways to make a change: in the file, and at the moment where the story has changed the configuration.

    What the story takes out of the file, only a later change of the story brings back.
    """
    yield change
    if change.edits and any(isinstance(action.subject, Reconfigured) for action in state.history):
        with suppress(ValidationError):
            wanted = changed(state.scenario, change.edits)
            yield Change(change.sentence, actions=(_written(way_back(state.scenario, wanted)), *change.actions))


def _written(action: Action) -> Mapping[str, Any]:
    """An action as a story writes it."""
    assert isinstance(action.subject, Reconfigured)
    return {action.verb: action.subject.parts}
