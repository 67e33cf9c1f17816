"""Actions from outside of a story: what a scenario has nothing for is refused."""

from __future__ import annotations

import pytest

from netlab.scenario.loader import parse
from netlab.scenario.models import Action
from netlab.scenario.rules.story import refused

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


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (action("fail_gateway", vnet="VNet1"), ""),
        (action("fail_gateway", vnet="VNet2"), "write which `instance`"),
        (action("fail_gateway", vnet="VNet1", instance=1), "leave it out"),
        (action("cut_link", name="VNet3"), "there is no VPN gateway, site or client"),
        (action("fail_tunnel", connection="pear"), "did you mean `pair`?"),
    ],
)
def test_what_the_scenario_has_not_is_refused(asked: Action, why: str) -> None:
    said = refused(parse(TWO, "two").scenario, asked)
    assert (why in said) if why else not said
