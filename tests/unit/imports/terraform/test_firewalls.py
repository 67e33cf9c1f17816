"""Policies of Azure Firewalls, their groups of rules, and IP groups in Terraform."""

from __future__ import annotations

from typing import Any

import pytest
from imported import messages, scenario
from terraform_documents import RG, item, run, state

SUBNETS = f"{RG}/virtualNetworks/v/subnets"
POLICY = item("azurerm_firewall_policy.p", id=f"{RG}/firewallPolicies/pol", name="pol", resource_group_name="net",
              private_ip_ranges=["IANAPrivateRanges", "20.9.0.0/16"])  # fmt: skip
NETWORK = {"name": "web", "protocols": ["TCP", "ICMP"], "source_addresses": ["10.0.0.0/24"],
           "destination_addresses": ["*"], "destination_ports": ["443"]}  # fmt: skip
NAT = {"name": "in", "protocols": ["TCP"], "source_addresses": ["*"], "destination_address": "20.7.7.7",
       "destination_ports": ["443"], "translated_address": "10.0.0.4", "translated_port": 8443}  # fmt: skip
WEB = {"name": "sites", "source_addresses": ["*"], "destination_fqdns": ["*.example.org"],
       "protocols": [{"type": "Https", "port": 443}]}  # fmt: skip


def collection(action: str, *rules: Any) -> list[dict[str, Any]]:
    return [{"name": "c", "priority": 300, "action": action, "rule": list(rules)}]


def group(**collections: Any) -> dict[str, Any]:
    return item(
        "azurerm_firewall_policy_rule_collection_group.g", name="g", priority=200,
        firewall_policy_id=f"{RG}/firewallPolicies/pol", **collections,
    )  # fmt: skip


def deployed(*parts: Any) -> Any:
    vnet = item("azurerm_virtual_network.v", id=f"{RG}/virtualNetworks/v", name="v", address_space=["10.0.0.0/16"],
                resource_group_name="net")  # fmt: skip
    subnets = [
        item(f"azurerm_subnet.{name}", id=f"{SUBNETS}/{name}", name=name, resource_group_name="net",
             virtual_network_name="v", address_prefixes=[prefix])
        for name, prefix in (("AzureFirewallSubnet", "10.0.5.0/26"), ("work", "10.0.0.0/24"))
    ]  # fmt: skip
    public = item("azurerm_public_ip.ip", id=f"{RG}/publicIPAddresses/ip", name="ip", ip_address="20.7.7.7")
    configuration = {
        "name": "c", "private_ip_address": "10.0.5.4", "subnet_id": f"{SUBNETS}/AzureFirewallSubnet",
        "public_ip_address_id": f"{RG}/publicIPAddresses/ip",
    }  # fmt: skip
    firewall = item("azurerm_firewall.fw", id=f"{RG}/azureFirewalls/fw", name="fw", resource_group_name="net",
                    ip_configuration=[configuration], firewall_policy_id=f"{RG}/firewallPolicies/pol")  # fmt: skip
    return run(state(vnet, *subnets, public, firewall, *parts))


def rules(found: Any) -> Any:
    return scenario(found).firewall_policies["pol"].rule_collection_groups["g"].rule_collections["c"].rules


def test_a_firewall_has_its_policy() -> None:
    found = deployed(POLICY, group(network_rule_collection=collection("Allow", NETWORK)))
    made = scenario(found)
    assert (made.firewalls["fw"].firewall_policy, made.firewalls["fw"].vnet) == ("pol", "v")
    assert made.firewall_policies["pol"].snat.private_ranges == ("IANAPrivateRanges", "20.9.0.0/16")
    assert made.firewall_policies["pol"].rule_collection_groups["g"].priority == 200
    assert "fw" not in made.vnets["v"].vms
    assert found.report.imported["azurerm_firewall_policy"] == 1
    assert found.report.containers["azurerm_firewall_policy_rule_collection_group"] == 1


@pytest.mark.parametrize(
    ("block", "action", "rule", "expected"),
    [
        ("network_rule_collection", "Deny", NETWORK, ("NetworkRule", ("TCP", "ICMP"), ("*",))),
        ("nat_rule_collection", "Dnat", NAT, ("NatRule", ("TCP",), ("20.7.7.7",))),
        ("application_rule_collection", "Allow", WEB, ("ApplicationRule", (), ())),
    ],
)
def test_each_kind_of_rules_is_imported(block: str, action: str, rule: Any, expected: Any) -> None:
    (made,) = rules(deployed(POLICY, group(**{block: collection(action, rule)}))).values()
    assert (made.rule_type, made.ip_protocols, made.destination_addresses) == expected


def test_a_rule_of_translation_keeps_what_it_translates_to() -> None:
    (made,) = rules(deployed(POLICY, group(nat_rule_collection=collection("Dnat", NAT)))).values()
    assert (str(made.translated_address), made.translated_port) == ("10.0.0.4", 8443)


def test_a_rule_of_translation_whose_address_nothing_says_is_left_out_by_name() -> None:
    found = deployed(POLICY, group(nat_rule_collection=collection("Dnat", {**NAT, "destination_address": None})))
    assert not rules(found)
    assert "its destinationAddresses no address of the input answers: the rule is left out" in messages(found)


def test_ip_groups_give_their_addresses() -> None:
    ips = item("azurerm_ip_group.i", id=f"{RG}/ipGroups/i", name="i", resource_group_name="net", cidrs=["10.2.0.0/16"])
    rule = {**NETWORK, "source_addresses": [], "source_ip_groups": [f"{RG}/ipGroups/i"]}
    (made,) = rules(deployed(POLICY, group(network_rule_collection=collection("Allow", rule)), ips)).values()
    assert made.source_addresses == ("10.2.0.0/16",)


def test_without_a_policy_in_the_state_it_is_a_machine_and_says_why() -> None:
    found = deployed()
    assert "fw" in scenario(found).vnets["v"].vms
    assert "its policy is not in the input" in messages(found)
