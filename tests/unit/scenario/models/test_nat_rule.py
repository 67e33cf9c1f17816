"""NAT rules by themselves: addresses there and back, and prefixes as other networks reach them (T6, T10, T12)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.scenario.models import NatRule
from netlab.scenario.models.nat_rule import effective, restored, translated


def rule(internal: str, external: str, kind: str = "Static") -> NatRule:
    written = {"mode": "IngressSnat", "type": kind, "internal_mappings": [internal], "external_mappings": [external]}
    return NatRule.model_validate(written)


@pytest.mark.parametrize(
    ("internal", "external", "inside", "outside"),
    [
        ("10.0.1.0/24", "100.0.2.0/24", "10.0.1.10", "100.0.2.10"),
        ("10.0.0.0/8", "100.0.0.0/8", "10.255.255.255", "100.255.255.255"),
        ("10.0.1.4/32", "192.168.7.9/32", "10.0.1.4", "192.168.7.9"),
        ("10.0.1.128/25", "172.16.0.0/25", "10.0.1.129", "172.16.0.1"),
    ],
)
def test_address_n_becomes_address_n(internal: str, external: str, inside: str, outside: str) -> None:
    rules = (rule(internal, external),)
    assert translated(IPv4Address(inside), rules) == IPv4Address(outside)
    assert restored(IPv4Address(outside), rules) == IPv4Address(inside)


@given(st.integers(0, 2**32 - 1))
def test_there_and_back_is_the_same_address(number: int) -> None:
    rules = (rule("10.1.0.0/16", "100.64.0.0/16"), rule("10.2.0.0/24", "100.65.1.0/24"))
    address = IPv4Address(number)
    outside = translated(address, rules)
    inside = any(address in each.internal for each in rules)
    assert (outside != address) is inside
    assert not inside or restored(outside, rules) == address


@pytest.mark.parametrize(
    ("prefixes", "rules", "found"),
    [
        (["10.1.0.0/16"], [("10.1.0.0/16", "100.1.0.0/16")], ["100.1.0.0/16"]),
        (["10.1.2.0/24"], [("10.1.0.0/16", "100.1.0.0/16")], ["100.1.2.0/24"]),
        (["10.0.0.0/8"], [("10.1.0.0/16", "100.1.0.0/16")], ["10.0.0.0/8", "100.1.0.0/16"]),
        (["10.1.0.0/16", "10.2.0.0/16"], [("10.1.0.0/16", "100.1.0.0/16")], ["100.1.0.0/16", "10.2.0.0/16"]),
        (["10.1.0.0/16"], [], ["10.1.0.0/16"]),
    ],
)
def test_others_reach_the_external_prefixes(
    prefixes: list[str], rules: list[tuple[str, str]], found: list[str]
) -> None:
    known = [rule(*each) for each in rules]
    assert list(map(str, effective(map(IPv4Network, prefixes), known))) == found


def test_a_pool_stands_for_all_that_is_behind_it() -> None:
    pool = (rule("10.1.0.0/16", "100.1.0.0/28", "Dynamic"),)
    assert effective([IPv4Network("10.1.4.0/24")], pool) == (IPv4Network("100.1.0.0/28"),)
    assert translated(IPv4Address("10.1.7.9"), pool) in IPv4Network("100.1.0.0/28")
    assert restored(IPv4Address("100.1.0.3"), pool) == IPv4Address("100.1.0.3")
