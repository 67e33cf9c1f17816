"""Packets of a size: what the links and tunnels of a way carry (R39, P23), and how TCP gets through in any case."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from netlab.azure.explanation import explain
from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, endpoint_addresses, predict
from netlab.azure.state import State
from netlab.results.drops import Drop
from netlab.results.mends import Limit
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.scenario.loader import parse
from netlab.scenario.models import Step
from netlab.scenario.names import by_node

TEXT = """
name: sizes
vnets:
  Hub:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway:
      sku: VpnGw1AZ
      bgp: {asn: 65010}
      point_to_site: {address_pool: 172.16.0.0/24, tunnel_types: [IkeV2, OpenVPN]}
  Spoke:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24}
    vms: {vm2: {subnet: default}}
  Far:
    address_space: [10.3.0.0/16]
    subnets: {default: 10.3.0.0/24, GatewaySubnet: 10.3.255.0/27}
    vms: {vm3: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ}
peerings:
  There: {vnet: Hub, remote_vnet: Spoke, allow_gateway_transit: true}
  Back: {vnet: Spoke, remote_vnet: Hub, use_remote_gateways: true}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
connections:
  Hub-Site1: {type: IPsec, between: [Hub, Site1], enable_bgp: true}
  Hub-Far: {type: Vnet2Vnet, between: [Hub, Far]}
clients:
  ike: {os: linux, gateway: Hub}
  tls: {os: linux, gateway: Hub, tunnel_type: OpenVPN}
"""
# P4: no gateway gets SSTP any more.
OF_SSTP = "as_of: 2025-01-01" + TEXT.replace("[IkeV2, OpenVPN]", "[IkeV2, SSTP]").replace(
    "tls: {os: linux, gateway: Hub, tunnel_type: OpenVPN}", "ppp: {os: windows, gateway: Hub, tunnel_type: SSTP}"
)
GATEWAY, FAR = "hub-gw-0", "far-gw-0"


def state(text: str = TEXT) -> State:
    return initial(parse(text, "here").scenario)


def dropped(source: str, target: str, size: int, protocol: Protocol) -> Drop | None:
    """Where a packet of a size is dropped."""
    found = state(OF_SSTP if "ppp" in (source, target) else TEXT)
    ends = by_node(found.scenario)
    return Forecast(found, endpoint_addresses(found), size).pair(ends[source], ends[target], protocol).drop


def death(source: str, target: str, size: int, protocol: Protocol) -> tuple[str, str, str]:
    drop = dropped(source, target, size, protocol)
    assert drop is not None
    return drop.node, drop.direction, str(drop.type)


@pytest.mark.parametrize("protocol", ["icmp", "udp"])
@pytest.mark.parametrize(
    ("source", "target", "node"),
    [
        ("hub-vm1", "site1-h1", GATEWAY),
        ("spoke-vm2", "site1-h1", GATEWAY),
        ("site1-h1", "hub-vm1", "site1"),
        ("hub-vm1", "far-vm3", GATEWAY),
        ("far-vm3", "hub-vm1", FAR),
        ("ike", "hub-vm1", "ike"),
        ("hub-vm1", "ike", GATEWAY),
        ("ppp", "spoke-vm2", "ppp"),
        ("hub-vm1", "ppp", GATEWAY),
        ("tls", "site1-h1", GATEWAY),
        ("tls", "ike", GATEWAY),
    ],
)
def test_a_tunnel_of_ipsec_or_ppp_carries_1400_bytes_and_not_one_more(
    source: str, target: str, node: str, protocol: Protocol
) -> None:
    assert dropped(source, target, 1400, protocol) is None
    assert death(source, target, 1401, protocol) == (node, "forward", "too-big")
    assert death(source, target, 1500, protocol) == (node, "forward", "too-big")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("hub-vm1", "spoke-vm2"),
        ("spoke-vm2", "hub-vm1"),
        ("tls", "hub-vm1"),
        ("hub-vm1", "tls"),
        ("hub-vm1", "internet"),
    ],
)
def test_a_peering_openvpn_and_the_internet_carry_what_a_nic_sends(
    source: str, target: str, protocol: Protocol
) -> None:
    assert dropped(source, target, 1500, protocol) is None


@pytest.mark.parametrize(
    ("source", "target"),
    [("hub-vm1", "site1-h1"), ("site1-h1", "spoke-vm2"), ("far-vm3", "hub-vm1"), ("ike", "site1-h1"), ("tls", "ike")],
)
def test_tcp_passes_for_its_segments_are_small_enough(source: str, target: str) -> None:
    assert dropped(source, target, 1500, "tcp") is None
    assert dropped(source, target, 1500, "udp") is not None


def test_tcp_dies_with_its_third_packet_where_no_tunnel_lowers_its_segments() -> None:
    found = state()
    ends, forecast = by_node(found.scenario), Forecast(found, endpoint_addresses(found), 1500)
    for name in (GATEWAY, "site1"):
        node = forecast.plane.node(name)
        routes = (
            replace(route, hops=tuple(replace(hop, mss=1460) for hop in route.hops)) for route in node.table.routes
        )
        forecast.plane._built[name] = replace(node, table=replace(node.table, routes=tuple(routes)))
    died = forecast.pair(ends["hub-vm1"], ends["site1-h1"], "tcp")
    assert died.drop is not None
    assert (died.drop.node, died.drop.direction, died.drop.type) == (GATEWAY, "forward", "too-big")
    assert [walk.dropped_at for walk in (*died.forward, *died.reverse)] == ["", ""]


def test_a_drop_says_how_big_the_packet_is_and_what_the_tunnel_carries() -> None:
    drop = dropped("hub-vm1", "site1-h1", 1401, "udp")
    assert drop is not None
    assert drop.reason == "too big: hub-gw-0 has 1401 bytes for Hub-Site1, which carries 1400"


def test_no_setting_mends_it_and_the_explanation_says_what_else_does() -> None:
    found = state()
    ends, addresses = by_node(found.scenario), endpoint_addresses(found)
    told = explain(found, Forecast(found, addresses, 1401).pair(ends["hub-vm1"], ends["site1-h1"]), addresses)
    assert told.mend == ()
    assert [item.limit for item in told.redesign] == [Limit.TOO_BIG]


def test_the_size_is_that_of_one_step() -> None:
    story = "story: [{name: a}, {name: b, probe: {size: 1401, df: true}}, {name: c}]"
    steps = list(predict(parse(TEXT + story, "here").scenario))
    assert [step.size for step in steps] == [0, 1401, 0]
    pair = "hub-vm1", "site1-h1"
    reached = [{c.outcome for c in step.cells if (c.source, c.target) == pair} for step in steps]
    assert reached == [{"reachable"}, {"reachable", "unreachable"}, {"reachable"}]


@pytest.mark.parametrize("probe", [{"size": 99}, {"size": 1501}, {"size": 1400, "df": False}, {"df": True}])
def test_a_probe_is_as_big_as_a_nic_sends_and_whole(probe: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate({"name": "big", "probe": probe})


@pytest.mark.parametrize("size", [100, 1400, 1500])
def test_every_size_between_is_one(size: int) -> None:
    assert Step.model_validate({"name": "big", "probe": {"size": size}}).size == size
