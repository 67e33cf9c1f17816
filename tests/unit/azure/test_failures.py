"""Single failures: what can fail, what each costs for good, and what comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from netlab.azure.failures import Cost, costs, double, single
from netlab.azure.moments import initial
from netlab.azure.state import State
from netlab.scenario.loader import catalogue, parse

Edit = Callable[[str], str]


def built(name: str, edit: Edit = str) -> State:
    """A scenario of the catalogue as it is built, without its story, after an edit of its text."""
    text = catalogue()[name].read_text()
    return initial(parse(edit(text[: text.index("\nstory:")] + "\n"), name).scenario)


def priced(name: str, edit: Edit = str) -> dict[str, Cost]:
    state = built(name, edit)
    return {cost.failure.name: cost for cost in costs(state, single(state))}


def lost(cost: Cost) -> set[tuple[str, str]]:
    return {(one.source, one.target) for one in cost.lost}


# What has no second one, by the comments of the scenarios.
SINGLE_POINTS = {
    "expressroute-two-devices": set(),
    "s2s-dual-redundancy": set(),
    "s2s-bgp-dual-tunnel": set(),
    "route-server-active-passive": set(),
    "s2s-active-active": {"link Site1", "link Site2", "device Site1", "device Site2"},
    "expressroute": {"peering VNet1 Spoke", "peering VNet1 Other"},
    "expressroute-vpn-coexist-failover": {"tunnel VNet2-Site2", "link Site2", "device Site2"},
    "s2s-bgp-transit": {"tunnel VNet3-Site2", "link Site2", "device Site2"},
    "route-server-overview": {"machine vnet1-sdwan", "peering VNet1 VNet2"},
    # A load balancer takes out the firewall that is stopped.
    "nva-load-balancer": {"peering Hub Spoke1", "peering Hub Spoke2", "peering Hub Spoke3"},
    # Azure looks at no next hop of a user route: packets go to the appliance that is stopped.
    "udr-ecmp": {
        *("machine hub-nva1", "machine hub-nva2"),
        *("peering Hub Spoke1", "peering Hub Spoke2", "peering Hub Spoke3", "peering Hub Spoke4"),
    },
}


@pytest.mark.parametrize("name", SINGLE_POINTS)
def test_the_single_points_of_failure_are_those_without_a_second_one(name: str) -> None:
    assert {what for what, cost in priced(name).items() if cost.lost} == SINGLE_POINTS[name]


def without(line: str) -> Edit:
    def edited(text: str) -> str:
        lines = text.splitlines(keepends=True)
        assert sum(each.lstrip().startswith(line) for each in lines) == 1
        return "".join(each for each in lines if not each.lstrip().startswith(line))

    return edited


def test_where_the_second_tunnel_is_removed_the_first_is_a_single_point() -> None:
    found = priced("s2s-bgp-dual-tunnel", without("VNet1-fw2:"))
    assert lost(found["tunnel VNet1-fw1"]) == {("vnet1-vm1", "site1-h1"), ("site1-h1", "vnet1-vm1")}
    assert not found["link Site1 fw2"].lost


def test_what_takes_over_is_seen() -> None:
    found = priced("s2s-bgp-dual-tunnel")["device Site1 fw1"]
    assert not found.lost
    before, during = next(both for both in found.moved if both[0].source == "site1-h1")
    assert {"site1-fw1" in walk.nodes for walk in before.forward} == {True, False}
    assert {"site1-fw1" in walk.nodes for walk in during.forward} == {False}


def test_a_client_that_a_failover_disconnects_connects_again_and_is_no_cost() -> None:
    found = priced("p2s-peered-vnets")["standby VNet1"]
    assert not found.lost
    clients = built("p2s-peered-vnets").scenario.clients
    assert [*found.begin[1:]] == [{"connect": {"client": client, "gateway": "VNet1"}} for client in clients]


def test_what_an_appliance_loses_itself_is_no_cost() -> None:
    found = priced("hub-spoke-firewall")["machine hub-fw"]
    assert found.lost
    assert not any("hub-fw" in (one.source, one.target) for one in found.lost)


def test_both_objects_of_a_peering_go_and_come_back() -> None:
    found = priced("expressroute")["peering VNet1 Spoke"]
    (gone,), (back,) = found.begin, found.end
    assert set(gone["change"]["peerings"].values()) == {None}
    assert set(back["change"]["peerings"]) >= set(gone["change"]["peerings"])


def test_a_peering_that_a_route_needs_is_predicted_only() -> None:
    untried = {cost.failure.name: cost.failure.untried for cost in priced("udr-ecmp").values()}
    assert "no NIC of `Spoke2` or of a peer has the address" in untried["peering Hub Spoke2"]
    assert untried["machine hub-nva1"] == ""


def test_every_failure_is_mended_before_the_next_one() -> None:
    once = priced("s2s-active-active")
    state = built("s2s-active-active")
    failures = single(state)
    again = {cost.failure.name: cost for cost in costs(state, reversed(failures))}
    assert {name: lost(cost) for name, cost in once.items()} == {name: lost(cost) for name, cost in again.items()}


def test_two_at_once_lose_what_one_alone_does_not() -> None:
    state = built("s2s-bgp-dual-tunnel")
    both = {cost.failure.name: cost for cost in costs(state, double(single(state)))}
    cut = both["link Site1 fw1, and link Site1 fw2"]
    assert len(lost(cut)) == 2
    assert "link Site1 fw1, and device Site1 fw1" not in both


def test_a_network_that_nothing_joins_has_nothing_to_break() -> None:
    assert single(built("nsg-three-tier")) == ()
