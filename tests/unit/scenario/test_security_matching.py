"""What one rule's packets are to another's: covered, met, or neither; where a file does not say it, never covered."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from netlab.scenario.models import SecurityRule
from netlab.scenario.security_matching import Match, default_rules_allow, fixed_tags, match

TAGS = fixed_tags({"Storage": (IPv4Network("20.60.0.0/16"),)})


def of(**keys: Any) -> Match:
    rule = {"priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "*", **keys}
    return match(SecurityRule.model_validate(rule), TAGS)


def source(*texts: str, **keys: Any) -> Match:
    return of(source_address_prefixes=list(texts), **keys)


@pytest.mark.parametrize(
    ("wide", "narrow", "covers", "meets"),
    [
        (of(), source("10.0.0.0/8"), True, True),
        (source("10.0.0.0/8"), of(), False, True),
        (source("0.0.0.0/0"), of(), True, True),
        (source("0.0.0.0/1", "128.0.0.0/1"), of(), True, True),
        (source("10.0.0.0/9", "10.128.0.0/9"), source("10.0.0.0/8"), True, True),
        (source("10.0.0.0/9"), source("10.0.0.0/8"), False, True),
        (source("10.0.0.0/9"), source("10.128.0.0/9"), False, False),
        (source("Internet"), source("198.51.100.7"), True, True),
        (source("Internet"), source("10.1.0.0/16"), False, False),
        (source("Internet"), source("Storage.WestEurope"), True, True),
        (source("Storage"), source("20.60.1.0/24"), True, True),
        (source("168.63.129.16"), source("AzureLoadBalancer"), True, True),
        # What VirtualNetwork holds and where Azure's services are stands in no file.
        (source("VirtualNetwork"), source("VirtualNetwork"), True, True),
        (source("VirtualNetwork"), source("10.1.0.0/16"), False, True),
        (source("Sql"), source("Storage"), False, True),
        (source("nowhere"), of(), False, True),
        (of(source_application_security_groups=["a", "b"]), of(source_application_security_groups=["a"]), True, True),
        (of(source_application_security_groups=["a"]), source("10.1.0.4"), False, True),
    ],
)
def test_addresses(wide: Match, narrow: Match, covers: bool, meets: bool) -> None:
    assert (wide.covers(narrow), wide.meets(narrow), narrow.meets(wide)) == (covers, meets, meets)


@pytest.mark.parametrize(
    ("wide", "narrow", "covers", "meets"),
    [
        (of(protocol="Tcp"), of(protocol="Tcp"), True, True),
        (of(protocol="Tcp"), of(protocol="Udp"), False, False),
        (of(protocol="Tcp"), of(), False, True),
        (of(destination_port_range="20-22"), of(protocol="Tcp", destination_port_range="22"), True, True),
        (of(destination_port_range="20-22"), of(protocol="Tcp", destination_port_range="22-23"), False, True),
        (of(destination_port_range="20-22"), of(protocol="Tcp", destination_port_range="23"), False, False),
        (of(destination_port_ranges=["20-21", "22"]), of(protocol="Udp", destination_port_range="21-22"), True, True),
        (of(destination_port_range="0-65535"), of(), True, True),
        (of(source_port_range="53"), of(destination_port_range="53"), False, True),
        # A rule with ports is not for ping, and ports of a rule for ping mean nothing.
        (of(destination_port_range="22"), of(protocol="Icmp"), False, True),
        (of(), of(protocol="Icmp"), True, True),
        (of(protocol="Icmp", destination_port_range="22"), of(protocol="Icmp"), True, True),
    ],
)
def test_protocols_and_ports(wide: Match, narrow: Match, covers: bool, meets: bool) -> None:
    assert (wide.covers(narrow), wide.meets(narrow), narrow.meets(wide)) == (covers, meets, meets)


@pytest.mark.parametrize(
    ("direction", "wanted", "allowed"),
    [
        ("Inbound", source("10.1.0.4"), True),
        ("Inbound", source("10.2.0.4"), False),
        ("Inbound", source("Internet"), False),
        ("Inbound", source("AzureLoadBalancer"), True),
        ("Outbound", of(destination_address_prefix="Internet"), True),
        ("Outbound", of(destination_address_prefix="10.2.0.0/16"), False),
        ("Outbound", of(destination_address_prefix="10.1.0.0/16"), True),
    ],
)
def test_the_default_rules(direction: str, wanted: Match, allowed: bool) -> None:
    tag = (IPv4Network("10.1.0.0/16"),)
    assert default_rules_allow(wanted, direction, tag) is allowed
