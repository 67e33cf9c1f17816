"""How many tunnels and clients a gateway takes: too many for a file in ``pairs``."""

from __future__ import annotations

from typing import Any

import pytest
from findings import findings
from topologies import as_yaml

from netlab.scenario.models import Scenario
from netlab.scenario.rules import gateways


def scenario(profile: str = "current", **gateway: object) -> dict[str, Any]:
    subnets = {"GatewaySubnet": "10.1.255.0/27"}
    vnet = {"address_space": ["10.1.0.0/16"], "subnets": subnets, "vpn_gateway": gateway}
    return {"name": "gateway", "profile": profile, "vnets": {"VNet1": vnet}}


def found(data: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The rule, its severity and the place of each finding."""
    return [(item.rule, item.severity, item.message.split(": ")[0]) for item in findings(as_yaml(data))]


SKUS = (
    *(("current", sku, 128) for sku in ("Basic", "Standard", "HighPerformance")),
    *(("current", f"VpnGw{n}AZ", most) for n, most in enumerate((250, 500, 1000, 5000, 10000), 1)),
    ("seed", "VpnGw5", 128),
)


@pytest.mark.parametrize(("profile", "sku", "most"), SKUS)
def test_each_sku_serves_its_clients(profile: str, sku: str, most: int) -> None:
    assert gateways.most_clients(Scenario.model_validate(scenario(profile)), sku) == most


@pytest.mark.parametrize(
    ("gateway", "sites"),
    [
        ({"sku": "VpnGw2AZ"}, 30),
        # Each tunnel ends at both instances.
        ({"sku": "VpnGw1AZ", "active_active": True}, 15),
        ({"sku": "VpnGw5AZ"}, 100),
        # S1: Basic and Standard 10, HighPerformance 30.
        ({"profile": "seed", "sku": "Basic"}, 10),
        ({"profile": "seed", "sku": "Standard"}, 10),
        ({"profile": "seed", "sku": "HighPerformance"}, 30),
    ],
)
def test_a_gateway_has_the_tunnels_of_its_sku(gateway: dict[str, object], sites: int) -> None:
    """R52."""
    for count in (sites, sites + 1):
        numbers = range(101, 101 + count)
        data = scenario(**gateway)
        data["sites"] = {f"S{n}": {"address_prefixes": [f"10.{n}.0.0/16"]} for n in numbers}
        data["connections"] = {f"C{n}": {"type": "IPsec", "between": ["VNet1", f"S{n}"]} for n in numbers}
        too_many = [("R52", "error", "vnets.VNet1.vpn_gateway.sku")]
        assert found(data) == too_many * (count > sites)


@pytest.mark.parametrize("clients", [128, 129])
def test_a_gateway_refuses_the_clients_that_are_too_many(clients: int) -> None:
    """R52, section 7."""
    data = scenario("seed", sku="Standard", point_to_site={"address_pool": "192.168.3.0/24"})
    data["clients"] = {f"c{n}": {"os": "linux", "gateway": "VNet1"} for n in range(clients)}
    assert found(data) == [("R52", "warning", "vnets.VNet1.vpn_gateway.sku")] * (clients > 128)
