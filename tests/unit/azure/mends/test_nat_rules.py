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


BY_BGP = """
name: branches
vnets:
  VNet1:
    address_space: [10.0.1.0/24]
    subnets: {default: 10.0.1.0/25, GatewaySubnet: 10.0.1.224/27}
    vms: {vm: {subnet: default}}
    vpn_gateway:
      sku: VpnGw2AZ
      bgp: {asn: 65010}
      nat_rules:
        vnet: {mode: EgressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.1.0/24]}
        one: {mode: IngressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.2.0/24]}
sites:
  Site1:
    address_prefixes: [10.0.1.0/24, 192.168.1.0/24]
    announces: [10.0.1.0/24]
    bgp: {asn: 65101, bgp_peering_address: 192.168.1.1}
    hosts: {h: 10.0.1.10}
connections:
  C1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true, ingress_nat_rules: [one], egress_nat_rules: [vnet]}
"""


@pytest.mark.parametrize(("source", "target"), [("site1-h", "vnet1-vm"), ("vnet1-vm", "site1-h")])
def test_a_gateway_whose_bgp_does_not_translate_is_told_to(source: str, target: str) -> None:
    (mend, *_) = explained(BY_BGP, source, target).mend
    assert mend.sentence == (
        "set bgp_route_translation_for_nat on VNet1's gateway: BGP carries its routes untranslated (T18)"
    )
    assert found(BY_BGP, 0, source, target).outcome == "unreachable"
    assert found(mended(BY_BGP, 0, mend), 0, source, target).outcome == "reachable"


def test_a_gateway_that_translates_or_has_static_routes_only_is_not() -> None:
    """The first lacks a rule in its connection, the second one, too."""
    translating = BY_BGP.replace("      nat_rules:", "      bgp_route_translation_for_nat: true\n      nat_rules:")
    lacking = translating.replace(", egress_nat_rules: [vnet]", "")
    static = TEXT.format(kind="Static", external="100.0.2.0/24", between="[VNet1, Site1]", egress="")
    for text in (lacking, static):
        sentences = [mend.sentence for mend in explained(text, "vnet1-vm", "site1-h").mend]
        assert not any("bgp_route_translation_for_nat" in sentence for sentence in sentences)
