"""The machines of point-to-site clients: the firewalls before them."""

from __future__ import annotations

import pytest

from netlab.plan.model import Plan
from netlab.plan.planner import plan
from netlab.render import nftables
from netlab.scenario.loader import load


@pytest.mark.parametrize("data_plane", ["kernel", "userspace"])
def test_a_clients_firewall_drops_what_its_network_blocks_and_nothing_else(data_plane: str) -> None:
    found = plan(load("p2s-ikev2-then-sstp").scenario, "x", data_plane)  # type: ignore[arg-type]
    text = nftables.text(found.node("hotel").nftables)
    lines = [line.strip() for line in text.splitlines() if " drop" in line]
    assert lines == ['oifname "eth0" udp dport 500 drop', 'oifname "eth0" udp dport 4500 drop']
    assert found.node("home").nftables == ()


def lines(found: Plan, node: str) -> list[str]:
    return [line.strip() for line in nftables.text(found.node(node).nftables).splitlines()]


@pytest.mark.parametrize("data_plane", ["kernel", "userspace"])
def test_a_nat_router_translates_all_and_lets_out_what_its_network_does(data_plane: str) -> None:
    found = plan(load("p2s-sstp-through-proxy").scenario, "x", data_plane)  # type: ignore[arg-type]
    (public,) = {client.translated for client in found.clients if client.node in ("ann", "abe")}
    assert f'oifname "wan" snat to {public}' in lines(found, "airport")
    assert not any(" drop" in line for line in lines(found, "airport"))
    assert 'oifname "wan" meta l4proto . th dport != { tcp . 443 } drop' in lines(found, "hotel")
    assert 'oifname "wan" meta l4proto . th dport != { udp . 500, tcp . 443 } drop' in lines(found, "cafe")
    assert 'oifname "wan" drop' in lines(found, "office")


def test_a_client_has_a_private_address_and_the_proxy_that_it_passes() -> None:
    found = plan(load("p2s-sstp-through-proxy").scenario, "x")
    proxies = {proxy.node: f"{proxy.address}:{proxy.port}" for proxy in found.proxies}
    assert set(proxies) == {"office", "bank", "shop"}
    assert {c.node: c.proxy for c in found.clients if c.proxy} == {
        "cy": proxies["office"], "dee": proxies["bank"], "ed": proxies["shop"],
    }  # fmt: skip
    assert {proxy.node for proxy in found.proxies if proxy.password} == {"bank"}
    own = next(link.a.addresses for link in found.links if link.a.node == "cy")
    assert all(address.startswith("169.254.") for address in own)


@pytest.mark.parametrize("data_plane", ["kernel", "userspace"])
def test_a_device_behind_nat_has_a_private_address_and_the_public_one_as_its_identity(data_plane: str) -> None:
    found = plan(load("s2s-device-behind-nat").scenario, "x", data_plane)  # type: ignore[arg-type]
    ends = {charon.node: item for charon in found.charons for item in charon.connections if item.name == "VNet1-Site2"}
    device = next(item for node, item in ends.items() if node.startswith("site2"))
    gateway = next(item for node, item in ends.items() if node.startswith("vnet1-gw-0"))
    assert device.local_address.startswith("169.254.")
    assert device.local_id == device.translated == gateway.remote_address == gateway.remote_id
    assert (gateway.initiator, device.initiator) == (True, False)
    assert f'iifname "wan" udp dport {{ 500, 4500 }} dnat to {device.local_address}' in lines(found, "provider2")
    assert not any("dnat" in line for line in lines(found, "provider1"))


def test_only_where_no_router_forwards_ike_the_device_begins() -> None:
    found = plan(load("s2s-device-behind-nat").scenario, "x")
    begin = {c.name: charon.node for charon in found.charons for c in charon.connections if c.initiator}
    assert {name: node.partition("-")[0] for name, node in begin.items()} == {
        "VNet1-Site1": "site1", "VNet1-Site2": "vnet1", "VNet1-Site3": "vnet1", "VNet1-Site4": "site4",
    }  # fmt: skip
