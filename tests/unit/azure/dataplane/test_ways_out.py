"""Ways out to the Internet: NAT gateways, private subnets, public addresses (E19 to E25)."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.views.nics import predicted
from netlab.plan.planner import plan
from netlab.render import nftables
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


def pair(subnet: str, vm: str = "", *, protocol: Protocol = "tcp", inbound: bool = False) -> Predicted:
    """A machine and the Internet, given further keys of its subnet and of the machine."""
    text = TEXT.replace(SUBNET, f"default: {{address_prefix: 10.1.0.0/24{subnet}}}").replace(
        VM, f"vm: {{subnet: default{vm}}}"
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
