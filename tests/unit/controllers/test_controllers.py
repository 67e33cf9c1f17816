"""The controllers: what a gateway knows reaches the tables of its VNets and the selectors of its clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from controlled import Machine, Orders, Stop, lab, machine, server
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.controllers import loop, tables
from netlab.controllers import steering as agent
from netlab.plan import steering
from netlab.plan.model import GatewayWay, Route, SubnetTable
from netlab.plan.planner import plan
from netlab.plan.tables import GATEWAY_METRIC
from netlab.scenario.loader import parse

GATEWAY = "vnet1-gw-0"
STATIC, LEARNED = ("192.168.0.0/24", False, 0), ("10.101.0.0/16", True, 1)


def table(name: str, node: str, subnet: str) -> SubnetTable:
    fabric = next(fabric for fabric in lab(name).fabrics if fabric.node == node)
    return next(item for item in fabric.tables if item.subnet == subnet)


def knowing(*prefixes: str) -> tables.Known:
    """The one instance on duty knows these prefixes."""
    return {GATEWAY: tuple((prefix, True, 1) for prefix in prefixes)}


def by_prefix(routes: Iterable[Route]) -> dict[str, Route]:
    routes = tuple(routes)
    found = {route.prefix: route for route in routes}
    assert len(found) == len(routes), "a prefix twice"
    return found


# --- wanted_routes --------------------------------------------------------------------------------------------------


def test_without_a_gateways_word_a_table_is_what_up_built() -> None:
    """`up` writes all that no gateway tells; the controller must find nothing to change."""
    for name in ("p2s-branch-bgp", "p2s-peered-vnets"):
        for fabric in lab(name).fabrics:
            for item in fabric.tables:
                built = {route for route in lab(name).node(fabric.node).routes if route.table == item.table}
                assert tables.wanted_routes(item, {}) == built


def test_a_gateway_route_leads_to_the_gateway() -> None:
    vm = table("p2s-branch-bgp", "vnet1", "default")
    found = by_prefix(tables.wanted_routes(vm, knowing("10.101.0.0/16", "192.168.0.0/24")))
    for prefix in ("10.101.0.0/16", "192.168.0.0/24"):
        assert found[prefix] == Route(prefix, "gw-0", via="10.1.255.4", table=vm.table, metric=GATEWAY_METRIC)
    assert found["192.168.0.0/16"].type == "blackhole"


def test_a_spokes_gateway_routes_lead_over_the_peering() -> None:
    spoke = table("p2s-peered-vnets", "vnet2", "default")
    found = by_prefix(tables.wanted_routes(spoke, knowing("192.168.0.0/24")))
    assert found["192.168.0.0/24"].device == "p-vnet1"


def test_a_gateway_route_replaces_a_none_route_of_the_same_prefix() -> None:
    vm = table("p2s-branch-bgp", "vnet1", "default")
    route = by_prefix(tables.wanted_routes(vm, knowing("10.0.0.0/8")))["10.0.0.0/8"]
    assert (route.type, route.device) == ("unicast", "gw-0")


def test_a_learned_default_route_replaces_the_internet_and_the_none_routes() -> None:
    """Section 5.1, item 5, and R86."""
    vm = table("p2s-branch-bgp", "vnet1", "default")
    found = by_prefix(tables.wanted_routes(vm, knowing("0.0.0.0/0")))
    assert found["0.0.0.0/0"].device == "gw-0"
    assert {route.prefix for route in found.values() if not route.device} == {"10.1.0.0/16"}


@pytest.mark.parametrize("prefix", ["10.1.0.0/16", "10.1.0.0/24"])
def test_what_lies_in_the_vnet_never_comes_from_the_gateway(prefix: str) -> None:
    """The exception of section 5.2."""
    vm = table("p2s-branch-bgp", "vnet1", "default")
    assert tables.wanted_routes(vm, knowing(prefix)) == tables.wanted_routes(vm, {})


def test_a_gateway_route_leads_to_every_instance_that_knows_it() -> None:
    """R11: both instances of an active-active gateway share the load of what both know."""
    both = replace(
        table("p2s-branch-bgp", "vnet1", "default"),
        gateway_ways=(GatewayWay("vnet1-gw-0", "gw-0", "10.1.255.4"), GatewayWay("vnet1-gw-1", "gw-1", "10.1.255.5")),
    )
    known = {"vnet1-gw-0": (LEARNED, STATIC), "vnet1-gw-1": (LEARNED,)}
    found = by_prefix(tables.wanted_routes(both, known))
    assert found["10.101.0.0/16"].hops == (("gw-0", "10.1.255.4"), ("gw-1", "10.1.255.5"))
    assert (found["10.101.0.0/16"].device, found["10.101.0.0/16"].via) == ("", "")
    assert (found["192.168.0.0/24"].device, found["192.168.0.0/24"].hops) == ("gw-0", ())


# --- wanted_offer ---------------------------------------------------------------------------------------------------


def test_selectors_are_the_static_part_and_what_bgp_told() -> None:
    assert tables.wanted_offer(server(), [STATIC, LEARNED]) == ("10.1.0.0/16", "192.168.0.0/24", "10.101.0.0/16")


def test_what_a_gateway_knows_without_bgp_is_not_offered_for_that() -> None:
    """I4: a static prefix is in the static part, or its connection does not push it."""
    assert tables.wanted_offer(server("p2s-branch"), [("10.101.0.0/16", False, 0)]) == (
        "10.1.0.0/16",
        "192.168.0.0/24",
    )


def test_a_learned_default_route_is_not_offered() -> None:
    assert "0.0.0.0/0" not in tables.wanted_offer(server(), [("0.0.0.0/0", True, 1)])


def test_selectors_do_not_depend_on_the_order_of_what_is_known() -> None:
    known = [LEARNED, ("10.2.0.0/16", True, 1), STATIC]
    assert tables.wanted_offer(server(), known) == tables.wanted_offer(server(), reversed(known))


# --- reconcile and run ----------------------------------------------------------------------------------------------


def test_reconcile_brings_a_lab_in_step_and_then_does_nothing() -> None:
    host = machine(STATIC, LEARNED)
    assert not tables.in_step(lab(), host, host.known)
    tables.reconcile(lab(), host, host.known)
    assert tables.in_step(lab(), host, host.known)
    assert host.offers[server()][-1] == "10.101.0.0/16"
    host.changes.clear()
    tables.reconcile(lab(), host, host.known)
    assert host.changes == []


def test_a_lab_is_not_in_step_while_only_its_selectors_lag() -> None:
    host = machine(STATIC, LEARNED)
    tables.reconcile(lab(), host, host.known)
    host.offers[server()] = host.offers[server()][:-1]
    assert not tables.in_step(lab(), host, host.known)


def test_what_is_withdrawn_is_taken_away_again() -> None:
    host = machine(STATIC)
    tables.reconcile(lab(), host, host.known)
    before = {netns: set(routes) for netns, routes in host.routes.items()}, dict(host.offers)
    host.known = {GATEWAY: (STATIC, LEARNED, ("0.0.0.0/0", True, 1))}
    tables.reconcile(lab(), host, host.known)
    host.known = {GATEWAY: (STATIC,)}
    tables.reconcile(lab(), host, host.known)
    assert (host.routes, host.offers) == before


def test_a_table_that_nobody_planned_is_left_alone() -> None:
    host = machine(STATIC)
    stray = Route("10.77.0.0/16", "wan", table=7)
    host.routes["nl.lab.vnet1"].add(stray)
    tables.reconcile(lab(), host, host.known)
    assert stray in host.routes["nl.lab.vnet1"]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/24", "10.2.0.0/16", "192.168.0.0/24"])))
def test_whatever_a_gateway_knows_one_reconcile_is_enough(prefixes: list[str]) -> None:
    host = machine(*((prefix, True, 1) for prefix in dict.fromkeys(prefixes)), name="p2s-peered-vnets")
    tables.reconcile(lab("p2s-peered-vnets"), host, host.known)
    assert tables.in_step(lab("p2s-peered-vnets"), host, host.known)


def test_the_controller_acts_when_a_gateway_knows_something_new_and_only_then() -> None:
    host = machine(STATIC)
    told: list[tuple[int, int]] = []
    ready: list[int] = []

    def events() -> Iterator[bool]:
        # A round that an event ends, and the quiet moment that ends its debounce.
        for known in ((STATIC,), (STATIC, LEARNED), (STATIC, LEARNED)):
            host.known = {GATEWAY: known}
            yield True
            yield False
            told.append((host.looks, len(host.changes)))
        # A round that ends without an event.
        yield False
        told.append((host.looks, len(host.changes)))

    host.events = events()
    with pytest.raises(Stop):
        loop.run(lab(), host.ports, Orders(lambda: ready.append(len(host.changes))), lambda: True)
    # The first look changes a table, LEARNED a table and the selectors. Where nothing is new, nobody looks.
    assert told == [(1, 1), (2, 3), (2, 3), (2, 3)]
    assert ready == [1], "ready is said once, after the first look"
    assert tables.in_step(lab(), host, host.known)


# --- the agent of the VPN devices -----------------------------------------------------------------------------------


def kill(host: Machine, name: str = "p2s-branch-bgp") -> None:
    """Every tunnel of a lab between gateways and sites dies."""
    directories = {charon.node: charon.directory for charon in lab(name).charons}
    host.dead = {(directories[t.edge], t.connection) for t in lab(name).tunnels if t.peer}


def own(host: Machine, node: str, name: str = "p2s-branch-bgp") -> set[str]:
    return {route.prefix for route in host.routes[lab(name).netns(node)]}


def test_a_peers_route_goes_with_its_tunnel_and_comes_back_and_the_pools_stays() -> None:
    """Without its route BGP forgets what the peer told."""
    host = machine(STATIC)
    (peer,) = (neighbor.address for s in lab().speakers for neighbor in s.neighbors if s.node == GATEWAY)
    before = own(host, GATEWAY)
    assert before == {f"{peer}/32", "192.168.0.0/24"}
    kill(host)
    assert agent.tunnels_up(lab(), host) == frozenset()
    assert not agent.steered(lab(), host, frozenset())
    agent.steer(lab(), host, frozenset())
    assert own(host, GATEWAY) == {"192.168.0.0/24"}
    assert agent.steered(lab(), host, frozenset())
    host.dead.clear()
    agent.steer(lab(), host, agent.tunnels_up(lab(), host))
    assert own(host, GATEWAY) == before


def test_static_routes_have_no_liveness() -> None:
    """R83."""
    host = machine(name="p2s-branch")
    before = own(host, GATEWAY, "p2s-branch")
    assert "10.101.0.0/16" in before
    kill(host, "p2s-branch")
    agent.steer(lab("p2s-branch"), host, agent.tunnels_up(lab("p2s-branch"), host))
    assert own(host, GATEWAY, "p2s-branch") == before


def test_static_routes_into_a_dead_tunnel_give_way_where_another_of_the_connection_is_up() -> None:
    dead, alive = (
        replace(tunnel, interface=name, connection=name)
        for tunnel in lab("p2s-branch").tunnels
        if tunnel.node == GATEWAY and tunnel.peer
        for name in ("dead", "alive")
    )
    found = replace(lab("p2s-branch"), tunnels=(dead, alive))
    site = Route("10.101.0.0/16", "alive")
    assert steering.routes(found, GATEWAY, frozenset({(GATEWAY, "alive")})) == {site}
    shared = Route("10.101.0.0/16", hops=(("alive", ""), ("dead", "")))
    assert steering.routes(found, GATEWAY, steering.everything_up(found)) == {shared}
    assert steering.routes(found, GATEWAY, frozenset()) == {shared}


@pytest.mark.parametrize("begun", [False, True])
def test_until_tunnels_have_been_initiated_all_count_as_up(begun: bool) -> None:
    host = machine(STATIC)
    kill(host)
    before = own(host, GATEWAY)
    with pytest.raises(Stop):
        loop.run(lab(), host.ports, Orders(), lambda: begun)
    assert (own(host, GATEWAY) == before) == (not begun)


def test_bgp_is_told_of_a_tunnel_that_goes_and_comes() -> None:
    """Else its routes would stay for the whole hold time."""
    host = machine(STATIC)
    resets: list[int] = []

    def events() -> Iterator[bool]:
        for dies in (True, False):
            kill(host) if dies else host.dead.clear()
            yield True
            yield False
            resets.append(len([change for change in host.changes if change[0] == "reset"]))

    host.events = events()
    with pytest.raises(Stop):
        loop.run(lab(), host.ports, Orders(), lambda: True)
    peers = sum(len(speaker.neighbors) for speaker in lab().speakers)
    assert resets == [peers, 2 * peers]


def test_bgp_is_told_of_a_tunnel_that_went_between_two_plans() -> None:
    """A planned failover takes tunnels down and has the controller take another plan, at nearly the same time."""
    host = machine(STATIC)
    host.events = iter((False,))
    up = loop.run(lab(), host.ports, Orders(asked=1), lambda: True)
    assert up == agent.tunnels_up(lab(), host)
    kill(host)
    host.events = iter((False,))
    assert loop.run(lab(), host.ports, Orders(asked=1), lambda: True, up) == frozenset()
    peers = sum(len(speaker.neighbors) for speaker in lab().speakers)
    assert len([change for change in host.changes if change[0] == "reset"]) == peers


def test_with_another_plan_the_controller_ends_and_listens_no_more() -> None:
    host = machine(STATIC)
    host.events = iter((False, False))
    loop.run(lab(), host.ports, Orders(asked=2), lambda: True)
    assert host.closed


# --- tags of network security groups --------------------------------------------------------------------------------

SECURED = """
name: secured
network_security_groups: {group: {}}
route_tables: {closed: {disable_bgp_route_propagation: true}}
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets:
      web: {address_prefix: 10.1.0.0/24, network_security_group: group}
      shut: {address_prefix: 10.1.1.0/24, network_security_group: group, route_table: closed}
      GatewaySubnet: 10.1.255.0/27
    vms: {web: {subnet: web}, shut: {subnet: shut}}
    vpn_gateway: {bgp: {asn: 65010}}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h: 10.101.0.10}}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}
"""


@pytest.mark.parametrize(
    ("told", "web"),
    [
        ((), ("10.1.0.0/16", "168.63.129.16/32")),
        (("10.101.0.0/16",), ("10.1.0.0/16", "10.101.0.0/16", "168.63.129.16/32")),
        (("10.101.0.0/16", "10.101.3.0/24", "0.0.0.0/0"), ("0.0.0.0/0",)),
    ],
)
def test_a_tag_holds_what_gateways_advertise_to_its_subnet(told: tuple[str, ...], web: tuple[str, ...]) -> None:
    """N10, N14: where propagation is off, the tag has none of it."""
    built = plan(parse(SECURED, "secured.yaml").scenario, "secured")
    (fabric,) = built.fabrics
    assert fabric.security is not None
    tags = {item.subnet: item for item in fabric.security.sets if item.subnet}
    known = {view.node: tuple((prefix, True, 1) for prefix in told) for view in built.gateways}
    assert tables.wanted_tag(fabric, tags["web"], known, {}) == web
    assert tables.wanted_tag(fabric, tags["shut"], known, {}) == ("10.1.0.0/16", "168.63.129.16/32")
