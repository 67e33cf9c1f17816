"""Classes: members of one class reach the same, and are reached by the same, as the one that stands for them."""

from __future__ import annotations

import pytest

from netlab.azure.classes import Sample, classes, sample
from netlab.azure.prediction import PredictedStep, predict
from netlab.results.verification import Check, Inferred, StepReport, Summary, summary
from netlab.scenario.loader import load, parse
from netlab.scenario.models import Scenario
from netlab.scenario.names import endpoints

VMS = "{subnet: a}, ".join(f"vm{n}: " for n in range(8))
TEXT = f"""
name: alike
route_tables:
  half: {{routes: {{r: {{address_prefix: 10.2.0.4/31, next_hop_type: None}}}}}}
vnets:
  V1:
    address_space: [10.1.0.0/16]
    subnets: {{a: {{address_prefix: 10.1.0.0/24, route_table: half}}, GatewaySubnet: 10.1.255.0/27}}
    vms: {{{VMS}{{subnet: a}}}}
    vpn_gateway: {{point_to_site: {{address_pool: 192.168.0.0/24}}}}
  V2:
    address_space: [10.2.0.0/16]
    subnets: {{a: 10.2.0.0/24}}
    vms: {{{VMS}{{subnet: a}}}}
peerings:
  one: {{vnet: V1, remote_vnet: V2}}
  two: {{vnet: V2, remote_vnet: V1}}
clients:
  c1: {{os: linux, gateway: V1}}
  c2: {{os: linux, gateway: V1}}
  c3: {{os: windows, gateway: V1}}
"""


def steps(scenario: Scenario) -> list[PredictedStep]:
    return list(predict(scenario))


def what(step: PredictedStep) -> dict[tuple[str, str], object]:
    return {(cell.source, cell.target): cell.drop and (cell.drop.type, cell.drop.direction) for cell in step.cells}


def check(found: list[PredictedStep]) -> None:
    stands_for = {
        end.node: [members[0].node, members[min(1, len(members) - 1)].node]
        for members in classes([step.state for step in found])
        for end in members
    }
    for step in found:
        verdicts = what(step)
        for (source, target), verdict in verdicts.items():
            first, (same, other) = stands_for.get(source, [source])[0], (stands_for.get(target, [target]) * 2)[:2]
            assert verdict == verdicts[first, other if first == same else same], (source, target)


def test_a_user_route_in_the_middle_of_a_subnet_separates() -> None:
    found = steps(parse(TEXT, "alike.yaml").scenario)
    sizes = {members[0].node: len(members) for members in classes([step.state for step in found])}
    assert sizes == {"v1-vm0": 8, "v2-vm0": 2, "v2-vm2": 6, "c1": 2, "c3": 1}
    check(found)


def test_what_a_peering_that_is_not_in_sync_uses_separates() -> None:
    """R111: the subnet has grown beyond what the peer has taken over."""
    held = TEXT.replace(
        "one: {vnet: V1, remote_vnet: V2}", "one: {vnet: V1, remote_vnet: V2, remote_address_space: [10.2.0.0/29]}"
    )
    found = steps(parse(held, "alike.yaml").scenario)
    separated = {frozenset(end.node for end in members) for members in classes([step.state for step in found])}
    assert frozenset(("v2-vm2", "v2-vm3")) in separated
    assert not any({"v2-vm3", "v2-vm4"} <= members for members in separated)
    check(found)


@pytest.mark.parametrize("name", ["p2s-branch-bgp", "hub-spoke-firewall", "p2s-certificates", "s2s-bgp-prefix-rules"])
def test_a_class_stands_for_its_members_in_every_step(name: str) -> None:
    check(steps(load(name).scenario))


# --- samples --------------------------------------------------------------------------------------------------------


def network(vms: int, clients: int = 0, story: str = "") -> Scenario:
    """So many machines in a subnet, and so many clients of its gateway."""
    machines = ", ".join(f"vm{n}: {{subnet: a}}" for n in range(vms))
    gateway = "vpn_gateway: {point_to_site: {address_pool: 192.168.0.0/24, tunnel_types: [IkeV2]}}"
    text = f"""
name: many
vnets:
  V1:
    address_space: [10.1.0.0/16]
    subnets: {{a: 10.1.0.0/22, GatewaySubnet: 10.1.255.0/27}}
    vms: {{{machines}}}
    {gateway if clients else ""}
"""
    listed = ", ".join(f"c{n}: {{os: linux, gateway: V1}}" for n in range(clients))
    return parse(text + (f"clients: {{{listed}}}\n" if clients else "") + story, "many.yaml").scenario


NAMED = """
story:
  - {name: one, expect: {reach: {V1-vm7: {V1-vm9: reachable}}}}
"""
INTERNET = """
story:
  - {name: out, expect: {reach: {V1: {internet: reachable}}}}
"""


def sampled(scenario: Scenario) -> Sample | None:
    return sample(scenario, (step.state for step in predict(scenario)))


@pytest.mark.parametrize(("vms", "clients"), [(2, 0), (100, 0), (60, 40)])
def test_of_a_network_with_up_to_100_machines_all_are_asked(vms: int, clients: int) -> None:
    assert sampled(network(vms, clients)) is None


@pytest.mark.parametrize(
    ("scenario", "asked", "inferred"),
    [
        # 101 x 100 pairs, of which 2 are asked.
        (network(101), 2, {("v1-vm0", "v1-vm0"): 10_098}),
        # vm7 and vm9 are named: each is a class of its own, and each asks two of the others.
        (
            network(105, story=NAMED),
            4,
            {
                ("v1-vm0", "v1-vm0"): 103 * 102 - 2,
                ("v1-vm0", "v1-vm7"): 101,
                ("v1-vm7", "v1-vm0"): 101,
                ("v1-vm0", "v1-vm9"): 101,
                ("v1-vm9", "v1-vm0"): 101,
            },
        ),
        # The Internet is only asked, and belongs to no class.
        (network(101, story=INTERNET), 2, {("v1-vm0", "v1-vm0"): 10_098}),
        (
            network(1, 128),
            3,
            {("c0", "c0"): 128 * 127 - 2, ("v1-vm0", "c0"): 126, ("c0", "v1-vm0"): 126},
        ),
    ],
)
def test_two_of_each_class_are_asked_for_all(
    scenario: Scenario, asked: int, inferred: dict[tuple[str, str], int]
) -> None:
    found = sampled(scenario)
    assert found is not None
    left = tuple(found.inferred(scenario))
    assert len(found.asked) == asked
    assert {(item.source, item.target): item.pairs for item in left} == inferred
    assert {item.status for item in left} == {"inferred"}
    machines = len(endpoints(scenario))
    assert asked * (asked - 1) + sum(inferred.values()) == machines * (machines - 1)


@pytest.mark.parametrize("name", ["vm7", "vm9"])
def test_a_machine_that_a_story_names_is_asked(name: str) -> None:
    found = sampled(network(105, story=NAMED))
    assert found is not None
    assert f"v1-{name}" in found.nodes
    assert not any(f"v1-{name}" in members for members in found.classes.values())


def test_what_was_not_probed_did_not_pass() -> None:
    step = StepReport("a", (), (Check("x", "passed", ""),))
    found = summary([step, step], [Inferred("a", "b", 7, "alike"), Inferred("b", "a", 3, "alike")])
    assert found == Summary(passed=2, failed=0, errors=0, inferred=10 * 3 * 2)


HUB = """
name: alike-behind-a-firewall
firewall_policies:
  policy:
    rule_collection_groups: {g: {priority: 100, rule_collections: {COLLECTIONS}}}
firewalls: {fw: {vnet: Hub, firewall_policy: policy, public_ip_addresses: [203.0.113.50]}}
route_tables:
  t: {routes: {all: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}}}
vnets:
  Hub: {address_space: [10.0.0.0/16], subnets: {AzureFirewallSubnet: 10.0.1.0/26}}
  V1:
    address_space: [10.1.0.0/16]
    subnets: {a: {address_prefix: 10.1.0.0/24, route_table: t}}
    vms: {vm0: {subnet: a}, vm1: {subnet: a}, vm2: {subnet: a}, vm3: {subnet: a}, vm4: {subnet: a}}
  V2:
    address_space: [10.2.0.0/16]
    subnets: {a: {address_prefix: 10.2.0.0/24, route_table: t}}
    vms: {vm5: {subnet: a}, vm6: {subnet: a}, vm7: {subnet: a}, vm8: {subnet: a}}
peerings:
  h1: {vnet: Hub, remote_vnet: V1}
  s1: {vnet: V1, remote_vnet: Hub, allow_forwarded_traffic: true}
  h2: {vnet: Hub, remote_vnet: V2}
  s2: {vnet: V2, remote_vnet: Hub, allow_forwarded_traffic: true}
story: [{name: as built, expect: {reach: {internet: {V2: {unreachable: it depends}}}}}]
"""
NETWORK = "ip_protocols: [Any], source_addresses: ['*'], destination_addresses: [10.2.0.6/31], destination_ports: ['*']"
DNAT = (
    "rule_type: NatRule, ip_protocols: [TCP], source_addresses: ['*'], destination_addresses: [203.0.113.50], "
    "destination_ports: [7007], translated_address: 10.2.0.6, translated_port: 7007"
)


@pytest.mark.parametrize(
    ("collections", "number"),
    [
        (f"c: {{priority: 100, action: Allow, rules: {{r: {{{NETWORK}}}}}}}", 3),
        (f"c: {{priority: 100, action: DNAT, rules: {{r: {{{DNAT}}}}}}}", 4),
        ("", 2),
    ],
)
def test_the_rules_of_a_firewall_separate(collections: str, number: int) -> None:
    found = steps(parse(HUB.replace("COLLECTIONS", collections), "x.yaml").scenario)
    assert len(classes([step.state for step in found])) == number
    check(found)
