"""The rulebook is complete, and says which function enforces a rule."""

from __future__ import annotations

import pytest

from netlab.errors import UsageError
from netlab.scenario import rules
from netlab.scenario.rules import rulebook


def test_a_rule_that_is_left_out_says_why_and_nothing_enforces_it() -> None:
    left_out = [item for item in rulebook.entries().values() if item.left_out]
    assert {item.number for item in left_out} == {"A46", "A49", "P14", "P19", "P27", "P31"}
    assert all(item.note and not item.functions for item in left_out)


def numbers_of(letter: str) -> list[str]:
    return [item.number for item in rulebook.entries().values() if letter in item.lab]


@pytest.mark.parametrize("name", numbers_of("E"))
def test_a_rule_to_enforce_has_a_function_or_says_why_not(name: str) -> None:
    item = rulebook.entry(name)
    assert item.functions or item.note


def test_every_function_with_a_number_enforces_a_rule() -> None:
    for rule in rules.RULES:
        if rules.number(rule):
            assert "enforced" in rulebook.entry(rules.number(rule)).doing


def test_the_rulebook_is_complete() -> None:
    known = [f"{letter}{n}" for letter, last in (("R", 127), ("B", 44), ("A", 38)) for n in range(1, last + 1)]
    more = ("A41", "A43", "A45", "A46", "A48", "A49", "B56", "B57", "B58", "B59", "B63")
    routing = (*(f"E{n}" for n in (*range(1, 11), 12, *range(15, 26), 27, 28)), "U1", "U2", "U3", "U5")
    routing += tuple(f"U{n}" for n in (*range(11, 19), 23, 24, 25, *range(29, 33)))
    known += [*more, *(f"P{n}" for n in range(1, 35)), *routing, *(f"I{n}" for n in range(1, 14))]
    known += [f"L{n}" for n in (*range(1, 8), *range(9, 13), *range(15, 21), 24, 25)]
    groups = (*range(1, 9), *range(10, 17), 19, 20, *range(23, 30), 31, 35)
    known += [
        *(f"N{n}" for n in groups),
        *(f"F{n}" for n in (1, 2, *range(4, 12), 13, 14, 15, 17, 18, 19, 20, 21, 22, 24, 25, 27, 28)),
    ]
    known += [f"T{n}" for n in (*range(1, 13), *range(14, 26))]
    assert list(rulebook.entries()) == known
    for item in rulebook.entries().values():
        assert item.says.endswith(".")
        assert len(item.says) <= 120
        assert item.source
        assert item.mark in ("", "DRIFT", "DERIVED", "3P", "UNCONFIRMED")


def test_a_rule_goes_by_its_number_in_any_case() -> None:
    assert rulebook.entry("r57").functions == (rules.point_to_site.r57_pools_overlap_nothing,)
    assert rulebook.entry("A46").doing == ("left out",)
    found = rulebook.listed(rulebook.entry("R57"))
    assert found.enforced_by == ("scenario.rules.point_to_site.r57_pools_overlap_nothing",)
    assert found.functions == ("r57_pools_overlap_nothing",)


@pytest.mark.parametrize("name", ["R999", "57", "\x1b[31m", "x" * 300])
def test_an_unknown_rule_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        rulebook.entry(name)
    assert caught.value.message.isprintable()
