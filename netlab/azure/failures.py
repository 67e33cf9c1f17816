"""The single failures of a network, one after the other, and what each of them costs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations
from typing import Any

from netlab.azure import faults
from netlab.azure.classes import sample
from netlab.azure.faults import Kind
from netlab.azure.moments import after
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.state import State
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.scenario import changing, rules
from netlab.scenario.models import Action, Change, Scenario
from netlab.scenario.names import Endpoint, answering, endpoints

# An action as a story writes it.
Written = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that fails: its kind, what it is in words, and the actions that break and mend it.

    ``nodes`` are the machines that fail themselves: what they lose is no cost. ``untried`` is why no lab tries it.
    """

    kind: str
    name: str
    begin: tuple[Written, ...]
    end: tuple[Written, ...]
    nodes: frozenset[str] = frozenset()
    untried: str = ""

    def __add__(self, other: Failure) -> Failure:
        """Both at once."""
        names = f"{self.name}, and {other.name}"
        return Failure(
            self.kind if self.kind == other.kind else f"{self.kind}, {other.kind}",
            names,
            (*self.begin, *other.begin),
            (*other.end, *self.end),
            self.nodes | other.nodes,
            self.untried or other.untried,
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """What a failure costs for good: the pairs that are lost, those that go another way, and how many pairs there are.

    A client that loses its tunnel connects again where it can, after the failure (``begin``) or when that is mended
    (``end``).
    """

    failure: Failure
    begin: tuple[Written, ...]
    end: tuple[Written, ...]
    lost: tuple[Predicted, ...]
    moved: tuple[tuple[Predicted, Predicted], ...]
    pairs: int


def single(state: State) -> tuple[Failure, ...]:
    """Every part of a network that can fail alone: what the kinds of faults name, and the peerings."""
    found = (failure for kind in faults.KINDS for failure in _of_kind(state, kind))
    return (*found, *_peerings(state.scenario))


def double(found: Iterable[Failure]) -> tuple[Failure, ...]:
    """Every two of these failures, but for those that break one thing."""
    both = combinations(found, 2)
    return tuple(one + other for one, other in both if not one.nodes & other.nodes or not one.nodes)


def costs(state: State, failures: Iterable[Failure]) -> Iterator[Cost]:
    """What each failure costs, one after the other, each mended before the next one."""
    before = _forecast(state)
    for failure in failures:
        begin, failed = _settled(state, state, failure.begin)
        end, mended = _settled(state, failed, failure.end)
        pairs = tuple(_pairs(state, failed, failure.nodes))
        talking = [both for both in _both(before, _forecast(failed), pairs) if both[0].outcome == "reachable"]
        lost = tuple(during for _, during in talking if during.outcome == "unreachable")
        moved = tuple(both for both in talking if both[1].outcome == "reachable" and _ways(both[0]) != _ways(both[1]))
        yield Cost(failure, begin, end, lost, moved, len(pairs))
        # Most failures leave nothing behind: then the moment before them is the same, and foreseen already.
        if mended != state:
            state, before = mended, _forecast(mended)


def _forecast(state: State) -> Forecast:
    return Forecast(state, endpoint_addresses(state))


def _of_kind(state: State, kind: Kind) -> Iterator[Failure]:
    seen = set()
    for subject in kind.single(state.network):
        action = Action.model_validate({kind.begins: dict(subject)})
        targets = kind.targets(state.network, state.faults, action)
        broken = targets & faults.targets(state.faults, kind)
        if targets and not broken and targets not in seen:
            seen.add(targets)
            words = " ".join(map(str, subject.values()))
            yield Failure(
                kind.name, f"{kind.name} {words}", ({kind.begins: subject},), ({kind.ends: subject},), targets
            )


def _peerings(scenario: Scenario) -> Iterator[Failure]:
    """The peerings: both objects of a pair of VNets at once."""
    done = set()
    for name, peering in scenario.peerings.items():
        if name in done:
            continue
        between = {peering.vnet, peering.remote_vnet}
        both = [key for key, one in scenario.peerings.items() if {one.vnet, one.remote_vnet} == between]
        done.update(both)
        gone = {"change": {"peerings": dict.fromkeys(both)}}
        without = changing.after(scenario, Action.model_validate(gone))
        back = changing.way_back(without, scenario).subject
        assert isinstance(back, Change)
        name = f"peering {peering.vnet} {peering.remote_vnet}"
        broken = (breach.message for breach in rules.check(without) if breach.severity == "error")
        untried = next((f"without it the file breaks a rule: {message}" for message in broken), "")
        yield Failure("peering", name, (gone,), ({"change": back.parts},), untried=untried)


def _settled(before: State, now: State, actions: tuple[Written, ...]) -> tuple[tuple[Written, ...], State]:
    """The state after some actions and after the clients have connected again that can; all these actions."""
    now = reduce(after, map(Action.model_validate, actions), now)
    again = list[Written]()
    for client, gateway in (key for key, session in before.sessions.items() if not session.absent):
        if now.sessions[client, gateway].absent:
            connect = {"connect": {"client": client, "gateway": gateway}}
            tried = after(now, Action.model_validate(connect))
            if not tried.sessions[client, gateway].absent:
                now = tried
                again.append(connect)
    return (*actions, *again), now


def _pairs(state: State, failed: State, without: frozenset[str]) -> Iterator[tuple[Endpoint, Endpoint]]:
    """The pairs that are compared: without nodes that failed themselves; of a big network two of each class."""
    few = sample(state.scenario, (state, failed))
    kept = {end.node for end in answering(state.scenario)} if few is None else few.nodes
    asked = [end for end in answering(state.scenario) if end.node in kept - without]
    asking = [end for end in endpoints(state.scenario) if end in asked]
    return ((source, target) for source in asking for target in asked if source != target)


def _both(
    before: Forecast, during: Forecast, pairs: Iterable[tuple[Endpoint, Endpoint]]
) -> Iterator[tuple[Predicted, Predicted]]:
    """What becomes of each pair before and during a failure; several of a pair whose protocols differ."""
    for pair in pairs:
        found: dict[tuple[int, int], tuple[Predicted, Predicted, list[Protocol]]] = {}
        sides = [{p: item for item in each.by_protocol(*pair) for p in item.protocols} for each in (before, during)]
        for protocol in PROTOCOLS:
            one, other = (side[protocol] for side in sides)
            found.setdefault((id(one), id(other)), (one, other, []))[2].append(protocol)
        for one, other, protocols in found.values():
            yield one, replace(other, protocols=tuple(protocols))


def _ways(item: Predicted) -> tuple[frozenset[tuple[str, ...]], ...]:
    """The nodes of all ways of the request and of the answer."""
    return tuple(frozenset(walk.nodes for walk in walks) for walks in (item.forward, item.reverse))
