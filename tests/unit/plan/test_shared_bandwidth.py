"""All tunnels of a gateway share what its SKU gives (R119): one rate at its link, scaled down."""

from __future__ import annotations

from typing import Any

import pytest

from netlab.plan.planner import plan
from netlab.scenario.loader import parse

TEXT = """
name: shared
bandwidth_scale: 1000
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {GatewaySubnet: 10.1.255.0/27}
    vpn_gateway: {sku: VpnGw1AZ}
sites:
  Site1: {address_prefixes: [10.101.0.0/16]}
connections:
  C: {type: IPsec, between: [VNet1, Site1]}
"""
ACTIVE = ("sku: VpnGw1AZ", "sku: VpnGw1AZ, active_active: true")


def rates(*edits: tuple[str, str]) -> dict[str, float]:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now, 1)
    return {uplink.name: uplink.rate for uplink in plan(parse(text, "shared.yaml").scenario, "lab").uplinks}


@pytest.mark.parametrize(
    ("edits", "rate"),
    [
        ((), 650),
        ((("VpnGw1AZ", "Basic"),), 100),
        ((("VpnGw1AZ", "VpnGw1"),), 650),
        ((("VpnGw1AZ", "VpnGw2AZ"),), 1000),
        ((("VpnGw1AZ", "VpnGw3AZ"),), 1250),
        ((("VpnGw1AZ", "VpnGw4AZ"),), 5000),
        ((("VpnGw1AZ", "VpnGw5AZ"),), 10_000),
        ((("bandwidth_scale: 1000", "bandwidth_scale: 100"),), 6500),
        ((("bandwidth_scale: 1000\n", ""),), 0),
        # A slower line to the Internet is the narrowest place; a faster one is not.
        ((("vnets:", "links: {VNet1: {rate: 500kbit}}\nvnets:"),), 500),
        ((("vnets:", "links: {VNet1: {rate: 700kbit}}\nvnets:"),), 650),
    ],
)
def test_the_rate_of_a_gateway_is_that_of_its_sku_divided_by_the_scale(edits: Any, rate: float) -> None:
    assert rates(*edits) == {"VNet1": rate, "Site1": 0}


def test_each_instance_of_an_active_active_gateway_has_half() -> None:
    assert rates(ACTIVE) == {"vnet1-gw-0": 325, "vnet1-gw-1": 325, "Site1": 0}


CIRCUIT = """
name: circuit
bandwidth_scale: 100
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {GatewaySubnet: 10.1.255.0/27}
    expressroute_gateway: {}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}}
expressroute_circuits:
  c1: {site: Site1, vnets: {VNet1: {}}, bandwidth_in_mbps: 50}
"""


@pytest.mark.parametrize(
    ("before", "now", "rate", "delay"),
    [
        ("", "", 500, 0),
        ("bandwidth_scale: 100\n", "", 0, 0),
        (", bandwidth_in_mbps: 50", "", 0, 0),
        ("bandwidth_in_mbps: 50", "bandwidth_in_mbps: 1000", 10_000, 0),
        ("vnets:", "links: {c1: {delay: 20ms, rate: 400kbit}}\nvnets:", 400, 20),
    ],
)
def test_both_links_of_a_circuit_have_its_bandwidth(before: str, now: str, rate: float, delay: float) -> None:
    assert before in CIRCUIT
    found = plan(parse(CIRCUIT.replace(before, now, 1), "circuit.yaml").scenario, "lab").uplinks
    links = {uplink.name: uplink for uplink in found if uplink.address}
    assert {name: (uplink.rate, uplink.delay) for name, uplink in links.items()} == {
        "c1-msee-0": (rate, delay),
        "c1-msee-1": (rate, delay),
    }
    assert all((uplink.near.node, uplink.far.node) == ("site1", name) for name, uplink in links.items())
