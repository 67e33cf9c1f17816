"""Overlapping networks: the longest prefix wins; of several static connections to one prefix one is used (B46, B48)."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from netlab.azure.dataplane.offers import effective_routes
from netlab.azure.moments import after, initial
from netlab.azure.prediction import endpoint_addresses, matrix
from netlab.azure.state import State
from netlab.errors import ScenarioError
from netlab.plan import steering
from netlab.plan.model import Route
from netlab.plan.planner import plan
from netlab.scenario.loader import Loaded, parse
from netlab.scenario.models import Action

ONE_SITE = """
name: overlaps
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {bgp: {asn: 65010}}
sites:
  Site1: {address_prefixes: [AROUND], bgp: {asn: 65101, bgp_peering_address: 10.101.255.1}, hosts: {h1: 10.101.0.10}}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1]}
"""
DEVICES = """
name: devices
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], hosts: {h1: 10.101.0.10}, devices: {fw1: {}, fw2: {}}}
connections:
  VNet1-fw1: {type: IPsec, between: [VNet1, Site1], device: fw1}
  VNet1-fw2: {type: IPsec, between: [VNet1, Site1], device: fw2}
"""
SITES = """
name: sites
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], hosts: {h1: 10.101.0.10}}
  Site2: {address_prefixes: [10.101.0.0/16], hosts: {h2: 10.101.7.11}}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1]}
  VNet1-Site2: {type: IPsec, between: [VNet1, Site2]}
"""
AROUND = ("10.0.0.0/8", "10.0.0.0/9", "10.101.0.0/16, 10.0.0.0/15")


def loaded(text: str, *edits: tuple[str, str]) -> Loaded:
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now)
    return parse(text, "overlaps.yaml")


def outcomes(state: State) -> dict[tuple[str, str], str]:
    found = matrix(state, endpoint_addresses(state))
    return {(cell.source, cell.target): cell.outcome for cell in found if "internet" not in (cell.source, cell.target)}


def without(state: State, *connections: str) -> State:
    for name in connections:
        state = after(state, Action.model_validate({"fail_tunnel": {"connection": name}}))
    return state


def ways_of(state: State, source: str, target: str) -> set[tuple[str, ...]]:
    found = matrix(state, endpoint_addresses(state))
    return {walk.nodes for cell in found if (cell.source, cell.target) == (source, target) for walk in cell.forward}


@pytest.mark.parametrize("bgp", [False, True])
@pytest.mark.parametrize("around", AROUND)
def test_a_site_may_contain_the_vnet_and_the_longest_prefix_wins(around: str, bgp: bool) -> None:
    found = loaded(ONE_SITE, ("AROUND", around), *([("Site1]}", "Site1], enable_bgp: true}")] if bgp else []))
    assert found.warnings == ()
    state = initial(found.scenario)
    assert outcomes(state) == {("vnet1-vm1", "site1-h1"): "reachable", ("site1-h1", "vnet1-vm1"): "reachable"}
    routes = effective_routes(state, state.network.vnets["VNet1"].subnets["default"])
    shown = {(str(route.prefix), route.next_hop_type) for route in routes}
    wide = around.split(", ")[-1]
    assert {(wide, "VirtualNetworkGateway"), ("10.1.0.0/16", "VnetLocal")} <= shown


def test_a_prefix_wider_than_10_0_0_0_8_leaves_private_destinations_to_their_none_route() -> None:
    """Section 5.1, item 5: the None route of 10.0.0.0/8 is the longer one."""
    state = initial(loaded(ONE_SITE, ("AROUND", "8.0.0.0/6")).scenario)
    assert outcomes(state)["vnet1-vm1", "site1-h1"] == "unreachable"


@pytest.mark.parametrize("inside", ["10.1.0.0/16", "10.1.0.0/17", "10.101.0.0/16, 10.1.5.0/24", "10.1.255.0/27"])
def test_a_site_that_is_the_vnet_or_a_part_of_it_stays_refused(inside: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loaded(ONE_SITE, ("AROUND", inside), ("h1: 10.101.0.10", ""), (", bgp_peering_address: 10.101.255.1", ""))
    assert "R71" in {finding.rule for finding in caught.value.findings}


@pytest.mark.parametrize("text", [DEVICES, SITES, ONE_SITE.replace("AROUND", "10.0.0.0/8")])
def test_the_profile_of_the_seeds_refuses_every_overlap(text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loaded(text, ("\nname:", "\nprofile: seed\nname:"))
    assert {finding.rule for finding in caught.value.findings} & {"R71", "R72", "R73"}


def test_two_static_tunnels_to_one_site_are_up_and_the_first_one_is_used() -> None:
    found = loaded(DEVICES)
    assert [(item.rule, item.severity) for item in found.warnings] == [("R73", "warning")]
    state = initial(found.scenario)
    assert state.up == {"VNet1-fw1", "VNet1-fw2"}
    assert ways_of(state, "vnet1-vm1", "site1-h1") == {
        ("vnet1-vm1", "vnet1", "vnet1-gw-0", "site1-fw1", "site1", "site1-h1")
    }
    assert ways_of(state, "site1-h1", "vnet1-vm1") == {
        ("site1-h1", "site1", "site1-fw1", "vnet1-gw-0", "vnet1", "vnet1-vm1")
    }


def test_when_the_first_one_fails_both_ends_use_the_second_one() -> None:
    state = without(initial(loaded(DEVICES).scenario), "VNet1-fw1")
    assert ways_of(state, "vnet1-vm1", "site1-h1") == {
        ("vnet1-vm1", "vnet1", "vnet1-gw-0", "site1-fw2", "site1", "site1-h1")
    }
    assert set(outcomes(state).values()) == {"reachable"}
    assert set(outcomes(without(state, "VNet1-fw2")).values()) == {"unreachable"}


def test_of_two_sites_with_one_prefix_one_is_reached() -> None:
    found = loaded(SITES)
    assert [(item.rule, item.severity) for item in found.warnings] == [("R72", "warning")]
    state = initial(found.scenario)
    assert state.up == {"VNet1-Site1", "VNet1-Site2"}
    assert outcomes(state)["vnet1-vm1", "site1-h1"] == "reachable"
    assert outcomes(state)["vnet1-vm1", "site2-h2"] == "unreachable"
    moved = outcomes(without(state, "VNet1-Site1"))
    assert (moved["vnet1-vm1", "site1-h1"], moved["vnet1-vm1", "site2-h2"]) == ("unreachable", "reachable")


def test_of_nested_sites_the_inner_one_has_its_part() -> None:
    found = loaded(SITES, ("Site2: {address_prefixes: [10.101.0.0/16]", "Site2: {address_prefixes: [10.101.7.0/24]"))
    assert found.warnings == ()
    state = initial(found.scenario)
    assert {outcomes(state)["vnet1-vm1", host] for host in ("site1-h1", "site2-h2")} == {"reachable"}


ACTIVE_ACTIVE = ("vpn_gateway: {}", "vpn_gateway: {active_active: true}")


@pytest.mark.parametrize(
    ("up", "interfaces"),
    [
        ("VNet1-fw1-0 VNet1-fw2-0 VNet1-fw1-1 VNet1-fw2-1", {"fw1-0"}),
        ("VNet1-fw2-0 VNet1-fw1-1 VNet1-fw2-1", {"fw2-0"}),
        ("VNet1-fw1-1", set()),
        ("VNet1-fw2-1", set()),
        ("", {"fw1-0"}),
    ],
)
def test_the_lab_steers_a_prefix_into_one_of_several_connections(up: str, interfaces: set[str]) -> None:
    """The first one that is up at this instance; over the other instance where none is; into a dead one else."""
    found = plan(loaded(DEVICES, ACTIVE_ACTIVE).scenario, "lab")
    alive = frozenset(("vnet1-gw-1" if name.endswith("1") else "vnet1-gw-0", name) for name in up.split())
    named = {tunnel.interface: tunnel.connection.removeprefix("VNet1-") for tunnel in found.tunnels}
    routes = steering.routes(found, "vnet1-gw-0", alive)
    assert {named[route.device] for route in routes if route.prefix == "10.101.0.0/16"} == interfaces


@pytest.mark.parametrize(("up", "device"), [("fw1 fw2", "fw1"), ("fw2", "fw2"), ("fw1", "fw1"), ("", "fw1")])
def test_the_router_before_devices_uses_the_first_one_whose_tunnel_is_up(up: str, device: str) -> None:
    found = plan(loaded(DEVICES).scenario, "lab")
    assert "site1" in steering.steered_nodes(found)
    alive = frozenset((f"site1-{name}", f"VNet1-{name}") for name in up.split())
    address = {"fw1": "10.101.255.254", "fw2": "10.101.255.253"}[device]
    routes = steering.routes(found, "site1", alive)
    assert {(route.prefix, route.via) for route in routes} == {("10.1.0.0/16", address)}


def test_one_of_two_devices_may_be_the_only_one_with_a_static_connection() -> None:
    text = DEVICES.replace("  VNet1-fw1: {type: IPsec, between: [VNet1, Site1], device: fw1}\n", "")
    state = initial(loaded(text).scenario)
    assert set(outcomes(state).values()) == {"reachable"}


ANNOUNCED = {
    "0.0.0.0/0": {("10.1.0.0/16", "VnetLocal"), ("0.0.0.0/0", "VirtualNetworkGateway")},
    "10.0.0.0/8, 10.101.0.0/16": {("10.0.0.0/8", "VirtualNetworkGateway"), ("10.101.0.0/16", "VirtualNetworkGateway")},
    "172.16.0.0/12": {("172.16.0.0/12", "VirtualNetworkGateway"), ("10.1.0.0/16", "VnetLocal")},
}


@pytest.mark.parametrize("announces", ANNOUNCED)
def test_a_site_announces_what_it_likes(announces: str) -> None:
    edits = (("[AROUND]", f"[10.101.0.0/16], announces: [{announces}]"), ("Site1]}", "Site1], enable_bgp: true}"))
    state = initial(loaded(ONE_SITE, *edits).scenario)
    routes = effective_routes(state, state.network.vnets["VNet1"].subnets["default"])
    assert {(str(route.prefix), route.next_hop_type) for route in routes} >= ANNOUNCED[announces]
    assert {str(prefix) for prefix in state.learned["vnet1-gw-0"]} == set(announces.split(", "))
    [speaker] = (item for item in plan(state.scenario, "lab").speakers if item.node == "site1")
    assert set(speaker.networks) == set(announces.split(", "))


@pytest.mark.parametrize("inside", ["10.1.0.0/16", "10.1.7.0/24"])
def test_what_it_announces_of_the_vnet_is_dropped(inside: str) -> None:
    """B19, B20."""
    edits = (("[AROUND]", f"[10.101.0.0/16], announces: [{inside}]"), ("Site1]}", "Site1], enable_bgp: true}"))
    state = initial(loaded(ONE_SITE, *edits).scenario)
    assert IPv4Network(inside) not in state.learned["vnet1-gw-0"]


def test_a_site_that_lists_the_default_route_reads_how_to_announce_it() -> None:
    with pytest.raises(ScenarioError) as caught:
        loaded(ONE_SITE, ("AROUND", "10.101.0.0/16, 0.0.0.0/0"))
    [finding] = caught.value.findings
    assert "`announces`" in finding.message
    assert "action `announce`" in finding.message


def test_a_route_into_a_tunnel_has_no_metric_and_one_to_a_device_loses_to_bgp() -> None:
    found = plan(loaded(DEVICES).scenario, "lab")
    up = steering.everything_up(found)
    assert {route.metric for route in steering.routes(found, "vnet1-gw-0", up)} == {0}
    [route] = steering.routes(found, "site1", up)
    assert route == Route("10.1.0.0/16", route.device, via="10.101.255.254", metric=250 << 24)
