"""Mends of packets that a network security group denies: a rule before the one that denies, or what else lets it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from mended import found, states, untrue

from netlab.azure.mends import mends
from netlab.azure.prediction import endpoint_addresses
from netlab.results.mends import Mend, edits_of
from netlab.results.protocols import PROTOCOLS, Protocol


def rule(priority: int, direction: str, access: str = "Deny", protocol: str = "*", **more: str) -> dict[str, Any]:
    return {"priority": priority, "direction": direction, "access": access, "protocol": protocol, **more}


def network(access: bool = True, **rules: dict[str, Any]) -> str:
    """Two peered VNets with a group at every subnet, which has these rules."""
    guarded = {"network_security_group": "guard"}
    vnets = {
        f"VNet{n}": {
            "address_space": [f"10.{n}.0.0/16"],
            "subnets": {
                "one": {"address_prefix": f"10.{n}.0.0/24", **guarded},
                "two": {"address_prefix": f"10.{n}.1.0/24", **guarded},
            },
            "vms": {"a": {"subnet": "one"}, "b": {"subnet": "two"}},
        }
        for n in (1, 2)
    }
    ends = (("VNet1", "VNet2"), ("VNet2", "VNet1"))
    peerings = {
        f"{one}-{two}": {"vnet": one, "remote_vnet": two, "allow_virtual_network_access": access} for one, two in ends
    }
    groups = {"guard": {"security_rules": rules}}
    return json.dumps({"name": "n", "network_security_groups": groups, "vnets": vnets, "peerings": peerings})


def mends_of(text: str, source: str, target: str, protocol: Protocol | None = None) -> tuple[Mend, ...]:
    """The mends of a pair for one protocol or for all; they do what they say."""
    state = states(text)[0]
    item = replace(found(text, 0, source, target, protocol or "icmp"), protocols=(protocol,) if protocol else PROTOCOLS)
    given = mends(state, item, endpoint_addresses(state))
    assert list(untrue(text, item, 0, given)) == []
    return given


def added(mend: Mend) -> list[Any]:
    """What a mend sets."""
    return [edit.value for edit in edits_of(mend.changes) if edit.operation == "set"]


@pytest.mark.parametrize(
    ("rules", "protocol", "given"),
    [
        ({"no": rule(300, "Inbound")}, "tcp", (299, "Inbound", "Tcp")),
        ({"no": rule(300, "Outbound")}, "udp", (299, "Outbound", "Udp")),
        ({"no": rule(300, "Outbound")}, "icmp", (299, "Outbound", "Icmp")),
        ({"no": rule(300, "Inbound")}, None, (299, "Inbound", "*")),
        # The priority before it is taken; in the other direction it is free.
        (
            {"no": rule(300, "Inbound"), "mail": rule(299, "Inbound", protocol="Tcp", destination_port_range="25")},
            None,
            (298, "Inbound", "*"),
        ),
        ({"no": rule(300, "Inbound"), "mail": rule(299, "Outbound", "Allow")}, None, (299, "Inbound", "*")),
    ],
)
def test_a_rule_before_the_one_that_denies(
    rules: dict[str, Any], protocol: Protocol | None, given: tuple[int, str, str]
) -> None:
    (one, other) = mends_of(network(**rules), "vnet1-a", "vnet1-b", protocol)
    priority, direction, of = given
    ends = {"source_address_prefix": "10.1.0.0/24", "destination_address_prefix": "10.1.1.0/24"}
    assert added(one) == [rule(priority, direction, "Allow", of, **ends)]
    assert other.sentence.startswith("remove rule 300 no of guard")


def test_where_no_priority_is_free_the_rule_goes() -> None:
    given = mends_of(network(no=rule(100, "Inbound")), "vnet1-a", "vnet1-b")
    assert [mend.sentence for mend in given] == ["remove rule 100 no of guard, or narrow it: it denies the packet"]


def test_both_ends_may_deny() -> None:
    text = network(out=rule(300, "Outbound"), into=rule(400, "Inbound"))
    assert [each["priority"] for each in added(mends_of(text, "vnet1-a", "vnet2-b")[0])] == [299, 399]


def test_a_peering_without_access_gets_it_where_a_default_rule_denies() -> None:
    """N11, R109: the tags of both VNets lack the other one."""
    (first, *_) = mends_of(network(access=False), "vnet1-a", "vnet2-b")
    assert first.sentence.startswith("set allow_virtual_network_access on VNet1-VNet2 and VNet2-VNet1")
    assert added(first) == [True, True]


def test_access_is_nothing_for_a_rule_of_ones_own() -> None:
    sentences = [m.sentence for m in mends_of(network(no=rule(300, "Outbound")), "vnet1-a", "vnet2-b")]
    assert sentences
    assert not any("allow_virtual_network_access" in sentence for sentence in sentences)


def test_azures_default_rules_are_not_removed() -> None:
    text = json.loads(network())
    text["vnets"]["VNet1"]["vms"]["a"]["public_ip_address"] = "203.0.113.100"
    (only,) = mends_of(json.dumps(text), "internet", "vnet1-a")
    ends = {"source_address_prefix": "Internet", "destination_address_prefix": "10.1.0.0/24"}
    assert added(only) == [rule(4096, "Inbound", "Allow", "*", **ends)]


@pytest.mark.parametrize(
    ("policies", "left"), [("Enabled", "RouteTableEnabled"), ("NetworkSecurityGroupEnabled", "Disabled")]
)
def test_a_private_endpoint_is_reached_when_the_group_is_not_for_it(policies: str, left: str) -> None:
    text = json.loads(network(no=rule(100, "Inbound", source_address_prefix="10.1.0.0/24")))
    text["vnets"]["VNet1"]["private_endpoints"] = {"sql": {"subnet": "two"}}
    text["vnets"]["VNet1"]["subnets"]["two"]["private_endpoint_network_policies"] = policies
    given = mends_of(json.dumps(text), "vnet1-a", "vnet1-sql", "tcp")
    assert added(given[-1]) == [left]
    assert mends_of(json.dumps(text), "vnet1-a", "vnet1-sql", "icmp") == ()


def test_what_another_pair_of_the_subnets_needs_besides_is_not_given() -> None:
    text = json.loads(network(no=rule(300, "Inbound")))
    text["network_security_groups"]["own"] = {"security_rules": {"not": rule(200, "Inbound")}}
    text["vnets"]["VNet1"]["vms"]["c"] = {"subnet": "two", "network_security_group": "own"}
    both, one = (mends_of(json.dumps(text), "vnet1-a", f"vnet1-{name}")[0] for name in ("c", "b"))
    assert ([len(mend.changes) for mend in (both, one)]) == [2, 1]
