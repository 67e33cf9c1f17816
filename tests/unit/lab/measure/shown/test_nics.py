"""What a running lab shows of a NIC's security groups: the plan's rules, and what the fabric's sets hold."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from netlab.azure.moments import initial
from netlab.lab.measure.shown.nics import Members, effective_groups
from netlab.plan.model import Plan
from netlab.plan.planner import plan
from netlab.scenario.loader import parse
from netlab.scenario.network import Nic

TEXT = """
name: t
network_security_groups: {nsg: {}}
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets:
      one: {address_prefix: 10.1.0.0/24, network_security_group: nsg}
      two: {address_prefix: 10.1.1.0/24, network_security_group: nsg}
      free: 10.1.2.0/24
    vms: {vm1: {subnet: one}, vm2: {subnet: two}, vm3: {subnet: free}}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {free: 10.2.2.0/24}
    vms: {vm4: {subnet: free}}
"""
SETS = {
    ("vnet1", "VirtualNetwork-of-VNet1-one"): ("10.101.0.0/16", "10.1.0.0/16"),
    ("vnet1", "VirtualNetwork-of-VNet1-two"): ("10.1.0.0/17", "10.1.128.0/17"),
}


def members(made: Plan, sets: Mapping[tuple[str, str], tuple[str, ...]] = SETS) -> Members:
    """The sets of security groups that the fabrics of a lab hold."""
    nodes = {fabric.netns: fabric.node for fabric in made.fabrics}
    return lambda netns, name: sets.get((nodes[netns], name), ())


def nic(name: str) -> tuple[Plan, Nic]:
    scenario = parse(TEXT, "t.yaml").scenario
    return plan(scenario, "lab"), initial(scenario).network.nics[name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vnet1-vm1", ("10.1.0.0/16", "10.101.0.0/16")),
        ("vnet1-vm2", ("10.1.0.0/16",)),
    ],
)
def test_the_tag_is_what_the_set_of_the_subnet_holds(name: str, expected: tuple[str, ...]) -> None:
    made, machine = nic(name)
    (group,) = effective_groups(made, members(made), machine)
    assert group.tagMap["VirtualNetwork"] == expected
    assert group.effectiveSecurityRules[0].expandedSourceAddressPrefix == expected


def test_a_set_that_is_gone_leaves_the_tag_empty() -> None:
    made, machine = nic("vnet1-vm1")
    (group,) = effective_groups(made, members(made, {}), machine)
    assert group.tagMap["VirtualNetwork"] == ()


@pytest.mark.parametrize("name", ["vnet1-vm3", "vnet2-vm4"])
def test_a_nic_without_a_group_has_none(name: str) -> None:
    made, machine = nic(name)
    assert effective_groups(made, members(made), machine) == ()
