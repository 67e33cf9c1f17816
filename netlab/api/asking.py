"""What a test asks, and the model's answers: at a moment that steps of the story and faults change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netlab.api import faults, model
from netlab.api.scenarios import Scenario, find_pairs
from netlab.azure import outcome
from netlab.azure.disagreement import Documented
from netlab.azure.moments import after, initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.state import State
from netlab.errors import UsageError
from netlab.results.answers import Answer
from netlab.results.lab import Incident
from netlab.results.prediction import Explanation, PredictedCell, Prediction
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.results.verification import Report
from netlab.scenario.models import Action, Reach
from netlab.scenario.names import Pair, by_node, node_names, resolve_node, suggest

__all__ = ["Action", "Model", "Question", "question"]

THE_TEST = "the test"


@dataclass(frozen=True, slots=True)
class Question:
    """Two names, each of a machine or of all machines of a VNet or site, and what is expected of them, if anything."""

    source: str
    target: str
    expected: Reach | None = None
    protocols: tuple[Protocol, ...] = PROTOCOLS

    def reaching(self, via: Sequence[str]) -> Question:
        """The same, expected to be answered, by way of these nodes in this order."""
        return replace(self, expected=Reach(via=tuple(via)))

    def dropped(self, at: str) -> Question:
        """The same, expected to be dropped, at a node where one is named."""
        return replace(self, expected=Reach(expected="unreachable", dropped_at=at or None))

    def pairs(self, scenario: Scenario) -> tuple[Pair, ...]:
        """The pairs of nodes that it is about; UsageError for a name that the scenario has not."""
        expected = self.expected or Reach()
        for name in (*expected.via, *((expected.dropped_at,) if expected.dropped_at else ())):
            if resolve_node(scenario, name) is None:
                raise UsageError(
                    f"there is no node {name[:60]!r} in this scenario", suggest(name, node_names(scenario))
                )
        return find_pairs(scenario, self.source, self.target)

    def documented(self, pairs: Sequence[Pair]) -> Documented:
        """What the test expects, as a scenario documents it."""
        reach = dict.fromkeys(pairs, self.expected) if self.expected is not None else {}
        return Documented(reach={pair: said for pair, said in reach.items() if said is not None}, author=THE_TEST)

    def foretold(self, forecast: Forecast, pairs: Sequence[Pair]) -> Iterator[Predicted]:
        """What the model foresees of the pairs, by the protocols that are asked."""
        ends = by_node(forecast.state.scenario)
        for source, target in pairs:
            for item in forecast.by_protocol(ends[source], ends[target]):
                protocols = tuple(protocol for protocol in item.protocols if protocol in self.protocols)
                if protocols:
                    yield replace(item, protocols=protocols)


def question(source: str, target: str, protocol: Protocol | None) -> Question:
    """A question about one protocol, or about every one."""
    if protocol not in (None, *PROTOCOLS):
        raise UsageError(f"no probe is {protocol!r}", f"there is {', '.join(PROTOCOLS)}")
    return Question(source, target, None, (protocol,) if protocol is not None else PROTOCOLS)


class Model:
    """A scenario as the model foresees it; needs neither root nor Linux."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._state = initial(scenario)
        self._forecast: Forecast | None = None

    @property
    def measured(self) -> bool:
        """Whether packets answer."""
        return False

    def answers(self, asked: Question) -> tuple[Answer, ...]:
        """What becomes of each pair, one answer for protocols that end alike."""
        if self._forecast is None:
            self._forecast = Forecast(self._state, endpoint_addresses(self._state))
        now = self._state.scenario
        pairs = asked.pairs(now)
        documented = asked.documented(pairs)
        items = asked.foretold(self._forecast, pairs)
        return tuple(_answer(cell) for item in items for cell in outcome.judged(now, item, documented))

    def explanation(self, answer: Answer) -> Explanation:
        """Why an answer is as it is, by its first protocol."""
        ends = by_node(self._state.scenario)
        return model.explained(self._state, ends[answer.source], ends[answer.target], answer.protocols[0])

    def play(self, until: str) -> None:
        """Go to the moment after a step of the story."""
        self._go(model.state(self._scenario, until))

    def fault(self, verb: str, subject: Mapping[str, Any]) -> tuple[Action, Incident | None]:
        """Begin a fault by its verb of `netlab fault`; the action, and no outage: that is measured by packets only."""
        begun = faults.action(self._state.scenario, verb, subject)
        self._go(after(self._state, begun))
        return begun, None

    def mend(self, begun: Action) -> None:
        """End a fault; a client that lost its tunnel stays without (R66)."""
        self._go(after(self._state, faults.ending(begun)))

    def rewind(self) -> None:
        """Go back to the moment as built."""
        self._go(initial(self._scenario))

    def story(self) -> Prediction | Report:
        """The whole story, step by step."""
        return model.prediction(self._scenario)

    def _go(self, state: State) -> None:
        self._state, self._forecast = state, None


def _answer(cell: PredictedCell) -> Answer:
    return Answer(
        source=cell.source,
        target=cell.target,
        protocols=cell.protocols,
        outcome=cell.predicted,
        forward=cell.forward,
        reverse=cell.reverse,
        dropped_at=cell.dropped_at,
        status=cell.status,
        message=cell.message,
        measured=False,
    )
