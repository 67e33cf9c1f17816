"""NAT rules that a connection lacks are a mend; behind a pool nothing mends what comes from outside (T7, T11)."""

from __future__ import annotations

import pytest
from mended import explained, found, mended

from netlab.results.mends import Limit

TEXT = """
name: branches
vnets:
  VNet1:
    address_space: [10.0.1.0/24]
    subnets: {{default: 10.0.1.0/25, GatewaySubnet: 10.0.1.224/27}}
    vms: {{vm: {{subnet: default}}}}
    vpn_gateway:
      sku: VpnGw2AZ
      nat_rules:
        vnet: {{mode: EgressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.1.0/24]}}
        one: {{mode: IngressSnat, type: {kind}, internal_mappings: [10.0.1.0/24], external_mappings: [{external}]}}
sites:
  Site1: {{address_prefixes: [10.0.1.0/24], hosts: {{h: 10.0.1.10}}}}
connections:
  C1: {{type: IPsec, between: {between}, ingress_nat_rules: [one]{egress}}}
"""


@pytest.mark.parametrize(("source", "target"), [("site1-h", "vnet1-vm"), ("vnet1-vm", "site1-h")])
@pytest.mark.parametrize("between", ["[VNet1, Site1]", "[Site1, VNet1]"])
def test_the_rule_that_is_there_is_listed(source: str, target: str, between: str) -> None:
    text = TEXT.format(kind="Static", external="100.0.2.0/24", between=between, egress="")
    (mend,) = explained(text, source, target).mend
    assert mend.sentence == "list the NAT rule vnet, 10.0.1.0/24 to 100.0.1.0/24, in egress_nat_rules of C1 (T11)"
    assert found(text, 0, source, target).outcome == "unreachable"
    assert found(mended(text, 0, mend), 0, source, target).outcome == "reachable"


@pytest.mark.parametrize("pool", ["100.0.2.0/26", "100.0.2.0/32"])
def test_nothing_mends_what_comes_to_a_pool(pool: str) -> None:
    text = TEXT.format(kind="Dynamic", external=pool, between="[VNet1, Site1]", egress=", egress_nat_rules: [vnet]")
    explanation = explained(text, "vnet1-vm", "site1-h")
    assert explanation.mend == ()
    assert [item.limit for item in explanation.redesign] == [Limit.BEHIND_A_POOL]
