"""Azure Firewall: the test matrix of section F of the rulebook, row by row, each with a neighbour that must fail."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from netlab.azure.dataplane.packets import Packet
from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.state import State
from netlab.plan.planner import plan
from netlab.render import nftables
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.scenario.loader import parse
from netlab.scenario.names import by_node

ALLOW = "allow: {priority: 200, action: Allow, rules: {private: %s}}"
PRIVATE = "{ip_protocols: [Any], source_addresses: [10.0.0.0/8], destination_addresses: [10.0.0.0/8], " + (
    "destination_ports: ['*']}"
)
ANY = "{ip_protocols: [Any], source_addresses: ['*'], destination_addresses: ['*'], destination_ports: ['*']}"
TO_FW = "{address_prefix: %s, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}"
TEXT = """
name: firewall
firewall_policies:
  policy:
    snat: {private_ranges: [RANGES]}
    rule_collection_groups: {rules: {priority: 100, rule_collections: {COLLECTIONS}}}
firewalls: {fw: {vnet: Hub, firewall_policy: policy, public_ip_addresses: [203.0.113.50]}}
route_tables:
  t0: {disable_bgp_route_propagation: false, routes: {GATEWAY}}
  t1: {disable_bgp_route_propagation: PROPAGATION, routes: {SPOKE1}}
  t2: {disable_bgp_route_propagation: true, routes: {SPOKE2}}
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {AzureFirewallSubnet: 10.0.1.0/26, GatewaySubnet: {address_prefix: 10.0.255.0/27, route_table: t0}}
    vpn_gateway: {sku: VpnGw1AZ, bgp: {asn: 65010}}
  Spoke1:
    address_space: [10.1.0.0/16]
    subnets: {default: {address_prefix: 10.1.0.0/24, route_table: t1}}
    vms: {vm1: {subnet: default}}
  Spoke2:
    address_space: [10.2.0.0/16]
    subnets: {default: {address_prefix: 10.2.0.0/24, route_table: t2}}
    vms: {vm2: {subnet: default}}
peerings:
  h1: {vnet: Hub, remote_vnet: Spoke1, allow_gateway_transit: true}
  s1: {vnet: Spoke1, remote_vnet: Hub, use_remote_gateways: true, allow_forwarded_traffic: true}
  h2: {vnet: Hub, remote_vnet: Spoke2, allow_gateway_transit: true}
  s2: {vnet: Spoke2, remote_vnet: Hub, use_remote_gateways: true, allow_forwarded_traffic: true}
  DIRECT
sites:
  Site1:
    address_prefixes: [10.101.0.0/16, 198.51.100.0/24]
    bgp: {asn: 65101}
    hosts: {h1: 10.101.0.10, odd: 198.51.100.7}
connections: {Hub-Site1: {type: IPsec, between: [Hub, Site1], enable_bgp: true}}
"""
PEERED = """a: {vnet: Spoke1, remote_vnet: Spoke2, allow_forwarded_traffic: true}
  b: {vnet: Spoke2, remote_vnet: Spoke1, allow_forwarded_traffic: true}"""
USUAL = {
    "RANGES": "IANAPrivateRanges",
    "COLLECTIONS": ALLOW % PRIVATE,
    "GATEWAY": f"a: {TO_FW % '10.1.0.0/16'}, b: {TO_FW % '10.2.0.0/16'}",
    "PROPAGATION": "true",
    "SPOKE1": f"a: {TO_FW % '0.0.0.0/0'}",
    "SPOKE2": f"a: {TO_FW % '0.0.0.0/0'}",
    "DIRECT": "",
}


def built(**parts: str) -> State:
    """The opening of the usual network, given what differs from it."""
    text = TEXT
    for name, value in (USUAL | parts).items():
        text = text.replace(name, value)
    return initial(parse(text, "firewall.yaml").scenario)


def ask(source: str, target: str, protocol: Protocol = "tcp", **parts: str) -> Predicted:
    """What becomes of a pair, likewise."""
    state = built(**parts)
    ends = by_node(state.scenario)
    return Forecast(state, endpoint_addresses(state)).pair(ends[source], ends[target], protocol)


def fate(found: Predicted) -> str:
    """Where and of what it dies; the source that the target sees where it does not."""
    if found.drop is not None:
        return f"{found.drop.direction} {found.drop.node}: {found.drop.reason}"
    (walk,) = found.forward
    assert walk.arrived is not None
    return str(walk.arrived.source)


def state_of(packet: str, before: str) -> str:
    return f"fw: invalid state: fw sees the {packet} and has not seen the {before}"


VM1, VM2, H1 = "spoke1-vm1", "spoke2-vm2", "site1-h1"
ACK, SYN_ACK = state_of("ACK", "SYN-ACK"), state_of("SYN-ACK", "SYN")
REPLY = state_of("echo reply", "echo request")
NO_RULE = "fw: no rule matches: fw has no rule for it and drops what none allows (F15)"
# The second spoke reaches the first one directly, and not the other way round; or the first one the second.
FIRST_ONLY = {"DIRECT": PEERED, "SPOKE1": f"a: {TO_FW % '10.2.0.0/16'}", "SPOKE2": ""}
SECOND_ONLY = {"DIRECT": PEERED, "SPOKE1": "", "SPOKE2": f"a: {TO_FW % '10.1.0.0/16'}"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_1_spokes_talk_over_the_firewall_under_their_own_addresses(protocol: Protocol) -> None:
    found = ask(VM1, VM2, protocol)
    assert fate(found) == "10.1.0.4"
    assert [walk.nodes for walk in found.forward] == [(VM1, "spoke1", "hub", "fw", "hub", "spoke2", VM2)]


@pytest.mark.parametrize(
    ("protocol", "expected"), [("tcp", f"forward {ACK}"), ("icmp", "10.1.0.4"), ("udp", "10.1.0.4")]
)
def test_2_and_3_the_request_passes_and_the_answer_goes_past(protocol: Protocol, expected: str) -> None:
    assert fate(ask(VM1, VM2, protocol, **FIRST_ONLY)) == expected


@pytest.mark.parametrize(
    ("protocol", "expected"), [("tcp", f"reverse {SYN_ACK}"), ("icmp", f"reverse {REPLY}"), ("udp", "10.1.0.4")]
)
def test_4_the_answer_passes_and_the_request_goes_past(protocol: Protocol, expected: str) -> None:
    assert fate(ask(VM1, VM2, protocol, **SECOND_ONLY)) == expected


def test_4_a_udp_answer_is_a_new_flow_that_a_rule_must_allow() -> None:
    only = PRIVATE.replace("source_addresses: [10.0.0.0/8]", "source_addresses: [10.1.0.0/16]")
    assert fate(ask(VM1, VM2, "udp", **SECOND_ONLY, COLLECTIONS=ALLOW % only)) == f"reverse {NO_RULE}"


@pytest.mark.parametrize("gateway", ["", f"a: {TO_FW % '10.0.0.0/15'}"])
@pytest.mark.parametrize(
    ("protocol", "expected"), [("tcp", f"reverse {SYN_ACK}"), ("icmp", f"reverse {REPLY}"), ("udp", "10.101.0.10")]
)
def test_5_and_6_only_the_exact_prefix_leads_what_comes_from_the_site(
    gateway: str, protocol: Protocol, expected: str
) -> None:
    assert fate(ask(H1, VM1, protocol, GATEWAY=gateway)) == expected
    assert fate(ask(H1, VM1, protocol)) == "10.101.0.10"


@pytest.mark.parametrize(
    ("protocol", "expected"), [("tcp", f"forward {ACK}"), ("icmp", "10.101.0.10"), ("udp", "10.101.0.10")]
)
def test_7_with_propagation_the_answer_to_the_site_goes_past(protocol: Protocol, expected: str) -> None:
    assert fate(ask(H1, VM1, protocol, PROPAGATION="false")) == expected


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_8_the_internet_sees_the_public_address(protocol: Protocol) -> None:
    assert fate(ask(VM1, "internet", protocol, COLLECTIONS=ALLOW % ANY)) == "203.0.113.50"
    assert fate(ask(VM1, "internet", protocol)) == f"forward {NO_RULE}"


def test_9_public_ranges_that_are_used_privately_see_an_instance() -> None:
    everything = ALLOW % ANY
    assert fate(ask(VM1, "site1-odd", COLLECTIONS=everything)) == "10.0.1.5"
    own = "IANAPrivateRanges, 198.51.100.0/24"
    assert fate(ask(VM1, "site1-odd", COLLECTIONS=everything, RANGES=own)) == "10.1.0.4"
    # What comes from there keeps its source, and so does its answer.
    assert fate(ask("site1-odd", VM1, COLLECTIONS=everything)) == "198.51.100.7"


@pytest.mark.parametrize(
    ("ranges", "target", "expected"),
    [
        ("255.255.255.255/32", VM2, "10.0.1.5"),
        ("255.255.255.255/32", "internet", "203.0.113.50"),
        ("0.0.0.0/0", VM2, "10.1.0.4"),
        ("0.0.0.0/0", "site1-odd", "10.1.0.4"),
        ("10.0.0.0/15", VM2, "10.0.1.5"),
        ("10.2.0.0/16", VM2, "10.1.0.4"),
    ],
)
def test_f11_private_ranges_replace_the_list(ranges: str, target: str, expected: str) -> None:
    assert fate(ask(VM1, target, COLLECTIONS=ALLOW % ANY, RANGES=ranges)) == expected


def test_f11_what_is_never_translated_does_not_leave_for_the_internet() -> None:
    found = ask(VM1, "internet", COLLECTIONS=ALLOW % ANY, RANGES="0.0.0.0/0")
    assert fate(found).startswith("forward hub: not from a NIC")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_11_an_empty_policy_drops_everything(protocol: Protocol) -> None:
    assert fate(ask(VM1, VM2, protocol, COLLECTIONS="")) == f"forward {NO_RULE}"


def rule(**changed: str) -> str:
    parts = {
        "ip_protocols": "[Any]",
        "source_addresses": "['*']",
        "destination_addresses": "['*']",
        "destination_ports": "['*']",
    } | changed
    return "{" + ", ".join(f"{name}: {value}" for name, value in parts.items()) + "}"


@pytest.mark.parametrize(
    ("written", "passes"),
    [
        (rule(ip_protocols="[TCP]"), {"tcp"}),
        (rule(ip_protocols="[UDP, ICMP]"), {"udp", "icmp"}),
        (rule(destination_ports="[7007]"), {"tcp", "udp"}),
        (rule(destination_ports="[7000-7006, 7008]"), set()),
        # The ports of a rule are those of TCP and UDP: ICMP that it names passes.
        (rule(ip_protocols="[TCP, ICMP]", destination_ports="[443]"), {"icmp"}),
        (rule(source_addresses="[10.1.0.4]"), {"tcp", "udp", "icmp"}),
        (rule(source_addresses="[10.1.0.5, 10.1.0.128/25]"), set()),
        (rule(destination_addresses="[10.2.0.1-10.2.0.9]"), {"tcp", "udp", "icmp"}),
        (rule(destination_addresses="[10.2.0.5-10.2.0.9]"), set()),
        (rule(destination_addresses="[Internet]"), set()),
    ],
)
def test_a_rule_is_for_what_it_names(written: str, passes: set[str]) -> None:
    found = {each for each in PROTOCOLS if ask(VM1, VM2, each, COLLECTIONS=ALLOW % written).drop is None}
    assert found == passes


DENY = "deny: {priority: %d, action: Deny, rules: {far: " + rule(destination_addresses="[10.2.0.0/16]") + "}}"


def test_f7_the_lowest_priority_decides() -> None:
    allow = ALLOW % ANY
    denied = "forward fw: firewall rule: fw, collection deny (priority 199), rule far, denies it (F7)"
    assert fate(ask(VM1, VM2, COLLECTIONS=f"{allow}, {DENY % 199}")) == denied
    assert fate(ask(VM1, VM2, COLLECTIONS=f"{allow}, {DENY % 201}")) == "10.1.0.4"
    # All collections of a group come before those of a group with a higher number.
    later = f"}}}}, after: {{priority: 200, rule_collections: {{{DENY % 100}"
    assert fate(ask(VM1, VM2, COLLECTIONS=allow + later)) == "10.1.0.4"


def test_f24_the_kernel_has_the_rules_in_their_order() -> None:
    scenario = built(COLLECTIONS=f"{ALLOW % PRIVATE}, {DENY % 199}").scenario
    node = plan(scenario, "firewall").node("fw")
    lines = map(str.strip, nftables.text(node.nftables).splitlines())
    rules = [line for line in lines if "comment" in line and not line.startswith("type")]
    assert rules == [
        'ip daddr @deny-far-destinations drop comment "deny far"',
        'ip saddr @allow-private-sources ip daddr @allow-private-destinations accept comment "allow private"',
        'drop comment "no rule matches"',
    ]


def dnat(**changed: str) -> str:
    """A collection of one rule of translation to the second spoke, given what differs."""
    parts = {
        "rule_type": "NatRule",
        "ip_protocols": "[TCP]",
        "source_addresses": "['*']",
        "destination_addresses": "[203.0.113.50]",
        "destination_ports": "[7007]",
        "translated_address": "10.2.0.4",
        "translated_port": "7007",
    }
    return f"dnat: {{priority: 100, action: DNAT, rules: {{web: {rule(**parts | changed)}}}}}"


def test_10_the_internet_asks_by_the_public_address_and_the_server_sees_an_instance() -> None:
    assert fate(ask("internet", VM2, COLLECTIONS=dnat())) == "10.0.1.5"
    assert fate(ask("internet", VM2, "udp", COLLECTIONS=dnat())) == f"forward {NO_RULE}"
    assert fate(ask("internet", VM2, "icmp", COLLECTIONS=dnat())) == f"forward {NO_RULE}"
    assert fate(ask("internet", VM2, "udp", COLLECTIONS=dnat(ip_protocols="[TCP, UDP]"))) == "10.0.1.5"
    # Nobody asks for the other machine there, nor without the rule.
    assert (
        fate(ask("internet", VM1, COLLECTIONS=dnat()))
        == "forward internet: no route: internet has no route to 10.1.0.4"
    )
    assert fate(ask("internet", VM2)) == "forward internet: no route: internet has no route to 10.2.0.4"


def test_10_sources_that_a_rule_does_not_name_get_nothing() -> None:
    assert fate(ask("internet", VM2, COLLECTIONS=dnat(source_addresses="[192.0.2.1]"))) == "10.0.1.5"
    assert fate(ask("internet", VM2, COLLECTIONS=dnat(source_addresses="[192.0.2.2]"))) == f"forward {NO_RULE}"


def test_f8_a_rule_that_denies_the_translated_packet_overrides_it() -> None:
    denied = "forward fw: firewall rule: fw, collection deny (priority 199), rule far, denies it (F7)"
    assert fate(ask("internet", VM2, COLLECTIONS=f"{dnat()}, {DENY % 199}")) == denied
    elsewhere = (DENY % 199).replace("10.2.0.0/16", "10.1.0.0/16")
    assert fate(ask("internet", VM2, COLLECTIONS=f"{dnat()}, {elsewhere}")) == "10.0.1.5"


def test_f8_the_allow_is_for_translated_packets_alone() -> None:
    assert fate(ask(VM1, VM2, COLLECTIONS=dnat())) == f"forward {NO_RULE}"


@pytest.mark.parametrize(("asked", "translated"), [(443, "8443"), (7007, "80"), (80, "80")])
def test_10_ports_are_translated_and_back(asked: int, translated: str) -> None:
    rules = dnat(destination_ports=f"[{asked}]", translated_port=translated)
    plane = Forecast(state := built(COLLECTIONS=rules), endpoint_addresses(state)).plane
    request = Packet(IPv4Address("192.0.2.1"), IPv4Address("203.0.113.50"), "tcp", 40000, asked)
    (there,) = plane.walks("internet", request)
    assert there.arrived == Packet(IPv4Address("10.0.1.5"), IPv4Address("10.2.0.4"), "tcp", 40000, int(translated))
    (back,) = plane.walks(VM2, there.arrived.answer, there.sessions)
    assert back.arrived == request.answer
    (third,) = plane.walks("internet", back.arrived.answer, back.sessions)
    assert third.nodes == there.nodes
    assert third.arrived is not None
    (other,) = plane.walks("internet", replace(request, destination_port=asked + 1))
    assert (other.dropped_at, other.reason) == ("fw", NO_RULE.removeprefix("fw: "))


@pytest.mark.parametrize("asker", [VM1, H1])
def test_private_dnat_is_for_the_private_address_and_the_server_sees_an_instance(asker: str) -> None:
    """F14: a network that overlaps asks the firewall by its private address."""
    private = dnat(destination_addresses="[10.0.1.4]", destination_ports="[443]", translated_port="8443")
    state = built(COLLECTIONS=private)
    plane = Forecast(state, addresses := endpoint_addresses(state)).plane
    request = Packet(addresses[asker], IPv4Address("10.0.1.4"), "tcp", 40000, 443)
    (there,) = plane.walks(asker, request)
    assert there.arrived == Packet(IPv4Address("10.0.1.5"), IPv4Address("10.2.0.4"), "tcp", 40000, 8443)
    (back,) = plane.walks(VM2, there.arrived.answer, there.sessions)
    assert (back.nodes[-1], back.arrived) == (asker, request.answer)
    for other in (replace(request, destination_port=80), replace(request, protocol="udp")):
        (lost,) = plane.walks(asker, other)
        assert (lost.dropped_at, lost.reason) == ("fw", NO_RULE.removeprefix("fw: "))


FORCED = {
    "{vnet: Hub, firewall_policy: policy,": "{vnet: Hub, firewall_policy: policy, management_ip_configuration: {},",
    "AzureFirewallSubnet: 10.0.1.0/26": "AzureFirewallSubnet: {address_prefix: 10.0.1.0/26, route_table: t3}, "
    "AzureFirewallManagementSubnet: {address_prefix: 10.0.1.64/26, route_table: t4}, nva: 10.0.2.0/24",
    "    vpn_gateway:": "    vms:\n"
    "      nva: {subnet: nva, enable_ip_forwarding: true, nva: {}, public_ip_address: 203.0.113.60}\n"
    "    vpn_gateway:",
    "vnets:\n": "  t3: {routes: {all: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, "
    "next_hop_ip_address: 10.0.2.4}}}\n"
    "  t4: {disable_bgp_route_propagation: true, routes: {all: {address_prefix: 0.0.0.0/0, next_hop_type: Internet}}}\n"
    "vnets:\n",
}


def test_f5_with_forced_tunnelling_the_internet_sees_the_next_appliance() -> None:
    text = TEXT
    for name, value in (USUAL | {"COLLECTIONS": ALLOW % ANY}).items():
        text = text.replace(name, value)
    for before, after in FORCED.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    state = initial(parse(text, "firewall.yaml").scenario)
    ends = by_node(state.scenario)
    found = Forecast(state, endpoint_addresses(state)).pair(ends[VM1], ends["internet"], "tcp")
    assert fate(found) == "203.0.113.60"
    (walk,) = found.forward
    assert walk.nodes == (VM1, "spoke1", "hub", "fw", "hub", "hub-nva", "hub", "backbone", "internet")
