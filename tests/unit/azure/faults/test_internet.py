"""A cut Internet: what leads to sites and clients is down, what is between public addresses of Azure is not (R80)."""

from __future__ import annotations

import pytest
from moments import action, down, moment

from netlab.azure.prediction import Predicted, endpoint_addresses, pair
from netlab.results.drops import DropType
from netlab.scenario.names import by_node

CUT, MEND = action("cut_internet"), action("mend_internet")


@pytest.mark.parametrize(
    ("scenario", "lost"),
    [
        ("vnet-to-vnet-backbone", {"VNet1-Site1"}),
        ("vnet-to-vnet", set()),
        ("s2s-bgp-transit", {"VNet1-fw1", "VNet3-fw2", "VNet3-Site2"}),
        # The machine at which VNet3-vpn ends is in Azure, too.
        ("udr-own-vpn-server", {"vpn-Site1"}),
    ],
)
def test_tunnels_to_sites_are_down_and_those_between_vnets_are_not(scenario: str, lost: set[str]) -> None:
    before, cut = moment(scenario), moment(scenario, CUT)
    assert {name for name, why in down(cut).items() if why == "the Internet is cut"} == lost
    assert before.up - cut.up == lost
    assert moment(scenario, CUT, MEND).up == before.up


def test_clients_lose_their_tunnels_and_get_none_until_the_internet_is_mended() -> None:
    connect = action("connect", client="alice")
    assert moment("p2s-certificates", CUT).absence("alice")
    assert moment("p2s-certificates", CUT, connect).absence("alice")
    # R66: it does not come back by itself.
    assert moment("p2s-certificates", CUT, MEND).absence("alice")
    assert not moment("p2s-certificates", CUT, MEND, connect).absence("alice")


def asked(source: str, target: str) -> Predicted:
    state = moment("vnet-to-vnet-backbone", CUT)
    ends = by_node(state.scenario)
    return pair(state, ends[source], ends[target], endpoint_addresses(state))


@pytest.mark.parametrize(
    ("source", "target", "direction"),
    [
        ("internet", "vnet2-vm2", "forward"),
        ("internet", "vnet1-vm1", "forward"),
        ("vnet1-vm1", "internet", "reverse"),
        ("site1-h1", "internet", "reverse"),
    ],
)
def test_nothing_passes_the_internet(source: str, target: str, direction: str) -> None:
    drop = asked(source, target).drop
    assert drop is not None
    assert (drop.node, drop.direction, drop.type) == ("internet", direction, DropType.INTERNET_CUT)


def test_peerings_and_tunnels_between_vnets_carry_packets_on() -> None:
    assert asked("vnet1-vm1", "vnet2-vm2").outcome == "reachable"
    assert asked("vnet3-vm3", "vnet1-vm1").outcome == "reachable"
    assert asked("vnet1-vm1", "site1-h1").outcome == "unreachable"
