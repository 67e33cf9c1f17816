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
