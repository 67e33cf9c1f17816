"""Limits that begin at a hundred: too much for a file in ``pairs``."""

from __future__ import annotations

from typing import Any

import pytest
from findings import findings
from topologies import as_yaml


def scenario(spaces: int = 0, told: int = 0, selectors: int = 0) -> dict[str, Any]:
    """A connection with so many selectors; so many more prefixes of its VNet; so many of its local network gateway."""
    one = {"local_address_ranges": ["10.3.0.0/16"], "remote_address_ranges": ["10.102.0.0/16"]}
    connection = {"type": "IPsec", "between": ["VNet3", "Site2"], "traffic_selector_policies": [one] * selectors}
    subnets = {"GatewaySubnet": "10.3.255.0/27"}
    space = ["10.3.0.0/16", *slash30s(spaces)]
    data = {
        "name": "many",
        "vnets": {"VNet3": {"address_space": space, "subnets": subnets, "vpn_gateway": {}}},
        "sites": {"Site2": {"address_prefixes": ["10.102.0.0/16"]}},
        "connections": {"new": connection},
    }
    if told:
        data["local_network_gateways"] = {"lng3": {"site": "Site2", "address_prefixes": slash30s(told)}}
        connection["local_network_gateways"] = {"VNet3": "lng3"}
    return data


def slash30s(count: int) -> list[str]:
    return [f"10.30.{n // 64}.{n % 64 * 4}/30" for n in range(count)]


@pytest.mark.parametrize(
    ("what", "most", "place"),
    [
        # The VNet has one more.
        ("spaces", 599, "vnets.VNet3.address_space"),
        ("told", 1000, "connections.new.local_network_gateways.VNet3"),
        ("selectors", 100, "connections.new.traffic_selector_policies"),
    ],
)
def test_selectors_and_prefixes_are_few(what: str, most: int, place: str) -> None:
    """R51."""
    for count in (most, most + 1):
        found = [(item.rule, item.message.split(": ")[0]) for item in findings(as_yaml(scenario(**{what: count})))]
        assert found == [("R51", place)] * (count > most)
