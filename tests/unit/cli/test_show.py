"""`netlab show` of the model: what it prints, and what it says beside it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from netlab.cli import app
from netlab.errors import UsageError


def show(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["show", *arguments], env={"COLUMNS": "300"})
    return done.exit_code, done.stdout, done.stderr


def test_rules_stand_above_what_the_tags_hold() -> None:
    code, out, _ = show("effective-nsg", "jump", "--predicted", "nsg-three-tier")
    assert code == 0
    rules, tags = out.split("\n\n")
    lines = [line.split() for line in rules.splitlines()]
    assert lines[0][:4] == ["Nsg", "At", "Direction", "Priority"]
    first = "nsg-app subnet app Inbound 100 AllowWebTcp Allow Tcp 10.1.0.0/24 0-65535 0.0.0.0/0 0-65535"
    assert " ".join(lines[1]) == first
    assert len(lines) == 1 + 9 + 8
    assert tags.splitlines()[1].split() == ["VirtualNetwork", "10.1.0.0/16,", "168.63.129.16/32"]


@pytest.mark.parametrize(("step", "has"), [("as built", True), ("after the tunnel to Site1 was taken down", False)])
def test_the_tag_is_that_of_a_step(step: str, has: bool) -> None:
    call = ("effective-nsg", "web", "--predicted", "nsg-virtual-network-tag", "--step", step, "-f", "json")
    _, out, _ = show(*call)
    (group,) = json.loads(out)["value"]
    tag = group["tagMap"]["VirtualNetwork"]
    assert ("10.101.0.0/16" in tag) is has
    assert {"10.1.0.0/16", "10.3.0.0/16", "10.77.0.0/16", "10.102.0.0/16", "168.63.129.16/32"} <= set(tag)
    assert "10.2.0.0/16" not in tag


def test_json_of_several_nics_has_their_nodes() -> None:
    _, out, _ = show("effective-nsg", "VNet1", "--predicted", "nsg-three-tier", "-f", "json")
    found = json.loads(out)
    assert list(found) == ["vnet1-web1", "vnet1-web2", "vnet1-logic", "vnet1-jump", "vnet1-db", "vnet1-spare"]
    assert [len(listing["value"]) for listing in found.values()] == [1, 1, 1, 2, 1, 1]


def test_a_nic_without_a_group_says_so() -> None:
    code, out, err = show("effective-nsg", "vm1", "--predicted", "s2s-static")
    assert (code, out) == (0, "")
    assert err == "netlab: vnet1-vm1 has no network security group: everything passes (N2)\n"


def test_an_unknown_nic_is_refused() -> None:
    done = CliRunner().invoke(app, ["show", "effective-nsg", "nowhere", "--predicted", "nsg-three-tier"])
    assert isinstance(done.exception, UsageError)
    assert done.exception.message.startswith("there is no virtual machine 'nowhere' in nsg-three-tier")


def test_nat_rules_name_the_connections_of_a_step_that_use_them() -> None:
    call = ("nat-rules", "VNet1", "--predicted", "vpn-nat-overlapping-sites")
    code, out, _ = show(*call, "--step", "without the egress rule of Site1")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[1] == ["vnet", "EgressSnat", "Static", "10.0.1.0/24", "100.0.1.0/24", "VNet1-Site2"]
    assert lines[4] == ["site4", "IngressSnat", "Dynamic", "10.4.0.0/16", "100.0.4.0/28", "VNet1-Site4"]
    found = json.loads(show(*call, "-f", "json")[1])
    assert found[0]["connections"] == ["VNet1-Site1", "VNet1-Site2"]


def test_firewall_rules_are_in_the_order_in_which_they_are_asked() -> None:
    call = ("firewall-rules", "FW-hub", "--predicted", "hub-spoke-azure-firewall", "--format", "json")
    rows = json.loads(show(*call)[1])
    assert [(row.get("ruleCollection"), row.get("name"), row["action"]) for row in rows] == [
        ("from-internet", "web", "DNAT"),
        ("deny-far", "spoke3", "Deny"),
        ("allow-private", "private", "Allow"),
        ("allow-private", "probes", "Allow"),
        ("allow-internet", "spoke1", "Allow"),
        (None, None, "Deny"),
    ]
    assert (rows[0]["translatedAddress"], rows[0]["translatedPort"]) == ("10.2.0.4", 7007)
    assert [row["action"] for row in json.loads(show(*call, "--step", "without a policy")[1])] == ["Deny"]


def test_firewall_rules_of_an_unknown_firewall_are_refused() -> None:
    done = CliRunner().invoke(app, ["show", "firewall-rules", "nowhere", "--predicted", "hub-spoke-azure-firewall"])
    assert isinstance(done.exception, UsageError)
    assert done.exception.message == "there is no Azure Firewall 'nowhere' in hub-spoke-azure-firewall"


def test_nat_rules_of_an_unknown_gateway_are_refused() -> None:
    done = CliRunner().invoke(app, ["show", "nat-rules", "nowhere", "--predicted", "s2s-static"])
    assert isinstance(done.exception, UsageError)
    assert done.exception.message.startswith("there is no VPN gateway 'nowhere' in s2s-static")


def test_member_health_says_who_is_down_at_a_step_and_why() -> None:
    step = "after nva1 was started again and 168.63.129.16 is denied"
    code, out, _ = show("member-health", "--predicted", "nva-load-balancer", "--step", step)
    assert code == 0
    lines = out.splitlines()
    assert [line.split()[4:8] for line in lines[1:]] == [
        ["hub-nva1", "10.0.0.4", "ssh", "Down"],
        ["hub-nva2", "10.0.0.5", "ssh", "Down"],
    ]
    assert lines[1].endswith("security rule: guard, rule 100 DenyProbes, denies it inbound at the NIC of hub-nva1")
    found = json.loads(show("member-health", "--predicted", "nva-load-balancer", "-f", "json")[1])
    assert [(row["member"], row["state"], "reason" in row) for row in found] == [
        ("hub-nva1", "Up", False),
        ("hub-nva2", "Up", False),
    ]


def test_without_a_load_balancer_there_is_no_member() -> None:
    assert json.loads(show("member-health", "--predicted", "s2s-static", "-f", "json")[1]) == []
