"""What `explain` says where BGP was stopped: start it, if that mends it."""

from __future__ import annotations

import pytest
from moments import action, moment

from netlab.azure.mends import mends
from netlab.azure.prediction import endpoint_addresses, pair
from netlab.azure.state import State
from netlab.scenario.models import Action
from netlab.scenario.names import by_node

SCENARIO = "route-server-nva-in-spoke"
OFFICE = {"speaker": "Office"}


def said(state: State, source: str, target: str) -> tuple[str, tuple[str, ...]]:
    ends, addresses = by_node(state.scenario), endpoint_addresses(state)
    found = pair(state, ends[source], ends[target], addresses)
    return found.outcome, tuple(mend.sentence for mend in mends(state, found, addresses))


@pytest.mark.parametrize(
    ("stop", "start", "words"),
    [
        (
            action("stop_bgp_daemon", **OFFICE),
            action("start_bgp_daemon", **OFFICE),
            "start the BGP daemon of Office: it is stopped",
        ),
        (
            action("stop_bgp_session", **OFFICE, peer="Hub"),
            action("start_bgp_session", **OFFICE, peer="Hub"),
            "start the BGP session of Office with Hub: Office has shut it down",
        ),
    ],
)
def test_what_is_said_mends_it(stop: Action, start: Action, words: str) -> None:
    outcome, sentences = said(moment(SCENARIO, stop), "hub-vm0", "office-o")
    assert (outcome, sentences[0]) == ("unreachable", words)
    assert said(moment(SCENARIO, stop, start), "hub-vm0", "office-o") == ("reachable", ())


def test_nothing_is_said_of_bgp_where_starting_it_does_not_help() -> None:
    state = moment(SCENARIO, action("stop_bgp_daemon", **OFFICE))
    outcome, words = said(state, "spoke1-vm1", "spoke2-vm2")
    assert outcome == "unreachable"
    assert not any("BGP daemon" in line for line in words)
