"""What a story documents of connections, clients' routes and learned routes, and the model predicts otherwise. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from netlab.azure import learning
from netlab.azure.prediction import Predicted
from netlab.azure.state import State
from netlab.results.verification import Check
from netlab.scenario.models import Reach, Scenario, Step
from netlab.scenario.names import Pair, expected_pairs, resolve_node

# Who expects something, where no test does.
THE_SCENARIO = "the scenario"


@dataclass(frozen=True, slots=True)
class Documented:
    """What the scenario documents at a step; but for ``routes``, what an earlier step documents holds on.

    ``author`` is who expects it, ``since`` the number of the step that documents a pair, ``number`` that of this step.
    """

    reach: Mapping[Pair, Reach] = field(default_factory=dict)
    connections: Mapping[str, str] = field(default_factory=dict)
    learned: learning.Expected = field(default_factory=dict)
    routes: Mapping[str, Collection[object]] = field(default_factory=dict)
    author: str = THE_SCENARIO
    since: Mapping[Pair, int] = field(default_factory=dict)
    number: int = 0

    def at(self, scenario: Scenario, step: Step) -> Documented:
        """What is documented at the next step."""
        number, stated = self.number + 1, expected_pairs(scenario, {}, step.expect)
        return Documented(
            {**self.reach, **stated},
            {**self.connections, **step.expect.connections},
            learning.expected(self.learned, step.expect),
            step.expect.routes,
            self.author,
            {**self.since, **dict.fromkeys(stated, number)},
            number,
        )

    def by(self, pair: Pair) -> str:
        """Who expects something of a pair and, where an earlier step says so, since which one."""
        step = self.since.get(pair, self.number)
        return self.author if step == self.number else f"{self.author} (since step {step})"


def disagreements(state: State, documented: Documented) -> Iterator[Check]:
    """A failed check, named as ``verify`` names it, for all that the model predicts otherwise."""
    found = (
        *_connections(state, documented.connections),
        *_routes(state, documented.routes),
        *((f"learned {end}", message) for end, message in learning.disagreements(state, documented.learned)),
    )
    yield from (Check(name, "failed", message) for name, message in found)


def about_cell(scenario: Scenario, reach: Reach | None, item: Predicted, by: str = THE_SCENARIO) -> str:
    """What the model predicts of a pair otherwise than is expected, by the scenario or by a test; empty if nothing.

    Of equal paths one has to be as documented: which one a packet takes is not foreseeable.
    """
    if reach is None:
        return ""
    if reach.expected != item.outcome:
        return _otherwise(reach.expected, item.outcome, by)
    dropped = {node for node, _ in item.ends if node}
    place = resolve_node(scenario, reach.dropped_at) if reach.dropped_at else None
    if dropped and place is not None and place not in dropped:
        return _otherwise(f"dropped at {place}", f"dropped at {' or '.join(sorted(dropped))}", by)
    wanted = [resolve_node(scenario, name) or name for name in reach.via]
    ways = [walk.nodes for walk in item.forward]
    if not any(_passes(way, wanted) for way in ways):
        return _otherwise(f"the way over {' > '.join(wanted)}", " or ".join(" > ".join(way) for way in ways), by)
    return ""


def _passes(way: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether a way passes these nodes in this order."""
    rest = iter(way)
    return all(node in rest for node in wanted)


def is_connected(state: State, connection: str) -> bool:
    """Whether one of the tunnels of a connection is up."""
    return any(tunnel.name in state.up for tunnel in state.topology.tunnels_by_connection[connection])


def _connections(state: State, documented: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, said in documented.items():
        up = is_connected(state, name)
        predicted = "Connected" if up else "NotConnected"
        if predicted != said:
            reason = state.negotiated[name].reason
            yield f"connection {name}", _otherwise(said, f"{predicted}: {reason}" if reason and not up else predicted)


def _routes(state: State, documented: Mapping[str, Collection[object]]) -> Iterator[tuple[str, str]]:
    names = {name.lower(): name for name in state.scenario.clients}
    for client, prefixes in documented.items():
        name = names[client.lower()]
        said, predicted = set(map(str, prefixes)), set(map(str, state.client_routes(name)))
        if predicted != said:
            yield f"routes {name}", _otherwise(in_words(said), in_words(predicted))


def in_words(prefixes: Collection[str]) -> str:
    """Prefixes in a sentence."""
    return ", ".join(sorted(prefixes)) or "none"


def _otherwise(said: str, predicted: str, by: str = THE_SCENARIO) -> str:
    return f"{by} expects {said}, the model predicts {predicted}"
