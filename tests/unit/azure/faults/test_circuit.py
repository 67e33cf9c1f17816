"""Circuits, or one of their links, that carry nothing."""

from __future__ import annotations

import pytest
from moments import action, moment

from netlab.azure.faults.circuit import CIRCUIT
from netlab.azure.faults.kind import Fault
from netlab.azure.state import State

PRIMARY, SECONDARY = Fault(CIRCUIT, "circuit1-msee-0"), Fault(CIRCUIT, "circuit1-msee-1")


@pytest.mark.parametrize(
    ("link", "faults"), [("primary", {PRIMARY}), ("secondary", {SECONDARY}), (None, {PRIMARY, SECONDARY})]
)
def test_a_link_stands_for_its_edge_router(link: str | None, faults: set[Fault]) -> None:
    named = {"link": link} if link else {}
    assert moment("expressroute", action("fail_circuit", circuit="circuit1", **named)).faults == faults


def test_an_edge_router_keeps_its_sessions_with_gateways() -> None:
    before = moment("expressroute")
    failed = moment("expressroute", action("fail_circuit", circuit="circuit1", link="primary"))

    def peers(state: State) -> set[frozenset[str]]:
        return {frozenset(router.node for router in pair.routers) for pair in state.topology.peers}

    assert peers(before) - peers(failed) == {frozenset(("circuit1-msee-0", "site1"))}
