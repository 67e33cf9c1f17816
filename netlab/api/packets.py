"""What a test asks a running lab by packets; beside `netlab.api.asking`, which asks the model the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from netlab.api import faults, labs, measure, model, story
from netlab.api.asking import Question
from netlab.api.labs import Lab
from netlab.api.machine import LINUX
from netlab.api.scenarios import Loaded
from netlab.azure.prediction import Forecast, story_of
from netlab.lab.build import records
from netlab.lab.measure import cells
from netlab.lab.measure.checks import encryption
from netlab.lab.measure.probing import all_addresses
from netlab.lab.story.addresses import probe_addresses
from netlab.lab.story.playing import play
from netlab.lab.story.rewind import rewind
from netlab.lab.story.stage import Stage
from netlab.results.answers import Answer
from netlab.results.lab import Incident
from netlab.results.prediction import Explanation, Prediction
from netlab.results.protocols import PROTOCOLS
from netlab.results.verification import Cell, Report
from netlab.scenario.models import Action


class Packets:
    """A lab that runs, by its name."""

    def __init__(self, lab: str) -> None:
        self._name = lab

    @property
    def measured(self) -> bool:
        """Whether packets answer."""
        return True

    def answers(self, asked: Question) -> tuple[Answer, ...]:
        """What became of each pair and protocol: of what is expected, foreseen and observed all must agree."""
        lab = self._lab
        state, addresses = records.state(lab), probe_addresses(lab, LINUX.clients)
        forecast = Forecast(state, all_addresses(state, addresses))
        pairs = asked.pairs(state.scenario)
        foretold = tuple(asked.foretold(forecast, pairs))
        with records.locked(self._name):
            found = cells.measure(lab, LINUX, asked.documented(pairs), forecast, foretold, addresses)
        leaks = encryption.check(found.evidence)
        answers = (_answer(cell) for cell in found.cells)
        if leaks.status == "passed":
            return tuple(answers)
        return tuple(replace(a, status=leaks.status, message=a.message or leaks.message) for a in answers)

    def explanation(self, answer: Answer) -> Explanation:
        """Why an answer is as it is: the way of another packet."""
        return measure.explanation(self._lab, answer.source, answer.target, answer.protocols[0])

    def play(self, until: str) -> None:
        """Put back what was changed, and take the actions of the story up to a step."""
        lab = self._lab
        model.state(lab.scenario, until)
        steps = story_of(lab.scenario)
        wanted = steps[: [step.name for step in steps].index(until) + 1]
        with records.locked(self._name):
            stage = Stage(lab, LINUX)
            rewind(stage)
            play(stage, wanted)

    def fault(self, verb: str, subject: Mapping[str, Any]) -> tuple[Action, Incident | None]:
        """Begin a fault by its verb of `netlab fault`, with a flow through it; the action, and what it cost."""
        lab = self._lab
        begun = faults.action(records.state(lab).scenario, verb, subject)
        return begun, story.take_one(lab, begun)

    def mend(self, begun: Action) -> None:
        """End a fault."""
        story.take_one(self._lab, faults.ending(begun))

    def rewind(self) -> None:
        """Put back what was changed, if anything was."""
        lab = self._lab
        if records.read_story(lab):
            story.reset_story(lab)

    def story(self) -> Prediction | Report:
        """The whole story, measured after each step; the lab is as built afterwards."""
        found = measure.prove(self._lab, lambda _: None, measure.Extent(), all_pairs=False)
        if found.stopped:
            raise KeyboardInterrupt
        return found

    @property
    def _lab(self) -> Lab:
        """The lab as it is now: an action may have changed its plan."""
        return labs.read(self._name)


def up(loaded: Loaded, name: str) -> Packets:
    """Build a lab of this name."""
    return Packets(labs.up(loaded, name, None, "auto", lambda _: None))


def down(name: str) -> None:
    """Remove a lab, in whatever state it is."""
    labs.down(name)


def _answer(cell: Cell) -> Answer:
    return Answer(
        source=cell.source,
        target=cell.target,
        protocols=tuple(protocol for protocol in PROTOCOLS if protocol == cell.protocol),
        outcome=cell.observed,
        forward=(cell.forward,),
        reverse=(cell.reverse,),
        dropped_at=cell.dropped_at,
        status=cell.status,
        message=cell.message,
        measured=True,
    )
