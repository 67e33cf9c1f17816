"""What `sweep` found: what each single failure of a network costs, predicted and measured."""

from __future__ import annotations

from dataclasses import dataclass

from netlab.results.drops import Drop
from netlab.results.protocols import Protocol
from netlab.results.verification import FlowReport, Status

Ways = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class LostPair:
    """A pair that cannot talk while something is broken, and where and why its packets are dropped."""

    source: str
    target: str
    protocols: tuple[Protocol, ...]
    dropped_at: Drop | None


@dataclass(frozen=True, slots=True)
class MovedPair:
    """A pair that talks by other ways while something is broken: those of the request and of the answer as nodes,
    before and during it. Several where equal paths share the load."""

    source: str
    target: str
    protocols: tuple[Protocol, ...]
    forward_before: Ways
    forward_during: Ways
    reverse_before: Ways
    reverse_during: Ways


@dataclass(frozen=True, slots=True)
class Failed:
    """One failure, two for ``--pairs``, and its cost for good: clients have connected again where they can.

    ``actions`` are those of a story that break it. ``pairs`` is the number of pairs of machines that were asked.
    ``must_survive`` are the lost pairs that the scenario wants to survive. ``outage`` is that of one pair which takes
    another way. ``status`` compares packets with the prediction, None where nothing was measured; ``messages`` say what
    differs. ``untried`` is why no lab tries this failure: it is predicted only.
    """

    kind: str
    name: str
    actions: tuple[str, ...]
    pairs: int
    lost: tuple[LostPair, ...]
    moved: tuple[MovedPair, ...]
    must_survive: tuple[LostPair, ...] = ()
    outage: FlowReport | None = None
    status: Status | None = None
    messages: tuple[str, ...] = ()
    untried: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Every failure of a scenario after a step of its story, in the order in which they were tried."""

    scenario: str
    step: str
    failures: tuple[Failed, ...]
    measured: bool

    @property
    def single_points(self) -> tuple[Failed, ...]:
        """The failures that cost a pair its connection for good."""
        return tuple(failed for failed in self.failures if failed.lost)

    @property
    def passed(self) -> bool:
        """Whether all that must survive does, and packets are as predicted."""
        return not any(failed.must_survive or failed.status not in (None, "passed") for failed in self.failures)
