"""Faults and resets from outside of a story: what they act on."""

from __future__ import annotations

from netlab.azure.moments import after, initial
from netlab.lab.story import incidents
from netlab.scenario.loader import parse
from netlab.scenario.models import Action

TWO = """
name: two
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ, bgp: {asn: 65010}}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}
    vms: {vm2: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ, active_active: true, bgp: {asn: 65020}}
connections:
  pair: {type: Vnet2Vnet, between: [VNet1, VNet2], enable_bgp: true}
"""


def action(verb: str, **subject: object) -> Action:
    return Action.model_validate({verb: subject})


def test_an_instance_is_one_of_an_active_active_gateway() -> None:
    """Of the two tunnels one ends at instance 0 of VNet2; both end at VNet1's active one, which is number 0 too."""
    state = after(initial(parse(TWO, "two").scenario), action("fail_tunnel", connection="pair", instance=0))
    assert state.up == {"pair-1"}


def test_a_gateway_is_reset_as_it_is_built() -> None:
    scenario = parse(TWO, "two").scenario
    assert [each.verb for each in incidents.reset_gateway(scenario, "VNet1")] == ["fail_gateway"]
    primary = incidents.reset_gateway(scenario, "VNet2")
    assert [(each.verb, each.subject.instance) for each in primary] == [  # type: ignore[union-attr]
        ("fail_gateway", 0),
        ("restore_gateway", 0),
    ]
