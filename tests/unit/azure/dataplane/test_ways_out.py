"""Ways out to the Internet: NAT gateways, private subnets, public addresses (E19 to E25)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

import pytest

from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.views.nics import predicted
from netlab.plan.model import FabricRules
from netlab.plan.planner import plan
from netlab.render import nftables
from netlab.results.drops import DropType
from netlab.results.protocols import Protocol
from netlab.scenario.loader import parse
from netlab.scenario.names import by_node

TEXT = """
name: out
route_tables:
  steer: {routes: {out: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.1.9.4}}}
  straight: {routes: {out: {address_prefix: 128.0.0.0/1, next_hop_type: Internet}}}
nat_gateways: {nat: {public_ip_addresses: [203.0.113.77]}}
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: {address_prefix: 10.1.0.0/24}, fw: 10.1.9.0/24}
    vms:
      vm: {subnet: default}
      fw: {subnet: fw, enable_ip_forwarding: true, nva: {}}
"""
VM = "vm: {subnet: default}"
SUBNET = "default: {address_prefix: 10.1.0.0/24}"


def pair(subnet: str, vm: str = "", *, protocol: Protocol = "tcp", inbound: bool = False, more: str = "") -> Predicted:
    """A machine and the Internet, given further keys of its subnet, of the machine and of the VNet."""
    text = (
        (TEXT + more)
        .replace(SUBNET, f"default: {{address_prefix: 10.1.0.0/24{subnet}}}")
        .replace(VM, f"vm: {{subnet: default{vm}}}")
    )
    state = initial(parse(text, "out.yaml").scenario)
    ends = by_node(state.scenario)
    pair = ends["vnet1-vm"], ends["internet"]
    source, target = pair[::-1] if inbound else pair
    return Forecast(state, endpoint_addresses(state)).pair(source, target, protocol)


def seen(found: Predicted) -> str:
    """The source address that the Internet sees."""
    assert found.outcome == "reachable", found.drop
    (walk,) = found.forward
    assert walk.arrived is not None
    return str(walk.arrived.source)


PRIVATE, NAT = ", default_outbound_access: false", ", nat_gateway: nat"
PUBLIC = ", public_ip_address: 203.0.113.9"


@pytest.mark.parametrize(
    ("subnet", "vm", "address"),
    [
        (NAT, "", "203.0.113.77"),
        (PRIVATE + NAT, "", "203.0.113.77"),
        ("", PUBLIC, "203.0.113.9"),
        (PRIVATE, PUBLIC, "203.0.113.9"),
        # E19: the NAT gateway comes before the public address.
        (NAT, PUBLIC, "203.0.113.77"),
        (PRIVATE + NAT, PUBLIC, "203.0.113.77"),
    ],
)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_the_address_to_leave_with(subnet: str, vm: str, address: str, protocol: Protocol) -> None:
    assert seen(pair(subnet, vm, protocol=protocol)) == address


def test_without_a_choice_it_is_azures_own() -> None:
    assert IPv4Address(seen(pair(""))).is_reserved


@pytest.mark.parametrize(
    ("subnet", "vm", "drop"),
    [
        (PRIVATE, "", "no-outbound-method"),
        (PRIVATE + ", route_table: straight", "", "no-outbound-method"),
        (", route_table: straight", "", None),
        (PRIVATE + NAT + ", route_table: straight", "", None),
        (PRIVATE, PUBLIC, None),
        # The route comes first (E21): fw is in a subnet that is not private.
        (PRIVATE + ", route_table: steer", "", None),
    ],
)
def test_a_private_subnet_needs_a_way_out(subnet: str, vm: str, drop: str | None) -> None:
    """E24, E25."""
    found = pair(subnet, vm)
    assert (found.drop.type if found.drop else None) == drop


def test_a_route_to_an_appliance_comes_before_the_nat_gateway() -> None:
    """E21: the appliance sees the private address, and sends on under its own way out."""
    found = pair(NAT + ", route_table: steer")
    assert "vnet1-fw" in found.forward[0].nodes
    assert seen(found) != "203.0.113.77"


@pytest.mark.parametrize(
    ("subnet", "vm", "drop"),
    [(NAT, "", "not-translated"), (PRIVATE + NAT, "", "not-translated"), ("", "", None), (NAT, PUBLIC, None)],
)
def test_a_nat_gateway_does_not_translate_ping(subnet: str, vm: str, drop: str | None) -> None:
    """E22."""
    found = pair(subnet, vm, protocol="icmp")
    assert (found.drop.type if found.drop else None) == drop


@pytest.mark.parametrize("subnet", [NAT, PRIVATE + NAT, PRIVATE, ""])
@pytest.mark.parametrize("protocol", ["tcp", "udp", "icmp"])
def test_what_comes_in_at_a_public_address_is_answered_from_it(subnet: str, protocol: Protocol) -> None:
    assert pair(subnet, PUBLIC, protocol=protocol, inbound=True).outcome == "reachable"


@pytest.mark.parametrize("subnet", [NAT, PRIVATE, ""])
def test_nothing_comes_in_without_one(subnet: str) -> None:
    """E20."""
    found = pair(subnet, inbound=True)
    assert (found.drop and found.drop.node) == "internet"


def test_the_kernel_translates_tcp_and_udp_of_the_nat_gateways_subnets_first() -> None:
    text = TEXT.replace(SUBNET, f"default: {{address_prefix: 10.1.0.0/24{NAT}}}")
    fabric = next(node for node in plan(parse(text, "out.yaml").scenario, "t").nodes if node.name == "vnet1")
    lines = [line.strip() for line in nftables.text(fabric.nftables).splitlines()]
    first = lines.index('oifname "wan" ip saddr 10.1.0.0/24 meta l4proto { tcp, udp } snat to 203.0.113.77')
    assert first < lines.index('oifname "wan" masquerade')


TAGS = "service_tags: {Storage: [192.0.2.0/24], Sql: [198.51.100.0/24]}\nroute_tables:"
LONGER = "longer: {routes: {out: {address_prefix: 192.0.2.1/32, next_hop_type: None}}}\n  straight: {"
STORAGE, SQL = ", service_endpoints: [Microsoft.Storage]", ", service_endpoints: [Microsoft.Sql]"


def with_tags(subnet: str, tags: str = TAGS) -> Forecast:
    text = TEXT.replace("route_tables:", tags).replace(SUBNET, f"default: {{address_prefix: 10.1.0.0/24{subnet}}}")
    state = initial(parse(text.replace("straight: {", LONGER), "out.yaml").scenario)
    return Forecast(state, endpoint_addresses(state))


@pytest.mark.parametrize(
    ("subnet", "passes"),
    [
        # E25: in a private subnet, too; not by another service.
        (PRIVATE + STORAGE, ("vnet1-vm", "vnet1", "backbone", "internet")),
        (PRIVATE + SQL, None),
        # E16: before a route table, however long its prefix; E22 is not about it.
        (STORAGE + ", route_table: steer", ("vnet1-vm", "vnet1", "backbone", "internet")),
        (STORAGE + ", route_table: longer", ("vnet1-vm", "vnet1", "backbone", "internet")),
        (NAT + STORAGE, ("vnet1-vm", "vnet1", "backbone", "internet")),
        (SQL + ", route_table: steer", ("vnet1-vm", "vnet1", "vnet1-fw", "vnet1", "backbone", "internet")),
        (SQL + ", route_table: longer", None),
        (NAT + SQL, None),
    ],
)
def test_a_service_endpoint_leads_past_all_other_routes(subnet: str, passes: tuple[str, ...] | None) -> None:
    forecast = with_tags(subnet)
    ends = by_node(forecast.state.scenario)
    found = forecast.pair(ends["vnet1-vm"], ends["internet"])
    assert (found.forward[0].nodes if found.outcome == "reachable" else None) == passes


def test_a_service_has_one_row_with_all_its_prefixes() -> None:
    """E15, and only in its own subnet (E18)."""
    state = with_tags(STORAGE, TAGS.replace("192.0.2.0/24]", "192.0.2.0/24, 20.60.0.0/16]")).state
    rows = {
        nic.name: [r.addressPrefix for r in predicted(state, nic) if r.nextHopType == "VirtualNetworkServiceEndpoint"]
        for nic in state.network.vnets["VNet1"].nics
    }
    assert rows == {"vm": [("192.0.2.0/24", "20.60.0.0/16")], "fw": []}


# Of a public load balancer (L24): pool `a` has an outbound rule, `b` rules that do not disable SNAT, `c` one that does,
# `d` one for a single protocol, `e` an outbound rule for a single protocol.
BALANCED = """
    load_balancers:
      pub:
        frontend_ip_configurations: {fe: {public_ip_address: 203.0.113.50}, fe2: {public_ip_address: 203.0.113.51},
                                     fe3: {public_ip_address: 203.0.113.52}}
        backend_address_pools: {a: [POOL_A], b: [POOL_B], c: [POOL_C], d: [POOL_D], e: [POOL_E]}
        load_balancing_rules:
          a: {frontend_ip_configuration: fe, backend_address_pool: a, protocol: Tcp,
              frontend_port: 80, backend_port: 80,
              disable_outbound_snat: true}
          b: {frontend_ip_configuration: fe2, backend_address_pool: b, protocol: Tcp,
              frontend_port: 81, backend_port: 81}
          b2: {frontend_ip_configuration: fe2, backend_address_pool: b, protocol: Udp,
              frontend_port: 81, backend_port: 81}
          c: {frontend_ip_configuration: fe2, backend_address_pool: c, protocol: Tcp,
              frontend_port: 82, backend_port: 82,
              disable_outbound_snat: true}
          d: {frontend_ip_configuration: fe2, backend_address_pool: d, protocol: Udp,
              frontend_port: 83, backend_port: 83}
        outbound_rules:
          o: {frontend_ip_configurations: [fe], backend_address_pool: a}
          p: {frontend_ip_configurations: [fe3], backend_address_pool: e, protocol: Tcp}
"""


def balanced(pool: str, subnet: str = "", vm: str = "", *, protocol: Protocol = "tcp") -> Predicted:
    """A machine in a pool of the public load balancer, and the Internet."""
    return pair(subnet, vm, protocol=protocol, more=filled(BALANCED, **{pool: "vm"} if pool else {}))


def filled(text: str, **members: str) -> str:
    """The load balancers with a member in some pools, and the others empty."""
    return re.sub("POOL_([A-E])", lambda found: members.get(found[1].lower(), ""), text)


@pytest.mark.parametrize("subnet", [PRIVATE, ""])
@pytest.mark.parametrize(
    ("pool", "vm", "nat", "source"),
    [
        ("a", "", "", "203.0.113.50"),  # an outbound rule
        ("b", "", "", "203.0.113.51"),  # a rule that does not disable it
        ("a", PUBLIC, "", "203.0.113.9"),  # E19: the NIC's public address comes before it
        ("b", PUBLIC, "", "203.0.113.9"),
        ("a", "", NAT, "203.0.113.77"),  # and a NAT gateway before both
        ("b", PUBLIC, NAT, "203.0.113.77"),
        ("c", PUBLIC, "", "203.0.113.9"),
        ("c", "", NAT, "203.0.113.77"),
    ],
)
def test_members_of_a_public_load_balancer_leave_under_its_address(
    pool: str, vm: str, nat: str, source: str, subnet: str
) -> None:
    """L24, in the order of E19, whether the subnet is private or not."""
    for protocol in ("tcp", "udp"):
        assert seen(balanced(pool, f"{nat}{subnet}", vm, protocol=protocol)) == source


@pytest.mark.parametrize("pool", ["c", ""])
def test_who_gets_no_address_of_it_stays_inside_a_private_subnet(pool: str) -> None:
    """The neighbour that must fail: disable_outbound_snat, or no member at all."""
    found = balanced(pool, PRIVATE)
    assert found.drop is not None
    assert found.drop.cause.type is DropType.NO_OUTBOUND_METHOD


@pytest.mark.parametrize(
    ("pool", "protocol", "taken"),
    [
        ("a", "icmp", "TCP and UDP"),
        ("b", "icmp", "TCP and UDP"),
        ("d", "icmp", "UDP"),
        ("d", "tcp", "UDP"),  # "If only a TCP load balancing rule exists, SNAT is only available for TCP"
        ("e", "icmp", "TCP"),
        ("e", "udp", "TCP"),
    ],
)
@pytest.mark.parametrize("subnet", [PRIVATE, ""])
def test_it_translates_the_protocols_of_its_rules_and_no_ping(
    pool: str, protocol: Protocol, taken: str, subnet: str
) -> None:
    found = balanced(pool, subnet, protocol=protocol)
    assert found.drop is not None
    assert found.drop.cause.type is DropType.NOT_BALANCED
    assert f"takes {taken} only" in found.drop.reason
    assert balanced(pool, subnet, PUBLIC, protocol=protocol).outcome == "reachable"


def test_a_rule_for_one_protocol_translates_it() -> None:
    assert seen(balanced("d", PRIVATE, protocol="udp")) == "203.0.113.51"
    assert seen(balanced("e", PRIVATE, protocol="tcp")) == "203.0.113.52"


INTERNAL = """
    load_balancers:
      int:
        frontend_ip_configurations: {fe: {subnet: default}}
        backend_address_pools: {x: [vm]}
        load_balancing_rules:
          x: {frontend_ip_configuration: fe, backend_address_pool: x, protocol: Tcp,
              frontend_port: 80, backend_port: 80}
"""


@pytest.mark.parametrize("protocol", ["tcp", "udp", "icmp"])
def test_a_member_of_only_an_internal_load_balancer_has_no_default_access(protocol: Protocol) -> None:
    """L25, E27; what is explicit still works, and so does a machine beside it."""
    found = pair("", protocol=protocol, more=INTERNAL)
    assert found.drop is not None
    assert found.drop.cause.type is DropType.NO_DEFAULT_ACCESS
    assert pair("", PUBLIC, protocol=protocol, more=INTERNAL).outcome == "reachable"
    assert pair("", protocol=protocol, more=INTERNAL.replace("[vm]", "[fw]")).outcome == "reachable"
    if protocol != "icmp":
        assert seen(pair(NAT, protocol=protocol, more=INTERNAL)) == "203.0.113.77"


def test_a_member_of_both_kinds_leaves_by_the_public_one() -> None:
    both = INTERNAL + filled(BALANCED.replace("    load_balancers:\n", ""), a="vm")
    assert seen(pair("", more=both)) == "203.0.113.50"


def test_the_fabric_translates_what_the_model_does() -> None:
    """nftables translates what the model does: the member's address alone, by protocol."""
    more = filled(BALANCED, a="fw", d="vm", e="vm")
    lab = plan(parse(TEXT + more, "out.yaml").scenario, "lab")
    (rules,) = (r for node in lab.nodes for r in node.nftables if isinstance(r, FabricRules))
    lines = [line.split("ip saddr ")[1] for line in nftables.text([rules]).splitlines() if "snat to" in line]
    assert sorted(lines) == [
        "10.1.0.4/32 meta l4proto { tcp } snat to 203.0.113.52",
        "10.1.0.4/32 meta l4proto { udp } snat to 203.0.113.51",
        "10.1.9.4/32 meta l4proto { tcp, udp } snat to 203.0.113.50",
    ]
