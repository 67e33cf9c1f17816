"""TTL: fabrics and gateways take nothing off, and no ring of them is without one that does."""

from __future__ import annotations

import re
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.plan.model import KeepsTtl, Plan
from netlab.plan.planner import plan
from netlab.render import nftables
from netlab.scenario.loader import parse

KEEPS = ("vnet", "gateway")


def gateways(pairs: list[tuple[int, int]], *, active_active: bool = False) -> Plan:
    """VNets with gateways, and a connection for each pair of them."""
    numbers = sorted({number for pair in pairs for number in pair})
    sku = "{sku: VpnGw2AZ, active_active: true}" if active_active else "{sku: VpnGw2AZ}"
    lines = ["name: t", "vnets:"]
    for n in numbers:
        subnets = f"{{d: 10.{n}.0.0/24, GatewaySubnet: 10.{n}.255.0/27}}"
        lines.append(f"  V{n}: {{address_space: [10.{n}.0.0/16], subnets: {subnets}, vpn_gateway: {sku}}}")
    lines.append("connections:")
    lines += [f"  c{a}x{b}: {{type: Vnet2Vnet, between: [V{a}, V{b}]}}" for a, b in pairs]
    return plan(parse("\n".join(lines), "t.yaml").scenario, "t")


def turning(found: Plan, node: str) -> set[str]:
    (keeps,) = (item for item in found.node(node).nftables if isinstance(item, KeepsTtl))
    return set(keeps.turning)


def takes_one(found: Plan, before: int, here: int, after: int) -> bool:
    """Whether the gateway of a VNet takes one off between the tunnels to two others."""
    into = ("t-c{}x{}".format(*sorted((here, other))) for other in (before, after))
    return set(into) <= turning(found, f"v{here}-gw-0")


def ways(pairs: list[tuple[int, int]], length: int) -> list[tuple[int, ...]]:
    """The ways from gateway to gateway without a return."""
    beside = {*pairs, *((b, a) for a, b in pairs)}
    numbers = {number for pair in pairs for number in pair}
    every = permutations(numbers, length)
    return [way for way in every if all(step in beside for step in pairwise(way))]


@pytest.mark.parametrize(
    "pairs",
    [
        [(1, 2), (2, 3)],
        [(1, 2), (2, 3), (3, 4), (4, 5)],
        [(1, 5), (2, 5), (3, 5), (4, 5)],
        [(1, 2), (2, 3), (2, 4), (4, 5), (4, 6)],
    ],
    ids=["chain of three", "chain of five", "star", "tree"],
)
def test_no_gateway_of_a_tree_takes_anything_off(pairs: list[tuple[int, int]]) -> None:
    found = gateways(pairs)
    for before, here, after in ways(pairs, 3):
        assert not takes_one(found, before, here, after)


@pytest.mark.parametrize(
    "pairs",
    [
        [(1, 2), (2, 3), (1, 3)],
        [(1, 2), (2, 3), (3, 4), (1, 4)],
        [(1, 3), (3, 5), (2, 5), (2, 4), (1, 4)],
        [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)],
    ],
    ids=["ring of three", "ring of four", "ring of five", "full mesh of four"],
)
def test_a_gateway_of_each_ring_takes_one_off(pairs: list[tuple[int, int]]) -> None:
    found = gateways(pairs)
    beside = {*pairs, *((b, a) for a, b in pairs)}
    for length in range(3, 6):
        for way in ways(pairs, length):
            if (way[-1], way[0]) in beside:
                ring = (*way, *way[:2])
                assert any(takes_one(found, *ring[n : n + 3]) for n in range(length)), ring


@settings(max_examples=30, deadline=None)
@given(st.sets(st.tuples(st.integers(1, 6), st.integers(1, 6)).filter(lambda p: p[0] < p[1]), min_size=1, max_size=7))
def test_between_two_gateways_nothing_goes_to_and_fro_for_ever(pairs: set[tuple[int, int]]) -> None:
    found = gateways(sorted(pairs))
    for a, b in pairs:
        assert takes_one(found, a, b, a) != takes_one(found, b, a, b)


def test_the_link_between_two_instances_is_a_place_of_a_ring_too() -> None:
    found = gateways([(1, 2)], active_active=True)
    assert "pair" not in turning(found, "v1-gw-0")
    assert "pair" in turning(found, "v1-gw-1")


def test_what_a_vnet_leads_back_to_its_gateway_loses_one() -> None:
    assert turning(gateways([(1, 2)]), "v1") == {"gw-0", "gw-1"}


MIXED = """
name: mixed
vnets:
  Hub:
    address_space: [10.1.0.0/16]
    subnets: {d: 10.1.0.0/24, fw: 10.1.1.0/24, GatewaySubnet: 10.1.254.0/26, RouteServerSubnet: 10.1.255.0/26}
    vms: {d: {subnet: d}, fw: {subnet: fw, enable_ip_forwarding: true, nva: {bgp: {asn: 65001}}}}
    vpn_gateway: {active_active: true, bgp: {asn: 65515}, point_to_site: {address_pool: 172.20.0.0/24}}
    expressroute_gateway: {}
    route_server: {}
  Spoke: {address_space: [10.2.0.0/16], subnets: {d: 10.2.0.0/24}, vms: {d: {subnet: d}}}
peerings:
  a: {vnet: Hub, remote_vnet: Spoke}
  b: {vnet: Spoke, remote_vnet: Hub}
sites:
  HQ: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h: 10.101.0.10}}
  Line: {address_prefixes: [10.102.0.0/16], bgp: {asn: 65102}, hosts: {h: 10.102.0.10}}
connections: {hq: {type: IPsec, between: [Hub, HQ], enable_bgp: true}}
expressroute_circuits: {c1: {site: Line, vnets: {Hub: {}}}}
clients: {lin: {os: linux, gateway: Hub}}
"""


def test_fabrics_and_gateways_keep_the_ttl_and_nothing_else_does() -> None:
    """Not appliances, devices of sites, Microsoft's edge routers, the Internet."""
    found = plan(parse(MIXED, "mixed.yaml").scenario, "t")
    keeping = {node.name for node in found.nodes if any(isinstance(item, KeepsTtl) for item in node.nftables)}
    assert keeping == {"hub", "spoke", "hub-gw-0", "hub-gw-1", "hub-er-0", "hub-er-1"}
    assert {node.kind for node in found.nodes if node.name in keeping} == set(KEEPS)


def test_sites_and_clients_are_no_places_of_a_ring() -> None:
    """What passes them loses one anyway."""
    found = plan(parse(MIXED, "mixed.yaml").scenario, "t")
    assert (turning(found, "hub-gw-0"), turning(found, "hub-er-0"), turning(found, "spoke")) == (set(), set(), set())


def test_each_ttl_becomes_the_next_one_before_the_kernel_takes_one_off() -> None:
    text = nftables.text([KeepsTtl(("a", "b"))])
    kept, turned = re.findall(r"ip ttl vmap \{ (.*) \}", text)
    steps = [tuple(map(int, re.findall(r"\d+", item))) for item in kept.split(", ")]
    assert steps == [(ttl, ttl + 1) for ttl in range(1, 255)]
    assert [tuple(map(int, re.findall(r"\d+", item))) for item in turned.split(", ")] == [
        (ttl, ttl - 1) for ttl in range(2, 256)
    ]
    assert re.findall(r"chain ttl(\d+) \{ ip ttl set (\d+); \}", text) == [(str(n), str(n)) for n in range(1, 256)]
    assert "turning" not in nftables.text([KeepsTtl()])
