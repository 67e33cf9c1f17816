"""The machines of point-to-site clients: the firewalls before them."""

from __future__ import annotations

import pytest

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
