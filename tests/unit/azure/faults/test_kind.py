"""Faults: what each action names, what it does to the model, and that its opposite takes it back."""

from __future__ import annotations

import pytest

from netlab.azure.faults import KINDS, Fault, Faults, after, is_about_faults
from netlab.azure.state import State, initial
from netlab.azure.state import after as state_after
from netlab.scenario.loader import load
from netlab.scenario.models import Action


def acted(scenario: str, *actions: dict[str, object]) -> State:
    state = initial(load(scenario).scenario)
    for action in actions:
        state = state_after(state, Action.model_validate(action))
    return state


CASES = [
    ("s2s-active-active", {"fail_tunnel": {"connection": "VNet1-Site1", "instance": 0}}, "tunnel"),
    ("s2s-bgp-transit", {"cut_link": {"name": "Site1", "device": "fw1"}}, "link"),
    ("s2s-bgp-transit", {"silence_device": {"site": "Site1", "device": "fw1"}}, "device"),
    ("gateway-active-standby-failover", {"fail_gateway": {"vnet": "VNet1"}}, "standby"),
    ("s2s-active-active", {"fail_gateway": {"vnet": "VNet1", "instance": 1}}, "instance"),
    ("hub-spoke-firewall", {"stop_vm": {"vm": "fw"}}, "machine"),
    ("expressroute", {"fail_circuit": {"circuit": "circuit1", "link": "primary"}}, "circuit"),
]
OPPOSITE = {kind.begins: kind.ends for kind in KINDS}


@pytest.mark.parametrize(("scenario", "action", "kind"), CASES, ids=[case[2] for case in CASES])
def test_an_action_begins_a_fault_and_its_opposite_ends_it(
    scenario: str, action: dict[str, dict[str, object]], kind: str
) -> None:
    before = initial(load(scenario).scenario)
    broken = acted(scenario, action)
    assert {fault.kind for fault in broken.faults} == {kind}
    ((verb, subject),) = action.items()
    mended = acted(scenario, action, {OPPOSITE[verb]: subject})
    assert mended.faults == before.faults == frozenset()
    assert {name: mended.why_down(tunnel) for name, tunnel in mended.topology.tunnel.items()} == {
        name: before.why_down(tunnel) for name, tunnel in before.topology.tunnel.items()
    }


def test_every_kind_has_a_case() -> None:
    assert {case[2] for case in CASES} == {kind.name for kind in KINDS}


def test_the_standby_takes_over_by_turns() -> None:
    once = {"fail_gateway": {"vnet": "VNet1"}}
    assert acted("gateway-active-standby-failover", once).faults == {Fault("standby", "VNet1")}
    assert acted("gateway-active-standby-failover", once, once).faults == frozenset()


def test_a_tunnel_is_down_for_the_first_of_several_reasons() -> None:
    state = acted(
        "s2s-bgp-transit",
        {"silence_device": {"site": "Site1", "device": "fw1"}},
        {"cut_link": {"name": "Site1", "device": "fw1"}},
    )
    reasons = {state.why_down(tunnel) for tunnel in state.topology.tunnels} - {""}
    assert reasons == {"the link of site1-fw1 to the Internet is cut"}


def test_other_actions_are_about_no_fault() -> None:
    state = initial(load("p2s-branch-bgp").scenario)
    action = Action.model_validate({"disconnect": {"client": "lin"}})
    faults: Faults = frozenset({Fault("link", "lin")})
    assert not is_about_faults(action)
    assert after(state.network, faults, action) == faults
