"""What a scenario states nothing about, at no step of its story. Pure."""

from __future__ import annotations

from netlab.results.verification import Unstated
from netlab.scenario.models import Scenario
from netlab.scenario.names import expected_pairs, sources, targets


def unstated(scenario: Scenario) -> Unstated:
    """The pairs and connections that no step expects anything of."""
    pairs = {(s.node, t.node) for s in sources(scenario) for t in targets(scenario) if s.node != t.node}
    stated = {pair for step in scenario.story for pair in expected_pairs(scenario, {}, step.expect)}
    named = {name for step in scenario.story for name in step.expect.connections}
    connections = tuple(name for name in scenario.connections if name not in named)
    return Unstated(len(pairs - stated), len(pairs), connections, len(scenario.connections))
