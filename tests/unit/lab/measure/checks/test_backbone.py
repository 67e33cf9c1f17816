"""What the underlay has forwarded between public addresses of Azure (R80)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from moments import action, moment
from plans import planned

from netlab.azure.state import State
from netlab.lab.measure.checks.backbone import check


def verdict(state: State, scenario: str, counted: Mapping[str, int]) -> list[tuple[str, str]]:
    found = check(planned(scenario), state, lambda netns: counted.get(netns.rpartition(".")[2], 0))
    return [(item.status, item.message) for item in found]


@pytest.mark.parametrize(
    ("counted", "status", "says"),
    [
        ({"backbone-westeurope": 3, "backbone-eastus": 2}, "passed", "forwarded 5 packets"),
        ({"backbone-westeurope": 3, "internet": 1}, "failed", "the Internet has forwarded 1 packets"),
        ({}, "failed", "the backbone has forwarded nothing, and VNet1-VNet2 is up"),
    ],
)
def test_the_internet_forwards_nothing_and_the_backbone_something(
    counted: Mapping[str, int], status: str, says: str
) -> None:
    ((found, message),) = verdict(moment("vnet-to-vnet-backbone"), "vnet-to-vnet-backbone", counted)
    assert found == status
    assert says in message


def test_a_tunnel_that_is_down_carries_nothing() -> None:
    state = moment("vnet-to-vnet-backbone", action("fail_tunnel", connection="VNet1-VNet2"))
    assert [status for status, _ in verdict(state, "vnet-to-vnet-backbone", {})] == ["passed"]


def test_networks_without_tunnels_between_vnets_are_not_asked() -> None:
    assert verdict(moment("s2s-static"), "s2s-static", {}) == []
