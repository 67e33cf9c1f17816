"""Machines: a client whose own network overlaps what its gateway leads to."""

from __future__ import annotations

from typing import Any

import pytest

from netlab.azure.moments import after, initial
from netlab.azure.prediction import Predicted, matrix
from netlab.azure.state import State
from netlab.results.drops import DropType
from netlab.scenario.models import Action, Scenario


def scenario(os: str, local_network: str, custom_routes: tuple[str, ...] = (), space: str = "192.168.0.0/16") -> State:
    vnet = {
        "address_space": [space],
        "subnets": {"same": "192.168.1.0/24", "other": "192.168.2.0/24", "GatewaySubnet": "192.168.3.0/27"},
        "vms": {"vm1": {"subnet": "same"}, "vm2": {"subnet": "other"}},
        "vpn_gateway": {"point_to_site": {"address_pool": "172.16.201.0/24", "custom_routes": list(custom_routes)}},
    }
    client = {"os": os, "gateway": "VNet1", "local_network": local_network}
    return initial(Scenario.model_validate({"name": "x", "vnets": {"VNet1": vnet}, "clients": {"c": client}}))


def act(state: State, **action: Any) -> State:
    return after(state, Action.model_validate(action))


def cell(state: State, source: str, target: str) -> Predicted:
    return next(c for c in matrix(state) if (c.source, c.target) == (source, target))


def reached(state: State) -> set[str]:
    """Which machines the client reaches and which reach it: it is the same both ways."""
    there = {vm for vm in ("vm1", "vm2") if cell(state, "c", f"vnet1-{vm}").outcome == "reachable"}
    back = {vm for vm in ("vm1", "vm2") if cell(state, f"vnet1-{vm}", "c").outcome == "reachable"}
    assert there == back
    return there


@pytest.mark.parametrize(
    ("os", "local_network", "machines"),
    [
        ("windows", "192.168.1.0/24", {"vm2"}),
        ("windows", "192.168.1.4/30", {"vm2"}),
        ("windows", "192.168.0.0/17", set()),
        ("windows", "192.168.2.128/25", {"vm1", "vm2"}),
        # Of equal prefixes the tunnel's has the better metric; a shorter one of its own loses anyway.
        ("windows", "192.168.0.0/16", {"vm1", "vm2"}),
        ("windows", "192.0.0.0/8", {"vm1", "vm2"}),
        # strongSwan's table comes before the main one.
        ("linux", "192.168.1.0/24", {"vm1", "vm2"}),
        ("linux", "192.168.0.0/17", {"vm1", "vm2"}),
        ("linux", "192.0.0.0/8", {"vm1", "vm2"}),
    ],
)
def test_the_longer_prefix_wins_at_windows_and_the_tunnel_at_linux(
    os: str, local_network: str, machines: set[str]
) -> None:
    assert reached(scenario(os, local_network)) == machines


def test_request_and_answer_die_at_the_client() -> None:
    state = scenario("windows", "192.168.1.0/24")
    for source, target, leg in (("c", "vnet1-vm1", "forward"), ("vnet1-vm1", "c", "reverse")):
        death = cell(state, source, target).death
        assert death is not None
        assert (death[0], death[1].dropped_at) == (leg, "c")
        assert death[1].cause is not None
        assert death[1].cause.type is DropType.OWN_NETWORK
        assert death[1].reason == "own network: 192.168.1.4 is in 192.168.1.0/24, the own network of c"


def test_a_longer_route_into_the_tunnel_brings_the_machine_back() -> None:
    assert reached(scenario("windows", "192.168.1.0/24", ("192.168.1.4/32",))) == {"vm1", "vm2"}
    assert reached(scenario("windows", "192.168.1.0/24", ("192.168.1.0/25",))) == {"vm1", "vm2"}
    assert reached(scenario("windows", "192.168.1.0/24", ("192.168.1.128/25",))) == {"vm2"}
    by_hand = act(scenario("windows", "192.168.1.0/24"), add_route={"client": "c", "prefix": "192.168.1.4/32"})
    assert reached(by_hand) == {"vm1", "vm2"}


def test_what_no_tunnel_takes_stays_in_the_clients_own_network() -> None:
    state = act(scenario("linux", "192.168.1.0/24", space="192.168.0.0/22"), disconnect={"client": "c"})
    death = cell(state, "c", "vnet1-vm2").death
    assert death is not None
    assert death[1].cause is not None
    assert death[1].cause.type is DropType.CLIENT_NOT_CONNECTED
