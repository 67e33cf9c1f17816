"""VPN servers of one's own: appliances that end connections, behind their NICs (R90)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

import pytest

from netlab.azure import ike
from netlab.azure.explanation import explain
from netlab.azure.moments import after, initial
from netlab.azure.prediction import Predicted, endpoint_addresses, matrix
from netlab.azure.state import State
from netlab.plan import steering
from netlab.plan.model import DataPlane, IkeConnection, Node, Plan
from netlab.plan.planner import plan
from netlab.render import nftables
from netlab.scenario.loader import parse
from netlab.scenario.models import Action, Scenario
from netlab.scenario.network import resolve

TEXT = """
name: servers
route_tables:
  to-own:
    routes: {home: {address_prefix: 10.101.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.1.9.4}}
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {app: {address_prefix: 10.1.1.0/24, route_table: to-own}, bare: 10.1.2.0/24, vpn: 10.1.9.0/24}
    vms:
      app: {subnet: app}
      bare: {subnet: bare}
      own: {subnet: vpn, enable_ip_forwarding: true, nva: {bgp: {asn: 65001, announces: [10.1.0.0/16]}}}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}
    vms: {vm2: {subnet: default}}
    vpn_gateway: {bgp: {asn: 65020}}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
connections:
  own-Site1: {type: IPsec, between: [VNet1-own, Site1]}
  VNet2-own: {type: IPsec, between: [VNet2, VNet1-own], enable_bgp: true}
"""
SITE_BY_BGP = ("[VNet1-own, Site1]}", "[VNet1-own, Site1], enable_bgp: true}")
NO_WAY_OUT = (
    ("vpn: 10.1.9.0/24", "vpn: {address_prefix: 10.1.9.0/24, route_table: closed}"),
    ("route_tables:\n", "route_tables:\n  closed: {routes: {out: {address_prefix: 0.0.0.0/0, next_hop_type: None}}}\n"),
)
PLANES: tuple[DataPlane, ...] = ("userspace", "kernel")


def scenario(*edits: tuple[str, str]) -> Scenario:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now, 1)
    return parse(text, "servers.yaml").scenario


def cell(state: State, source: str, target: str) -> Predicted:
    return next(found for found in matrix(state) if (found.source, found.target) == (source, target))


def way(found: Predicted) -> tuple[str, ...]:
    (walk,) = found.forward
    return walk.nodes


def death(found: Predicted) -> tuple[str, str]:
    assert found.death is not None
    return found.death[0], found.death[1].dropped_at


def heard(state: State, node: str) -> dict[str, tuple[int, ...]]:
    return {str(prefix): paths[0].as_path for prefix, paths in state.learned[node].items()}


def connections(found: Plan, node: str) -> Iterator[IkeConnection]:
    return (item for charon in found.charons if charon.node.startswith(node) for item in charon.connections)


def machine(found: Plan) -> Node:
    return found.node("vnet1-own")


# --- the model ------------------------------------------------------------------------------------------------------


def test_a_subnet_with_a_user_route_reaches_the_site_through_the_server() -> None:
    found = cell(initial(scenario()), "vnet1-app", "site1-h1")
    assert found.outcome == "reachable"
    assert way(found) == ("vnet1-app", "vnet1", "vnet1-own", "site1", "site1-h1")


def test_a_subnet_without_one_reaches_nothing_and_cannot_answer() -> None:
    state = initial(scenario())
    assert death(cell(state, "vnet1-bare", "site1-h1")) == ("forward", "vnet1")
    assert death(cell(state, "site1-h1", "vnet1-bare")) == ("reverse", "vnet1")
    found = explain(state, cell(state, "site1-h1", "vnet1-bare"), endpoint_addresses(state))
    assert found.mend[0].sentence == (
        "give subnet bare of VNet1 a user route for 10.101.0.0/16 to VirtualAppliance 10.1.9.4, "
        "the VPN server vnet1-own (R90)"
    )


def sends(found: Scenario, end: str, connection: str) -> tuple[IPv4Network, ...]:
    sides = resolve(found).connections[connection].sides
    return next(side.static_prefixes for side in sides if side.end.name == end)


def test_an_end_sends_what_is_at_the_other_one_unless_told_otherwise() -> None:
    plain, told = scenario(), scenario(("nva: {bgp", "nva: {static_routes: {own-Site1: [10.101.7.0/24]}, bgp"))
    assert sends(plain, "VNet1-own", "own-Site1") == (IPv4Network("10.101.0.0/16"),)
    assert sends(plain, "Site1", "own-Site1") == (IPv4Network("10.1.0.0/16"),)
    assert sends(told, "VNet1-own", "own-Site1") == (IPv4Network("10.101.7.0/24"),)
    # B11: where BGP tells, neither the appliance nor the local network gateway that stands for it.
    assert sends(plain, "VNet1-own", "VNet2-own") == ()
    assert plain.local_network_gateway("VNet2-own", "VNet2").device == "VNet1-own"


def test_bgp_over_its_tunnels_tells_what_it_announces_and_passes_on() -> None:
    state = initial(scenario(SITE_BY_BGP))
    assert heard(state, "vnet2-gw-0") == {"10.1.0.0/16": (65001,), "10.101.0.0/16": (65001, 65101)}
    assert heard(state, "site1") == {"10.1.0.0/16": (65001,), "10.2.0.0/16": (65001, 65020)}
    found = cell(state, "vnet2-vm2", "site1-h1")
    assert found.outcome == "reachable"
    assert way(found) == ("vnet2-vm2", "vnet2", "vnet2-gw-0", "vnet1-own", "site1", "site1-h1")


def test_a_stopped_server_has_no_tunnels_and_no_sessions() -> None:
    state = after(initial(scenario(SITE_BY_BGP)), Action.model_validate({"stop_vm": {"vm": "own"}}))
    assert state.up == frozenset()
    assert heard(state, "site1") == {}
    assert {state.why_down(tunnel) for tunnel in state.topology.tunnels} == {"vnet1-own is stopped"}
    assert death(cell(state, "vnet1-app", "site1-h1")) == ("forward", "vnet1-own")
    assert death(cell(state, "site1-h1", "vnet1-app")) == ("forward", "site1")


def test_a_server_without_a_way_to_the_internet_never_comes_up() -> None:
    state = initial(scenario(*NO_WAY_OUT))
    assert state.refused == {"own-Site1", "VNet2-own"}
    assert {state.why_down(tunnel) for tunnel in state.topology.tunnels} == {
        "0.0.0.0/0 of vnet1-own's subnet leads to None, not to the Internet"
    }


@pytest.mark.parametrize(
    ("connection", "end", "device"),
    [
        ("own-Site1", "VNet1-own", False),
        ("own-Site1", "Site1", True),
        ("VNet2-own", "VNet2", False),
        ("VNet2-own", "VNet1-own", True),
    ],
)
def test_an_appliance_is_a_gateway_to_a_site_and_a_device_to_a_gateway(connection: str, end: str, device: bool) -> None:
    found = resolve(scenario())
    assert found.connections[connection].side(found.end(end)).is_device is device


def test_the_mode_of_a_connection_is_its_gateways() -> None:
    found = scenario(("[VNet1-own, Site1]}", "[VNet1-own, Site1], connection_mode: ResponderOnly}"))
    connection = resolve(found).connections["own-Site1"]
    assert [ike.mode(side) for side in connection.sides] == ["ResponderOnly", "Default"]
    assert ike.initiator(connection) is connection.sides[1]


# --- the plan -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plane", PLANES)
def test_its_charons_are_behind_the_machine_and_nowhere_on_the_internet(plane: DataPlane) -> None:
    found = plan(scenario(), "lab", plane)
    edges = {charon.node for charon in found.charons if charon.node.startswith("vnet1-own-edge")}
    assert len(edges) == {"userspace": 2, "kernel": 1}[plane]
    assert {(link.a.node, link.b.node) for link in found.links if link.a.node in edges} == {
        (edge, "vnet1-own") for edge in edges
    }
    ends = list(connections(found, "vnet1-own"))
    assert len({item.local_address for item in ends}) == len(edges)
    public = str(resolve(scenario()).public.machines["vnet1-own"])
    assert {item.public_address for item in ends} == {public}
    assert {item.remote_address for item in connections(found, "site1")} == {public}


@pytest.mark.parametrize("plane", PLANES)
def test_what_peers_begin_is_translated_to_the_charon_that_they_mean(plane: DataPlane) -> None:
    found = plan(scenario(), "lab", plane)
    for item in connections(found, "vnet1-own"):
        rule = f'iifname "eth0" ip saddr {item.remote_address} udp dport {{ 500, 4500 }} dnat to {item.local_address}\n'
        assert rule in nftables.text(machine(found).nftables)
        # Past all tunnels, whatever they lead to.
        routes = {route.prefix: route.device for route in machine(found).routes}
        assert routes[f"{item.remote_address}/32"] == "eth0"


def test_its_static_routes_lead_into_its_tunnels() -> None:
    found = plan(scenario(), "lab", "userspace")
    led = {route.prefix: route.device for route in steering.routes(found, "vnet1-own", steering.everything_up(found))}
    assert led == {"10.101.0.0/16": "t-own-site1", "10.2.255.30/32": "t-vnet2-own"}


def test_a_machine_that_ends_no_connection_has_neither_address_nor_edges() -> None:
    lone = TEXT[: TEXT.index("connections:")].replace("nva: {bgp: {asn: 65001, announces: [10.1.0.0/16]}}", "nva: {}")
    found = plan(parse(lone, "servers.yaml").scenario, "lab", "userspace")
    assert not any(node.name.startswith("vnet1-own-") for node in found.nodes)
    assert "dnat" not in nftables.text(machine(found).nftables)
    assert "addr map" not in nftables.text(found.node("vnet1").nftables)
