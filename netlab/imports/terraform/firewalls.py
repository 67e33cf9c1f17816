"""Policies of Azure Firewalls and what is in them, as azurerm has it -> bodies in ARM's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from netlab.imports.terraform.attributes import Body, Reader, listed

_Path = tuple[str | int, ...]
_RULES = "rule"


def _policy(of: Reader) -> Body:
    return {"snat": {"privateRanges": of.get("private_ip_ranges")}, "basePolicy": of.reference("base_policy_id")}


def _ip_group(of: Reader) -> Body:
    return {"ipAddresses": of.get("cidrs")}


def _group(of: Reader) -> Iterator[tuple[Any, Body]]:
    """A group of rule collections, as a part of its policy."""
    collections = [
        {
            "name": of.get(block, i, "name"),
            "priority": of.get(block, i, "priority"),
            "action": {"type": of.get(block, i, "action")},
            "rules": [_rule(of, type_, (block, i, _RULES, j)) for j in range(of.blocks(block, i, _RULES))],
        }
        for block, type_ in _COLLECTIONS.items()
        for i in range(of.blocks(block))
    ]
    group = {"name": of.get("name"), "priority": of.get("priority"), "ruleCollections": collections}
    yield of.get("firewall_policy_id"), {"ruleCollectionGroups": [group]}


def _rule(of: Reader, type_: str, path: _Path) -> Body:
    rule = {arm: listed(of.get(*path, name)) for name, arm in _LISTS[type_].items()}
    plain = {arm: of.get(*path, name) for name, arm in _WORDS.items()} if type_ == "NatRule" else {}
    return {"ruleType": type_, "name": of.get(*path, "name"), **rule, **plain}


_COLLECTIONS = {
    "network_rule_collection": "NetworkRule",
    "application_rule_collection": "ApplicationRule",
    "nat_rule_collection": "NatRule",
}
_SOURCES = {"source_addresses": "sourceAddresses", "source_ip_groups": "sourceIpGroups"}
_LISTS: Mapping[str, Mapping[str, str]] = {
    "NetworkRule": {
        "protocols": "ipProtocols",
        **_SOURCES,
        "destination_addresses": "destinationAddresses",
        "destination_ip_groups": "destinationIpGroups",
        "destination_fqdns": "destinationFqdns",
        "destination_ports": "destinationPorts",
    },
    "ApplicationRule": {
        **_SOURCES,
        "destination_addresses": "destinationAddresses",
        "destination_fqdns": "targetFqdns",
    },
    "NatRule": {
        "protocols": "ipProtocols",
        **_SOURCES,
        "destination_address": "destinationAddresses",
        "destination_ports": "destinationPorts",
    },
}
_WORDS = {"translated_address": "translatedAddress", "translated_port": "translatedPort"}

BODIES: Mapping[str, Callable[[Reader], Body]] = {
    "azurerm_firewall_policy": _policy,
    "azurerm_ip_group": _ip_group,
}
PARTS: Mapping[str, Callable[[Reader], Iterator[tuple[Any, Body]]]] = {
    "azurerm_firewall_policy_rule_collection_group": _group,
}
