"""Faults of every kind: an action begins one and its opposite ends it; a kind is complete in model, lab and verbs."""

from __future__ import annotations

import pytest
from moments import action, down, moment

from netlab.azure import faults
from netlab.azure.faults import KINDS, Fault, action_of, is_about_faults, mending
from netlab.azure.faults.device import DEVICE
from netlab.azure.faults.link import LINK
from netlab.azure.mends.events import events
from netlab.lab.story.faults import EFFECTS
from netlab.scenario.models import Action

CASES = {
    "tunnel": ("s2s-active-active", action("fail_tunnel", connection="VNet1-Site1", instance=0)),
    "link": ("s2s-bgp-transit", action("cut_link", name="Site1", device="fw1")),
    "Internet": ("vnet-to-vnet-backbone", action("cut_internet")),
    "device": ("s2s-bgp-transit", action("silence_device", site="Site1", device="fw1")),
    "standby": ("gateway-active-standby-failover", action("fail_gateway", vnet="VNet1")),
    "instance": ("s2s-active-active", action("fail_gateway", vnet="VNet1", instance=1)),
    "machine": ("hub-spoke-firewall", action("stop_vm", vm="fw")),
    "circuit": ("expressroute", action("fail_circuit", circuit="circuit1", link="primary")),
    "Route Server instance": (
        "route-server-instance-lost",
        action("fail_route_server", vnet="VNet1", instance=1),
    ),
    "BGP session": (
        "route-server-nva-in-spoke",
        action("stop_bgp_session", speaker="Spoke1-sdwan1", peer="Hub", instance=0),
    ),
    "BGP daemon": ("s2s-bgp-transit", action("stop_bgp_daemon", speaker="Site1", device="fw1")),
}


def test_every_kind_has_a_case() -> None:
    assert set(CASES) == {kind.name for kind in KINDS}


def test_every_kind_has_an_effect_on_a_lab() -> None:
    assert set(EFFECTS) == set(KINDS)


@pytest.mark.parametrize("kind", CASES)
def test_an_action_begins_a_fault_and_its_opposite_ends_it(kind: str) -> None:
    scenario, begin = CASES[kind]
    before, broken = moment(scenario), moment(scenario, begin)
    assert {fault.kind.name for fault in broken.faults} == {kind}
    end = mending(begin)
    assert end is not None
    assert (end.subject, mending(end)) == (begin.subject, None)
    assert [set(action) for action in next(events(broken)).actions] == [{end.verb}]
    mended = moment(scenario, begin, end)
    assert mended.faults == before.faults == frozenset()
    assert down(mended) == down(before)


def test_actions_and_impacts_are_there() -> None:
    """A kind names actions of a story; it takes tunnels down, or does something else to the model."""
    for kind in KINDS:
        assert {kind.begins, kind.ends} <= set(Action.model_fields)
        assert kind.impact is not None or kind.why_down is not None


def test_a_verb_begins_or_ends_a_fault() -> None:
    assert (action_of("vm", mend=False), action_of("vm", mend=True)) == ("stop_vm", "start_vm")
    assert (action_of("gateway", mend=False), action_of("gateway", mend=True)) == ("fail_gateway", "restore_gateway")


def test_a_tunnel_is_down_for_the_first_of_several_reasons() -> None:
    """The tunnel's own comes first, then those of its ends; of one place, those of the kinds in their order."""
    silenced = action("silence_device", site="Site1", device="fw1")
    cut = action("cut_link", name="Site1", device="fw1")
    failed = action("fail_tunnel", connection="VNet1-fw1")
    assert down(moment("s2s-bgp-transit", silenced, cut)) == {
        "VNet1-fw1": "the link of site1-fw1 to the Internet is cut"
    }
    assert down(moment("s2s-bgp-transit", silenced, cut, failed)) == {"VNet1-fw1": "VNet1-fw1 was taken down"}


def test_other_actions_are_about_no_fault() -> None:
    state, other = moment("p2s-branch-bgp"), action("disconnect", client="lin")
    before = frozenset({Fault(LINK, "lin")})
    assert not is_about_faults(other)
    assert mending(other) is None
    assert faults.after(state.network, before, other) == before


def test_the_end_of_one_kind_leaves_the_others() -> None:
    state = moment("s2s-bgp-transit")
    before = frozenset({Fault(LINK, "site1-fw1"), Fault(DEVICE, "site1-fw1")})
    mended = faults.after(state.network, before, action("mend_link", name="Site1", device="fw1"))
    assert mended == {Fault(DEVICE, "site1-fw1")}
