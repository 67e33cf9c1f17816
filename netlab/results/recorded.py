"""What `compare` found between answers that Azure gave and what the model predicts or a lab has, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["effective-routes", "learned-routes", "advertised-routes", "bgp-peers", "connection"]
KINDS: tuple[Kind, ...] = ("effective-routes", "learned-routes", "advertised-routes", "bgp-peers", "connection")
Verdict = Literal["equal", "different", "missing here", "missing there"]
VERDICTS: tuple[Verdict, ...] = ("equal", "different", "missing here", "missing there")
# A row of an answer, with the keys of `az`.
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A row as Azure has it and as it is predicted, or as the lab has it; None where there is no such row.

    ``differs`` has the keys whose values differ, ``reason`` why, where that is known. *here* is the scenario, *there*
    is Azure.
    """

    verdict: Verdict
    recorded: Row | None
    predicted: Row | None
    differs: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ComparedFile:
    """A recorded answer: its file, what it is, the NIC, gateway or connection of the scenario, and its rows.

    ``peer`` is the BGP peer of advertised routes, and of a Route Server's learned ones.
    """

    file: str
    kind: Kind
    subject: str
    peer: str
    rows: tuple[ComparedRow, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows have which verdict."""

    equal: int = 0
    different: int = 0
    missing_here: int = 0
    missing_there: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """All recorded answers beside the prediction, or beside what a lab has.

    ``step`` is the one of the story, empty for the first; ``lab`` is empty for a prediction.
    """

    scenario: str
    step: str
    lab: str = ""
    files: tuple[ComparedFile, ...] = ()
    summary: Counts = Counts()
