"""Every single failure of a scenario: predicted, and tried in a lab, one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from netlab.api.model import state as state_of
from netlab.azure.failures import Cost, costs, double, single
from netlab.azure.outcome import actions
from netlab.azure.prediction import Predicted
from netlab.azure.state import State
from netlab.errors import UsageError
from netlab.results.sweep import Failed, LostPair, MovedPair, Sweep
from netlab.results.verification import Report, Status, StepReport
from netlab.scenario.loader import Loaded, parse
from netlab.scenario.models import Action, Scenario, Step
from netlab.scenario.names import pairs_between

# Measured on two cores, user-space ESP: breaking and mending, and two matrices of a few machines.
SECONDS_PER_FAILURE = 5
_AS_BUILT, _BROKEN, _MENDED = "as built", "broken", "mended"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is predicted, and the scenario that tries it in one lab: its story breaks and mends one after the other."""

    found: Sweep
    rehearsal: Callable[[], Loaded]


def foresee(loaded: Loaded, step: str, *, pairs: bool) -> Foreseen:
    """Predict every single failure after a step of the story, or as built; with ``pairs`` every two as well."""
    scenario = loaded.scenario
    start = state_of(scenario, step) if step else state_of(scenario.model_copy(update={"story": ()}), "")
    failures = single(start)
    if not failures:
        raise UsageError(f"{scenario.name} has nothing that a sweep breaks", "it needs a gateway, a peering or an NVA")
    priced = tuple(costs(start, (*failures, *(double(failures) if pairs else ()))))
    found = Sweep(scenario.name, step or _AS_BUILT, tuple(_failed(scenario, cost) for cost in priced), measured=False)
    return Foreseen(found, lambda: _rehearsal(loaded, start.history, priced))


def predicted(state: State) -> tuple[Failed, ...]:
    """What each single failure of a moment costs."""
    return tuple(_failed(state.scenario, cost) for cost in costs(state, single(state)))


def measured(found: Sweep, report: Report) -> Sweep:
    """The same with what packets said: of each failure the step that breaks it and the step that mends it."""
    if report.stopped:
        raise KeyboardInterrupt
    steps = iter(report.steps)
    next(steps)
    failures = tuple(f if f.untried else _with(f, next(steps), next(steps)) for f in found.failures)
    return replace(found, failures=failures, measured=True)


def _with(failed: Failed, broken: StepReport, mended: StepReport) -> Failed:
    statuses: tuple[Status, ...] = ("error", "failed", "passed")
    status = next(one for one in statuses if one == "passed" or broken.count(one) or mended.count(one))
    messages = (*_messages(_BROKEN, broken), *_messages(_MENDED, mended))
    return replace(failed, outage=broken.flow, status=status, messages=messages)


def _messages(when: str, step: StepReport) -> Iterator[str]:
    for cell in step.cells:
        if cell.status != "passed":
            what = cell.message or f"{cell.observed}, not {cell.expected}"
            yield f"{when}: {cell.source} to {cell.target} ({cell.protocol}): {what}"
    yield from (f"{when}: {check.name}: {check.message}" for check in step.checks if check.status != "passed")


# --- the prediction ---------------------------------------------------------------------------------------------------


def _failed(scenario: Scenario, cost: Cost) -> Failed:
    lost = tuple(LostPair(one.source, one.target, one.protocols, one.drop) for one in cost.lost)
    wanted = _survivors(scenario)
    return Failed(
        cost.failure.kind,
        cost.failure.name,
        actions(Step(name=_BROKEN, do=tuple(map(Action.model_validate, cost.begin)))),
        cost.pairs,
        lost,
        tuple(_moved(before, during) for before, during in cost.moved),
        tuple(pair for pair in lost if (pair.source, pair.target) in wanted),
        untried=cost.failure.untried,
    )


def _moved(before: Predicted, during: Predicted) -> MovedPair:
    legs = before.forward, during.forward, before.reverse, during.reverse
    ways = (tuple(walk.nodes for walk in leg) for leg in legs)
    return MovedPair(before.source, before.target, during.protocols, *ways)


def _survivors(scenario: Scenario) -> frozenset[tuple[str, str]]:
    """The pairs of nodes that no single failure may part."""
    wanted = ((source, target) for source, targets in scenario.survives.items() for target in targets)
    return frozenset(pair for names in wanted for pair in pairs_between(scenario, *names))


# --- the rehearsal ----------------------------------------------------------------------------------------------------


def _rehearsal(loaded: Loaded, before: Sequence[Action], priced: Sequence[Cost]) -> Loaded:
    """The scenario with a story that begins with some actions, then breaks and mends one thing after the other."""
    story: list[dict[str, object]] = [{"name": _AS_BUILT, "do": [_written(action) for action in before]}]
    for number, cost in enumerate((cost for cost in priced if not cost.failure.untried), 1):
        # A step's name is unique and of limited length; a flow is that of one pair which takes another way.
        name = f"{number}. {cost.failure.name}"[:60]
        flow = next(({"source": one.source, "target": one.target} for one, _ in cost.moved), None)
        story.append({"name": f"{name}: {_BROKEN}", "do": [*cost.begin], **({"flow": flow} if flow else {})})
        story.append({"name": f"{name}: {_MENDED}", "do": [*cost.end]})
    # JSON is YAML.
    return parse(json.dumps({**loaded.document.data, "story": story}), loaded.where)


def _written(action: Action) -> dict[str, object]:
    return {action.verb: action.subject.model_dump(mode="json", exclude_unset=True)}
