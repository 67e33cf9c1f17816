"""What a scenario documents and the model predicts otherwise: connections, clients' routes, learned routes."""

from __future__ import annotations

from typing import Any

import pytest

from netlab.azure.disagreement import Documented, disagreements
from netlab.azure.outcome import prediction
from netlab.azure.state import initial
from netlab.scenario.loader import catalogue, load
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
    assert not [check for step in prediction(load(name).scenario).steps for check in step.checks]
