"""NAT rules of VPN gateways: their limits, and overlaps that are checked after NAT (T12, T14)."""

from __future__ import annotations

import pytest
from findings import findings

TEXT = """
name: branches
vnets:
  VNet1:
    address_space: [10.0.1.0/24]
    subnets: {{default: 10.0.1.0/25, GatewaySubnet: 10.0.1.224/27}}
    vpn_gateway:
      sku: VpnGw2AZ
      nat_rules:
{rules}
sites:
  Site1: {{address_prefixes: [10.0.1.0/24]}}
  Site2: {{address_prefixes: [10.0.1.0/24]}}
connections:
  VNet1-Site1: {{type: IPsec, between: [VNet1, Site1]{first}}}
  VNet1-Site2: {{type: IPsec, between: [VNet1, Site2]{second}}}
"""
VNET = "vnet: {mode: EgressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.1.0/24]}"
ONE = "one: {mode: IngressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.2.0/24]}"
TWO = "two: {mode: IngressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.3.0/24]}"
BOTH = ", ingress_nat_rules: [{}], egress_nat_rules: [vnet]"


def scenario(*rules: str, first: str, second: str) -> str:
    return TEXT.format(rules="\n".join(f"        {rule}" for rule in rules), first=first, second=second)


def numbers(text: str) -> list[str]:
    return [found.rule for found in findings(text)]


def test_two_branches_with_the_space_of_the_vnet_are_accepted_with_their_rules() -> None:
    assert numbers(scenario(VNET, ONE, TWO, first=BOTH.format("one"), second=BOTH.format("two"))) == []


def test_a_connection_without_its_ingress_rule_is_refused() -> None:
    """Row 5 of the matrix."""
    text = scenario(VNET, ONE, first=BOTH.format("one"), second=", egress_nat_rules: [vnet]")
    assert "R71" in numbers(text)


def test_a_connection_without_any_rule_is_refused() -> None:
    assert "R71" in numbers(scenario(VNET, ONE, first=BOTH.format("one"), second=""))


def test_branches_that_overlap_each_other_need_ingress_rules_only() -> None:
    text = scenario(ONE, TWO, first=", ingress_nat_rules: [one]", second=", ingress_nat_rules: [two]")
    assert (
        numbers(
            text.replace("[10.0.1.0/24]\n    sub", "[10.9.0.0/16]\n    sub").replace(
                "default: 10.0.1.0/25, GatewaySubnet: 10.0.1.224/27",
                "default: 10.9.0.0/24, GatewaySubnet: 10.9.255.0/27",
            )
        )
        == []
    )


@pytest.mark.parametrize(("count", "found"), [(100, False), (101, True)])
def test_a_gateway_has_a_hundred_rules(count: int, found: bool) -> None:
    """Of both modes together (T14)."""
    more = (
        f"r{n}: {{mode: IngressSnat, internal_mappings: [10.99.{n}.0/24], external_mappings: [100.9.{n}.0/24]}}"
        for n in range(count - 3)
    )
    text = scenario(VNET, ONE, TWO, *more, first=BOTH.format("one"), second=BOTH.format("two"))
    assert ("T14" in numbers(text)) is found


def test_a_name_with_a_slash_is_refused() -> None:
    text = scenario(VNET, ONE, TWO.replace("two", "t/wo"), first=BOTH.format("one"), second=BOTH.format("one"))
    assert any("t/wo" in found.message for found in findings(text))


@pytest.mark.parametrize(
    ("written", "accepted"), [(", ingress_nat_rules: [one], egress_nat_rules: [vnet]", True), ("", False)]
)
def test_a_local_network_gateway_equal_to_the_vnet_is_accepted_with_its_rules(written: str, accepted: bool) -> None:
    """T12: so are two with one prefix."""
    gateways = (
        "local_network_gateways:\n"
        "  lng1: {site: Site1, address_prefixes: [10.0.1.0/24]}\n"
        "  lng2: {site: Site2, address_prefixes: [10.0.1.0/24]}\n"
    )
    uses = [f", local_network_gateways: {{VNet1: lng{number}}}" for number in (1, 2)]
    text = scenario(VNET, ONE, TWO, first=uses[0] + written, second=uses[1] + BOTH.format("two"))
    found = numbers(text.replace("connections:\n", f"{gateways}connections:\n"))
    assert ("R71" not in found and "R72" not in found) is accepted
