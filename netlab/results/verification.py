"""What `verify` found: per step of the story the cells of the matrix, the checks and the flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from netlab.results.drops import Drop

Outcome = Literal["reachable", "unreachable"]
# failed: the network is not as expected. error: it could not be measured.
Status = Literal["passed", "failed", "error"]


@dataclass(frozen=True, slots=True)
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
    predicted: Outcome
    observed: Outcome | None
    status: Status
    forward: tuple[str, ...] = ()
    reverse: tuple[str, ...] = ()
    dropped_at: Drop | None = None
    predicted_drop: Drop | None = None
    rtt_ms: float | None = None
    encrypted: bool | None = None
    documented: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at besides the matrix."""

    name: str
    status: Status
    message: str


@dataclass(frozen=True, slots=True)
class FlowReport:
    """What became of a flow while a step acted: its longest gap in seconds, and what that is in Azure's time."""

    source: str
    target: str
    sent: int
    lost: int
    outage_seconds: float
    azure_seconds: float


@dataclass(frozen=True, slots=True)
class StepReport:
    """A step of the story, after its actions."""

    name: str
    cells: tuple[Cell, ...]
    checks: tuple[Check, ...]
    flow: FlowReport | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What `verify` found and when (ISO 8601); ``definition`` is the scenario as its file says it, without its keys."""

    lab: str
    scenario: str
    data_plane: str
    time_scale: float
    steps: tuple[StepReport, ...]
    measured_at: str
    definition: Mapping[str, Any]

    def count(self, status: Status) -> int:
        """How many cells and checks have a status."""
        cells = sum(cell.status == status for step in self.steps for cell in step.cells)
        return cells + sum(check.status == status for step in self.steps for check in step.checks)
