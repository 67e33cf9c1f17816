"""BGP daemons that are stopped."""

from __future__ import annotations

from moments import action, moment

from netlab.azure.faults import Impact
from netlab.azure.prediction import matrix
from netlab.azure.state import State

SCENARIO = "route-server-nva-in-spoke"


def outcome(state: State, source: str, target: str) -> str:
    return next(cell.outcome for cell in matrix(state) if (cell.source, cell.target) == (source, target))


def test_a_stopped_daemon_has_no_session_and_learns_nothing() -> None:
    stopped = moment(SCENARIO, action("stop_bgp_daemon", speaker="Spoke1-sdwan1"))
    assert stopped.hit(Impact.WITHOUT_BGP) == {"spoke1-sdwan1"}
    nodes = {session.router.node for session in stopped.bgp_sessions}
    assert "spoke1-sdwan1" not in nodes
    assert {"hub-sdwan2", "branch", "hub-rs-0"} <= nodes
    assert not any(stopped.learned["spoke1-sdwan1"].values())


def test_its_machine_lives_and_a_stopped_machine_does_not() -> None:
    daemon = moment(SCENARIO, action("stop_bgp_daemon", speaker="Spoke1-sdwan1"))
    machine = moment(SCENARIO, action("stop_vm", vm="sdwan1"))
    assert outcome(daemon, "spoke1-vm1", "spoke1-sdwan1") == "reachable"
    assert outcome(machine, "spoke1-vm1", "spoke1-sdwan1") == "unreachable"


def test_a_sites_daemon_ends_all_its_sessions_and_leaves_its_tunnels() -> None:
    before = moment(SCENARIO)
    stopped = moment(SCENARIO, action("stop_bgp_daemon", speaker="Office"))
    assert stopped.hit(Impact.WITHOUT_BGP) == {"office"}
    assert stopped.up == before.up
    assert outcome(before, "hub-vm0", "office-o") == "reachable"
    assert outcome(stopped, "hub-vm0", "office-o") == "unreachable"
    started = moment(
        SCENARIO, action("stop_bgp_daemon", speaker="Office"), action("start_bgp_daemon", speaker="Office")
    )
    assert started.learned == before.learned


def test_one_of_two_devices() -> None:
    stopped = moment("s2s-dual-redundancy", action("stop_bgp_daemon", speaker="Site1", device="fw1"))
    assert len(stopped.hit(Impact.WITHOUT_BGP)) == 1
    assert outcome(stopped, "vnet1-vm1", "site1-h1") == "reachable"
