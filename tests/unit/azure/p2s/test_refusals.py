"""Why a gateway refuses a client: the credentials count before the pool."""

from __future__ import annotations

from ipaddress import IPv4Address

from netlab.azure.p2s.refusals import NO_ADDRESS, REVOKED, UNTRUSTED, refusal
from netlab.azure.p2s.routes import pool_addresses
from netlab.scenario.loader import load
from netlab.scenario.network import resolve

TUNNELS = resolve(load("p2s-certificates").scenario).client_tunnels


def test_the_pool_of_a_gateway_ends_with_its_last_host_address() -> None:
    pool = pool_addresses(TUNNELS["alice", "VNet1"].gateway, "IkeV2")
    assert pool == (IPv4Address("192.168.0.1"), IPv4Address("192.168.0.250"))


def test_a_client_is_refused_when_others_hold_every_address() -> None:
    assert refusal(TUNNELS["alice", "VNet1"], 249) == ""
    assert refusal(TUNNELS["alice", "VNet1"], 250) == NO_ADDRESS


def test_wrong_credentials_are_the_reason_also_where_the_pool_is_full() -> None:
    assert refusal(TUNNELS["carol", "VNet1"], 250) == REVOKED
    assert refusal(TUNNELS["mallory", "VNet1"], 250) == UNTRUSTED
