"""A scenario as a report without a lab: the same as the prediction says, cell by cell; and a moment with its faults."""

from __future__ import annotations

import pytest

from netlab.azure.foretold import foretold, moment
from netlab.azure.moments import after, initial
from netlab.azure.outcome import prediction
from netlab.scenario.loader import load, parse
from netlab.scenario.models import Action

NET = """
name: net
vnets:
  Hub:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ}
sites:
  Branch: {address_prefixes: [10.101.0.0/16], hosts: {h1: 10.101.0.10}}
connections:
  Hub-Branch: {type: IPsec, between: [Hub, Branch]}
story:
  - name: as built
    expect: {reach: {vm1: {h1: unreachable}}}
"""


@pytest.mark.parametrize("name", ["p2s-branch-bgp", "nsg-three-tier", "s2s-bgp-transit"])
def test_it_says_what_the_prediction_says(name: str) -> None:
    scenario = load(name).scenario
    report, told = foretold(scenario), prediction(scenario)
    assert report.measured_at == ""
    assert [step.name for step in report.steps] == [step.name for step in told.steps]
    for step, foreseen in zip(report.steps, told.steps, strict=True):
        cells = {(cell.source, cell.target, cell.protocol): cell for cell in step.cells}
        wanted = {(c.source, c.target, protocol): c for c in foreseen.cells for protocol in c.protocols}
        assert cells.keys() == wanted.keys()
        for key, cell in cells.items():
            other = wanted[key]
            assert (cell.observed, cell.predicted) == (other.predicted, other.predicted)
            assert (cell.expected, cell.status, cell.message) == (other.expected, other.status, other.message)
            assert cell.forward == other.forward[0]
        assert step.checks == foreseen.checks


def test_what_the_scenario_expects_otherwise_fails() -> None:
    report = foretold(parse(NET, "net.yaml").scenario)
    failed = [cell for cell in report.steps[0].cells if cell.status == "failed"]
    assert {(cell.source, cell.target) for cell in failed} == {("hub-vm1", "branch-h1")}
    assert report.summary.failed == 3


def test_a_moment_has_its_faults_and_no_expectations() -> None:
    scenario = parse(NET, "net.yaml").scenario
    state = initial(scenario)
    broken = after(state, Action.model_validate({"fail_tunnel": {"connection": "Hub-Branch"}}))
    reached = []
    for now in (state, broken):
        (step,) = moment(now).steps
        assert {cell.status for cell in step.cells} == {"passed"}
        reached.append({(c.source, c.target) for c in step.cells if c.observed == "reachable"})
    assert ("hub-vm1", "branch-h1") in reached[0]
    assert ("hub-vm1", "branch-h1") not in reached[1]
