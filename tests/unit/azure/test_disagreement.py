"""What a scenario documents and the model predicts otherwise: connections, clients' routes, learned routes."""

from __future__ import annotations

from typing import Any

import pytest

from netlab.azure.disagreement import Documented, disagreements
from netlab.azure.moments import initial
from netlab.azure.outcome import prediction
from netlab.scenario.loader import catalogue, load, parse
from netlab.scenario.models import Scenario, Step


@pytest.fixture(scope="module")
def clients() -> Scenario:
    return load("s2s-p2s-coexist").scenario


def found(scenario: Scenario, *expectations: dict[str, Any]) -> dict[str, str]:
    """What disagrees after the last of the steps."""
    documented = Documented()
    for index, expect in enumerate(expectations):
        documented = documented.at(scenario, Step(name=str(index), expect=expect))
    return {check.name: check.message for check in disagreements(initial(scenario), documented)}


def test_a_connection_that_is_up_is_not_the_one_that_is_expected_to_be_down(clients: Scenario) -> None:
    name = next(iter(clients.connections))
    assert not found(clients, {"connections": {name: "Connected"}})
    down = {"connections": {name: "NotConnected"}}
    message = "the scenario expects NotConnected, the model predicts Connected"
    assert found(clients, down) == {f"connection {name}": message}
    assert found(clients, down, {}) == {f"connection {name}": message}


def test_routes_of_a_client_are_said_of_one_step_only(clients: Scenario) -> None:
    name = next(iter(clients.clients))
    wrong = {"routes": {name.upper(): ["192.0.2.0/24"]}}
    predicted = ", ".join(sorted(map(str, initial(clients).client_routes(name))))
    message = f"the scenario expects 192.0.2.0/24, the model predicts {predicted}"
    assert found(clients, wrong) == {f"routes {name}": message}
    assert not found(clients, wrong, {})
    assert not found(clients, {"routes": {name: predicted.split(", ")}})


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_the_model_disagrees_with_no_scenario_of_the_catalogue(name: str) -> None:
    steps = prediction(load(name).scenario).steps
    assert not [check for step in steps for check in step.checks]
    assert not [cell for step in steps for cell in step.cells if cell.message]


PLACES = """
name: places
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], hosts: {h1: 10.101.0.10}}
  Site2: {address_prefixes: [10.102.0.0/16], hosts: {h2: 10.102.0.10}}
connections:
  one: {type: IPsec, between: [VNet1, Site1]}
  two: {type: IPsec, between: [VNet1, Site2]}
"""
# Each: what a step expects of two machines, and what is wrong with it.
EXPECTED = {
    "{h1: {h2: {unreachable: why, dropped_at: Site1}}}": "",
    "{h1: {h2: {unreachable: why}}}": "",
    "{h1: {h2: {unreachable: why, dropped_at: VNet1}}}": (
        "the scenario expects dropped at vnet1, the model predicts dropped at site1"
    ),
    "{h1: {h2: {unreachable: why, dropped_at: VNet1-gw-0}}}": (
        "the scenario expects dropped at vnet1-gw-0, the model predicts dropped at site1"
    ),
    "{h1: {h2: reachable}}": "the scenario expects reachable, the model predicts unreachable",
    "{h1: {vm1: {unreachable: why, dropped_at: VNet1}}}": (
        "the scenario expects unreachable, the model predicts reachable"
    ),
    "{h1: {vm1: {via: [VNet1-gw-0, VNet1]}}}": "",
    "{h1: {vm1: {via: [VNet1, VNet1-gw-0]}}}": (
        "the scenario expects the way over vnet1 > vnet1-gw-0, "
        "the model predicts site1-h1 > site1 > vnet1-gw-0 > vnet1 > vnet1-vm1"
    ),
    "{h1: {vm1: {via: [Site2]}}}": (
        "the scenario expects the way over site2, the model predicts site1-h1 > site1 > vnet1-gw-0 > vnet1 > vnet1-vm1"
    ),
}


@pytest.mark.parametrize("expected", EXPECTED)
def test_predict_judges_where_a_packet_dies_and_which_way_it_takes_as_verify_does(expected: str) -> None:
    text = f"{PLACES}story:\n  - {{name: as built, expect: {{reach: {expected}}}}}\n"
    (step,) = prediction(parse(text, "x.yaml").scenario).steps
    wrong = [cell for cell in step.cells if cell.message]
    assert [cell.message for cell in wrong] == [message for message in [EXPECTED[expected]] if message]
    assert [cell.status for cell in wrong] == ["failed"] * len(wrong)
