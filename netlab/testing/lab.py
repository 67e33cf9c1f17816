"""A network that a test asks: assertions that say why, faults that end with their block."""

from __future__ import annotations

import unittest
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, Protocol

from netlab.errors import MeasureError, NetlabError, ScenarioError
from netlab.results.answers import Answer
from netlab.results.drops import DropType
from netlab.results.lab import Incident
from netlab.results.protocols import Protocol as ProbeProtocol
from netlab.results.verification import FlowReport

if TYPE_CHECKING:
    from netlab.api.asking import Action, Question
    from netlab.results.prediction import Explanation, Prediction
    from netlab.results.verification import Report

# The verbs of `netlab fault`.
FaultVerb = Literal[
    "gateway",
    "tunnel",
    "link",
    "internet",
    "device",
    "vm",
    "circuit",
    "route-server",
    "bgp-session",
    "bgp-daemon",
]
NEEDS_PACKETS = "an outage is measured by packets only: run pytest with --netlab=packets, as root"


class Moment(Protocol):
    """A scenario at a moment: what the model foresees, or a lab that runs."""

    @property
    def measured(self) -> bool: ...
    def answers(self, asked: Question) -> tuple[Answer, ...]: ...
    def explanation(self, answer: Answer) -> Explanation: ...
    def play(self, until: str) -> None: ...
    def fault(self, verb: str, subject: Mapping[str, Any]) -> tuple[Action, Incident | None]: ...
    def mend(self, begun: Action) -> None: ...
    def rewind(self) -> None: ...
    def story(self) -> Prediction | Report: ...


class Outage:
    """What a fault cost the flow of 100 packets a second that ran through it.

    Without packets there is no such thing: a test that asks for it is skipped, and passes nothing.
    """

    def __init__(self, incident: Incident | None) -> None:
        self._incident = incident

    @property
    def flow(self) -> FlowReport:
        """The flow with all that was measured."""
        if self._incident is None:
            raise unittest.SkipTest(NEEDS_PACKETS)
        if self._incident.flow is None:
            why = "no two machines talk through it both before and after, so no outage was measured"
            raise MeasureError(why, "break a part that another one replaces")
        return self._incident.flow

    @property
    def seconds(self) -> float:
        """The longest time without an answer, as it was measured here."""
        return self.flow.outage_seconds

    @property
    def azure_seconds(self) -> float:
        """The same in Azure's time: multiplied by the lab's time scale."""
        return self.flow.azure_seconds

    @property
    def lost(self) -> int:
        """How many packets were lost."""
        return self.flow.lost


class Lab:
    """A network that a test asks: of the model, or by packets. Names are those of its file, as in `netlab explain`.

    A VNet stands for all its virtual machines, a site for all its hosts. Where no protocol is named, ICMP, UDP and TCP
    are asked.
    """

    def __init__(self, moment: Moment, name: str) -> None:
        self._moment = moment
        self.name = name
        self.at = "as built"

    @property
    def measured(self) -> bool:
        """Whether packets answer, or the model."""
        return self._moment.measured

    def ask(self, source: str, target: str, *, protocol: ProbeProtocol | None = None) -> tuple[Answer, ...]:
        """What becomes of each pair that the two names stand for, without an expectation."""
        from netlab.api.asking import question

        with in_full():
            return self._moment.answers(question(source, target, protocol))

    def reaches(
        self, source: str, target: str, *, via: str | Sequence[str] = (), protocol: ProbeProtocol | None = None
    ) -> None:
        """Assert that the target answers, and that the request passes the nodes ``via`` in this order."""
        __tracebackhide__ = True
        from netlab.api.asking import question

        with in_full():
            nodes = (via,) if isinstance(via, str) else tuple(via)
            answers = self._moment.answers(question(source, target, protocol).reaching(nodes))
        self._assert((answer, answer.message) for answer in answers)

    def drops(
        self,
        source: str,
        target: str,
        *,
        at: str = "",
        because: DropType | None = None,
        protocol: ProbeProtocol | None = None,
    ) -> None:
        """Assert that the request or its answer is dropped, at a node and for a reason where these are named."""
        __tracebackhide__ = True
        from netlab.api.asking import question

        with in_full():
            answers = self._moment.answers(question(source, target, protocol).dropped(at))
        self._assert((answer, answer.message or _another_reason(answer, because)) for answer in answers)

    @contextmanager
    def fault(self, verb: FaultVerb, **subject: str | int | bool) -> Iterator[Outage]:
        """Break something for the length of a block, as `netlab fault` does: `lab.fault("gateway", vnet="hub")`."""
        with in_full():
            begun, incident = self._moment.fault(verb, subject)
        before, self.at = self.at, f"{self.at}, fault {verb}"
        try:
            yield Outage(incident)
        finally:
            self.at = before
            with in_full():
                self._moment.mend(begun)

    def play(self, until: str) -> None:
        """Go to the moment after a step of the file's story; what the test has changed before is put back."""
        with in_full():
            self._moment.play(until)
        self.at = f"after {until!r}"

    def rewind(self) -> None:
        """Go back to the moment as built. The fixture does it after each test."""
        with in_full():
            self._moment.rewind()
        self.at = "as built"

    def tells_its_story(self) -> None:
        """Assert that each step of the file's story is as it expects: what `netlab predict` or `netlab verify` say."""
        __tracebackhide__ = True
        with in_full():
            story = self._moment.story()
        wrong = [
            f"{step.name}: {cell.source} to {cell.target}: {cell.message}"
            for step in story.steps
            for cell in step.cells
            if cell.status != "passed"
        ]
        checks = ((step.name, check) for step in story.steps for check in step.checks if check.status != "passed")
        wrong += [f"{step}: {check.name}: {check.message}" for step, check in checks]
        if wrong:
            raise AssertionError("\n  ".join((f"{self.name} is not as its story expects:", *wrong)))

    def _assert(self, judged: Iterable[tuple[Answer, str]]) -> None:
        """Raise an AssertionError with all that is wrong, and why the network is as it is."""
        __tracebackhide__ = True
        wrong = [(answer, message) for answer, message in judged if message or answer.status != "passed"]
        if not wrong:
            return
        lines = [f"{self.name}, {'by packets' if self.measured else 'as predicted'}, {self.at}:"]
        for answer, message in wrong:
            lines.append(f"{answer.source} to {answer.target} ({', '.join(answer.protocols)}): {message}")
            lines += (f"  {line}" for line in self._why(answer))
        raise AssertionError("\n".join(lines))

    def _why(self, answer: Answer) -> list[str]:
        """An explanation, line by line; of what could not be measured there is none."""
        if answer.status == "error":
            return []
        from netlab.report.prose import explained

        try:
            return explained(self._moment.explanation(answer)).splitlines()
        except NetlabError as error:
            return [f"(no explanation: {error.message})"]


class NetlabLab(Protocol):
    """The type of the fixture `netlab_lab`."""

    def __call__(self, file: str) -> Lab:
        """The network of a file beside the test, of a path, or of a scenario that comes with netlab."""


def _another_reason(answer: Answer, because: DropType | None) -> str:
    """What is wrong with the type of a drop; empty if nothing, or if nothing of it is expected."""
    drop = answer.dropped_at
    if because is None or drop is None or drop.type is because:
        return ""
    return f"the test expects a drop because of {because}, and it is {drop.type} ({drop.reason})"


@contextmanager
def in_full() -> Iterator[None]:
    """An error of netlab shows its findings and the next step, too."""
    try:
        yield
    except NetlabError as error:
        for finding in error.findings if isinstance(error, ScenarioError) else ():
            error.add_note(f"  {finding}")
        if error.hint:
            error.add_note(f"  next: {error.hint}")
        raise
