"""Findings name a resource as Azure does, from the comments that an import writes."""

from __future__ import annotations

import pytest

from netlab.errors import ScenarioError
from netlab.scenario.loader import parse

IMPORTED = """\
name: net
vnets:
  hub-net:                                    # Azure: hub_net
    address_space: [10.0.0.0/24]
    subnets:
      GatewaySubnet: 10.0.0.0/28
      s-1: {address_prefix: 10.0.0.32/27}     # Azure: s_1
    vms:
      plain: {subnet: s-1, private_ip_address: 10.0.0.2}
      a-b: {subnet: s-1, private_ip_address: 10.0.0.3}  # Azure: a_b
  spoke:  # a remark of a person
    address_space: [10.1.0.0/24]
    subnets: {s: 10.1.0.0/24}
    vms: {m: {subnet: nothing}}
peerings:
  hub-net-x: {vnet: hub-net, remote_vnet: hub-net}  # Azure: x/y
sites:
  lgw-1: {address_prefixes: [10.101.0.0/16], hosts: {h: 10.9.0.1}}  # invented, Azure: lgw_1
"""


def refused(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "x.yaml")
    return [str(item) for item in caught.value.findings]


@pytest.mark.parametrize(
    "expected",
    [
        "x.yaml:6: warning: vnets.hub-net.subnets.GatewaySubnet (Azure: hub_net): ",
        "x.yaml:9: error: vnets.hub-net.vms.plain.private_ip_address (Azure: hub_net): ",
        "x.yaml:10: error: vnets.hub-net.vms.a-b.private_ip_address (Azure: hub_net/a_b): ",
        "x.yaml:14: error: vnets.spoke.vms.m.subnet: ",
        "x.yaml:16: error: peerings.hub-net-x.remote_vnet (Azure: x/y): ",
        "x.yaml:18: error: sites.lgw-1.hosts.h (Azure: lgw_1): ",
    ],
)
def test_a_finding_names_the_resource_of_azure_where_the_scenario_calls_it_otherwise(expected: str) -> None:
    assert any(found.startswith(expected) for found in refused(IMPORTED))


def test_a_value_of_the_wrong_shape_is_named_by_azures_name_too() -> None:
    found = refused(IMPORTED.replace("[10.0.0.0/24]", "10.0.0.0"))
    assert found[0].startswith("x.yaml:4: error: vnets.hub-net.address_space (Azure: hub_net): ")
