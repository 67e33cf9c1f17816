"""The difference of two plans: complete, and empty only where nothing changes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
import yaml
from changes import ALL_CHANGES, Data, changed, loaded, untold

from netlab.plan.difference import Difference, directories, items
from netlab.plan.model import DataPlane, Plan
from netlab.plan.planner import plan
from netlab.scenario.loader import catalogue, load

# Together they have all that a plan can hold.
RICH = (
    "hub-spoke-gateway-transit",
    "hub-spoke-firewall",
    "p2s-branch-bgp",
    "p2s-multi-vnet-branch",
    "p2s-openvpn",
    "route-server-spokes",
    "s2s-active-active",
    "udr-own-vpn-server",
    "expressroute-vpn-two-sites",
    "p2s-sstp-through-proxy",
    "p2s-radius",
)
# `make changes` takes twenty of each.
EACH = int(os.environ.get("NETLAB_CHANGES_N", "3"))
PLANES: tuple[DataPlane, ...] = ("userspace", "kernel")
CASES = [(name, plane) for number, name in enumerate(catalogue()) for plane in PLANES[number % 2 :][:1]]


def pairs(name: str, plane: DataPlane) -> list[tuple[Plan, Plan]]:
    found = (changed(name, seed, ALL_CHANGES) for seed in range(EACH))
    return [(plan(a.scenario, "lab", plane), plan(b.scenario, "lab", plane)) for a, b in found]


@pytest.mark.parametrize(("name", "plane"), CASES)
def test_random_changes(name: str, plane: DataPlane) -> None:
    """What the old plan holds, with the changes, is what the new one holds; and the way back leads back."""
    for old, new in pairs(name, plane):
        there, back = Difference(old, new), Difference(new, old)
        assert after(old, there) == items(new)
        assert after(new, back) == items(old)
        assert not Difference(new, new).changes
        assert bool(there.changes) == (items(old) != items(new))
        assert (there.gone, there.came) == (back.came, back.gone)
        everything_that_stays_can_stay(there)


def after(old: Plan, difference: Difference) -> dict[Any, Any]:
    held = items(old)
    for change in difference.changes:
        assert held.pop((change.kind, change.name), None) == change.before
        if change.after is not None:
            held[change.kind, change.name] = change.after
    return held


def everything_that_stays_can_stay(found: Difference) -> None:
    """Links, tunnels, daemons and clients that are neither taken away nor made are in both plans; no link and no daemon
    is in a namespace that goes or comes and stays itself."""
    gone, came = {n.name for n in found.gone_nodes}, {n.name for n in found.came_nodes}
    for part, whole, nodes in ((found.gone, found.old, gone), (found.came, found.new, came)):
        other = found.new if whole is found.old else found.old
        for link in set(whole.links) - set(part.links):
            assert link in other.links
            assert not {link.a.node, link.b.node} & nodes
        for speaker in set(whole.speakers) - set(part.speakers):
            assert speaker in other.speakers or speaker in {each for pair in found.changed_speakers for each in pair}
            assert speaker.node not in nodes
        for charon in set(whole.charons) - set(part.charons):
            assert charon.directory in {item.directory for item in other.charons}
            assert charon.node not in nodes
        for tunnel in set(whole.tunnels) - set(part.tunnels):
            places = {(item.node, item.interface, item.edge, item.mtu, item.if_id) for item in other.tunnels}
            assert (tunnel.node, tunnel.interface, tunnel.edge, tunnel.mtu, tunnel.if_id) in places
            assert not {tunnel.node, tunnel.edge} & nodes
        for client in set(whole.clients) - set(part.clients):
            assert client in other.clients
        assert set(part.links) <= set(whole.links)
        assert directories(part) <= directories(whole)


# --- what a change costs --------------------------------------------------------------------------------------------


def difference(name: str, change: Callable[[Data], object]) -> Difference:
    old, data = plan(loaded(untold(name)).scenario, "lab"), untold(name)
    change(data)
    return Difference(old, plan(loaded(data).scenario, "lab"))


def of_route_table(data: Data) -> None:
    data["route_tables"]["of-spoke1"]["routes"]["more"] = {"address_prefix": "10.3.0.0/16", "next_hop_type": "None"}


def of_propagation(data: Data) -> None:
    data["route_tables"]["quiet"] = {"disable_bgp_route_propagation": False}


def of_flag(data: Data) -> None:
    data["peerings"]["Spoke1-to-Hub"]["allow_forwarded_traffic"] = False


def of_order(data: Data) -> None:
    data["vnets"] = dict(reversed(data["vnets"].items()))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("hub-spoke-gateway-transit", of_route_table),
        ("hub-spoke-gateway-transit", of_propagation),
        ("hub-spoke-firewall", of_flag),
    ],
)
def test_a_route_table_or_a_flag_restarts_nothing(name: str, change: Callable[[Data], object]) -> None:
    found = difference(name, change)
    assert found.changes
    assert not found.restarts
    assert not directories(found.gone) | directories(found.came)


def test_another_order_in_a_file_makes_no_namespace_and_no_link_anew() -> None:
    """Names, addresses and hardware addresses do not depend on the order."""
    found = difference("hub-spoke-gateway-transit", of_order)
    assert not (*found.gone_nodes, *found.came_nodes, *found.gone.links, *found.came.links)
    assert not (*found.came.charons, *found.came.tunnels)


def test_a_connection_that_comes_leaves_the_others_alone() -> None:
    def add(data: Data) -> None:
        data["sites"]["Site9"] = {"address_prefixes": ["10.109.0.0/16"], "hosts": {"h9": "10.109.0.10"}}
        data["connections"]["Hub-Site9"] = {"type": "IPsec", "between": ["Hub", "Site9"]}

    found = difference("hub-spoke-gateway-transit", add)
    assert {tunnel.of for tunnel in found.came.tunnels} == {"Hub-Site9"}
    assert not found.gone.tunnels
    assert not found.gone.charons


def test_a_client_that_comes_leaves_the_others_connected() -> None:
    def add(data: Data) -> None:
        data["clients"]["lin9"] = {"os": "linux", "gateway": "VNet1"}

    found = difference("p2s-branch-bgp", add)
    assert [client.name for client in found.came.clients] == ["lin9"]
    assert not found.gone.clients
    assert [new.node for _, new in found.changed_keys] == ["vnet1-gw-0-p2s-edge"]


def test_a_peering_that_comes_leaves_clients_connected() -> None:
    """What the gateway offers them from then on, the SDN controller changes."""

    def add(data: Data) -> None:
        vnet = {"address_space": ["10.9.0.0/16"], "subnets": {"default": "10.9.0.0/24"}}
        data["vnets"]["VNet9"] = {**vnet, "vms": {"vm9": {"subnet": "default"}}}
        data["peerings"] = {
            "a": {"vnet": "VNet1", "remote_vnet": "VNet9", "allow_gateway_transit": True},
            "b": {"vnet": "VNet9", "remote_vnet": "VNet1", "use_remote_gateways": True},
        }

    found = difference("p2s-branch-bgp", add)
    assert not found.gone.clients
    assert not found.came.charons
    assert {node.name for node in found.came_nodes} == {"vnet9", "vnet9-vm9"}


def test_another_time_scale_restarts_every_daemon() -> None:
    found = difference("p2s-branch-bgp", lambda data: data.update(time_scale=10))
    assert directories(found.gone) == directories(found.came) == directories(found.new)
    assert not found.came.links


def test_another_key_restarts_the_ends_that_have_it() -> None:
    old = plan(loaded(untold("hub-spoke-gateway-transit")).scenario, "lab")
    found = Difference(old, old, frozenset({"ipsec:Hub-Site1:Hub"}))
    assert not found.changes
    assert {charon.node for charon in found.came.charons} == {
        c.node for c in old.charons if "ipsec:Hub-Site1:Hub" in {s.name for s in c.secrets}
    }
    assert found.came.charons


# A lab keeps its name.
# --- BGP sessions, and Route Servers that come and go ----------------------------------------------------------------


def with_spoke(data: Data) -> None:
    vnet = {"address_space": ["10.4.0.0/16"], "subnets": {"default": "10.4.0.0/24"}}
    data["vnets"]["Spoke4"] = vnet
    data["peerings"]["h4"] = {"vnet": "Hub", "remote_vnet": "Spoke4", "allow_gateway_transit": True}
    data["peerings"]["s4"] = {"vnet": "Spoke4", "remote_vnet": "Hub", "use_remote_gateways": True}


def with_prefix(data: Data) -> None:
    data["sites"]["Site1"]["announces"] = ["10.101.0.0/16", "10.102.0.0/16"]


def with_prepend(data: Data) -> None:
    data["sites"]["Site1"]["as_path_prepend"] = {"Hub-Site1": 2}


@pytest.mark.parametrize(
    ("change", "node"), [(with_spoke, "hub-gw-0"), (with_prefix, "site1"), (with_prepend, "site1")]
)
def test_policy_and_prefixes_change_while_sessions_stay_up(change: Callable[[Data], object], node: str) -> None:
    found = difference("hub-spoke-gateway-transit", change)
    assert [new.node for _, new in found.changed_speakers] == [node]
    assert not found.gone.speakers
    assert not found.came.speakers


def of_scale(data: Data) -> None:
    data["time_scale"] = 10


def of_asn(data: Data) -> None:
    data["sites"]["Site1"]["bgp"]["asn"] = 65077


@pytest.mark.parametrize(("change", "nodes"), [(of_scale, {"hub-gw-0", "site1"}), (of_asn, {"site1"})])
def test_timers_and_asn_need_a_daemon_made_anew(change: Callable[[Data], object], nodes: set[str]) -> None:
    found = difference("hub-spoke-gateway-transit", change)
    assert {speaker.node for speaker in found.came.speakers} == nodes == {s.node for s in found.gone.speakers}


HYBRID = """
name: x
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {default: 10.0.0.0/24, GatewaySubnet: 10.0.255.0/27, RouteServerSubnet: 10.0.254.0/26}
    vpn_gateway: {sku: VpnGw1AZ, active_active: true, bgp: {asn: 65515}}
  Other:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vpn_gateway: {sku: VpnGw1AZ, bgp: {asn: 65010}}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}}
  Site2: {address_prefixes: [10.102.0.0/16], bgp: {asn: 65102}}
connections:
  Hub-Site1: {type: IPsec, between: [Hub, Site1], enable_bgp: true}
  Other-Site2: {type: IPsec, between: [Other, Site2], enable_bgp: true}
"""


def test_a_route_server_that_comes_or_goes_interrupts_the_gateways_of_its_vnet() -> None:
    """A35."""
    data = yaml.safe_load(HYBRID)
    without = plan(loaded(data).scenario, "lab")
    data["vnets"]["Hub"]["route_server"] = {}
    served = plan(loaded(data).scenario, "lab")
    for found in (Difference(without, served), Difference(served, without)):
        assert {name for name in found.interrupted if "edge" not in name} == {"hub-gw-0", "hub-gw-1"}
        assert {speaker.node for speaker in found.came.speakers} >= {"hub-gw-0", "hub-gw-1"}
        assert {charon.node.split("-edge")[0] for charon in found.came.charons} >= {"hub-gw-0", "hub-gw-1"}
        assert not [item for item in found.came.charons if item.node.startswith("other")]
    data["vnets"]["Hub"]["route_server"] = {"allow_branch_to_branch_traffic": True}
    assert not Difference(served, plan(loaded(data).scenario, "lab")).interrupted


@pytest.mark.parametrize("field", [field.name for field in fields(Plan) if field.name != "lab"])
def test_no_part_of_a_plan_is_left_out(field: str) -> None:
    """A plan that lacks one of its fields' values differs from one that has them."""
    found = [p for p in (plan(load(name).scenario, "lab") for name in RICH) if getattr(p, field)]
    assert found, f"no scenario of this test has any {field}"
    for whole in found:
        value = getattr(whole, field)
        without = () if isinstance(value, tuple) else None if field == "timers" else f"not {value}"
        assert Difference(whole, replace(whole, **{field: without})).changes
        assert Difference(replace(whole, **{field: without}), whole).changes
