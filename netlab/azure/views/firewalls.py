"""The rules of an Azure Firewall in the order in which it asks them (F7): first translations. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.results.shown import FirewallRuleRow
from netlab.scenario.models import FirewallRule, RuleCollection
from netlab.scenario.network import Firewall

_ORDER = ("NatRule", "NetworkRule", "ApplicationRule")


def rows(firewall: Firewall) -> Iterator[FirewallRuleRow]:
    """A row for each rule, and one for the drop behind them (F15)."""
    for kind in _ORDER:
        for name, collection in firewall.collections:
            for rule, spec in collection.rules.items():
                if spec.rule_type == kind:
                    yield _row(name, collection, rule, spec)
    yield FirewallRuleRow(action="Deny")


def _row(name: str, collection: RuleCollection, rule: str, spec: FirewallRule) -> FirewallRuleRow:
    return FirewallRuleRow(
        priority=collection.priority,
        ruleCollection=name,
        action=collection.action.type,
        name=rule,
        ruleType=spec.rule_type,
        ipProtocols=spec.ip_protocols,
        sourceAddresses=spec.source_addresses,
        destinationAddresses=spec.destination_addresses,
        destinationPorts=spec.destination_ports,
        translatedAddress=None if spec.translated_address is None else str(spec.translated_address),
        translatedPort=spec.translated_port,
    )
