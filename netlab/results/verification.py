"""What `verify` found: per step of the story the cells of the matrix, the checks and the flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from netlab.results.drops import Drop
from netlab.results.protocols import PROTOCOLS
from netlab.results.routes import NO_ROUTES, Foreseen, Routes
from netlab.results.timers import Timer
from netlab.results.topology import Machine, Topology

Outcome = Literal["reachable", "unreachable"]
# failed: the network is not as expected. error: it could not be measured.
Status = Literal["passed", "failed", "error"]
# Why a story was not played to its end; empty where it was.
Stopped = Literal["", "until", "failed", "interrupted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the matrix: a source, a target and a protocol, judged three ways.

    ``expected`` is what the scenario documents, or what the model predicts where it is silent. ``forward`` and
    ``reverse`` are the nodes that the probe and its answer passed. ``encrypted`` is None where no tunnel was crossed.
    ``documented`` is the scenario's own reason for an expected failure, ``message`` what is wrong with the cell.
    """

    source: str
    target: str
    protocol: str
    expected: Outcome
    observed: Outcome | None
    status: Status
    forward: tuple[str, ...] = ()
    reverse: tuple[str, ...] = ()
    dropped_at: Drop | None = None
    rtt_ms: float | None = None
    encrypted: bool | None = None
    predicted: Outcome
    predicted_drop: Drop | None = None
    documented: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that is not as it should be: of which type (``route-extra``), at which node, what it is."""

    type: str
    node: str
    object: str
    message: str = ""

    @property
    def words(self) -> str:
        """It in one line."""
        return f"{self.node}: {self.type} {self.object}" + (f" ({self.message})" if self.message else "")


@dataclass(frozen=True, slots=True)
class Inferred:
    """Pairs of machines that were not probed: no verdict on them, but an inference from machines that are alike.

    ``source`` and ``target`` are the first machines of two classes, ``pairs`` so many pairs between these.
    """

    source: str
    target: str
    pairs: int
    why: str
    status: Literal["inferred"] = "inferred"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at besides the matrix, and each thing that it found wrong, where it finds several."""

    name: str
    status: Status
    message: str
    findings: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning about something that the scenario does not expect, and that may be meant: no failure."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Unstated:
    """What no step of the scenario states anything about, so that lab and model are compared with each other only."""

    pairs: int
    of_pairs: int
    connections: tuple[str, ...]
    of_connections: int


@dataclass(frozen=True, slots=True)
class Down:
    """What carries nothing at a moment, and why: a node, or a line between two ends as the topology has them."""

    ends: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a flow got no answer: when it begins, in seconds after the first request, and how long it is."""

    begins: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Milestone:
    """What happened while a flow ran, or was seen to have happened, so many seconds after its first request."""

    what: str
    at: float


@dataclass(frozen=True, slots=True)
class FlowReport:
    """What became of a flow while a step acted: its longest gap in seconds, and what that is in Azure's time.

    ``timers`` are the times that such a gap may consist of on Azure. ``seconds`` is how long the flow ran, ``gaps`` are
    all of its gaps, ``milestones`` the actions and when the lab had noticed them; all by this machine's clock.
    """

    source: str
    target: str
    sent: int
    lost: int
    outage_seconds: float
    azure_seconds: float
    timers: tuple[Timer, ...] = ()
    seconds: float = 0.0
    gaps: tuple[Gap, ...] = ()
    milestones: tuple[Milestone, ...] = ()


@dataclass(frozen=True, slots=True)
class StepReport:
    """A step of the story, after its actions: what was measured, and what the model foresees of pairs and routes."""

    name: str
    cells: tuple[Cell, ...]
    checks: tuple[Check, ...]
    flow: FlowReport | None = None
    actions: tuple[str, ...] = ()
    foreseen: tuple[Foreseen, ...] = ()
    routes: Routes = NO_ROUTES
    warnings: tuple[Remark, ...] = ()
    down: tuple[Down, ...] = ()

    def count(self, status: Status) -> int:
        """How many cells and checks have a status."""
        return [*(cell.status for cell in self.cells), *(check.status for check in self.checks)].count(status)


@dataclass(frozen=True, slots=True)
class Summary:
    """How many cells and checks of all steps passed, failed and could not be measured; cells that were not probed are
    inferred."""

    passed: int
    failed: int
    errors: int
    inferred: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What `verify` found and when (ISO 8601); ``definition`` is the scenario as its file says it, without its keys.

    ``machines`` are the rows and columns of the matrix, ``topology`` is what a picture of the scenario shows. Of a big
    network the machines are two of each class: ``classes`` has the members of each class by its first one, and
    ``inferred`` the pairs of members that were not probed. ``stopped`` says why ``steps`` are not the whole story: a
    step was the last one that was asked for, or the first that was not as expected, or a signal came.
    """

    lab: str
    scenario: str
    data_plane: str
    time_scale: float
    steps: tuple[StepReport, ...]
    summary: Summary
    measured_at: str
    definition: Mapping[str, Any]
    machines: tuple[Machine, ...]
    topology: Topology
    unstated: Unstated
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inferred: tuple[Inferred, ...] = ()
    stopped: Stopped = ""

    def count(self, status: Status) -> int:
        """How many cells and checks have a status."""
        return sum(step.count(status) for step in self.steps)


def summary(steps: Iterable[StepReport], inferred: Iterable[Inferred] = ()) -> Summary:
    """The summary of all steps, and of the pairs that were probed in none of them."""
    steps = tuple(steps)
    passed, failed, errors = (sum(s.count(status) for s in steps) for status in ("passed", "failed", "error"))
    return Summary(passed, failed, errors, sum(item.pairs for item in inferred) * len(PROTOCOLS) * len(steps))
