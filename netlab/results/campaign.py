"""What a campaign found: the verdict on each of its labs."""

from __future__ import annotations

from dataclasses import dataclass

from netlab.results.verification import Status


@dataclass(frozen=True, slots=True)
class Tried:
    """One lab of a campaign: what was tried, where, and the verdict.

    ``id`` is that of the lab's content: the same text, data plane, time scale and version of netlab have the same one.
    ``time_scale`` is None where it is that of the file. ``sweep`` says that the story breaks every part once.
    ``messages`` are the first things that are not as expected, or why nothing was measured. ``seconds`` are those of
    the whole lab, ``worker`` is the machine that built it.
    """

    id: str
    scenario: str
    file: str
    data_plane: str
    time_scale: float | None
    sweep: bool
    verdict: Status
    passed: int
    failed: int
    errors: int
    messages: tuple[str, ...]
    seconds: float
    worker: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign: the labs that were tried, and how many are still to be tried."""

    name: str
    labs: tuple[Tried, ...]
    untried: int

    def count(self, verdict: Status) -> int:
        """How many labs have a verdict."""
        return sum(lab.verdict == verdict for lab in self.labs)
