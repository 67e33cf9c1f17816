"""What a plan must be for Linux to take it, whatever the scenario is called."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

import pytest
from plans import catalogued

from netlab.lab.measure.trace import tunnel_ends
from netlab.plan.model import (
    DEFAULT_TABLE,
    MAIN_TABLE,
    DataPlane,
    Plan,
)
from netlab.plan.planner import plan
from netlab.render import nftables
from netlab.scenario.loader import catalogue, parse
from netlab.scenario.models import Scenario

PLANES: tuple[DataPlane, ...] = ("userspace", "kernel")
# The TUN that charon makes where it runs, before it is moved or for good.
TUN = "ipsec0"


def test_on_the_userspace_plane_each_connection_has_a_charon_and_an_edge() -> None:
    found = plan(catalogued("p2s-branch-bgp"), "lab", "userspace")
    assert [(c.node, [item.name for item in c.connections]) for c in found.charons] == [
        ("vnet1-gw-0-edge-vnet1-site1", ["VNet1-Site1"]),
        ("vnet1-gw-0-p2s-edge", ["p2s"]),
        ("site1-edge-vnet1-site1", ["VNet1-Site1"]),
        ("win", ["p2s"]),
        ("lin", ["p2s"]),
    ]
    assert {t.if_id for t in found.tunnels} | {c.if_id for c in found.clients} == {0}


def test_on_the_kernel_plane_a_device_has_one_charon_and_a_number_per_tunnel() -> None:
    found = plan(catalogued("p2s-branch-bgp"), "lab", "kernel")
    assert [(c.node, [item.name for item in c.connections]) for c in found.charons] == [
        ("vnet1-gw-0-edge", ["VNet1-Site1", "p2s"]),
        ("site1-edge", ["VNet1-Site1"]),
        ("win", ["p2s"]),
        ("lin", ["p2s"]),
    ]
    numbers = {(c.node, item.name): item.if_id for c in found.charons for item in c.connections}
    assert all(numbers.values())
    assert len({numbers["vnet1-gw-0-edge", name] for name in ("VNet1-Site1", "p2s")}) == 2
    assert {t.if_id for t in found.tunnels} == {numbers[t.edge, t.connection] for t in found.tunnels}


def test_both_planes_leave_the_same_in_the_routing_namespaces() -> None:
    """platform-facts.md, section 1: that is the seam between them."""
    scenario = catalogued("p2s-multi-vnet-branch-bgp")
    userspace, kernel = (plan(scenario, "lab", plane) for plane in PLANES)
    assert userspace.speakers == kernel.speakers
    assert userspace.fabrics == kernel.fabrics

    def seen(found: Plan) -> list[Any]:
        return [(t.node, t.interface, t.connection, t.mtu, t.statics, t.host_routes, t.peer) for t in found.tunnels]

    assert seen(userspace) == seen(kernel)
    assert [n for n in userspace.nodes if n.kind == "gateway"] == [n for n in kernel.nodes if n.kind == "gateway"]


@pytest.mark.parametrize("name", catalogue())
def test_both_planes_lead_tunnels_from_the_same_public_addresses(name: str) -> None:
    """Between them ESP is looked for on the underlay; an active-active gateway has one more for point-to-site."""
    userspace, kernel = (tunnel_ends(plan(catalogued(name), "lab", plane)) for plane in PLANES)
    assert userspace == kernel


def test_a_gateway_has_no_way_to_the_internet() -> None:
    """R64; only its edge has."""
    found = plan(catalogued("p2s-multi-vnet-branch-bgp"), "lab")
    for node in found.nodes:
        tables = (MAIN_TABLE, DEFAULT_TABLE)
        defaults = [route for route in node.routes if route.prefix == "0.0.0.0/0" and route.table in tables]
        assert len(defaults) == (0 if node.kind in ("gateway", "vnet", "internet") else 1), node.name


PUBLIC_VMS = """\
name: public
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms:
      vm1: {subnet: default, public_ip_address: 203.0.113.1}
      vm2: {subnet: default}
    vpn_gateway: {}
sites: {Site1: {address_prefixes: [10.101.0.0/16]}}
connections: {VNet1-Site1: {type: IPsec, between: [VNet1, Site1]}}
"""


def test_a_public_address_leads_to_the_fabric_of_its_nic_and_is_translated_there_without_state() -> None:
    """Azure translates it: the machine does not have it, and no gateway is given the same one."""
    found = plan(parse(PUBLIC_VMS, "public.yaml").scenario, "lab")
    backbone, fabric, vm1 = (found.node(name) for name in ("backbone", "vnet1", "vnet1-vm1"))
    leads = [r.device for r in backbone.routes if r.prefix == "203.0.113.1/32" and r.type == "unicast"]
    (wan,) = (link for link in found.links if link.a.node == "vnet1" and link.b.node == "backbone")
    assert leads == [wan.b.name]
    held = [address for link in found.links for end in (link.a, link.b) for address in end.addresses]
    assert "203.0.113.1/32" not in (*held, *(address for node in found.nodes for address in node.loopback))
    text = nftables.text(fabric.nftables)
    assert 'iifname "wan" ip daddr set ip daddr map { 203.0.113.1 : 10.1.0.4 }' in text
    assert 'oifname "wan" ip saddr set ip saddr map { 10.1.0.4 : 203.0.113.1 }' in text
    assert 'oifname "wan" ip saddr != { 10.1.0.4 } masquerade' in text
    assert not vm1.nftables


def test_without_public_addresses_a_fabric_hides_all_its_machines_behind_one() -> None:
    text = PUBLIC_VMS.replace(", public_ip_address: 203.0.113.1", "")
    rulesets = nftables.text(plan(parse(text, "public.yaml").scenario, "lab").node("vnet1").nftables)
    assert 'oifname "wan" masquerade' in rulesets
    assert "addr map" not in rulesets


def test_what_a_peer_sends_is_not_passed_on_to_a_third_vnet() -> None:
    """R102: the ingress table of a peering knows the VNet's own ranges, and the gateway only for a spoke."""
    fabric = next(f for f in plan(catalogued("p2s-peered-vnets"), "lab").fabrics if f.node == "vnet2")
    (from_hub, from_leaf) = (t for t in fabric.tables if t.subnet in ("from VNet1", "from VNet3"))
    for table in (from_hub, from_leaf):
        assert [s.next_hop_type for s in table.fixed] == ["VnetLocal"]
        assert table.gateway == ""
    hub = next(f for f in plan(catalogued("p2s-peered-vnets"), "lab").fabrics if f.node == "vnet1")
    assert {t.subnet: t.gateway for t in hub.tables} == {
        "default": "VNet1",
        "GatewaySubnet": "",
        "from VNet2": "VNet1",
        "from VNet4": "VNet1",
        "from the Internet": "",
    }


def test_a_spoke_uses_the_hubs_gateway_and_a_leaf_none() -> None:
    tables = {
        (fabric.node, table.subnet): table
        for fabric in plan(catalogued("p2s-peered-vnets"), "lab").fabrics
        for table in fabric.tables
    }
    spoke, leaf = tables["vnet2", "default"], tables["vnet3", "default"]
    assert (spoke.gateway, [(way.node, way.device) for way in spoke.gateway_ways]) == (
        "VNet1",
        [("vnet1-gw-0", "p-vnet1")],
    )
    assert (leaf.gateway, leaf.gateway_ways) == ("", ())


def test_a_client_of_windows_takes_no_routes_from_its_selectors() -> None:
    charons = {c.node: c for c in plan(catalogued("p2s-isolated-vnet"), "lab").charons}
    assert not charons["win"].installs_routes
    assert charons["lin"].installs_routes


def test_a_client_reaches_its_gateways_over_the_internet_whatever_its_custom_routes_say() -> None:
    """R64: 0.0.0.0/1 and 128.0.0.0/1 lead into the tunnel, and the tunnel's own packets do not."""
    found = plan(catalogued("p2s-two-vnets"), "lab")
    servers = {c.remote_address for charon in found.charons if charon.node == "both" for c in charon.connections}
    node = found.node("both")
    first = [rule.destination for rule in sorted(node.rules, key=lambda rule: rule.priority)][: len(servers)]
    assert set(first) == {f"{server}/32" for server in servers}
    leading = {r.prefix: r.device for r in node.routes if r.table == MAIN_TABLE}
    assert leading == {f"{server}/32": "eth0" for server in servers}


def test_each_of_a_clients_tunnels_has_a_charon_of_its_own_where_libipsec_does_esp() -> None:
    """platform-facts.md, section 1: one charon with two of them would mix them up; XFRM interfaces keep them apart."""
    plans = [plan(catalogued("p2s-two-vnets"), "lab", plane) for plane in ("userspace", "kernel")]
    userspace, kernel = ([charon for charon in p.charons if charon.node == "both"] for p in plans)
    assert [(len(c.connections), c.own_ports) for c in userspace] == [(1, False), (1, True)]
    assert [(len(c.connections), c.own_ports) for c in kernel] == [(2, False)]
    assert len({connection.if_id for connection in kernel[0].connections}) == 2


@pytest.mark.parametrize("plane", ["userspace", "kernel"])
def test_passwords_are_passwords_at_both_ends(plane: DataPlane) -> None:
    """A password that is loaded as a PSK is none: then nobody's is right."""
    found = plan(catalogued("s2s-p2s-coexist"), "lab", plane)
    secrets = [secret for charon in found.charons for secret in charon.secrets]
    kinds = {(secret.name.partition(":")[0], secret.kind) for secret in secrets}
    assert kinds == {("ipsec", "IKE"), ("p2s", "EAP")}
    wrong = {secret.name for charon in found.charons if charon.node == "guest" for secret in charon.secrets}
    assert wrong == {"p2s:VNet1:guest:wrong"}


def test_a_pool_has_as_many_addresses_as_the_gateway_serves_clients() -> None:
    """R52: the client too many gets none."""
    scenario = catalogued("p2s-branch-bgp")
    pools = [
        {c.pool for charon in plan(each, "lab").charons for c in charon.connections if c.pool}
        for each in (scenario, scenario.model_copy(update={"profile": "seed"}))
    ]
    assert pools == [{"192.168.0.1-192.168.0.250"}, {"192.168.0.1-192.168.0.128"}]


@pytest.mark.parametrize(
    ("prefix", "hosts", "router"),
    [
        ("10.101.0.0/16", ["10.101.0.10"], "10.101.0.1"),
        ("10.101.0.0/16", ["10.101.0.1", "10.101.0.2"], "10.101.0.3"),
        ("10.101.0.0/31", ["10.101.0.0"], "10.101.0.1"),
        ("0.0.0.0/1", ["10.101.0.10"], "0.0.0.1"),
    ],
)
def test_the_router_of_a_site_has_the_first_address_that_no_host_has(
    prefix: str, hosts: list[str], router: str
) -> None:
    site = {"address_prefixes": [prefix], "hosts": {f"h{n}": address for n, address in enumerate(hosts)}}
    found = plan(Scenario.model_validate({"name": "s", "sites": {"S": site}}), "lab")
    ends = {link.a.node: link.b.addresses for link in found.links}
    assert [ends[f"s-h{n}"] for n in range(len(hosts))] == [(f"{router}/32",)] * len(hosts)
    assert {r.via for n in range(len(hosts)) for r in found.node(f"s-h{n}").routes} == {router}


def test_bgp_gets_no_second_tunnel_to_a_peer() -> None:
    """platform-facts.md, section 3: a peer's address inside a learned prefix must not lead BGP elsewhere."""
    found = plan(catalogued("p2s-branch-bgp"), "lab")
    for speaker in found.speakers:
        dead_ends = {r.prefix for r in found.node(speaker.node).routes if r.type == "unreachable"}
        assert {prefix for prefix in dead_ends if prefix.endswith("/32")} == {
            f"{neighbor.address}/32" for neighbor in speaker.neighbors
        }


def test_the_speaker_of_a_gateway_refuses_its_spokes_and_knows_what_covers_them() -> None:
    """B22, B21: every strict superset of what it refuses."""
    scenario = catalogued("p2s-branch-bgp")
    speakers = {s.node: s for s in plan(scenario, "lab").speakers}
    gateway, site = speakers["vnet1-gw-0"], speakers["site1"]
    assert gateway.own_prefixes == ("10.1.0.0/16",)
    assert {IPv4Network(p) for p in gateway.covering} == set(_supersets("10.1.0.0/16"))
    assert (site.own_prefixes, site.covering) == ((), ())
    # B63: and the host route of its peer.
    assert gateway.networks == ("10.1.0.0/16", "192.168.0.0/24", "10.101.255.254/32")


def _supersets(prefix: str) -> Iterator[IPv4Network]:
    network = IPv4Network(prefix)
    return (network.supernet(n) for n in range(1, network.prefixlen + 1))
