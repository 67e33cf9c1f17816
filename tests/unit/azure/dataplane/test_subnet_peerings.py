"""Peerings of subnets, and summaries of what gateways advertise (U12 to U18)."""

from __future__ import annotations

import pytest

from netlab.azure.effective import system_routes
from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.state import State
from netlab.plan.planner import plan
from netlab.scenario.loader import parse
from netlab.scenario.names import by_node

TEXT = """
name: subnets
vnets:
  A:
    address_space: [10.1.0.0/16]
    subnets: {s1: 10.1.1.0/24, s2: 10.1.2.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {m1: {subnet: s1}, m2: {subnet: s2}}
    vpn_gateway: {sku: VpnGw1AZ, bgp: {asn: 65010}}
  B:
    address_space: [10.2.0.0/16, 10.7.0.0/16]
    subnets: {s3: 10.2.3.0/24, s4: 10.7.4.0/24}
    vms: {m3: {subnet: s3}, m4: {subnet: s4}}
peerings:
  ab:
    {vnet: A, remote_vnet: B, allow_gateway_transit: true, peer_complete_vnets: false,
     local_subnet_names: [s1, GatewaySubnet], remote_subnet_names: [s3]}
  ba:
    {vnet: B, remote_vnet: A, use_remote_gateways: true, peer_complete_vnets: false,
     local_subnet_names: [s3], remote_subnet_names: [s1, GatewaySubnet]}
sites:
  Site: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h: 10.101.0.10}}
connections:
  A-Site: {type: IPsec, between: [A, Site], enable_bgp: true}
"""
Edit = tuple[str, str]
BOTH: tuple[Edit, ...] = (
    ("[s1, Gat", "[s1, s2, Gat"),
    ("remote_subnet_names: [s1, Gat", "remote_subnet_names: [s1, s2, Gat"),
)


def summary(*prefixes: str) -> Edit:
    listed = ", ".join(prefixes)
    where = "    vpn_gateway: {sku"
    return where, f"    summarized_gateway_prefixes: {{address_prefixes: [{listed}]}}\n{where}"


def state(*edits: Edit) -> State:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now, 1)
    return initial(parse(text, "subnets.yaml").scenario)


def pair(found: State, source: str, target: str) -> Predicted:
    ends = by_node(found.scenario)
    return Forecast(found, endpoint_addresses(found)).pair(ends[source], ends[target])


@pytest.mark.parametrize(
    ("source", "target", "drop"),
    [
        ("a-m1", "b-m3", None),
        ("b-m3", "a-m1", None),
        # U14: the route is there, and the far side drops.
        ("a-m2", "b-m3", ("b", "not-a-peered-subnet")),
        ("b-m4", "a-m1", ("a", "not-a-peered-subnet")),
        # U12: no route.
        ("b-m3", "a-m2", ("b", "none-route")),
        ("a-m1", "b-m4", ("a", "none-route")),
        ("a-m2", "b-m4", ("a", "none-route")),
        # U15: gateway transit, subnet by subnet.
        ("b-m3", "site-h", None),
        ("site-h", "b-m3", None),
        ("b-m4", "site-h", ("a", "not-a-peered-subnet")),
        ("a-m2", "site-h", None),
    ],
)
def test_only_peered_subnets_talk(source: str, target: str, drop: tuple[str, str] | None) -> None:
    found = pair(state(), source, target).drop
    assert (found and (found.node, found.type)) == drop


def test_a_subnet_that_both_sides_name_is_peered() -> None:
    """The neighbour of the rows before."""
    found = state(*BOTH)
    assert pair(found, "a-m2", "b-m3").outcome == pair(found, "b-m3", "a-m2").outcome == "reachable"


def test_every_subnet_has_the_routes_to_the_peered_remote_ones() -> None:
    vnets = state().network.vnets
    to_peer = {
        name: [str(r.prefix) for r in system_routes(vnets[name]) if r.next_hop_type == "VNetPeering"] for name in "AB"
    }
    assert to_peer == {"A": ["10.2.3.0/24"], "B": ["10.1.1.0/24", "10.1.255.0/27"]}


@pytest.mark.parametrize(
    ("edits", "learned"),
    [
        ((), {"10.1.0.0/16", "10.2.3.0/24"}),
        ((summary("10.0.0.0/14"),), {"10.0.0.0/14"}),
        ((summary("10.1.0.0/16"),), {"10.1.0.0/16", "10.2.3.0/24"}),
        ((summary("172.16.0.0/16"),), {"172.16.0.0/16", "10.2.3.0/24"}),
        ((summary("10.1.0.0/17", "10.2.0.0/15"),), {"10.1.0.0/17", "10.2.0.0/15"}),
    ],
)
def test_the_site_learns_the_peered_subnets_or_the_summary(edits: tuple[Edit, ...], learned: set[str]) -> None:
    """U15 to U17."""
    found = state(*edits)
    assert {str(prefix) for prefix in found.learned["site"]} - {"10.1.255.30/32"} == learned


def test_a_summary_elsewhere_hides_the_vnet() -> None:
    """U17: the site has no route; routes of machines are as before."""
    found = state(summary("172.16.0.0/16"))
    assert pair(found, "site-h", "a-m1").outcome == "unreachable"
    assert pair(found, "a-m1", "b-m3").outcome == "reachable"


def test_the_fabric_drops_what_comes_from_other_subnets_of_the_peer() -> None:
    found = plan(state().scenario, "t")
    fabric = next(fabric for fabric in found.fabrics if fabric.node == "a")
    (barrier,) = (item for item in fabric.barriers if item.cause.type == "not-a-peered-subnet")
    assert barrier.ingress == ("p-b",)
    assert "10.2.3.0/24" in barrier.sources
    assert not {"10.2.0.0/16", "10.7.0.0/16", "0.0.0.0/0"} & set(barrier.sources)
