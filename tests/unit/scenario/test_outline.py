"""A scenario as plain values: the definition is the file without its keys, the machines are those of the matrix."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from reports import hub, of

from netlab.azure.prediction import predict
from netlab.scenario.loader import catalogue, parse
from netlab.scenario.models import Scenario
from netlab.scenario.outline import definition, machines

SCENARIO_FILES = Path(__file__).parents[3] / "scenarios"


def read(scenario: Scenario) -> Scenario:
    """The scenario that a definition says; YAML holds JSON."""
    return parse(json.dumps(definition(scenario)), "definition").scenario


def without_keys(scenario: Scenario) -> dict[str, object]:
    keys = {"connections": {"__all__": {"shared_key": True, "other_end": {"shared_key"}}}}
    return scenario.model_dump(exclude={**keys, "story": {"__all__": {"do": {"__all__": {"set_key": {"shared_key"}}}}}})


@pytest.mark.parametrize("name", catalogue())
def test_the_definition_is_the_scenario_without_its_keys(name: str) -> None:
    assert without_keys(read(of(name))) == without_keys(of(name))


def test_the_definition_holds_no_key() -> None:
    assert "do_not_tell" not in json.dumps(definition(hub()))
    key = read(hub()).connections["Hub-Branch"].shared_key
    assert key is not None
    assert key.get_secret_value() == "key1"


def test_the_definition_says_which_keys_differ_and_holds_none() -> None:
    text = json.dumps(definition(of("s2s-psk-mismatch")))
    (item,) = (c for c in read(of("s2s-psk-mismatch")).connections.values() if c.other_end is not None)
    assert item.shared_key != item.settings(item.between[1]).shared_key
    for secret in re.findall(r"shared_key: ([^},\s]+)", (SCENARIO_FILES / "s2s-psk-mismatch.yaml").read_text()):
        assert secret not in text


@pytest.mark.parametrize("name", ["udr-nva", "p2s-branch-bgp"])
def test_machines_are_all_ends_of_the_matrix_in_its_order(name: str) -> None:
    cells = [cell for step in predict(of(name)) for cell in step.cells]
    targets = {cell.target for cell in cells}
    assert [machine.node for machine in machines(of(name)) if machine.node in targets] == list(
        dict.fromkeys((*(cell.source for cell in cells), *(cell.target for cell in cells)))
    )
