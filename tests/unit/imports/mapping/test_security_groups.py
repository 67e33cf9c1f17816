"""Network security groups: rules, attachment, application security groups (5.11)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import body, codes, imported_bodies, messages, nic, scenario, to, vnet

RULE = {"priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp"}


def group(*rules: dict[str, Any]) -> dict[str, Any]:
    made = [{"name": f"r{i}", "properties": {**RULE, **rule}} for i, rule in enumerate(rules)]
    return body("networkSecurityGroups", "nsg", securityRules=made)


V = vnet(
    "V", "10.0.0.0/16", a={"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": to("networkSecurityGroups", "NSG")}
)


@pytest.mark.parametrize(
    ("rule", "key", "value"),
    [
        ({"protocol": "icmp"}, "protocol", "Icmp"),
        ({"destinationPortRange": "22"}, "destination_port_range", "22"),
        ({"destinationPortRange": "22", "destinationPortRanges": ["80", "8000-8010"]}, "destination_port_ranges",
         ("22", "80", "8000-8010")),
        ({"sourceAddressPrefix": "*"}, "source_address_prefix", None),
        ({"sourceAddressPrefixes": ["10.1.0.0/16"]}, "source_address_prefix", "10.1.0.0/16"),
        ({"destinationAddressPrefix": "Internet"}, "destination_address_prefix", "Internet"),
        ({"priority": "200"}, "priority", 200),
    ],
)  # fmt: skip
def test_a_rule_is_written_as_azure_has_it(rule: dict[str, Any], key: str, value: Any) -> None:
    made = scenario(imported_bodies(V, group(rule))).network_security_groups["nsg"].security_rules["r0"]
    assert getattr(made, key) == value


@pytest.mark.parametrize(
    "rule", [{"priority": None}, {"access": None}, {"direction": "Sideways"}, {"protocol": "Sctp"}]
)
def test_a_rule_without_what_it_needs_is_an_error(rule: dict[str, Any]) -> None:
    assert codes(imported_bodies(V, group(rule))) == ["E11"] * len(codes(imported_bodies(V, group(rule))))
    assert codes(imported_bodies(V, group(rule)))


def test_rules_stand_in_the_order_in_which_they_are_asked_and_default_rules_never() -> None:
    made = group({"priority": 300}, {"priority": 100}, {"priority": 200, "direction": "Outbound"})
    made["properties"]["defaultSecurityRules"] = [{"name": "AllowVnetInBound", "properties": RULE}]
    assert list(scenario(imported_bodies(V, made)).network_security_groups["nsg"].security_rules) == ["r1", "r0", "r2"]


def test_groups_are_attached_to_subnets_and_to_nics() -> None:
    found = scenario(
        imported_bodies(V, group(), nic("n", "V", "a", networkSecurityGroup=to("networkSecurityGroups", "nsg")))
    )
    assert found.vnets["V"].subnets["a"].network_security_group == "nsg"
    assert found.vnets["V"].vms["n"].network_security_group == "nsg"
    lacking = imported_bodies(V)
    assert scenario(lacking).vnets["V"].subnets["a"].network_security_group is None
    assert "is not in the input: it has none" in messages(lacking)


def test_rules_and_nics_name_application_security_groups() -> None:
    rule = {"sourceApplicationSecurityGroups": [to("applicationSecurityGroups", "web")]}
    member = nic("n", "V", "a", configuration={"applicationSecurityGroups": [to("applicationSecurityGroups", "web")]})
    found = scenario(imported_bodies(V, group(rule), body("applicationSecurityGroups", "web"), member))
    assert found.network_security_groups["nsg"].security_rules["r0"].source_application_security_groups == ("web",)
    assert found.vnets["V"].vms["n"].application_security_groups == ("web",)
