"""NAT rules of VPN gateways: the rows of the rulebook's matrix, walked packet by packet (T4 to T25)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from netlab.azure.bgp.policy import policy
from netlab.azure.dataplane.packets import Packet
from netlab.azure.dataplane.plane import Plane
from netlab.azure.dataplane.walk import Walk
from netlab.azure.moments import initial
from netlab.azure.prediction import predict
from netlab.results.drops import DropType
from netlab.scenario.loader import parse

# The figures of NATOV23: the VNet and both branches have 10.0.1.0/24.
EXAMPLE = """
name: branches
vnets:
  VNet1:
    address_space: [10.0.1.0/24]
    subnets: {default: 10.0.1.0/25, GatewaySubnet: 10.0.1.224/27}
    vms: {vm: {subnet: default}}
    vpn_gateway:
      sku: VpnGw2AZ
      nat_rules:
        vnet: {mode: EgressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.1.0/24]}
        branch1: {mode: IngressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.2.0/24]}
        branch2: {mode: IngressSnat, internal_mappings: [10.0.1.0/24], external_mappings: [100.0.3.0/24]}
sites:
  Branch1:
    address_prefixes: [10.0.1.0/24]
    hosts: {h1: 10.0.1.10}
    static_routes: {C1: [100.0.1.0/24, 100.0.3.0/24]}
  Branch2:
    address_prefixes: [10.0.1.0/24]
    hosts: {h2: 10.0.1.20}
    static_routes: {C2: [100.0.1.0/24, 100.0.2.0/24]}
connections:
  C1: {type: IPsec, between: [VNet1, Branch1], ingress_nat_rules: [branch1], egress_nat_rules: [vnet]}
  C2: {type: IPsec, between: [Branch2, VNet1], ingress_nat_rules: [branch2], egress_nat_rules: [vnet]}
"""


def sent(text: str, start: str, source: str, destination: str) -> Walk:
    state = initial(parse(text, "x.yaml").scenario)
    (walk,) = Plane(state, {}).walks(start, Packet(IPv4Address(source), IPv4Address(destination)))
    return walk


def seen(walk: Walk) -> tuple[str, str]:
    assert walk.arrived is not None, walk.reason
    return str(walk.arrived.source), str(walk.arrived.destination)


@pytest.mark.parametrize(
    ("start", "source", "destination", "at_the_end", "where"),
    [
        ("branch1-h1", "10.0.1.10", "100.0.1.4", ("100.0.2.10", "10.0.1.4"), "vnet1-vm"),
        ("branch2-h2", "10.0.1.20", "100.0.1.4", ("100.0.3.20", "10.0.1.4"), "vnet1-vm"),
        ("vnet1-vm", "10.0.1.4", "100.0.2.10", ("100.0.1.4", "10.0.1.10"), "branch1-h1"),
        ("vnet1-vm", "10.0.1.4", "100.0.3.20", ("100.0.1.4", "10.0.1.20"), "branch2-h2"),
        ("branch1-h1", "10.0.1.10", "100.0.3.20", ("100.0.2.10", "10.0.1.20"), "branch2-h2"),
        ("branch2-h2", "10.0.1.20", "100.0.2.10", ("100.0.3.20", "10.0.1.10"), "branch1-h1"),
    ],
)
def test_each_network_sees_the_others_under_their_external_addresses(
    start: str, source: str, destination: str, at_the_end: tuple[str, str], where: str
) -> None:
    """Rows 1, 2 and 9 of the matrix."""
    walk = sent(EXAMPLE, start, source, destination)
    assert (seen(walk), walk.nodes[-1]) == (at_the_end, where)


@pytest.mark.parametrize(
    ("start", "source", "destination", "dropped_at", "why"),
    [
        ("branch1-h1", "10.0.1.10", "10.0.1.4", "branch1", DropType.NO_PRIVATE_ROUTE),  # row 3
        ("vnet1-vm", "10.0.1.4", "10.0.1.10", "vnet1", DropType.NO_NIC),  # row 4
        ("vnet1-vm", "10.0.1.4", "100.0.3.10", "branch2", DropType.NO_PRIVATE_ROUTE),  # no host has .10 there
    ],
)
def test_internal_addresses_stay_where_they_are(
    start: str, source: str, destination: str, dropped_at: str, why: DropType
) -> None:
    walk = sent(EXAMPLE, start, source, destination)
    assert walk.cause is not None
    assert (walk.dropped_at, walk.cause.type) == (dropped_at, why)


def test_without_its_egress_rule_a_branch_reaches_nothing() -> None:
    """The neighbour of row 1: nothing translates the destination back, and the VNet has no such network."""
    text = EXAMPLE.replace(", egress_nat_rules: [vnet]}\n  C2", "}\n  C2")
    assert sent(text, "branch1-h1", "10.0.1.10", "100.0.1.4").dropped_at == "vnet1"


@pytest.mark.parametrize("routes", ["    static_routes: {C1: [100.0.1.0/24, 100.0.3.0/24]}\n", ""])
def test_a_device_keeps_its_own_prefix_for_itself(routes: str) -> None:
    """Row 3, whether its static routes are written or not: the VNet's internal prefix is the site's own."""
    text = EXAMPLE.replace(", egress_nat_rules: [vnet]}\n  C2", "}\n  C2").replace(
        "    static_routes: {C1: [100.0.1.0/24, 100.0.3.0/24]}\n", routes
    )
    assert sent(text, "branch1-h1", "10.0.1.10", "10.0.1.4").dropped_at == "branch1"


@pytest.mark.parametrize(("wide", "inner"), [("10.0.0.0/16", "10.0.1.0/24"), ("10.0.0.0/8", "10.0.0.0/16")])
def test_a_prefix_without_a_rule_stays_as_it_is(wide: str, inner: str) -> None:
    """T10: of a branch's two prefixes one has a rule."""
    text = f"""
name: two-prefixes
vnets:
  VNet1:
    address_space: [172.16.0.0/16]
    subnets: {{default: 172.16.0.0/24, GatewaySubnet: 172.16.255.0/27}}
    vms: {{vm: {{subnet: default}}}}
    vpn_gateway:
      sku: VpnGw3
      nat_rules:
        one: {{mode: IngressSnat, internal_mappings: [{inner}], external_mappings: [{inner.replace("10.", "100.", 1)}]}}
sites:
  Site1: {{address_prefixes: [{wide}, 192.168.0.0/24], hosts: {{a: 10.0.1.10, b: 192.168.0.10}}}}
connections:
  C1: {{type: IPsec, between: [VNet1, Site1], ingress_nat_rules: [one]}}
"""
    (step,) = predict(parse(text, "x.yaml").scenario)
    assert {cell.outcome for cell in step.cells} == {"reachable"}
    assert seen(sent(text, "site1-a", "10.0.1.10", "172.16.0.4")) == ("100.0.1.10", "172.16.0.4")
    assert seen(sent(text, "site1-b", "192.168.0.10", "172.16.0.4")) == ("192.168.0.10", "172.16.0.4")


def test_vms_have_routes_to_the_external_prefixes_only() -> None:
    """T17."""
    state = initial(parse(EXAMPLE, "x.yaml").scenario)
    routes = Plane(state, {}).node("vnet1").table_of("vnet1-vm").routes
    found = {str(route.prefix) for route in routes if route.leads_to == "VirtualNetworkGateway"}
    assert found == {"100.0.2.0/24", "100.0.3.0/24"}


def test_custom_selectors_name_the_addresses_in_the_tunnel() -> None:
    """T25: the VNet's external prefix, the branch's internal one."""
    policy = ", traffic_selector_policies: [{{local_address_ranges: [{}], remote_address_ranges: [10.0.1.0/24]}}]}}"
    line = "ingress_nat_rules: [branch1], egress_nat_rules: [vnet]"
    right = EXAMPLE.replace(line + "}", line + policy.format("100.0.1.0/24"))
    wrong = EXAMPLE.replace(line + "}", line + policy.format("10.0.1.0/24"))
    assert seen(sent(right, "vnet1-vm", "10.0.1.4", "100.0.2.10")) == ("100.0.1.4", "10.0.1.10")
    walk = sent(wrong, "vnet1-vm", "10.0.1.4", "100.0.2.10")
    assert walk.cause is not None
    assert walk.cause.type is DropType.NOT_SELECTED


@pytest.mark.parametrize(("instance", "translated"), [(None, {True}), (0, {True, False}), (1, {True, False})])
def test_a_rule_of_an_active_active_gateway_belongs_to_its_instance(
    instance: int | None, translated: set[bool]
) -> None:
    """T16: what comes out of the tunnel of the other instance keeps its source."""
    named = "" if instance is None else f", ip_configuration_id: {instance}"
    text = EXAMPLE.replace("sku: VpnGw2AZ", "sku: VpnGw2AZ\n      active_active: true")
    text = text.replace("external_mappings: [100.0.2.0/24]", f"external_mappings: [100.0.2.0/24]{named}")
    state = initial(parse(text, "x.yaml").scenario)
    packet = Packet(IPv4Address("10.0.1.10"), IPv4Address("100.0.1.4"))
    found = [walk.arrived for walk in Plane(state, {}).walks("branch1-h1", packet)]
    assert {str(each.source) == "100.0.2.10" for each in found if each is not None} == translated


DYNAMIC = (
    EXAMPLE.replace("branch1: {mode: IngressSnat,", "branch1: {mode: IngressSnat, type: Dynamic,")
    .replace("external_mappings: [100.0.2.0/24]", "external_mappings: [100.0.2.0/28]")
    .replace("{C2: [100.0.1.0/24, 100.0.2.0/24]}", "{C2: [100.0.1.0/24, 100.0.2.0/28]}")
)


def outcomes(text: str) -> dict[tuple[str, str], str]:
    (step,) = predict(parse(text, "x.yaml").scenario)
    return {(cell.source, cell.target): cell.drop.node if cell.drop is not None else "" for cell in step.cells}


def test_behind_a_pool_only_the_branch_opens_flows() -> None:
    """Row 6 of the matrix: what the branch opens is answered; what comes for the pool has no session."""
    found = outcomes(DYNAMIC)
    assert found["branch1-h1", "vnet1-vm"] == ""
    assert found["branch1-h1", "branch2-h2"] == ""
    assert found["vnet1-vm", "branch1-h1"] == "vnet1-gw-0"
    assert found["branch2-h2", "branch1-h1"] == "vnet1-gw-0"
    walk = sent(DYNAMIC, "vnet1-vm", "10.0.1.4", "100.0.2.3")
    assert walk.cause is not None
    assert (walk.dropped_at, walk.cause.type) == ("vnet1-gw-0", DropType.NO_NAT_SESSION)
    source, _ = seen(sent(DYNAMIC, "branch1-h1", "10.0.1.10", "100.0.1.4"))
    assert IPv4Address(source) in IPv4Network("100.0.2.0/28")


def test_both_branches_may_be_behind_pools() -> None:
    """The same internal prefix twice: a session says which branch an answer is for."""
    text = DYNAMIC.replace("branch2: {mode: IngressSnat,", "branch2: {mode: IngressSnat, type: Dynamic,").replace(
        "100.0.3.0/24", "100.0.3.0/28"
    )
    found = outcomes(text)
    reached = {pair for pair, dropped_at in found.items() if not dropped_at}
    assert reached == {("branch1-h1", "vnet1-vm"), ("branch2-h2", "vnet1-vm")}


@pytest.mark.parametrize("pool", ["100.0.9.0/26", "100.0.9.0/30", "100.0.9.9/32"])
def test_behind_an_egress_pool_only_the_vnet_opens_flows(pool: str) -> None:
    text = f"""
name: egress-pool
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {{default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}}
    vms: {{vm: {{subnet: default}}}}
    vpn_gateway:
      sku: VpnGw2
      nat_rules:
        out: {{mode: EgressSnat, type: Dynamic, internal_mappings: [10.1.0.0/16], external_mappings: [{pool}]}}
sites:
  Site1: {{address_prefixes: [10.101.0.0/16], hosts: {{h: 10.101.0.10}}, static_routes: {{C1: [{pool}, 10.1.0.0/16]}}}}
connections:
  C1: {{type: IPsec, between: [VNet1, Site1], egress_nat_rules: [out]}}
"""
    found = outcomes(text)
    assert found["vnet1-vm", "site1-h"] == ""
    assert found["site1-h", "vnet1-vm"] == "vnet1-gw-0"
    source, _ = seen(sent(text, "vnet1-vm", "10.1.0.4", "10.101.0.10"))
    assert IPv4Address(source) in IPv4Network(pool)
    direct = sent(text, "site1-h", "10.101.0.10", "10.1.0.4")
    assert direct.cause is not None
    assert direct.cause.type is DropType.NO_NAT_SESSION


@pytest.mark.parametrize("enable", ["", "enable_bgp: true, "])
def test_without_route_translation_bgp_brings_no_route_to_a_branch(enable: str) -> None:
    """Row 8 of the matrix: the internal prefix is dropped as the VNet's, and the external one leads to the Internet."""
    text = EXAMPLE.replace("C1: {type: IPsec, ", f"C1: {{type: IPsec, {enable}").replace(
        "Branch1:\n", "Branch1:\n    bgp: {asn: 65101}\n"
    )
    state = initial(parse(text, "x.yaml").scenario)
    learned = {str(prefix) for prefix in state.learned.get("vnet1-gw-0", {})}
    assert learned == set()
    walk = sent(text, "vnet1-vm", "10.0.1.4", "100.0.2.10")
    assert ("internet" in walk.nodes) is bool(enable)


@pytest.mark.parametrize("announced", ["10.0.1.0/25", "10.0.1.0/24", "10.0.1.128/25"])
def test_what_a_branch_advertises_of_the_vnets_space_is_dropped(announced: str) -> None:
    """Row 7 of the matrix: what no rule translates exactly is the VNet's own (B19, B20)."""
    text = EXAMPLE.replace("C1: {type: IPsec, ", "C1: {type: IPsec, enable_bgp: true, ").replace(
        "Branch1:\n", f"Branch1:\n    bgp: {{asn: 65101}}\n    announces: [{announced}, 192.168.9.0/24]\n"
    )
    state = initial(parse(text, "x.yaml").scenario)
    assert {str(prefix) for prefix in state.learned["vnet1-gw-0"]} == {"192.168.9.0/24"}


def test_bgp_runs_between_the_addresses_after_nat() -> None:
    """T21: GatewaySubnet is in what the egress rule translates, the device in what the ingress rule does."""
    text = EXAMPLE.replace("C1: {type: IPsec, ", "C1: {type: IPsec, enable_bgp: true, ").replace(
        "Branch1:\n", "Branch1:\n    bgp: {asn: 65101, bgp_peering_address: 10.0.1.1}\n"
    )
    state = initial(parse(text, "x.yaml").scenario)
    (tunnel,) = state.topology.tunnels_of("branch1")
    gateway, device = tunnel.bgp_of("vnet1-gw-0"), tunnel.bgp_of("branch1")
    assert (str(gateway.address), str(gateway.peer)) == ("10.0.1.254", "100.0.2.1")
    assert (str(device.address), str(device.peer)) == ("10.0.1.1", "100.0.1.254")
    assert tunnel.why_no_session == ""
    assert {session.over for session in state.bgp_sessions} == {"C1"}
    exports = policy(tunnel.of("vnet1-gw-0"), tunnel.of("branch1")).exports
    back = policy(tunnel.of("branch1"), tunnel.of("vnet1-gw-0")).exports
    assert (str(exports.next_hop), str(back.next_hop)) == ("100.0.1.254", "100.0.2.1")


def test_a_vnet_behind_another_gateway_asks_the_external_address() -> None:
    """A second VNet has the branch's external prefix by its connection with the first one."""
    text = EXAMPLE.replace(
        "sites:\n",
        """  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}
    vms: {far: {subnet: default}}
    vpn_gateway: {}
local_network_gateways:
  to1: {vnet: VNet1, address_prefixes: [100.0.2.0/24]}
sites:
""",
        1,
    ).replace("{C1: [100.0.1.0/24, 100.0.3.0/24]}", "{C1: [100.0.1.0/24, 100.0.3.0/24, 10.2.0.0/16]}")
    text += "  V: {type: IPsec, between: [VNet1, VNet2], local_network_gateways: {VNet2: to1}}\n"
    assert outcomes(text)["vnet2-far", "branch1-h1"] == ""
    assert outcomes(text)["branch1-h1", "vnet2-far"] == ""
