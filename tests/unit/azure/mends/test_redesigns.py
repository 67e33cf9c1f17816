"""Why nothing mends a pair: each limit of Azure where it holds, and nowhere else."""

from __future__ import annotations

import pytest
from mended import explained

from netlab.results.mends import LIMITS, Limit, Redesign
from netlab.scenario.loader import catalogue

# Scenario, step, source and target, and the limit; None where no change that was tried helps.
CASES: tuple[tuple[str, int, str, str, Limit | None], ...] = (
    ("forced-tunnelling-bgp", 0, "internet", "site1-h1", Limit.FROM_INTERNET),
    ("hub-spoke-firewall", 0, "internet", "site1-h1", Limit.FROM_INTERNET),
    ("route-server-overview", 0, "internet", "branch-h1", Limit.FROM_INTERNET),
    ("expressroute-vpn-two-sites", 0, "site1-host1", "site3-host3", Limit.BETWEEN_CIRCUITS),
    ("expressroute-vpn-two-sites", 0, "site3-host3", "site1-host1", Limit.BETWEEN_CIRCUITS),
    ("expressroute-vpn-two-sites", 0, "site1-host1", "site2-host2", Limit.BETWEEN_GATEWAYS),
    ("expressroute-vpn-two-sites", 0, "site2-host2", "site1-host1", Limit.BETWEEN_GATEWAYS),
    ("expressroute-vpn-two-sites", 0, "site3-host3", "lin", Limit.POOL_TO_CIRCUIT),
    ("s2s-static-overlaps", 0, "site1-hidden", "site2-h2", Limit.OVERLAPPING_SITES),
    ("s2s-static-overlaps", 0, "site2-h2", "site1-hidden", Limit.OVERLAPPING_SITES),
    ("p2s-custom-routes", 4, "lin", "internet", Limit.OUT_OF_A_GATEWAY),
    ("p2s-custom-routes", 4, "win", "internet", Limit.OUT_OF_A_GATEWAY),
    ("expressroute-vpn-two-sites", 0, "site3-host3", "site2-host2", None),
    ("udr-own-vpn-server", 0, "site2-h2", "site1-h1", None),
    ("s2s-custom-ipsec-policy", 0, "site5-h5", "site2-h2", None),
)


@pytest.mark.parametrize(("name", "step", "source", "target", "limit"), CASES)
def test_what_is_in_the_way_is_named(name: str, step: int, source: str, target: str, limit: Limit | None) -> None:
    found = explained(catalogue()[name].read_text(), source, target, step)
    assert found.mend == ()
    assert [item.limit for item in found.redesign] == [limit]
    assert limit is None or found.redesign == (Redesign(LIMITS[limit], limit),)


def test_where_there_is_a_mend_nothing_is_in_the_way() -> None:
    found = explained(catalogue()["udr-nva"].read_text(), "internet", "vnet1-app")
    assert (bool(found.mend), found.redesign) == (True, ())


def test_a_host_that_another_site_hides_gets_a_longer_prefix() -> None:
    found = explained(catalogue()["s2s-static-overlaps"].read_text(), "vnet1-vm1", "site1-hidden")
    assert [mend.sentence for mend in found.mend][:1] == [
        "add 10.102.0.99/32 to VNet1's local network gateway for Site1"
    ]


@pytest.mark.parametrize(("source", "target"), [("alice", "bob"), ("bob", "alice"), ("alice", "vnet1-vm1")])
def test_a_client_that_is_absent_has_no_address_to_design_for(source: str, target: str) -> None:
    found = explained(catalogue()["p2s-certificates"].read_text(), source, target, 3)
    assert "alice is not connected" in found.verdict
    assert found.redesign == ()
