"""OpenVPN in a plan: a daemon at the edge, its TUN in the routing namespace, a daemon at each client."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netlab.azure.faults import Fault
from netlab.azure.faults.gateway import INSTANCE
from netlab.azure.moments import initial
from netlab.controllers.demand import demands
from netlab.controllers.tables import wanted_offer
from netlab.lab.build.alive import expected
from netlab.lab.story.failover import added_to
from netlab.plan.model import DataPlane, OpenVpnServer, Plan
from netlab.plan.names import IFNAMSIZ
from netlab.plan.planner import plan
from netlab.scenario.loader import parse
from netlab.scenario.models import Scenario

TEXT = """
name: t
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vpn_gateway: {ACTIVE, point_to_site: {address_pool: 192.168.0.0/24, tunnel_types: [OpenVPN]}}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}
    vpn_gateway: {point_to_site: {address_pool: 192.168.2.0/24, tunnel_types: [IkeV2, OpenVPN]}}
clients:
  lin: {os: linux, gateway: VNet1, further_gateways: [VNet2]}
  win: {os: windows, gateway: VNet1, local_network: 10.200.0.0/24}
  both: {os: linux, gateway: VNet1, further_gateways: [VNet2], tunnel_type: OpenVPN}
"""
PLANES: tuple[DataPlane, ...] = ("userspace", "kernel")


def scenario(active_active: bool = False) -> Scenario:
    return parse(TEXT.replace("ACTIVE", f"active_active: {str(active_active).lower()}"), "t.yaml").scenario


def lab(plane: DataPlane = "userspace", active_active: bool = False) -> Plan:
    return plan(scenario(active_active), "t", plane)


@pytest.mark.parametrize("plane", PLANES)
def test_a_gateway_with_openvpn_alone_has_no_charon_for_clients(plane: DataPlane) -> None:
    found = lab(plane)
    assert not [c.node for c in found.charons if c.node.startswith("vnet1")]
    (server,) = found.servers_of("VNet1")
    assert isinstance(server, OpenVpnServer)
    edge = found.node(server.edge)
    assert f"{server.address}/32" in edge.loopback
    assert found.netns(server.edge) == server.edge_netns
    assert [charon.node for charon in found.charons if charon.node == server.edge] == []


@pytest.mark.parametrize("plane", PLANES)
def test_its_tun_is_moved_into_the_routing_namespace_and_leads_to_the_pool(plane: DataPlane) -> None:
    (one,) = (t for t in lab(plane).tunnels if t.node == "vnet1-gw-0")
    assert (one.interface, one.ready_made, one.if_id, one.host_routes) == ("p2s-openvpn", True, 0, ("192.168.0.0/24",))
    assert len(one.interface) <= IFNAMSIZ


def test_of_a_pool_in_common_a_part_leads_to_each_and_the_vnet_has_a_route_to_the_whole() -> None:
    """P10."""
    found = lab()
    ike, openvpn = (tunnel for tunnel in found.tunnels if tunnel.node == "vnet2-gw-0")
    assert ike.host_routes == ("192.168.2.0/24",)
    assert openvpn.host_routes == ("192.168.2.249/32", "192.168.2.250/31")
    (view,) = (view for view in found.gateways if view.vnet == "VNet2")
    assert set(openvpn.host_routes) <= set(view.hidden)
    assert {"p2s", "p2s-openvpn"} <= set(view.tunnels)


def test_a_client_has_an_interface_for_each_tunnel_counted_by_type() -> None:
    found = {client.name: (client.interface, client.tunnel_type, client.metric) for client in lab().clients}
    assert found == {
        "lin": ("tun0", "OpenVPN", 0),
        "lin-vnet2": ("ipsec0", "IkeV2", 1),
        "win": ("tun0", "OpenVPN", 0),
        "both": ("tun0", "OpenVPN", 0),
        "both-vnet2": ("tun1", "OpenVPN", 1),
    }
    charons = {charon.node: [c.name for c in charon.connections] for charon in lab().charons}
    assert charons["lin"] == ["p2s"]
    assert "win" not in charons
    assert "both" not in charons


def test_daemons_of_one_lab_have_directories_of_their_own() -> None:
    found = lab()
    directories = [
        *(c.directory for c in found.charons),
        *{c.directory for c in found.clients if c.tunnel_type == "OpenVPN"},
    ]
    directories += [server.directory for server in found.servers if server.program]
    assert len(set(directories)) == len(directories)


def test_a_daemon_of_clients_must_run_and_a_clients_need_not() -> None:
    programs = [(node, program) for node, _, program in expected(lab()) if program == "openvpn"]
    assert programs == [("vnet1-gw-0-p2s-edge", "openvpn"), ("vnet2-gw-0-p2s-edge", "openvpn")]


def test_a_tunnel_to_clients_is_never_on_demand() -> None:
    assert list(demands(lab())) == []


def test_what_bgp_told_is_offered_even_inside_what_is_offered_already() -> None:
    """IKEv2 would leave it out (RFC 7296, section 2.9)."""
    openvpn, ike = lab().servers_of("VNet1")[0], lab().servers_of("VNet2")[0]
    known = [("10.1.7.0/24", True, 1), ("10.2.7.0/24", True, 1), ("0.0.0.0/0", True, 1)]
    assert wanted_offer(openvpn, known) == ("10.1.0.0/16", "192.168.0.0/24", "10.1.7.0/24", "10.2.7.0/24")
    assert wanted_offer(ike, known) == ("10.2.0.0/16", "192.168.2.0/24", "10.1.7.0/24")


@pytest.mark.parametrize("active_active", [False, True])
def test_an_instance_that_takes_over_starts_a_daemon(active_active: bool) -> None:
    before, state = lab(active_active=active_active), initial(scenario(active_active))
    state = replace(state, faults=frozenset({Fault(INSTANCE, "vnet1-gw-0")}))
    lost = frozenset({"vnet1-gw-0"})
    after = plan(
        scenario(active_active), "t", lost=lost, switched=frozenset() if active_active else frozenset({"VNet1"})
    )
    (server,) = added_to(before, after).servers
    assert (server.node, server.program, server.address) == (
        "vnet1-gw-1",
        "openvpn",
        before.servers_of("VNet1")[0].address,
    )
    assert [t.interface for t in added_to(before, after).tunnels] == ["p2s-openvpn"]


def test_a_clients_own_network_is_compared_with_what_is_pushed() -> None:
    route = next(route for route in lab().node("win").routes if route.prefix == "10.200.0.0/24")
    assert route.table == 254
