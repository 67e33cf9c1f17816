"""What the model foresees: per step of the story the cells of the matrix, and the routes that lead to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netlab.results.drops import Drop
from netlab.results.mends import Mend, Redesign
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.results.routes import EffectiveRoute, LearnedRoute, Way
from netlab.results.topology import Machine
from netlab.results.verification import Check, Outcome, Remark, Status, Unstated


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a pair can talk or not: the verdict, every way of the request and of its answer, and what mends it.

    Each mend lets the pair talk. Where there is none, ``redesign`` says why, or has another design.
    ``forward_decisions`` and ``reverse_decisions`` are the same ways as sentences, one a route.
    """

    source: str
    target: str
    outcome: Outcome
    dropped_at: Drop | None
    verdict: str
    forward: tuple[Way, ...]
    reverse: tuple[Way, ...]
    mend: tuple[Mend, ...]
    redesign: tuple[Redesign, ...]
    forward_decisions: tuple[str, ...]
    reverse_decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PredictedCell:
    """One cell of the predicted matrix: a source and a target, and each way, as nodes, of the request and its answer.

    ``expected`` is what the scenario documents, or what the model predicts where it is silent; ``documented`` is the
    scenario's own reason for an expected failure, ``message`` what is wrong with the cell. It holds for ``protocols``:
    a pair whose protocols differ has several cells.
    """

    source: str
    target: str
    expected: Outcome
    predicted: Outcome
    status: Status
    forward: tuple[tuple[str, ...], ...]
    reverse: tuple[tuple[str, ...], ...]
    dropped_at: Drop | None
    documented: str
    message: str
    protocols: tuple[Protocol, ...] = PROTOCOLS


@dataclass(frozen=True, slots=True)
class PredictedStep:
    """A step of the story, after its actions: the matrix, what the scenario expects otherwise, and all routes."""

    name: str
    actions: tuple[str, ...]
    cells: tuple[PredictedCell, ...]
    checks: tuple[Check, ...]
    warnings: tuple[Remark, ...]
    client_routes: Mapping[str, tuple[str, ...]]
    learned_routes: Mapping[str, tuple[LearnedRoute, ...]]
    effective_routes: Mapping[str, tuple[EffectiveRoute, ...]]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What `predict` foresees of a scenario, step by step; ``machines`` are the rows and columns of the matrix.

    Of a big network these are two of each class: ``classes`` has the members of each class by its first one, and the
    cells between two classes hold for all their members.
    """

    scenario: str
    machines: tuple[Machine, ...]
    steps: tuple[PredictedStep, ...]
    unstated: Unstated
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
