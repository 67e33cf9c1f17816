"""Azure Firewalls and their policies: collections, rules, SNAT (F7, F11)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import body, id_of, imported_bodies, messages, public, scenario, to, vnet

from netlab.scenario.models import FirewallRule

V = vnet(
    "V",
    "10.0.0.0/16",
    a={"addressPrefix": "10.0.0.0/24", "routeTable": to("routeTables", "t")},
    AzureFirewallSubnet="10.0.5.0/26",
)
ROUTES = body(
    "routeTables",
    "t",
    routes=[
        {"name": "r", "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.5.4"}
    ],
)
NETWORK = {
    "ruleType": "NetworkRule",
    "name": "web",
    "ipProtocols": ["tcp", "ICMP"],
    "sourceAddresses": ["10.0.0.0/24", "10.1.0.4-10.1.0.9"],
    "destinationAddresses": ["*"],
    "destinationPorts": ["443", "8000-8080"],
}
NAT = {
    "ruleType": "NatRule",
    "name": "in",
    "ipProtocols": ["TCP"],
    "sourceAddresses": ["*"],
    "destinationAddresses": ["20.7.7.7"],
    "destinationPorts": ["443"],
    "translatedAddress": "10.0.0.4",
    "translatedPort": "8443",
}


def firewall(**more: Any) -> dict[str, Any]:
    subnet, address = to("virtualNetworks/subnets", "V", "AzureFirewallSubnet"), to("publicIPAddresses", "p")
    configuration = {"name": "c", "properties": {"subnet": subnet, "publicIPAddress": address}}
    return body("azureFirewalls", "fw", ipConfigurations=[configuration], **more)


def group(*rules: dict[str, Any], action: str = "Allow") -> list[dict[str, Any]]:
    collection = {"name": "c1", "priority": 300, "action": {"type": action}, "rules": list(rules)}
    return [
        body("firewallPolicies", "pol", snat={"privateRanges": ["IANAPrivateRanges", "20.9.0.0/16"]}),
        body("firewallPolicies/ruleCollectionGroups", "pol", "g1", priority=200, ruleCollections=[collection]),
    ]


GROUP_ID = id_of("ipGroups", "i")
WITH_POLICY = firewall(firewallPolicy=to("firewallPolicies", "POL"))


def test_a_firewall_has_its_policy_its_address_and_its_rules() -> None:
    found = imported_bodies(V, ROUTES, public("p", "20.7.7.7"), WITH_POLICY, *group(NETWORK))
    made = scenario(found)
    fw, policy = made.firewalls["fw"], made.firewall_policies["pol"]
    assert (fw.vnet, fw.firewall_policy, [str(a) for a in fw.public_ip_addresses]) == ("V", "pol", ["20.7.7.7"])
    assert "fw" not in made.vnets["V"].vms
    assert policy.snat.private_ranges == ("IANAPrivateRanges", "20.9.0.0/16")
    collection = policy.rule_collection_groups["g1"].rule_collections["c1"]
    assert (policy.rule_collection_groups["g1"].priority, collection.priority, collection.action.type) == (
        200,
        300,
        "Allow",
    )
    assert collection.rules["web"] == FirewallRule(
        ip_protocols=("TCP", "ICMP"),
        source_addresses=("10.0.0.0/24", "10.1.0.4-10.1.0.9"),
        destination_addresses=("*",),
        destination_ports=("443", "8000-8080"),
    )
    assert "nobody in the input has" not in messages(found)
    assert not found.report.approximated


def test_a_rule_of_translation_is_imported() -> None:
    made = scenario(imported_bodies(V, public("p", "20.7.7.7"), WITH_POLICY, *group(NAT, action="DNAT")))
    rule = made.firewall_policies["pol"].rule_collection_groups["g1"].rule_collections["c1"].rules["in"]
    assert (str(rule.translated_address), rule.translated_port, rule.rule_type) == ("10.0.0.4", 8443, "NatRule")


@pytest.mark.parametrize("given", [(), (WITH_POLICY,)])
def test_without_its_policy_it_is_a_machine(given: tuple[dict[str, Any], ...]) -> None:
    found = imported_bodies(V, public("p", "20.7.7.7"), *(given or (firewall(),)))
    made = scenario(found)
    assert not made.firewalls
    assert made.vnets["V"].vms["fw"].nva is not None
    assert "its policy is not in the input" in messages(found)


def test_rules_with_ip_groups_are_named() -> None:
    rule = NETWORK | {"sourceIpGroups": ["/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/ipGroups/i"]}
    found = imported_bodies(V, public("p", "20.7.7.7"), WITH_POLICY, *group(rule))
    assert "it names IP group g/Microsoft.Network/ipGroups/i, whose addresses are not in the input" in messages(found)
    assert "az network ip-group list" in messages(found)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"sourceAddresses": [], "sourceIpGroups": [GROUP_ID]}, (("10.2.0.0/16", "10.3.0.4-10.3.0.9"), ("*",))),
        ({"sourceIpGroups": [GROUP_ID]},
         (("10.0.0.0/24", "10.1.0.4-10.1.0.9", "10.2.0.0/16", "10.3.0.4-10.3.0.9"), ("*",))),
        ({"destinationAddresses": None, "destinationIpGroups": [GROUP_ID.upper()]},
         (("10.0.0.0/24", "10.1.0.4-10.1.0.9"), ("10.2.0.0/16", "10.3.0.4-10.3.0.9"))),
    ],
)  # fmt: skip
def test_a_rule_has_the_addresses_of_its_ip_groups(given: dict[str, Any], expected: tuple[Any, Any]) -> None:
    addresses = body("ipGroups", "i", ipAddresses=["10.2.0.0/16", "10.3.0.4-10.3.0.9"])
    found = imported_bodies(V, ROUTES, public("p", "20.7.7.7"), WITH_POLICY, *group(NETWORK | given), addresses)
    rule = scenario(found).firewall_policies["pol"].rule_collection_groups["g1"].rule_collections["c1"].rules["web"]
    assert (rule.source_addresses, rule.destination_addresses) == expected
    assert found.report.imported["Microsoft.Network/ipGroups"] == 1
    assert "not in the input" not in messages(found)


@pytest.mark.parametrize("lacks", ["sourceAddresses", "destinationAddresses"])
def test_a_rule_that_has_its_addresses_only_by_groups_or_fqdns_is_left_out(lacks: str) -> None:
    rest = {key: value for key, value in NETWORK.items() if key != lacks}
    named = {"name": "kms", "destinationFqdns": ["kms.core.windows.net"], "sourceIpGroups": [{"id": "x"}]}
    found = imported_bodies(V, ROUTES, public("p", "20.7.7.7"), WITH_POLICY, *group(NETWORK, {**rest, **named}))
    (made,) = scenario(found).firewall_policies.values()
    (collection,) = made.rule_collection_groups["g1"].rule_collections.values()
    assert list(collection.rules) == ["web"]
    assert "the rule is left out" in messages(found)
