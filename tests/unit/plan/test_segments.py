"""The ends of tunnels of IPsec lower the maximum segment size of TCP to 1,350 (R39), and nothing else does."""

from __future__ import annotations

import pytest

from netlab.plan.model import DataPlane, Plan, SegmentLimit
from netlab.plan.planner import plan
from netlab.render import nftables
from netlab.scenario.loader import load


def limited(scenario: str, plane: DataPlane = "userspace") -> tuple[Plan, dict[str, SegmentLimit]]:
    """A plan, and what limits segments in it, by node."""
    found = plan(load(scenario).scenario, "lab", plane)
    return found, {n.name: item for n in found.nodes for item in n.nftables if isinstance(item, SegmentLimit)}


@pytest.mark.parametrize("plane", ["userspace", "kernel"])
@pytest.mark.parametrize("scenario", ["s2s-static", "p2s-branch", "mtu-through-tunnels"])
def test_both_ends_of_a_connection_do_and_an_instance_on_standby(scenario: str, plane: DataPlane) -> None:
    _, found = limited(scenario, plane)
    assert set(found) == {"vnet1-gw-0", "vnet1-gw-1", "site1"}
    assert {item.most for item in found.values()} == {1350}


def test_an_appliance_with_a_vpn_server_of_its_own_does() -> None:
    made, found = limited("udr-own-vpn-server")
    ends = {tunnel.node for tunnel in made.tunnels if tunnel.interface.startswith("t-")}
    assert set(found) >= ends
    assert any(made.node(name).kind == "vm" for name in found)


@pytest.mark.parametrize("scenario", ["nva-load-balancer", "p2s-certificates", "p2s-isolated-vnet"])
def test_where_no_connection_ends_nothing_does(scenario: str) -> None:
    assert limited(scenario)[1] == {}


def test_the_ruleset_is_for_syns_either_way() -> None:
    lines = nftables.text([SegmentLimit("t-*", 1350)]).splitlines()
    for key in ("iifname", "oifname"):
        assert f'    {key} "t-*" tcp flags & (syn | rst) == syn tcp option maxseg size set 1350' in lines
