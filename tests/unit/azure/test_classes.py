"""Classes: members of one class reach the same, and are reached by the same, as the one that stands for them."""

from __future__ import annotations

import pytest

from netlab.azure.classes import classes
from netlab.azure.prediction import PredictedStep, predict
from netlab.scenario.loader import load, parse
from netlab.scenario.models import Scenario

VMS = "{subnet: a}, ".join(f"vm{n}: " for n in range(8))
TEXT = f"""
name: alike
route_tables:
  half: {{routes: {{r: {{address_prefix: 10.2.0.4/31, next_hop_type: None}}}}}}
vnets:
  V1:
    address_space: [10.1.0.0/16]
    subnets: {{a: {{address_prefix: 10.1.0.0/24, route_table: half}}, GatewaySubnet: 10.1.255.0/27}}
    vms: {{{VMS}{{subnet: a}}}}
    vpn_gateway: {{point_to_site: {{address_pool: 192.168.0.0/24}}}}
  V2:
    address_space: [10.2.0.0/16]
    subnets: {{a: 10.2.0.0/24}}
    vms: {{{VMS}{{subnet: a}}}}
peerings:
  one: {{vnet: V1, remote_vnet: V2}}
  two: {{vnet: V2, remote_vnet: V1}}
clients:
  c1: {{os: linux, gateway: V1}}
  c2: {{os: linux, gateway: V1}}
  c3: {{os: windows, gateway: V1}}
"""


def steps(scenario: Scenario) -> list[PredictedStep]:
    return list(predict(scenario))


def what(step: PredictedStep) -> dict[tuple[str, str], object]:
    return {(cell.source, cell.target): cell.drop and (cell.drop.type, cell.drop.direction) for cell in step.cells}


def check(found: list[PredictedStep]) -> None:
    stands_for = {
        end.node: [members[0].node, members[min(1, len(members) - 1)].node]
        for members in classes([step.state for step in found])
        for end in members
    }
    for step in found:
        verdicts = what(step)
        for (source, target), verdict in verdicts.items():
            first, (same, other) = stands_for.get(source, [source])[0], (stands_for.get(target, [target]) * 2)[:2]
            assert verdict == verdicts[first, other if first == same else same], (source, target)


def test_a_user_route_in_the_middle_of_a_subnet_separates() -> None:
    found = steps(parse(TEXT, "alike.yaml").scenario)
    sizes = {members[0].node: len(members) for members in classes([step.state for step in found])}
    assert sizes == {"v1-vm0": 8, "v2-vm0": 2, "v2-vm2": 6, "c1": 2, "c3": 1}
    check(found)


@pytest.mark.parametrize("name", ["p2s-branch-bgp", "hub-spoke-firewall", "p2s-certificates", "s2s-bgp-prefix-rules"])
def test_a_class_stands_for_its_members_in_every_step(name: str) -> None:
    check(steps(load(name).scenario))
