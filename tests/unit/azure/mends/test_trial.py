"""Mends of a story that changes the configuration: they fit the whole story, and hold after what it changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mended import explained, found, untrue

from netlab.results.mends import Mend, actions_of, edits_of

LINKS = {"there": ("VNet1", "VNet2"), "back": ("VNet2", "VNet1")}


def document(*steps: dict[str, Any], **more: Any) -> str:
    """Two VNets, and a story of changes."""
    vnets = {
        name: {
            "address_space": [f"10.{n}.0.0/16"],
            "subnets": {"default": f"10.{n}.0.0/24"},
            "vms": {"vm": {"subnet": "default"}},
        }
        for n, name in ((1, "VNet1"), (2, "VNet2"))
    }
    story = [{"name": "as built"}, *({"name": f"step {n}", "do": [{"change": c}]} for n, c in enumerate(steps))]
    return json.dumps({"name": "n", "vnets": vnets, "story": story, **more})


def peerings(**links: tuple[str, str]) -> dict[str, Any]:
    return {"peerings": {name: {"vnet": one, "remote_vnet": two} for name, (one, two) in links.items()}}


GONE = {"peerings": {"there": None, "back": None}}


def mend_of(text: str, step: int, source: str = "vnet1-vm", target: str = "vnet2-vm") -> Mend:
    """The first mend, of which all are true in the file."""
    item, given = found(text, step, source, target), explained(text, source, target, step).mend
    assert list(untrue(text, item, step, given)) == []
    return given[0]


def test_a_peering_that_the_story_makes_later_has_its_name() -> None:
    mend = mend_of(document(peerings(**LINKS)), 0)
    assert [edit.path for edit in edits_of(mend.changes)] == [("peerings", "there"), ("peerings", "back")]


def test_a_peering_that_the_story_does_not_make_has_a_name_of_its_own() -> None:
    text = document({"vnets": {"VNet1": {"address_space": ["10.1.0.0/16", "10.3.0.0/16"]}}})
    assert [edit.path[1] for edit in edits_of(mend_of(text, 0).changes)] == ["VNet1-to-VNet2", "VNet2-to-VNet1"]


@pytest.mark.parametrize("step", [2, 3])
def test_what_the_story_took_away_a_change_brings_back(step: int) -> None:
    other = {"vnets": {"VNet1": {"address_space": ["10.1.0.0/16", "10.3.0.0/16"]}}}
    mend = mend_of(document(peerings(**LINKS), GONE, other), step)
    (action,) = actions_of(mend.changes)
    assert (edits_of(mend.changes), action) == ((), {"change": peerings(**LINKS)})


def test_a_peering_of_the_file_that_the_story_took_away_is_brought_back() -> None:
    given = mend_of(document(GONE, **peerings(**LINKS)), 1)
    (action,) = actions_of(given.changes)
    assert list(action) == ["change"]


def test_a_rule_that_the_story_sets_is_allowed_by_a_later_change() -> None:
    guarded = {"default": {"network_security_group": "guard", "address_prefix": "10.1.0.0/24"}}
    deny = {"priority": 100, "direction": "Outbound", "access": "Deny", "protocol": "*"}
    rules = {"network_security_groups": {"guard": {"security_rules": {"no": deny}}}}
    text = document({**rules, "vnets": {"VNet1": {"subnets": guarded}}}, **peerings(**LINKS))
    (action,) = actions_of(mend_of(text, 1).changes)
    assert action == {"change": {"network_security_groups": {"guard": {"security_rules": {"no": None}}}}}


def test_without_a_change_in_the_story_a_mend_is_an_edit_of_the_file() -> None:
    mend = mend_of(document(), 0)
    assert (bool(edits_of(mend.changes)), actions_of(mend.changes)) == (True, ())
