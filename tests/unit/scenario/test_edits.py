"""Edits of what a file holds: each operation where its place is there, is empty, or is written in short."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import ValidationError

from netlab.results.mends import Edit
from netlab.scenario.edits import changed, edited
from netlab.scenario.loader import catalogue, parse

SUBNETS = ("vnets", "V", "subnets", "a")
DOCUMENT: dict[str, Any] = {
    "name": "edits",
    "vnets": {"V": {"subnets": {"a": "10.1.0.0/24", "b": {"address_prefix": "10.1.1.0/24", "route_table": "t"}}}},
    "sites": {"S": {"address_prefixes": ["10.2.0.0/16", "10.3.0.0/16"], "bgp": None}},
}

# An edit, and what is then at a path.
CASES: dict[str, tuple[Edit, tuple[str, ...], Any]] = {
    "set in the place of a value": (Edit("set", ("name",), "other"), ("name",), "other"),
    "set where nothing is": (Edit("set", ("sites", "S", "x", "y"), 1), ("sites", "S", "x"), {"y": 1}),
    "set below an empty key": (Edit("set", ("sites", "S", "bgp", "asn"), 65001), ("sites", "S", "bgp"), {"asn": 65001}),
    "set below a subnet in short": (
        Edit("set", (*SUBNETS, "route_table"), "t"),
        SUBNETS,
        {"address_prefix": "10.1.0.0/24", "route_table": "t"},
    ),
    "set to false": (Edit("set", ("vnets", "V", "flag"), False), ("vnets", "V", "flag"), False),
    "append to a list": (
        Edit("append", ("sites", "S", "address_prefixes"), "10.4.0.0/16"),
        ("sites", "S", "address_prefixes"),
        ["10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"],
    ),
    "append where no list is": (Edit("append", ("sites", "S", "announces"), 1), ("sites", "S", "announces"), [1]),
    "remove from a list": (
        Edit("remove", ("sites", "S", "address_prefixes"), "10.2.0.0/16"),
        ("sites", "S", "address_prefixes"),
        ["10.3.0.0/16"],
    ),
    "remove what a list lacks": (
        Edit("remove", ("sites", "S", "address_prefixes"), "10.9.0.0/16"),
        ("sites", "S", "address_prefixes"),
        ["10.2.0.0/16", "10.3.0.0/16"],
    ),
    "remove a key": (
        Edit("remove", ("vnets", "V", "subnets", "b", "route_table")),
        ("vnets", "V", "subnets", "b"),
        {"address_prefix": "10.1.1.0/24"},
    ),
    "remove a key that is not there": (Edit("remove", ("sites", "S", "hosts")), ("sites",), DOCUMENT["sites"]),
}


def at(document: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


@pytest.mark.parametrize("name", CASES)
def test_an_edit_does_what_it_says_at_its_place_and_nothing_elsewhere(name: str) -> None:
    edit, path, expected = CASES[name]
    before = copy.deepcopy(DOCUMENT)
    after = edited(DOCUMENT, (edit,))
    assert before == DOCUMENT
    assert at(after, path) == expected
    others = {key: value for key, value in after.items() if key != edit.path[0]}
    assert others == {key: value for key, value in DOCUMENT.items() if key != edit.path[0]}


def test_edits_are_made_in_their_order() -> None:
    first, second = Edit("set", ("x",), ["a"]), Edit("append", ("x",), "b")
    assert edited({}, (first, second)) == {"x": ["a", "b"]}
    assert edited({}, (second, first)) == {"x": ["a"]}
    assert edited(DOCUMENT, ()) == DOCUMENT


def test_a_scenario_after_edits_is_that_of_the_edited_file() -> None:
    name = "s2s-static"
    scenario = parse(catalogue()[name].read_text(), name).scenario
    site = next(iter(scenario.sites))
    edits = (Edit("append", ("sites", site, "address_prefixes"), "10.77.0.0/16"),)
    after = changed(scenario, edits)
    assert [str(prefix) for prefix in after.sites[site].address_prefixes][-1] == "10.77.0.0/16"
    assert changed(scenario, ()) == scenario
    with pytest.raises(ValidationError):
        changed(scenario, (Edit("append", ("sites", site, "address_prefixes"), "none"),))
