"""Clients' systems: which tunnel a client of each has, and how many selectors its IKEv2 takes (P3, P7, R59, R62)."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from netlab.scenario import rules
from netlab.scenario.models import SYSTEMS, Os, Scenario
from netlab.scenario.network import resolve

BOTH = ("IkeV2", "SSTP")
CHOSEN = [
    ("windows", BOTH, "IkeV2"),
    ("windows-7", BOTH, "SSTP"),
    ("windows-8", BOTH, "SSTP"),
    ("windows-8.1", BOTH, "SSTP"),
    ("windows-10", BOTH, "IkeV2"),
    ("windows-11", BOTH, "IkeV2"),
    ("windows-server-2008-r2", BOTH, "SSTP"),
    ("windows-server-2012", BOTH, "SSTP"),
    ("windows-server-2012-r2", BOTH, "SSTP"),
    ("windows-server-2016", BOTH, "IkeV2"),
    ("linux", BOTH, "IkeV2"),
    ("macos", BOTH, "IkeV2"),
    ("ios", BOTH, "IkeV2"),
    ("windows-7", ("IkeV2", "OpenVPN"), "OpenVPN"),
    ("android", ("IkeV2", "OpenVPN"), "IkeV2"),
    ("android", ("OpenVPN",), "OpenVPN"),
]


def scenario(os: str, types: tuple[str, ...], custom: int = 0, profile: str = "seed", **more: Any) -> Scenario:
    routes = [f"172.16.{number}.0/24" for number in range(custom)]
    settings = {"address_pool": "192.168.0.0/24", "tunnel_types": types, "custom_routes": routes}
    vnet = {
        "address_space": ["10.1.0.0/16"],
        "subnets": {"GatewaySubnet": "10.1.255.0/27"},
        "vpn_gateway": {"point_to_site": settings},
    }
    clients = {"one": {"os": os, "gateway": "VNet1", **more}}
    return Scenario.model_validate({"name": "x", "profile": profile, "vnets": {"VNet1": vnet}, "clients": clients})


def broken(found: Scenario) -> set[str]:
    return {breach.rule for breach in rules.check(found) if breach.severity == "error"}


@pytest.mark.parametrize(("os", "types", "wanted"), CHOSEN)
def test_a_client_uses_the_first_type_that_its_system_has(os: str, types: tuple[str, ...], wanted: str) -> None:
    found = scenario(os, types)
    assert resolve(found).client_tunnels["one", "VNet1"].tunnel_type == wanted
    assert broken(found) == set()


@pytest.mark.parametrize("os", ["macos", "ios", "android", "linux"])
def test_where_a_firewall_stops_ikev2_only_windows_falls_back_to_sstp(os: str) -> None:
    blocked = {"network": {"blocks": ["udp/500"]}}
    assert resolve(scenario(os, BOTH, **blocked)).client_tunnels["one", "VNet1"].tunnel_type == "IkeV2"
    assert resolve(scenario("windows-10", BOTH, **blocked)).client_tunnels["one", "VNet1"].tunnel_type == "SSTP"


@pytest.mark.parametrize(
    ("os", "tunnel_type", "rule"),
    [("windows-7", "IkeV2", "R59"), ("windows-server-2008-r2", "IkeV2", "R59"), ("macos", "SSTP", "P3")],
)
def test_a_type_that_the_system_has_not_is_refused(os: str, tunnel_type: str, rule: str) -> None:
    assert broken(scenario(os, BOTH, tunnel_type=tunnel_type)) == {rule}


@pytest.mark.parametrize(
    ("os", "profile", "most"),
    [
        ("windows", "seed", 25),
        ("windows", "current", 255),
        ("windows-10", "seed", 25),
        ("windows-10", "current", 255),
        ("windows-11", "seed", 255),
        ("windows-server-2019", "current", 25),
        ("windows-server-2022", "current", 255),
        ("macos", "current", 256),
        ("android", "seed", 256),
    ],
)
def test_ikev2_of_a_system_takes_so_many_selectors(os: str, profile: str, most: int) -> None:
    """R62; the VNet and the pool are two of them."""
    assert "R62" not in broken(scenario(os, ("IkeV2",), most - 2, profile))
    assert "R62" in broken(scenario(os, ("IkeV2",), most - 1, profile))


def test_each_system_of_the_documents_is_in_the_table() -> None:
    assert set(SYSTEMS) == set(get_args(Os))
