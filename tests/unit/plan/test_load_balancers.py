"""How the members of a pool share flows in the kernel: equally for both directions, and without those that are down."""

from __future__ import annotations

import pytest

from netlab.controllers.tables import wanted_routes
from netlab.plan.load_balancers import spread
from netlab.plan.model import FrontendRules, Pool, Route
from netlab.plan.planner import plan
from netlab.plan.tables import FRONTENDS_TABLE
from netlab.scenario.loader import parse

TEXT = """
name: balanced
route_tables:
  by-lb:
    routes:
      all: {address_prefix: 10.0.0.0/8, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.0.10}
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {nva: 10.0.0.0/24, shared: {address_prefix: 10.0.1.0/24, route_table: by-lb}}
    vms:
      z-first: {subnet: nva, private_ip_address: 10.0.0.4, enable_ip_forwarding: true, nva: {}}
      another-long-name: {subnet: nva, private_ip_address: 10.0.0.5, enable_ip_forwarding: true, nva: {}}
      m-third: {subnet: nva, private_ip_address: 10.0.0.6, enable_ip_forwarding: true, nva: {}}
      vm: {subnet: shared}
    load_balancers:
      lb:
        frontend_ip_configurations: {fe: {subnet: nva, private_ip_address: 10.0.0.10}}
        backend_address_pools: {nvas: [z-first, another-long-name, m-third]}
        probes: {alive: {port: 22, interval_in_seconds: 15, probe_threshold: 2}}
        load_balancing_rules:
          ha: {frontend_ip_configuration: fe, backend_address_pool: nvas, probe: alive, protocol: All,
               frontend_port: 0, backend_port: 0}
  A-rather-long-name-of-a-spoke:
    address_space: [10.1.0.0/16]
    subnets: {default: {address_prefix: 10.1.0.0/24, route_table: by-lb}}
    vms: {app: {subnet: default}}
peerings:
  h1: {vnet: Hub, remote_vnet: A-rather-long-name-of-a-spoke}
  s1: {vnet: A-rather-long-name-of-a-spoke, remote_vnet: Hub, allow_forwarded_traffic: true}
"""
POOL = "Hub/lb/fe/nvas"
NODES = ("hub-z-first", "hub-another-long-name", "hub-m-third")


@pytest.mark.parametrize(
    ("up", "slots"),
    [
        ("abc", "aabbcc"),
        ("ac", "aaaccc"),
        ("bc", "bcbbcc"),
        ("b", "bbbbbb"),
        ("", ""),
    ],
)
def test_members_that_are_up_keep_their_slots_and_share_those_of_the_others(up: str, slots: str) -> None:
    """L11: nothing moves of what was not on a member that went down."""
    assert "".join(spread("abc", up)) == slots


def test_two_members_have_a_slot_each() -> None:
    assert spread("ab", "ab") == ("a", "b")
    assert spread("a", "a") == ("a",)


def routes(up: frozenset[str]) -> dict[str, tuple[Route, list[str]]]:
    """The route through the pool, of the hub and of the spoke, with the nodes that it leads to in their order."""
    built = plan(parse(TEXT, "balanced.yaml").scenario, "lab")
    ends = {(link.a.node, link.a.name): link.b for link in built.links}
    ends |= {(link.b.node, link.b.name): link.a for link in built.links}
    found = {}
    for fabric in built.fabrics:
        for table in fabric.tables:
            for item in (item for item in table.fixed if item.pool):
                (route,) = (r for r in wanted_routes(table, {}, {}, {POOL: up}) if r.prefix == item.route.prefix)
                through = {(device, via): node for node, device, via in item.ways}
                hops = route.hops or (((route.device, route.via),) if route.device else ())
                assert all(ends[fabric.node, device] for device, _ in hops)
                found[fabric.node] = route, [through[hop] for hop in hops]
    return found


@pytest.mark.parametrize("dead", [(), NODES[:1], NODES[1:2], NODES[1:]])
def test_every_fabric_lists_the_members_in_the_order_of_the_pool(dead: tuple[str, ...]) -> None:
    """L7: the kernel's hash is equal for both directions, so equal places lead to equal members."""
    alive = frozenset(NODES) - set(dead)
    found = routes(alive)
    assert found.keys() == {"hub", "a-rather-long-name-of-a-spoke"}
    expected = list(spread(NODES, alive)) if len(alive) > 1 else list(alive)
    assert all(nodes == expected for _, nodes in found.values())


def test_without_a_member_that_is_up_the_route_leads_nowhere() -> None:
    for route, nodes in routes(frozenset()).values():
        assert (route.type, nodes) == ("blackhole", [])


def test_a_pool_is_asked_in_azures_time_divided_by_the_scale() -> None:
    built = plan(parse(TEXT, "balanced.yaml").scenario, "lab", time_scale=10)
    (pool,) = (pool for fabric in built.fabrics for pool in fabric.pools)
    assert (pool.name, pool.port, pool.interval, pool.threshold) == (POOL, 22, 1.5, 2)
    assert [member.node for member in pool.members] == list(NODES)
    assert built.node("hub").loopback == ("168.63.129.16/32",)
    assert isinstance(pool, Pool)


@pytest.mark.parametrize("dead", [(), NODES[:1], NODES])
def test_what_is_for_the_frontend_goes_to_members_that_are_up(dead: tuple[str, ...]) -> None:
    """L1: a table of its own, which a rule for the frontend's address leads to before the NICs'."""
    built = plan(parse(TEXT, "balanced.yaml").scenario, "lab")
    (fabric,) = (item for item in built.fabrics if item.node == "hub")
    table = next(table for table in fabric.tables if table.table == FRONTENDS_TABLE)
    (item,) = table.fixed
    alive = frozenset(NODES) - set(dead)
    (route,) = wanted_routes(table, {}, {}, {POOL: alive})
    assert route.prefix == "10.0.0.10/32"
    assert {node for node, device, via in item.ways if (device, via) in route.hops} == alive
    assert (route.type == "blackhole") is not bool(alive)
    before, nics = sorted((r for r in built.node("hub").rules if not r.iif), key=lambda rule: rule.priority)
    assert (before.table, before.destination, nics.table) == (FRONTENDS_TABLE, "10.0.0.10/32", fabric.delivery)


def test_a_fabric_without_frontends_has_neither_the_table_nor_the_ruleset() -> None:
    built = plan(parse(TEXT, "balanced.yaml").scenario, "lab")
    spoke = built.node("a-rather-long-name-of-a-spoke")
    assert FRONTENDS_TABLE not in {rule.table for rule in spoke.rules}
    assert not any(isinstance(ruleset, FrontendRules) for ruleset in spoke.nftables)
    assert any(isinstance(ruleset, FrontendRules) for ruleset in built.node("hub").nftables)
