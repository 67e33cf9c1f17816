"""A scenario as plain values: the definition is the file without its keys, the machines are those of the matrix."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from reports import hub, of

from netlab.azure.prediction import predict
from netlab.scenario.loader import catalogue, parse
from netlab.scenario.models import Scenario
from netlab.scenario.outline import definition, machines, topology

SCENARIO_FILES = Path(__file__).parents[3] / "scenarios"


def read(scenario: Scenario) -> Scenario:
    """The scenario that a definition says; YAML holds JSON."""
    return parse(json.dumps(definition(scenario)), "definition").scenario


def without_keys(scenario: Scenario) -> dict[str, object]:
    keys = {"connections": {"__all__": {"shared_key": True, "other_end": {"shared_key"}}}}
    return scenario.model_dump(exclude={**keys, "story": {"__all__": {"do": {"__all__": {"set_key": {"shared_key"}}}}}})


@pytest.mark.parametrize("name", catalogue())
def test_each_machine_of_the_matrix_is_in_one_box_of_the_drawing(name: str) -> None:
    drawing = topology(of(name))
    boxes = (*drawing.nodes, *(box for cluster in drawing.clusters for box in cluster.nodes))
    drawn = Counter(node for box in boxes for node in {*box.holds, box.id})
    assert {machine.node: drawn[machine.node] for machine in machines(of(name)) if machine.kind != "internet"} == {
        machine.node: 1 for machine in machines(of(name)) if machine.kind != "internet"
    }


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


def test_a_line_says_what_nat_rules_make_of_prefixes() -> None:
    scenario = of("vpn-nat-overlapping-sites")
    lines = {edge.lines[0]: edge.lines[1:] for edge in topology(scenario).edges}
    assert lines["VNet1-Site1"][1:] == ("NAT 10.0.1.0/24 as 100.0.2.0/24", "NAT 10.0.1.0/24 as 100.0.1.0/24")
    assert lines["VNet1-Site3"][1:] == ()
    rule = {"mode": "IngressSnat", "external_mappings": ["100.9.0.0/24"]}
    many = {f"r{n}": {**rule, "internal_mappings": [f"10.9.{n}.0/24"]} for n in range(5)}
    raw = scenario.model_dump(mode="json", exclude_unset=True)
    raw["vnets"]["VNet1"]["vpn_gateway"]["nat_rules"] |= many
    raw["connections"]["VNet1-Site3"]["ingress_nat_rules"] = list(many)
    lines = {edge.lines[0]: edge.lines[1:] for edge in topology(Scenario.model_validate(raw)).edges}
    assert lines["VNet1-Site3"][1:] == ("5 NAT rules",)
