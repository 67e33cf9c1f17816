"""Connections that are not as the model says: each tunnel of them is found at both of its ends."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from netlab.azure.moments import after, initial
from netlab.lab.measure.checks.connections import check
from netlab.machine.charon import Sa
from netlab.plan.planner import plan
from netlab.scenario.loader import load
from netlab.scenario.models import Action


@dataclass
class Sas:
    """These tunnels are up, whatever they select; no other is begun."""

    up: frozenset[str]

    def sas(self, directory: str) -> list[Sa]:
        return [Sa(name, "1", "ESTABLISHED", "", "", "", ("", ""), (), ("INSTALLED",), (), (), ()) for name in self.up]

    def children(self, directory: str, connection: str) -> tuple[()]:
        return ()

    def refusal(self, directory: str, connection: str) -> str:
        return ""


SCENARIO = load("s2s-active-active").scenario
CONNECTION = next(iter(SCENARIO.connections))
BROKEN = Action.model_validate({"fail_tunnel": {"connection": CONNECTION}})


@pytest.mark.parametrize(
    ("broken", "up", "kind", "found"),
    [
        (False, (0, 1), "", ()),
        (False, (), "tunnel-missing", (0, 1)),
        (False, (1,), "tunnel-missing", (0,)),
        (True, (0,), "tunnel-extra", (0,)),
        (True, (), "", ()),
    ],
)
def test_each_tunnel_that_is_otherwise_is_found_at_both_ends(
    broken: bool, up: tuple[int, ...], kind: str, found: tuple[int, ...]
) -> None:
    state = after(initial(SCENARIO), BROKEN) if broken else initial(SCENARIO)
    tunnels = state.topology.tunnels_by_connection[CONNECTION]
    sas = Sas(frozenset(tunnels[number].name for number in up))
    (connection,) = (item for item in check(plan(SCENARIO, "lab"), state, sas, {}) if item.name.endswith(CONNECTION))
    assert connection.status == ("failed" if kind else "passed"), connection.message
    assert {(item.type, item.node, item.object) for item in connection.findings} == {
        (kind, router.node, tunnels[number].name) for number in found for router in tunnels[number].routers
    }
