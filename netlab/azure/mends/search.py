"""The mends of a pair that cannot talk: changes that the causes of its drops ask for, and that help in the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netlab.azure.mends.candidates import candidates, ended
from netlab.azure.mends.case import Case
from netlab.azure.mends.trial import outcome, tried, ways
from netlab.azure.prediction import Addresses, Forecast, Predicted
from netlab.azure.state import State
from netlab.results.drops import DropType
from netlab.results.mends import Change, Mend
from netlab.results.protocols import Protocol
from netlab.scenario.values import once

# No change of settings mends them.
_LIMITS = frozenset({DropType.NOT_THE_SERVICE, DropType.TOO_BIG})
# Besides the ends of what is broken.
MOST_CHANGES = 3
MOST_MENDS = 2
# Of the changes that bring a packet on, but not to its end, so many are followed: those that bring it farthest.
FOLLOWED = 6
# Of a moment with more groups of pairs that cannot talk, a report has no mends for the others.
MOST_GROUPS = 30


def mends(state: State, found: Predicted, addresses: Addresses) -> tuple[Mend, ...]:
    """What would let a pair talk that cannot, with as few changes as possible; nothing for one that can."""
    return _mends(state, found, addresses, MOST_CHANGES)


def mends_of_many(state: State, found: Predicted, addresses: Addresses) -> tuple[Mend, ...]:
    """The same for one of all pairs of a moment: only single changes, and only of the first groups of pairs."""
    return _mends(state, found, addresses, 1) if len(_known(state)) < MOST_GROUPS else ()


def _mends(state: State, found: Predicted, addresses: Addresses, most: int) -> tuple[Mend, ...]:
    """Pairs of the same subnets with the same drop share what was found for the first of them, where it helps them."""
    case = Case.of(state, found, addresses)
    protocols = _taken(state, found)
    if case is None or case.cause.type in _LIMITS or not protocols:
        return ()
    search, known = _Search(state, found.source, found.target, protocols, most, found.size), _known(state)
    if protocols != found.protocols and search.helps(()):
        return ()
    before = known.get(group := (case.group, protocols, most, found.size))
    shared = tuple(mend for mend in before or () if search.helps(mend.changes))
    if before is not None and len(shared) == len(before):
        # Of what the other one needs this one may need less.
        return tuple(dict.fromkeys(Mend(search.needed(mend.changes)) for mend in shared))
    known[group] = search.mends(case)
    return known[group]


def _taken(state: State, found: Predicted) -> tuple[Protocol, ...]:
    """The protocols by which a pair may talk: a private endpoint and a frontend take no ping, whatever is changed (E12,
    L17)."""
    silent = found.target in state.network.private_endpoints or found.target in state.network.frontends
    return tuple(each for each in found.protocols if not (silent and each == "icmp"))


@once
def _known(state: State) -> dict[object, tuple[Mend, ...]]:
    """The mends of a moment by the group of their pairs."""
    del state
    return {}


@dataclass(frozen=True)
class _Search:
    """The search for the mends of a pair: every change is tried in the model before it is given."""

    state: State
    source: str
    target: str
    protocols: tuple[Protocol, ...]
    most: int
    size: int = 0

    def helps(self, changes: tuple[Change, ...]) -> bool:
        """Whether the pair can talk after changes."""
        forecast = tried(self.state, changes)
        return forecast is not None and self._case(forecast) is None

    def mends(self, case: Case) -> tuple[Mend, ...]:
        """The mends from the moment as it is or, if there are none, from the one where what the story broke has ended.

        Of two causes of one drop neither alone brings a packet on.
        """
        found = self._from((), case)
        broken = tuple(ended(case)) if not found and self.most > 1 else ()
        forecast = tried(self.state, broken) if broken else None
        whole = self._case(forecast) if forecast is not None else None
        if whole is not None:
            found = self._from(broken, whole)
        return found

    def _from(self, done: tuple[Change, ...], case: Case) -> tuple[Mend, ...]:
        level: dict[tuple[Change, ...], Case] = {done: case}
        for _ in range(self.most):
            found: list[Mend] = []
            onward: dict[tuple[Change, ...], Case] = {}
            for changes, forecast in self._next(level):
                after = self._case(forecast)
                if after is None:
                    found.append(Mend(self.needed(changes)))
                elif not _alike(after, level[changes[:-1]]):
                    onward[changes] = after
                if len(found) == MOST_MENDS:
                    break
            if found:
                return tuple(dict.fromkeys(found))
            level = dict(sorted(onward.items(), key=lambda item: _progress(item[1]), reverse=True)[:FOLLOWED])
        return ()

    def _next(self, level: dict[tuple[Change, ...], Case]) -> Iterator[tuple[tuple[Change, ...], Forecast]]:
        for before, case in level.items():
            for change in dict.fromkeys(each for found in candidates(case) for each in ways(case.state, found)):
                forecast = tried(self.state, (*before, change)) if change not in before else None
                if forecast is not None:
                    yield (*before, change), forecast

    def _case(self, forecast: Forecast) -> Case | None:
        """The case that is left after changes; None where the pair can talk."""
        found = outcome(forecast, self.source, self.target, self.protocols, self.size)
        return Case.of(forecast.state, found, forecast.addresses)

    def needed(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """Changes without those that are not needed."""
        for change in changes if len(changes) > 1 else ():
            others = tuple(other for other in changes if other is not change)
            if self.helps(others):
                return self.needed(others)
        return changes


def _progress(case: Case) -> tuple[bool, bool, int]:
    """How far the packets of a pair get: an answer is farther than a request."""
    return case.leg == "reverse", case.cause.type is not DropType.LOOP, len(case.walk.nodes)


def _alike(one: Case, other: Case) -> bool:
    """Whether a packet is still dropped at the same place for the same reason."""
    return (one.leg, one.walk.dropped_at, one.cause) == (other.leg, other.walk.dropped_at, other.cause)
