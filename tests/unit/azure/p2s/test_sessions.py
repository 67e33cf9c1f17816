"""Who is connected: the order of connection, refusals with their reason, what a client keeps, several gateways."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest
from dialled import CERTIFICATE, LIN, act, cell, routes, scenario

from netlab.azure.moments import initial
from netlab.azure.p2s import refusals, sessions
from netlab.azure.state import State
from netlab.scenario.models import Scenario

REFUSED = {
    "revoked": ({**CERTIFICATE, "revoked_certificates": ["LIN"]}, {}, refusals.REVOKED),
    "untrusted": (CERTIFICATE, {"certificate": {"issued_by": "stranger"}}, refusals.UNTRUSTED),
    "untrusted is said of one that is revoked too": (
        {**CERTIFICATE, "revoked_certificates": ["lin"]},
        {"certificate": {"issued_by": "stranger"}},
        refusals.UNTRUSTED,
    ),
    "wrong password": ({"authentication_types": ["EapMSChapv2"]}, {"password": "wrong"}, refusals.WRONG_PASSWORD),
    "another trusted root": (
        {**CERTIFICATE, "root_certificates": ["one", "two"]},
        {"certificate": {"issued_by": "two"}},
        "",
    ),
    "a password where certificates count": (CERTIFICATE, {"password": "wrong"}, ""),
    "a certificate where a PSK counts": ({}, {"certificate": {"issued_by": "stranger"}}, ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    settings, client, reason = REFUSED[name]
    state = initial(scenario(settings, {"lin": {**LIN, **client}}))
    assert state.absence("lin") == reason
    assert bool(state.client_routes("lin")) == (not reason)


def test_a_refused_client_is_unreachable_at_itself_both_ways() -> None:
    state = initial(scenario({**CERTIFICATE, "revoked_certificates": ["lin"]}))
    for source, target in (("lin", "vnet1-vm1"), ("vnet1-vm1", "lin")):
        death = cell(state, source, target).death
        assert death is not None
        leg, walk = death
        assert (leg, walk.dropped_at) == ("forward", "lin")
        assert walk.reason == "no tunnel: lin is not connected: its certificate is revoked"


# --- the pool -------------------------------------------------------------------------------------------------------


def crowd(count: int) -> dict[str, Any]:
    return {f"c{number}": LIN for number in range(1, count + 1)}


def test_the_client_too_many_is_the_last_one() -> None:
    state = initial(scenario(clients=crowd(7)))
    assert [name for name in crowd(7) if state.absence(name)] == ["c7"]
    assert state.absence("c7") == refusals.NO_ADDRESS


def test_a_place_that_becomes_free_is_taken_by_who_connects_next() -> None:
    state = act(initial(scenario(clients=crowd(7))), disconnect={"client": "c2"})
    state = act(state, connect={"client": "c7"})
    assert not state.absence("c7")
    state = act(state, connect={"client": "c2"})
    assert state.absence("c2") == refusals.NO_ADDRESS


def test_who_is_connected_finds_its_place_again_in_a_full_pool() -> None:
    state = act(initial(scenario(clients=crowd(6))), reconnect={"client": "c3"})
    assert not any(state.absence(name) for name in crowd(6))


def test_the_129th_client_of_a_gateway_for_128() -> None:
    pool = {"address_pool": "192.168.0.0/24"}
    seed = initial(scenario(pool, crowd(129), profile="seed"))
    assert [name for name in crowd(129) if seed.absence(name)] == ["c129"]
    current = initial(scenario(pool, crowd(129)))
    assert not any(current.absence(name) for name in crowd(129))


# --- coming and going -----------------------------------------------------------------------------------------------


def test_a_disconnected_client_stays_away_until_it_connects() -> None:
    connected = initial(scenario())
    away = act(connected, disconnect={"client": "lin"})
    assert away.absence("lin") == sessions.DISCONNECTED
    assert act(away, connect={"client": "lin"}) == connected


def test_routes_added_by_hand_go_with_the_tunnel_and_the_profile_stays() -> None:
    state = initial(scenario(clients={"win": {"os": "windows", "gateway": "VNet1"}}))
    state = act(state, add_route={"client": "win", "prefix": "10.9.0.0/16"})
    state = act(state, disconnect={"client": "win"})
    assert routes(state, "win") == set()
    assert act(state, add_route={"client": "win", "prefix": "10.9.0.0/16"}) == state
    assert routes(act(state, connect={"client": "win"}), "win") == {"10.1.0.0/16", "192.168.0.0/24"}


def test_a_refused_client_keeps_its_reason_when_it_is_disconnected() -> None:
    state = initial(scenario({**CERTIFICATE, "revoked_certificates": ["lin"]}))
    assert act(state, disconnect={"client": "lin"}) == state


@pytest.mark.parametrize("link", ["lin", "VNet1"])
def test_who_lost_the_gateway_stays_away_when_it_is_back(link: str) -> None:
    cut = act(initial(scenario()), cut_link={"name": link})
    assert cut.absence("lin") == sessions.DISCONNECTED
    assert act(cut, connect={"client": "lin"}).absence("lin") == sessions.UNREACHABLE
    mended = act(cut, mend_link={"name": link})
    assert mended.absence("lin") == sessions.DISCONNECTED
    assert not act(mended, connect={"client": "lin"}).absence("lin")


def test_a_failover_drops_the_clients_and_a_cut_link_only_its_own() -> None:
    assert act(initial(scenario()), fail_gateway={"vnet": "VNet1"}).absence("lin") == sessions.DISCONNECTED
    state = act(two(), cut_link={"name": "VNet2"})
    assert [state.absence(client) for client in ("both", "one", "two")] == ["", "", sessions.DISCONNECTED]


# --- custom routes --------------------------------------------------------------------------------------------------


def test_custom_routes_reach_linux_when_it_reconnects_and_windows_when_it_downloads() -> None:
    clients = {"lin": LIN, "win": {"os": "windows", "gateway": "VNet1"}}
    before = initial(scenario(clients=clients))
    told = act(before, set_custom_routes={"vnet": "VNet1", "prefixes": ["10.9.0.0/16"]})
    for name, pool in (("lin", "192.168.0.0/29"), ("win", "192.168.0.0/24")):
        assert routes(told, name) == routes(before, name) == {"10.1.0.0/16", pool}
    assert "10.9.0.0/16" in routes(act(told, reconnect={"client": "lin"}), "lin")
    assert "10.9.0.0/16" not in routes(act(told, reconnect={"client": "win"}), "win")
    assert "10.9.0.0/16" in routes(act(told, download_profile={"client": "win"}), "win")


def test_forced_tunnelling_leaves_nothing_but_two_halves() -> None:
    halves = ["0.0.0.0/1", "128.0.0.0/1"]
    state = initial(scenario({"custom_routes": halves}))
    assert routes(state, "lin") == set(halves)


# --- two gateways ---------------------------------------------------------------------------------------------------


def two() -> State:
    found = scenario().model_dump(mode="json", exclude_unset=True)
    found["vnets"]["VNet2"] = {
        "address_space": ["10.2.0.0/16"],
        "subnets": {"default": "10.2.0.0/24", "GatewaySubnet": "10.2.255.0/27"},
        "vms": {"vm2": {"subnet": "default"}},
        "vpn_gateway": {"point_to_site": {"address_pool": "192.168.1.0/24"}},
    }
    found["clients"] = {
        "both": {**LIN, "further_gateways": ["VNet2"]},
        "one": LIN,
        "two": {"os": "linux", "gateway": "VNet2"},
    }
    return initial(Scenario.model_validate(found))


def test_a_client_of_two_gateways_reaches_both_and_brings_nobody_across() -> None:
    state = two()
    for target in ("vnet1-vm1", "vnet2-vm2", "one", "two"):
        assert cell(state, "both", target).outcome == "reachable", target
        assert cell(state, target, "both").outcome == "reachable", target
    assert cell(state, "vnet1-vm1", "vnet2-vm2").outcome == "unreachable"
    death = cell(state, "one", "two").death
    assert death is not None
    assert death[1].dropped_at == "one"


def test_one_of_two_tunnels_ends_alone() -> None:
    state = act(two(), disconnect={"client": "both", "gateway": "VNet1"})
    assert state.absence("both") == ""
    assert routes(state, "both") == {"10.2.0.0/16", "192.168.1.0/24"}
    assert cell(state, "both", "vnet2-vm2").outcome == "reachable"
    assert cell(state, "both", "vnet1-vm1").outcome == "unreachable"
    assert act(state, disconnect={"client": "both"}).absence("both") == sessions.DISCONNECTED


def test_a_client_does_not_use_the_address_of_its_other_tunnel() -> None:
    state = act(two(), add_route={"client": "both", "prefix": "10.2.0.0/24"})
    death = cell(state, "both", "vnet2-vm2").death
    assert death is not None
    assert death[1].reason.startswith("not in the selectors")
    assert IPv4Network("10.2.0.0/24") in state.sessions["both", "VNet1"].by_hand


TWO_VNETS = {
    "VNet2": {
        "address_space": ["10.2.0.0/16"],
        "subnets": {"default": "10.2.0.0/24", "GatewaySubnet": "10.2.255.0/27"},
        "vms": {"vm2": {"subnet": "default"}},
        "vpn_gateway": {"point_to_site": {"address_pool": "192.168.2.0/29", "tunnel_types": ["OpenVPN"]}},
    }
}


@pytest.mark.parametrize("os", ["linux", "windows"])
def test_a_restarted_client_has_no_tunnel_until_it_connects_and_loses_what_was_added_by_hand(os: str) -> None:
    """R66."""
    state = act(initial(scenario({}, {"c": {**LIN, "os": os}})), add_route={"client": "c", "prefix": "10.1.9.0/24"})
    before = routes(state, "c")
    assert "10.1.9.0/24" in before
    state = act(state, restart_client={"client": "c"})
    assert state.absence("c") == sessions.RESTARTED
    assert routes(state, "c") == set()
    assert routes(act(state, connect={"client": "c"}), "c") == before - {"10.1.9.0/24"}


def test_a_restart_ends_all_tunnels_of_a_client_and_no_other_ones() -> None:
    whole = scenario({}, {"both": {**LIN, "further_gateways": ["VNet2"]}, "other": LIN})
    state = initial(
        Scenario.model_validate({**whole.model_dump(exclude_unset=True), "vnets": {**whole.vnets, **TWO_VNETS}})
    )
    found = act(state, restart_client={"client": "both"})
    assert {session.absent for session in found.sessions_of("both").values()} == {sessions.RESTARTED}
    assert len(found.sessions_of("both")) == 2
    assert found.absence("other") == ""


def test_a_refused_client_that_restarts_keeps_its_reason() -> None:
    state = initial(scenario({**CERTIFICATE, "revoked_certificates": ["lin"]}))
    assert act(state, restart_client={"client": "lin"}).absence("lin") == refusals.REVOKED
