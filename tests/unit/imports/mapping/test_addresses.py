"""Addresses that a template knows by `reference()` only, in rules, routes and pools (10.5, V9)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from imported import imported, messages, scenario

from netlab.api.importing import Outcome
from templates import NETWORK, resource, template


def deployed(*resources: Any, **sections: Any) -> Outcome:
    """What an import makes of a template with a VNet, a machine with a public address, a firewall, and more."""
    parts = {"main": "10.0.0.0/24", "AzureFirewallSubnet": "10.0.5.0/26"}
    subnets = [{"name": name, "properties": {"addressPrefix": prefix}} for name, prefix in parts.items()]
    configuration = {
        "subnet": _to("virtualNetworks/subnets", "v", "main"),
        "publicIPAddress": _to("publicIPAddresses", "vmip"),
    }
    of_firewall = {
        "subnet": _to("virtualNetworks/subnets", "v", "AzureFirewallSubnet"),
        "publicIPAddress": _to("publicIPAddresses", "fwip"),
    }
    base = [
        resource("virtualNetworks", "v", {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}),
        resource("publicIPAddresses", "vmip"),
        resource("publicIPAddresses", "fwip"),
        resource("networkInterfaces", "vm", {"ipConfigurations": [{"name": "c", "properties": configuration}]}),
        resource("azureFirewalls", "fw", {"ipConfigurations": [{"name": "c", "properties": of_firewall}],
                                          "firewallPolicy": _to("firewallPolicies", "pol")}),
        resource("firewallPolicies", "pol"),
    ]  # fmt: skip
    return imported("-", stdin=json.dumps(template([*base, *resources], **sections)).encode())


def _to(kind: str, *names: str) -> dict[str, str]:
    shown = ", ".join(f"'{name}'" for name in names)
    return {"id": f"[resourceId('{NETWORK}/{kind}', {shown})]"}


def _nat(**more: Any) -> dict[str, Any]:
    rule = {
        "ruleType": "NatRule",
        "name": "in",
        "ipProtocols": ["TCP"],
        "sourceAddresses": ["*"],
        "destinationAddresses": [FIREWALL],
        "destinationPorts": ["443"],
        "translatedAddress": MACHINE,
        "translatedPort": "443",
        **more,
    }
    collection = {"name": "c", "priority": 100, "action": {"type": "DNAT"}, "rules": [rule]}
    return resource(
        "firewallPolicies/ruleCollectionGroups", "pol/g", {"priority": 100, "ruleCollections": [collection]}
    )


FIREWALL = "[reference('fwip').ipAddress]"
MACHINE = "[reference('vm').ipConfigurations[0].properties.privateIPAddress]"


def _rules(found: Outcome) -> Any:
    policy = scenario(found).firewall_policies["pol"]
    return policy.rule_collection_groups["g"].rule_collections["c"].rules


def test_a_rule_of_translation_has_the_firewalls_and_the_machines_addresses() -> None:
    found = deployed(_nat())
    (rule,) = _rules(found).values()
    (own,) = scenario(found).firewalls["fw"].public_ip_addresses
    assert rule.destination_addresses == (str(own),)
    assert str(rule.translated_address) == "10.0.0.4"
    assert "fwip: its address is not known" in messages(found)


def test_what_no_rule_names_is_not_invented() -> None:
    found = deployed(_nat(destinationAddresses=["20.7.7.7"], translatedAddress="10.0.0.4"))
    assert "fwip: its address is not known" not in messages(found)


@pytest.mark.parametrize(
    "lacks",
    [
        {"translatedAddress": "", "translatedFqdn": "web.example"},
        {"translatedAddress": None},
        {"translatedPort": None},
        {"destinationAddresses": ["[reference('other').ipAddress]"]},
    ],
)
def test_a_rule_of_translation_that_lacks_what_it_needs_is_left_out_by_name(lacks: dict[str, Any]) -> None:
    found = deployed(_nat(**lacks), resource("publicIPAddresses", "other"))
    assert not _rules(found)
    assert "pol/in: its " in messages(found)
    assert "the rule is left out" in messages(found)


def test_a_name_of_an_application_rule_that_nothing_says_does_not_stop_the_import() -> None:
    sites = ["[format('{0}.example.org', parameters('site'))]", "www.example.org"]
    rule = {"ruleType": "ApplicationRule", "name": "web", "sourceAddresses": ["*"], "targetFqdns": sites}
    collection = {"name": "c", "priority": 100, "action": {"type": "Allow"}, "rules": [rule]}
    properties = {"priority": 100, "ruleCollections": [collection]}
    parts = [resource("firewallPolicies/ruleCollectionGroups", "pol/g", properties)]
    found = deployed(*parts, parameters={"site": {"type": "string"}})
    assert _rules(found)["web"].target_fqdns == ("www.example.org",)


def test_an_address_of_a_rule_that_nothing_says_is_asked_for() -> None:
    found = deployed(
        _nat(sourceAddresses=["[format('{0}/32', parameters('admin'))]"]), parameters={"admin": {"type": "string"}}
    )
    assert "parameter admin has no value" in messages(found)


SECURITY = {"priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp"}


def _group(**more: Any) -> Any:
    return resource("networkSecurityGroups", "nsg", {"securityRules": [{"name": "r", "properties": SECURITY | more}]})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"destinationAddressPrefix": MACHINE}, "10.0.0.4"),
        ({"destinationAddressPrefix": f"[concat({MACHINE[1:-1]}, '/32')]"}, "10.0.0.4/32"),
        ({"destinationAddressPrefixes": [MACHINE]}, "10.0.0.4"),
    ],
)
def test_a_security_rule_has_the_address_that_is_written(given: dict[str, Any], expected: str) -> None:
    made = scenario(deployed(_group(**given))).network_security_groups["nsg"].security_rules["r"]
    assert made.destination_address_prefix == expected


def test_a_security_rule_and_the_machine_have_the_same_public_address() -> None:
    made = scenario(deployed(_group(sourceAddressPrefix="[reference('vmip').ipAddress]")))
    rule = made.network_security_groups["nsg"].security_rules["r"]
    assert rule.source_address_prefix == str(made.vnets["v"].vms["vm"].public_ip_address)


@pytest.mark.parametrize("other", ["2001:db8::/32", ["2001:db8::1", "2001:db8::2"], "[reference('alone').ipAddress]"])
def test_a_side_that_cannot_be_written_does_not_become_any(other: Any) -> None:
    key = "sourceAddressPrefixes" if isinstance(other, list) else "sourceAddressPrefix"
    found = deployed(_group(**{key: other}), resource("publicIPAddresses", "alone"))
    assert not scenario(found).network_security_groups["nsg"].security_rules
    assert "nsg/r: its source names" in messages(found)
    assert "the rule is left out" in messages(found)


def test_of_both_families_the_lab_takes_one() -> None:
    found = deployed(_group(sourceAddressPrefixes=["2001:db8::/32", "10.9.0.0/16"]))
    rule = scenario(found).network_security_groups["nsg"].security_rules["r"]
    assert rule.source_address_prefix == "10.9.0.0/16"
    assert "the IPv6 prefix 2001:db8::/32" in messages(found)
    assert "the rule is left out" not in messages(found)


def _table(prefix: str, hop: str | None) -> Any:
    route = {"addressPrefix": prefix, "nextHopType": "VirtualAppliance" if hop else "Internet"}
    properties = route | ({"nextHopIpAddress": hop} if hop else {})
    return resource("routeTables", "t", {"routes": [{"name": "r", "properties": properties}]})


def test_a_route_to_a_public_address_of_the_template() -> None:
    made = scenario(deployed(_table("[concat(reference('vmip').ipAddress, '/32')]", None)))
    own = made.vnets["v"].vms["vm"].public_ip_address
    assert str(made.route_tables["t"].routes["r"].address_prefix) == f"{own}/32"


def test_a_second_configuration_is_meant_by_its_place_in_the_template_although_another_one_is_primary() -> None:
    parts = [{"name": name, "properties": {"subnet": _to("virtualNetworks/subnets", "v", "main"), "primary": first,
                                           "privateIPAddress": address}}
             for name, first, address in (("a", False, "10.0.0.20"), ("b", True, "10.0.0.21"))]  # fmt: skip
    hop = "[reference('two').ipConfigurations[0].properties.privateIPAddress]"
    made = scenario(
        deployed(resource("networkInterfaces", "two", {"ipConfigurations": parts}), _table("0.0.0.0/0", hop))
    )
    assert str(made.route_tables["t"].routes["r"].next_hop_ip_address) == "10.0.0.20"


def test_an_ipv6_configuration_takes_no_address_of_ipv4() -> None:
    place = _to("virtualNetworks/subnets", "v", "main")
    parts = [
        {"name": "four", "properties": {"subnet": place, "primary": True}},
        {"name": "six", "properties": {"subnet": place, "privateIPAddressVersion": "IPv6"}},
    ]
    found = deployed(
        resource("networkInterfaces", "dual", {"ipConfigurations": parts}), _nat(translatedAddress=MACHINE)
    )
    assert "secondary address" not in messages(found)
    assert "ipConfigurations (IPv6) (1)" in messages(found)
    assert str(_rules(found)["in"].translated_address) == "10.0.0.5"
