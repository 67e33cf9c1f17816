"""A scenario as a report in which packets do what the model says: what a designer sees before there is a lab. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from netlab.azure import asymmetry, outcome
from netlab.azure.classes import Sample, sample
from netlab.azure.disagreement import Documented, disagreements
from netlab.azure.down import down
from netlab.azure.misfits import unexpected
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses, predict, story_of
from netlab.azure.state import State
from netlab.results.prediction import PredictedCell
from netlab.results.verification import Cell, Report, StepReport, summary
from netlab.scenario.models import Scenario
from netlab.scenario.outline import definition, machines, topology
from netlab.scenario.silence import unstated


def foretold(scenario: Scenario) -> Report:
    """The whole story. Nothing was measured: ``observed`` is what is predicted, and ``measured_at`` is empty.

    Of a big network it has two machines of each class, as a prediction has. It looks for no mends, which takes longer
    than all else: `netlab explain` finds those of a pair.
    """
    foreseen = tuple(predict(scenario))
    few = sample(scenario, (step.state for step in foreseen))
    documented, steps = Documented(), list[StepReport]()
    for predicted, step in zip(foreseen, story_of(scenario), strict=True):
        documented = documented.at(scenario, step)
        cells = predicted.cells if few is None else tuple(predicted.forecast.matrix(few.asked))
        steps.append(_step(predicted.name, outcome.actions(step), predicted.forecast, cells, documented))
    return _report(scenario, steps, few)


def moment(state: State) -> Report:
    """A moment of the story as a report of one step: what the model says of it, whatever the scenario expects."""
    few, forecast = sample(state.scenario, (state,)), Forecast(state, endpoint_addresses(state))
    cells = tuple(forecast.matrix(few.asked if few is not None else None))
    return _report(state.scenario, [_step("now", (), forecast, cells, Documented())], few)


def _report(scenario: Scenario, steps: Sequence[StepReport], few: Sample | None) -> Report:
    inferred = tuple(few.inferred(scenario)) if few is not None else ()
    return Report(
        lab=scenario.name,
        scenario=scenario.name,
        data_plane="",
        time_scale=scenario.time_scale,
        steps=tuple(steps),
        summary=summary(steps, inferred),
        measured_at="",
        definition=definition(scenario),
        machines=tuple(item for item in machines(scenario) if few is None or item.node in few.nodes),
        topology=topology(scenario),
        unstated=unstated(scenario),
        classes=few.classes if few is not None else {},
        inferred=inferred,
    )


def _step(
    name: str, actions: tuple[str, ...], forecast: Forecast, cells: Collection[Predicted], documented: Documented
) -> StepReport:
    state, addresses = forecast.state, forecast.addresses
    return StepReport(
        name=name,
        cells=tuple(_cells(state.scenario, cells, documented)),
        checks=tuple(disagreements(state, documented)),
        actions=actions,
        foreseen=tuple(outcome.foreseen(state, item, addresses, wanted=False) for item in cells),
        routes=outcome.routes(state),
        warnings=(*unexpected(state, documented), *asymmetry.remarks(state, cells)),
        down=down(state),
    )


def _cells(scenario: Scenario, cells: Iterable[Predicted], documented: Documented) -> Iterator[Cell]:
    for item in cells:
        for judged in outcome.judged(scenario, item, documented):
            yield from _by_protocol(judged)


def _by_protocol(judged: PredictedCell) -> Iterator[Cell]:
    """A cell for each protocol, with the first of the ways."""
    back = judged.reverse[0] if judged.reverse and len(judged.reverse[0]) > 1 else ()
    for protocol in judged.protocols:
        yield Cell(
            source=judged.source,
            target=judged.target,
            protocol=protocol,
            expected=judged.expected,
            observed=judged.predicted,
            status=judged.status,
            forward=judged.forward[0],
            reverse=back,
            dropped_at=judged.dropped_at,
            predicted=judged.predicted,
            predicted_drop=judged.dropped_at,
            documented=judged.documented,
            message=judged.message,
        )
