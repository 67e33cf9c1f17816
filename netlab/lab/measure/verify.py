"""Proving a lab against its scenario: the story's steps, and after each of them the checks and the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from netlab.azure import asymmetry, outcome
from netlab.azure.classes import Sample, sample
from netlab.azure.disagreement import Documented
from netlab.azure.down import down
from netlab.azure.misfits import unexpected
from netlab.azure.prediction import Forecast, Predicted, predict, story_of
from netlab.azure.state import State
from netlab.errors import LabError
from netlab.lab.build import records
from netlab.lab.build.records import Lab
from netlab.lab.machine import Machine
from netlab.lab.measure import cells
from netlab.lab.measure.checks import (
    arp_table,
    backbone,
    client_routes,
    convergence,
    daemons,
    effective_routes,
    encryption,
    flow,
    kernel,
    learned,
    profiles,
    views,
)
from netlab.lab.measure.health import sessions
from netlab.lab.measure.probing import all_addresses
from netlab.lab.story.actions import take
from netlab.lab.story.addresses import probe_addresses
from netlab.lab.story.flows import Watched, watched
from netlab.lab.story.rewind import rewind
from netlab.lab.story.stage import Stage
from netlab.results.verification import Check, Report, StepReport, Stopped, summary
from netlab.scenario.models import Step
from netlab.scenario.names import resolve
from netlab.scenario.outline import definition, machines, topology
from netlab.scenario.silence import unstated

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ahead:
    """The step of a story that comes next, of so many: its actions in words, and what was measured just before."""

    number: int
    steps: int
    name: str
    actions: tuple[str, ...]
    before: StepReport | None


# Returns when the step may be played; KeyboardInterrupt ends the story as a signal does.
Pause = Callable[[Ahead], None]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a story is played: all, up to a step, or until something is not as expected.

    With ``keep`` the lab stays at the last step that was played; ``onward`` begins at the one after it. ``pause`` comes
    before each step.
    """

    until: str = ""
    fail_fast: bool = False
    keep: bool = False
    onward: bool = False
    pause: Pause | None = None

    def before(self, ahead: Ahead) -> None:
        """Pause before a step, if that is wanted."""
        if self.pause is not None:
            self.pause(ahead)

    def ends(self, step: StepReport) -> Stopped:
        """Why nothing is played after this step; empty if something is."""
        if self.fail_fast and step.count("failed") + step.count("error"):
            return "failed"
        return "until" if step.name == self.until else ""


def verify(lab: Lab, machine: Machine, progress: Progress, extent: Extent, *, all_pairs: bool = False) -> Report:
    """Play the scenario's story and measure after each step; the lab is as it was afterwards, unless it is to stay.

    Of a big network two machines of each class are probed, unless ``all_pairs``. What was measured before a signal came
    is reported.
    """
    few = None if all_pairs else sample(lab.scenario, (step.state for step in predict(lab.scenario)))
    stage = Stage(lab, machine)
    measured_at = datetime.now(UTC).isoformat(timespec="seconds")
    steps, stopped = _played(stage, progress, extent, few)
    facts, rows = lab.facts, machines(lab.scenario)
    inferred = tuple(few.inferred(lab.scenario)) if few is not None else ()
    return Report(
        lab=facts.lab,
        scenario=facts.scenario,
        data_plane=facts.data_plane,
        time_scale=facts.time_scale,
        steps=steps,
        summary=summary(steps, inferred),
        measured_at=measured_at,
        definition=definition(lab.scenario),
        machines=rows if few is None else tuple(machine for machine in rows if machine.node in few.nodes),
        topology=topology(lab.scenario),
        unstated=unstated(lab.scenario),
        classes=few.classes if few is not None else {},
        inferred=inferred,
        stopped=stopped,
    )


def _played(
    stage: Stage, progress: Progress, extent: Extent, few: Sample | None
) -> tuple[tuple[StepReport, ...], Stopped]:
    """The steps that were played, and why these are not all; the lab is rewound, or stays at the last one."""
    lab = stage.lab
    story, begun = story_of(lab.scenario), records.played(lab) if extent.onward else 0
    troubles = [*_attempt("rewind", stage.resume if begun else partial(rewind, stage))]
    steps, documented = list[StepReport](), Documented()
    stopped: Stopped = ""
    stays = False
    try:
        for number, step in enumerate(story, 1):
            documented = documented.at(lab.scenario, step)
            if number > begun and not stopped:
                extent.before(Ahead(number, len(story), step.name, outcome.actions(step), steps[-1] if steps else None))
                progress(step.name)
                steps.append(_play(stage, step, documented, troubles, few))
                stopped, troubles = extent.ends(steps[-1]), []
        stays = extent.keep
    except KeyboardInterrupt:
        if not steps:
            raise
        stopped = "interrupted"
    finally:
        troubles = [] if stays else [*_attempt("rewind", partial(rewind, stage))]
    if stays:
        records.write_played(lab, begun + len(steps))
    steps[-1] = replace(steps[-1], checks=(*steps[-1].checks, *troubles))
    return tuple(steps), stopped


def _looked(name: str, look: Callable[[], Iterable[Check]]) -> tuple[Check, ...]:
    """What a check finds; what goes wrong with looking costs its own verdict only."""
    try:
        return tuple(look())
    except (LabError, OSError) as error:
        return (Check(name, "error", f"not measured: {error}"),)


def _attempt(name: str, act: Callable[[], None]) -> Iterator[Check]:
    """Act on a lab in which anything may be dead; what goes wrong is a finding, and the measuring goes on."""
    try:
        act()
    except (LabError, OSError) as error:
        yield Check(name, "failed", str(error))


def _play(
    stage: Stage, step: Step, documented: Documented, troubles: Iterable[Check], few: Sample | None
) -> StepReport:
    """Take the actions of a step, with its flow running, and measure."""
    addresses = probe_addresses(stage.lab, stage.machine.clients)
    stage.noted.clear()
    with watched(stage.lab, stage.state, _measurable(stage, step), addresses) as running:
        found = [*troubles]
        for action in step.do:
            found += _attempt(f"action {action.verb}", partial(take, stage, action))
        return _measure(stage, step, documented, found, running, few)


def _foretold(
    state: State, size: int, addresses: Mapping[str, str], few: Sample | None
) -> tuple[Forecast, tuple[Predicted, ...]]:
    """What the model foresees for packets of a size with the addresses that endpoints have now."""
    forecast = Forecast(state, all_addresses(state, addresses), size)
    return forecast, tuple(forecast.matrix(few.asked if few is not None else None))


def _measurable(stage: Stage, step: Step) -> Step:
    """A step, without its flow where the namespace of one of its ends is gone."""
    if step.flow is None:
        return step
    ends = [resolve(stage.lab.scenario, name)[0] for name in (step.flow.source, step.flow.target)]
    there = stage.machine.labs.of(stage.lab.plan.lab)
    gone = any(stage.lab.plan.netns(node) not in there for node in ends)
    return step.model_copy(update={"flow": None}) if gone else step


def _measure(
    stage: Stage,
    step: Step,
    documented: Documented,
    troubles: Iterable[Check],
    running: Watched,
    few: Sample | None,
) -> StepReport:
    lab, plan, state, machine = stage.lab, stage.lab.plan, stage.state, stage.machine
    alive = daemons.check(plan, state, machine.daemons)
    if alive.status != "passed":
        stage.lose_patience()
    settled = convergence.check(stage)
    checks = [alive, *_looked("sessions", lambda: sessions(plan, state, machine, documented.connections)), settled]
    running.end(step, lab.facts.time_scale, stage.noted)
    checks += flow.check(step, running.report)
    checks += _looked("learned", lambda: learned.check(plan, state, machine.bgp, documented.learned))
    checks += _looked("views", lambda: (views.check(plan, state, machine.bgp),))
    checks += _looked("kernel", lambda: (kernel.check(lab, state, machine),))
    addresses = probe_addresses(lab, machine.clients)
    asked = {address for node, address in addresses.items() if few is None or node in few.nodes}
    forecast, foretold = _foretold(state, step.size, addresses, few)
    effective = partial(effective_routes.check, plan, state, machine.gateways, machine.routes, asked)
    checks += _looked("effective routes", lambda: (effective(),))
    measured = cells.measure(lab, machine, documented, forecast, foretold, addresses)
    checks += [*troubles, encryption.check(measured.evidence), *arp_table.check(measured.cells, measured.overflows)]
    checks += _looked(backbone.NAME, lambda: backbone.check(plan, state, machine.filters.azure_traffic))
    checks += _looked("routes", lambda: client_routes.check(plan, state, machine.clients, documented.routes))
    checks += profiles.check(plan, state, machine.clients)
    return StepReport(
        step.name,
        measured.cells,
        tuple(checks),
        running.report,
        outcome.actions(step),
        measured.foreseen,
        outcome.routes(state),
        (*unexpected(state, documented), *asymmetry.remarks(state, foretold)),
        down(state),
    )
