"""Broken objects are left out, and what remains breaks no rule on that account."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from findings import WHERE
from hypothesis import given, settings
from hypothesis import strategies as st
from pairs import PAIRS

from netlab.scenario import rules, salvage
from netlab.scenario.document import read
from netlab.scenario.models import Scenario

EVERYTHING = (Path(__file__).parent / "everything.yaml").read_text(encoding="utf-8")


def objects(data: Mapping[str, Any]) -> list[tuple[str | int, ...]]:
    """The place of every object, and of every step."""
    return [(key, name) for key in salvage.OBJECTS for name in data.get(key, ())] + [
        ("story", index) for index in range(len(data.get("story", ())))
    ]


@pytest.mark.parametrize("place", objects(read(EVERYTHING, WHERE).data), ids=lambda place: f"{place[1]}")
def test_leaving_a_broken_object_out_breaks_no_rule(place: tuple[str | int, ...]) -> None:
    assert list(salvage.breaches(read(EVERYTHING, WHERE).data, [place])) == []


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_leaving_broken_objects_out_finds_nothing_else(data: st.DataObject) -> None:
    written = read(data.draw(st.sampled_from(PAIRS)).breaks, WHERE).data
    places = data.draw(st.lists(st.sampled_from(objects(written)), max_size=3, unique=True))
    known = {(breach.rule, breach.path) for breach in rules.check(Scenario.model_validate(written))}
    assert {(breach.rule, breach.path) for breach in salvage.breaches(written, places)} <= known


@pytest.mark.parametrize(
    ("pair", "gone"),
    [
        ("appliances_name_their_peers-not-peered", ("vnets", "VNet6")),
        ("appliances_name_their_peers-not-peered", ("vnets", "VNet1")),
        ("b7_asns_differ-vpn-server-and-site", ("sites", "Site6")),
    ],
)
def test_what_a_broken_object_refers_to_may_need_it(pair: str, gone: tuple[str, str]) -> None:
    """An appliance whose only BGP peer is in the broken VNet is not said to have none."""
    (found,) = (item for item in PAIRS if item.path.stem == pair)
    left = salvage.breaches(read(found.breaks, WHERE).data, [gone])
    assert [breach.message for breach in left if "has no BGP peer" in breach.message] == []


def test_a_broken_vnet_takes_its_appliances_with_it() -> None:
    (pair,) = (item for item in PAIRS if item.path.stem == "r116_vpn_servers_forward-no-ip-forwarding")
    assert list(salvage.breaches(read(pair.keeps, WHERE).data, [("vnets", "VNet3")])) == []


def test_what_must_survive_may_be_of_a_broken_site() -> None:
    """As in a story, a machine goes by many names there."""
    (pair,) = (item for item in PAIRS if item.path.stem == "survivors_are_machines-no-such-source")
    left = salvage.breaches(read(pair.breaks, WHERE).data, [("sites", "Site3")])
    assert list(left) == []
