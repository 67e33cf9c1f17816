"""How a pool is split between tunnel types: R58, P3, P9."""

from __future__ import annotations

import pytest

from netlab.azure.moments import initial
from netlab.azure.p2s.pools import pool_prefixes, split_pool
from netlab.azure.p2s.refusals import NO_ADDRESS
from netlab.azure.p2s.routes import pool_addresses, static_prefixes
from netlab.azure.state import State
from netlab.scenario.models import Scenario
from netlab.scenario.network import VpnGateway


def state(pool: str, *types: str, users: tuple[str, ...] = (), sku: str = "VpnGw1AZ") -> State:
    vnet = {
        "address_space": ["172.16.0.0/16"],
        "subnets": {"default": "172.16.0.0/24", "GatewaySubnet": "172.16.255.0/27"},
        "vpn_gateway": {"sku": sku, "point_to_site": {"address_pool": pool, "tunnel_types": list(types)}},
    }
    clients = {
        f"c{number}": {"os": "windows", "gateway": "VNet1", "tunnel_type": user} for number, user in enumerate(users)
    }
    found = {"name": "x", "as_of": "2025-06-30", "vnets": {"VNet1": vnet}, "clients": clients}
    return initial(Scenario.model_validate(found))


def gateway(pool: str, *types: str, sku: str = "VpnGw1AZ") -> VpnGateway:
    found = state(pool, *types, sku=sku).network.vnets["VNet1"].vpn_gateway
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("pool", "ikev2", "sstp"),
    [
        ("192.168.0.0/24", ["192.168.0.0/25"], ["192.168.0.128/25"]),
        ("192.168.0.0/26", ["192.168.0.0/27"], ["192.168.0.32/27"]),
        ("192.168.0.8/29", ["192.168.0.8/30"], ["192.168.0.12/30"]),
        ("192.168.0.0/23", ["192.168.0.0/24", "192.168.1.0/25"], ["192.168.1.128/25"]),
        (
            "10.50.0.0/20",
            ["10.50.0.0/21", "10.50.8.0/22", "10.50.12.0/23", "10.50.14.0/24", "10.50.15.0/25"],
            ["10.50.15.128/25"],
        ),
    ],
)
def test_sstp_has_half_of_the_pool_and_128_addresses_at_most(pool: str, ikev2: list[str], sstp: list[str]) -> None:
    found = split_pool(gateway(pool, "IkeV2", "SSTP"))
    assert {each: list(map(str, part)) for each, part in found.items()} == {"IkeV2": ikev2, "SSTP": sstp}
    selectors = set(map(str, static_prefixes(gateway(pool, "IkeV2", "SSTP"))))
    assert selectors == {"172.16.0.0/16", *ikev2, *sstp}


@pytest.mark.parametrize("types", [("IkeV2",), ("SSTP",), ("OpenVPN",), ("IkeV2", "OpenVPN")])
def test_other_pools_are_whole(types: tuple[str, ...]) -> None:
    found = gateway("192.168.0.0/24", *types)
    assert split_pool(found) == {}
    assert list(map(str, pool_prefixes(found))) == ["192.168.0.0/24"]


@pytest.mark.parametrize(
    ("pool", "types", "tunnel_type", "expected"),
    [
        ("192.168.0.0/24", ("IkeV2", "SSTP"), "IkeV2", ("192.168.0.1", "192.168.0.127")),
        ("192.168.0.0/24", ("IkeV2", "SSTP"), "SSTP", ("192.168.0.128", "192.168.0.254")),
        ("192.168.0.0/29", ("SSTP", "IkeV2"), "SSTP", ("192.168.0.4", "192.168.0.6")),
        ("192.168.0.0/22", ("IkeV2", "SSTP"), "IkeV2", ("192.168.0.1", "192.168.0.250")),
        ("192.168.0.0/22", ("IkeV2", "SSTP"), "SSTP", ("192.168.3.128", "192.168.3.254")),
        ("192.168.0.0/22", ("SSTP",), "SSTP", ("192.168.0.1", "192.168.0.128")),
        ("192.168.0.0/25", ("SSTP",), "SSTP", ("192.168.0.1", "192.168.0.126")),
    ],
)
def test_each_type_hands_out_addresses_of_its_part(
    pool: str, types: tuple[str, ...], tunnel_type: str, expected: tuple[str, str]
) -> None:
    first, last = pool_addresses(gateway(pool, *types), tunnel_type)  # type: ignore[arg-type]
    assert (str(first), str(last)) == expected


def test_the_limit_of_128_is_the_same_for_every_sku() -> None:
    for sku in ("Basic", "VpnGw1AZ", "VpnGw5AZ"):
        first, last = pool_addresses(gateway("192.168.0.0/22", "SSTP", sku=sku), "SSTP")
        assert int(last) - int(first) + 1 == 128


def test_the_129th_client_is_refused() -> None:
    sessions = state("192.168.0.0/22", "SSTP", users=("SSTP",) * 130).sessions
    assert [key[0] for key, session in sessions.items() if session.absent] == ["c128", "c129"]
    assert {session.absent for session in sessions.values()} == {"", NO_ADDRESS}


def test_clients_of_one_type_take_no_address_of_the_other() -> None:
    users = ("SSTP",) * 4 + ("IkeV2",) * 3
    sessions = state("192.168.0.0/29", "IkeV2", "SSTP", users=users).sessions
    assert [key[0] for key, session in sessions.items() if session.absent] == ["c3"]
