"""BGP sessions that are shut down at one end."""

from __future__ import annotations

import pytest
from moments import action, moment

from netlab.azure.faults import Impact
from netlab.azure.state import State

SCENARIO = "route-server-nva-in-spoke"
BOTH = {"spoke1-sdwan1 hub-rs-0", "spoke1-sdwan1 hub-rs-1"}


def established(state: State) -> set[frozenset[str]]:
    return {frozenset((session.router.node, session.peer.node)) for session in state.bgp_sessions}


@pytest.mark.parametrize(
    ("scenario", "subject", "targets"),
    [
        (SCENARIO, {"speaker": "Spoke1-sdwan1", "peer": "Hub"}, BOTH),
        (SCENARIO, {"speaker": "Spoke1-sdwan1", "peer": "Hub", "instance": 1}, {"spoke1-sdwan1 hub-rs-1"}),
        (SCENARIO, {"speaker": "Spoke1-sdwan1"}, {*BOTH, "spoke1-sdwan1 branch"}),
        (SCENARIO, {"speaker": "Branch", "peer": "Spoke1-sdwan1"}, {"branch spoke1-sdwan1"}),
        (SCENARIO, {"speaker": "Office", "peer": "Hub"}, {"office hub-gw-0", "office hub-gw-1"}),
        # That of a gateway's instance on standby too: it takes the session over.
        ("gateway-active-standby-failover", {"speaker": "Site2"}, {"site2 vnet1-gw-0", "site2 vnet1-gw-1"}),
        ("expressroute", {"speaker": "Site1", "peer": "circuit1"}, {"site1 circuit1-msee-0", "site1 circuit1-msee-1"}),
    ],
)
def test_an_action_names_the_sessions_of_a_speaker(
    scenario: str, subject: dict[str, object], targets: set[str]
) -> None:
    assert moment(scenario, action("stop_bgp_session", **subject)).hit(Impact.SHUT_DOWN) == targets


def test_only_these_sessions_go_and_they_come_back() -> None:
    before = moment(SCENARIO)
    stop = action("stop_bgp_session", speaker="Spoke1-sdwan1", peer="Hub", instance=0)
    stopped = moment(SCENARIO, stop)
    assert established(before) - established(stopped) == {frozenset(("spoke1-sdwan1", "hub-rs-0"))}
    assert stopped.up == before.up
    start = action("start_bgp_session", speaker="Spoke1-sdwan1", peer="Hub")
    assert established(moment(SCENARIO, stop, start)) == established(before)


def test_shut_down_at_both_ends_it_comes_back_with_the_second() -> None:
    at_one, at_other = (
        {"speaker": "Branch", "peer": "Spoke1-sdwan1"},
        {"speaker": "Spoke1-sdwan1", "peer": "Branch"},
    )
    actions = [action("stop_bgp_session", **at_one), action("stop_bgp_session", **at_other)]
    session = frozenset(("branch", "spoke1-sdwan1"))
    actions.append(action("start_bgp_session", **at_one))
    assert session not in established(moment(SCENARIO, *actions))
    actions.append(action("start_bgp_session", **at_other))
    assert session in established(moment(SCENARIO, *actions))
