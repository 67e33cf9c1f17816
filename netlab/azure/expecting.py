"""The prediction as expectations that a file can state, of all that it states nothing about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from netlab.azure import learning
from netlab.azure.disagreement import Documented, is_connected
from netlab.azure.prediction import Predicted, PredictedStep, predict, story_of
from netlab.azure.state import State
from netlab.results.drops import DESCRIPTIONS
from netlab.scenario.models import Scenario, Step
from netlab.scenario.names import INTERNET, Endpoint, Pair, asked_by_address, by_node, node_names, resolve
from netlab.scenario.rules.joined import speaking

# Of what learns more prefixes nothing is written: nobody reads so long a list.
MOST_LEARNED = 100


@dataclass(frozen=True, slots=True)
class Fate:
    """What is to be expected of a pair: ``same`` is equal for pairs that can be stated together."""

    outcome: str
    dropped_at: str = ""
    kind: str = ""
    reason: str = field(default="", compare=False)

    def written(self, reasons: Iterable[str]) -> Any:
        """The expectation as a file writes it, for pairs with these reasons."""
        if self.outcome == "reachable":
            return self.outcome
        several = tuple(dict.fromkeys(reasons))
        why = several[0] if len(several) == 1 else self.kind
        return {"unreachable": why, **({"dropped_at": self.dropped_at} if self.dropped_at else {})}


def additions(scenario: Scenario) -> tuple[dict[str, Any], ...]:
    """For each step what its ``expect`` lacks: connections, pairs, clients' routes and what is learned by BGP, as the
    model predicts them.

    What the file states, at this step or before, stays as it is. A pair whose protocols, or whose equal paths, do not
    end alike has no statement.
    """
    foreseen = tuple(predict(scenario))
    fates = [dict(_fates(scenario, step.cells)) for step in foreseen]
    open_ended = {pair for step in fates for pair, fate in step.items() if fate is None}
    documented, writer, found = Documented(), _Writer(scenario), []
    for step, predicted, known in zip(story_of(scenario), foreseen, fates, strict=True):
        documented = documented.at(scenario, step)
        certain = {pair: fate for pair, fate in known.items() if fate is not None and pair not in open_ended}
        found.append(writer.step(step, predicted, documented, certain))
    return tuple(found)


def _fates(scenario: Scenario, cells: Iterable[Predicted]) -> Iterator[tuple[Pair, Fate | None]]:
    by_pair: dict[Pair, list[Predicted]] = {}
    for cell in cells:
        by_pair.setdefault((cell.source, cell.target), []).append(cell)
    return ((pair, _fate(scenario, group)) for pair, group in by_pair.items())


def _fate(scenario: Scenario, cells: list[Predicted]) -> Fate | None:
    """What becomes of all packets of a pair; None if that depends on the packet."""
    ends = frozenset().union(*(cell.ends for cell in cells))
    if not any(node for node, _ in ends):
        return Fate("reachable")
    drop = cells[0].drop
    if ("", "") in ends or drop is None:
        return None
    kind = DESCRIPTIONS[drop.type].summary if drop.type is not None else drop.reason
    where = drop.node if len(ends) == 1 and drop.node in node_names(scenario) else ""
    return Fate("unreachable", where, kind.rstrip(".").split(". ")[0], drop.reason)


class _Writer:
    """Goes through the steps of a story: what is written at a step holds on, as in the file."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._reach: dict[Pair, Fate] = {}
        self._connections: dict[str, str] = {}
        self._routes: dict[str, list[str]] = {}
        self._learned: dict[tuple[str, str], str] = {}

    def step(
        self, step: Step, predicted: PredictedStep, documented: Documented, fates: Mapping[Pair, Fate]
    ) -> dict[str, Any]:
        """What the ``expect`` of a step lacks."""
        state = predicted.state
        states = {name: "Connected" if is_connected(state, name) else "NotConnected" for name in state.negotiated}
        connections = _fresh(states, self._connections, documented.connections)
        pairs = _fresh(fates, self._reach, documented.reach)
        stated = {name.lower() for name in step.expect.routes}
        known = {client: sorted(state.client_routes(client)) for client in self._scenario.clients}
        routes = {client: [str(prefix) for prefix in prefixes] for client, prefixes in known.items()}
        fresh = {name: item for name, item in routes.items() if item != self._routes.get(name)}
        self._routes = routes
        found = {
            "connections": connections,
            "routes": {name: item for name, item in fresh.items() if name.lower() not in stated},
            "learned": self._fresh_learned(state, documented.learned),
            "reach": rows(self._scenario, pairs),
        }
        return {key: value for key, value in found.items() if value}

    def _fresh_learned(self, state: State, documented: learning.Expected) -> dict[str, dict[str, str]]:
        """The AS paths of what is learned now, of several equal ones one; what was learned before is absent."""
        stated = {(end.lower(), prefix) for end, prefix in documented}
        found: dict[str, dict[str, str]] = {}
        for end in learning.learners(state.network):
            known = learning.as_paths(state, end)
            if end in speaking(self._scenario) and len(known) <= MOST_LEARNED:
                before = dict.fromkeys((prefix for e, prefix in self._learned if e == end), learning.ABSENT)
                now = {**before, **{prefix: min(paths) for prefix, paths in known.items()}}
                open_ = {prefix: path for prefix, path in now.items() if (end.lower(), prefix) not in stated}
                fresh = {prefix: path for prefix, path in open_.items() if self._learned.get((end, prefix)) != path}
                self._learned |= {(end, prefix): path for prefix, path in fresh.items()}
                found |= {end: fresh} if fresh else {}
        return found


def _fresh(found: Mapping[Any, Any], written: dict[Any, Any], stated: Mapping[Any, Any]) -> dict[Any, Any]:
    """What neither the file states nor an earlier step has got; noted as written."""
    fresh = {key: value for key, value in found.items() if key not in stated and written.get(key) != value}
    written.update(fresh)
    return fresh


# --- rows -----------------------------------------------------------------------------------------------------------


def rows(scenario: Scenario, pairs: Mapping[Pair, Fate]) -> dict[str, dict[str, Any]]:
    """Pairs as a file writes them: VNets and sites in the place of all their machines, where these fare alike."""
    ends = by_node(scenario)
    found: dict[str, dict[str, Any]] = {}
    asking, asked = (_by_owner(scenario, dict.fromkeys(ends[pair[side]] for pair in pairs)) for side in (0, 1))
    for pair, address in asked_by_address(scenario).items():
        if pair in pairs:
            fate = pairs[pair]
            found.setdefault(_name(scenario, ends[pair[0]]), {})[address] = fate.written((fate.reason,))
    pairs = {pair: fate for pair, fate in pairs.items() if pair not in asked_by_address(scenario)}
    for sources, its_sources in asking.items():
        for targets, its_targets in asked.items():
            for row, column, group in _blocks(scenario, (sources, its_sources), (targets, its_targets), pairs):
                fates = [pairs[pair] for pair in group]
                found.setdefault(row, {})[column] = fates[0].written(fate.reason for fate in fates)
    return found


Named = tuple[str, tuple[Endpoint, ...]]


def _blocks(
    scenario: Scenario, sources: Named, targets: Named, pairs: Mapping[Pair, Fate]
) -> Iterator[tuple[str, str, list[Pair]]]:
    """The pairs between two places, in as few groups with a name each as can be."""
    singles_of = [tuple((_name(scenario, end), (end,)) for end in place[1]) for place in (sources, targets)]
    pending = [(sources, targets)]
    while pending:
        (row, its_sources), (column, its_targets) = pending.pop(0)
        group = [(s.node, t.node) for s in its_sources for t in its_targets if s.node != t.node]
        alike = len({pairs.get(pair) for pair in group}) == 1 and group[0] in pairs
        if alike and _stands_for(scenario, row, its_sources) and _stands_for(scenario, column, its_targets):
            yield row, column, group
        elif len(its_sources) > 1:
            pending += [(single, targets) for single in singles_of[0]]
        elif len(its_targets) > 1:
            pending += [((row, its_sources), single) for single in singles_of[1]]
        elif alike:
            yield _name(scenario, its_sources[0]), _name(scenario, its_targets[0]), group


def _stands_for(scenario: Scenario, name: str, ends: tuple[Endpoint, ...]) -> bool:
    return set(resolve(scenario, name)) == {end.node for end in ends}


def _by_owner(scenario: Scenario, ends: Iterable[Endpoint]) -> dict[str, tuple[Endpoint, ...]]:
    found: dict[str, tuple[Endpoint, ...]] = {}
    for end in ends:
        found[end.owner] = (*found.get(end.owner, ()), end)
    return found


def _name(scenario: Scenario, end: Endpoint) -> str:
    """What a file calls an endpoint: by its own name, where no other has it."""
    return end.name if end.node == INTERNET or resolve(scenario, end.name) == (end.node,) else end.node
