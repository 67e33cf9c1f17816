"""What became of a pair that a test asked for."""

from __future__ import annotations

from dataclasses import dataclass

from netlab.results.drops import Drop
from netlab.results.protocols import Protocol
from netlab.results.verification import Outcome, Status

Ways = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a pair by some protocols: foreseen by the model or, where ``measured``, by packets.

    ``forward`` and ``reverse`` are the ways of the request and of its answer, as nodes. ``outcome`` is None where it
    could not be measured. ``message`` is what is wrong with it, if a test expected something.
    """

    source: str
    target: str
    protocols: tuple[Protocol, ...]
    outcome: Outcome | None
    forward: Ways
    reverse: Ways
    dropped_at: Drop | None
    status: Status
    message: str
    measured: bool
