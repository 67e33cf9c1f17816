"""BGP route translation of NAT rules: what a gateway learns and advertises (T18 to T20)."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from netlab.azure.bgp.fixpoint import Converged, converge
from netlab.azure.prediction import predict
from netlab.scenario.loader import parse
from netlab.scenario.network import Topology, resolve

# The figures of NATOV23, and a third branch without NAT.
EXAMPLE = """
name: branches
vnets:
  VNet1:
    address_space: [10.0.1.0/24]
    subnets: {default: 10.0.1.0/25, GatewaySubnet: 10.0.1.224/27}
    vms: {vm: {subnet: default}}
    vpn_gateway:
      sku: VpnGw2AZ
      bgp: {asn: 65010}
      bgp_route_translation_for_nat: true
      nat_rules:
        vnet: {mode: EgressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.1.0/24]}
        branch1: {mode: IngressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.2.0/24]}
        branch2: {mode: IngressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.3.0/24]}
sites:
  Branch1:
    address_prefixes: [10.0.1.0/24, 192.168.1.0/24]
    announces: [10.0.1.0/24]
    bgp: {asn: 65101, bgp_peering_address: 192.168.1.1}
    hosts: {h1: 10.0.1.10}
  Branch2:
    address_prefixes: [10.0.1.0/24, 192.168.2.0/24]
    announces: [10.0.1.0/24]
    bgp: {asn: 65102, bgp_peering_address: 192.168.2.1}
    hosts: {h2: 10.0.1.20}
  Branch3:
    address_prefixes: [10.3.0.0/16]
    bgp: {asn: 65103}
    hosts: {h3: 10.3.0.10}
connections:
  C1: {type: IPsec, between: [VNet1, Branch1], enable_bgp: true, ingress_nat_rules: [branch1], egress_nat_rules: [vnet]}
  C2: {type: IPsec, between: [Branch2, VNet1], enable_bgp: true, ingress_nat_rules: [branch2], egress_nat_rules: [vnet]}
  C3: {type: IPsec, between: [VNet1, Branch3], enable_bgp: true}
"""


def converged(text: str) -> Converged:
    topology = Topology(resolve(parse(text, "x.yaml").scenario))
    return converge(topology, frozenset(topology.tunnel), {})


def learned(text: str) -> dict[str, dict[str, tuple[int, ...]]]:
    """By node: prefix and AS path, without the host routes of BGP peers."""
    found = converged(text).paths
    return {
        node: {str(prefix): paths[0].as_path for prefix, paths in of.items() if paths and prefix.prefixlen < 32}
        for node, of in found.items()
    }


def announcing(text: str, *prefixes: str) -> str:
    before = "announces: [10.0.1.0/24]\n    bgp: {asn: 65101"
    assert before in text
    return text.replace(before, f"announces: [{', '.join(prefixes)}]\n    bgp: {{asn: 65101")


def test_prefixes_after_nat_go_both_ways_with_their_as_paths() -> None:
    assert learned(EXAMPLE) == {
        "vnet1-gw-0": {"100.0.2.0/24": (65101,), "100.0.3.0/24": (65102,), "10.3.0.0/16": (65103,)},
        "branch1": {"100.0.1.0/24": (65010,), "100.0.3.0/24": (65010, 65102), "10.3.0.0/16": (65010, 65103)},
        "branch2": {"100.0.1.0/24": (65010,), "100.0.2.0/24": (65010, 65101), "10.3.0.0/16": (65010, 65103)},
        # A connection without rules has the VNet as it is, and the branches as the gateway has them (T3, T18).
        "branch3": {"10.0.1.0/24": (65010,), "100.0.2.0/24": (65010, 65101), "100.0.3.0/24": (65010, 65102)},
    }


def test_without_the_flag_bgp_carries_internal_prefixes() -> None:
    """T20: the gateway drops the branches' prefix as its VNet's, and the branches have the VNet's beside their own."""
    found = learned(EXAMPLE.replace("bgp_route_translation_for_nat: true", "bgp_route_translation_for_nat: false"))
    assert found["vnet1-gw-0"] == {"10.3.0.0/16": (65103,)}
    assert found["branch3"] == {"10.0.1.0/24": (65010,)}


@pytest.mark.parametrize(
    ("announced", "of_branch"),
    [
        (["10.0.1.0/25", "10.0.1.128/25"], {}),  # longer: inside the VNet (B20)
        (["10.0.0.0/23"], {"10.0.0.0/23": (65101,)}),  # shorter: a superset of the VNet's, which is accepted (B21)
        (["10.0.1.0/24", "10.9.0.0/16"], {"100.0.2.0/24": (65101,), "10.9.0.0/16": (65101,)}),
        (["10.0.1.10/32"], {}),
    ],
)
def test_only_exactly_the_internal_prefix_is_translated(
    announced: list[str], of_branch: dict[str, tuple[int, ...]]
) -> None:
    """T19, and row 7 of the matrix."""
    text = announcing(EXAMPLE, *announced)
    assert {p: path for p, path in learned(text)["vnet1-gw-0"].items() if path == (65101,)} == of_branch


def test_a_pool_is_advertised_in_the_place_of_the_prefix_behind_it() -> None:
    text = EXAMPLE.replace(
        "branch1: {mode: IngressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.2.0/24]}",
        "branch1: {mode: IngressSnat, type: Dynamic, internal_mappings: [10.0.1.0/24], "
        "external_mappings: [100.9.0.0/28]}",
    )
    assert learned(text)["branch2"]["100.9.0.0/28"] == (65010, 65101)
    assert "100.0.2.0/24" not in learned(text)["branch2"]


def test_an_announcement_that_goes_away_is_withdrawn_under_the_external_prefix() -> None:
    scenario = parse(EXAMPLE, "x.yaml").scenario
    topology = Topology(resolve(scenario))
    gone = converge(topology, frozenset(topology.tunnel), {"Branch1": frozenset()}).paths
    assert IPv4Network("100.0.2.0/24") not in gone["vnet1-gw-0"]
    down = converge(topology, frozenset({"C2", "C3"}), {}).paths
    assert IPv4Network("100.0.2.0/24") not in down["branch2"]


def test_what_is_sent_is_what_is_on_the_wire() -> None:
    """The gateway's advertised routes are those after NAT; a branch's are its own."""
    found = converged(EXAMPLE)
    assert {str(p) for p, _ in found.sent("vnet1-gw-0", "branch1", "C1") if p.prefixlen < 32} == {
        *("100.0.1.0/24", "100.0.3.0/24", "10.3.0.0/16", "100.0.2.0/24"),
    }
    assert {str(p) for p, _ in found.sent("branch1", "vnet1-gw-0", "C1") if p.prefixlen < 32} >= {"10.0.1.0/24"}


def test_both_instances_translate() -> None:
    """T16: an active-active gateway with the same static rules for both instances."""
    text = EXAMPLE.replace("sku: VpnGw2AZ", "sku: VpnGw2AZ\n      active_active: true")
    found = learned(text)
    assert found["vnet1-gw-0"] == found["vnet1-gw-1"]
    assert found["vnet1-gw-1"]["100.0.2.0/24"] == (65101,)


@pytest.mark.parametrize(("flag", "reached"), [("true", 12), ("false", 2)])
def test_with_translation_all_reach_each_other_and_without_it_hardly_anyone(flag: str, reached: int) -> None:
    """The neighbour that must fail: without it only the VNet and the branch without NAT have routes to each other."""
    text = EXAMPLE.replace("bgp_route_translation_for_nat: true", f"bgp_route_translation_for_nat: {flag}")
    (found,) = predict(parse(text, "x.yaml").scenario)
    assert sum(1 for cell in found.cells if cell.outcome == "reachable") == reached
