"""Tunnels that cannot come up: a device that knows one instance of an active-active gateway only (B42)."""

from __future__ import annotations

import pytest

from netlab.azure.moments import after, initial
from netlab.azure.state import State
from netlab.plan.model import UnknownPeer
from netlab.plan.planner import plan
from netlab.scenario.loader import parse
from netlab.scenario.models import Action


def text(between: str, rest: str) -> str:
    return f"""
name: one-instance
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {{default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}}
    vms: {{vm1: {{subnet: default}}}}
    vpn_gateway: {{sku: VpnGw2AZ, active_active: true, bgp: {{asn: 65010}}}}
sites:
  Site1: {{address_prefixes: [10.101.0.0/16], bgp: {{asn: 65101}}, hosts: {{h1: 10.101.0.10}}}}
connections:
  C: {{type: IPsec, between: {between}{rest}}}
"""


def at(between: str, rest: str) -> State:
    return initial(parse(text(between, rest), "one-instance.yaml").scenario)


@pytest.mark.parametrize("between", ["[VNet1, Site1]", "[Site1, VNet1]"])
@pytest.mark.parametrize(
    ("rest", "up"),
    [
        ("", {"C-0", "C-1"}),
        (", gateway_instance: 0", {"C-0"}),
        (", gateway_instance: 1", {"C-1"}),
        (", gateway_instance: 1, enable_bgp: true", {"C-1"}),
        (", gateway_instance: 0, connection_mode: ResponderOnly", {"C-0"}),
    ],
)
def test_a_device_may_know_one_instance_only(between: str, rest: str, up: set[str]) -> None:
    state = at(between, rest)
    assert state.up == up
    assert state.refused == {"C-0", "C-1"} - up


def test_the_connection_is_lost_with_its_instance() -> None:
    lost = Action.model_validate({"fail_gateway": {"vnet": "VNet1", "instance": 1}})
    assert after(at("[VNet1, Site1]", ", gateway_instance: 1"), lost).up == set()
    assert after(at("[VNet1, Site1]", ", gateway_instance: 0"), lost).up == {"C-0"}


def test_the_device_drops_ike_of_the_other_instance() -> None:
    state = at("[VNet1, Site1]", ", gateway_instance: 1")
    found = {
        (node.name, ruleset.tunnel)
        for node in plan(state.scenario, "lab").nodes
        for ruleset in node.nftables
        if isinstance(ruleset, UnknownPeer)
    }
    assert found == {("site1-edge-c-0", "C-0")}
