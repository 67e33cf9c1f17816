"""Network security groups and application security groups."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.scenario.models import Scenario
from netlab.scenario.rules.breach import Breaches, Path, unknown


def subnets_and_nics_name_their_security_groups(scenario: Scenario) -> Breaches:
    """What a subnet, a NIC and a rule call a security group is one of the scenario's."""
    for path, name in _attached(scenario):
        yield from unknown(path, name, scenario.network_security_groups, "network security group")
    for path, name in _members(scenario):
        yield from unknown(path, name, scenario.application_security_groups, "application security group")


def _attached(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    """Where a network security group is attached."""
    for name, vnet in scenario.vnets.items():
        for kind, places in (("subnets", vnet.subnets), ("vms", vnet.vms)):
            for key, place in places.items():
                if place.network_security_group is not None:
                    yield ("vnets", name, kind, key, "network_security_group"), place.network_security_group


def _members(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    """Where a NIC or a rule names an application security group."""
    for name, vnet in scenario.vnets.items():
        for key, vm in vnet.vms.items():
            for number, group in enumerate(vm.application_security_groups):
                yield ("vnets", name, "vms", key, "application_security_groups", number), group
    for name, item in scenario.network_security_groups.items():
        for key, rule in item.security_rules.items():
            for side in ("source", "destination"):
                field = f"{side}_application_security_groups"
                for number, group in enumerate(getattr(rule, field)):
                    yield ("network_security_groups", name, "security_rules", key, field, number), group
