"""Drop types: each has a description, a sentence whose fields its causes fill, and a mend."""

from __future__ import annotations

from string import Formatter

import pytest

from netlab.results.drops import DESCRIPTIONS, Cause, Drop, DropType, cause


@pytest.mark.parametrize("drop_type", DropType)
def test_every_type_is_described(drop_type: DropType) -> None:
    found = DESCRIPTIONS[drop_type]
    assert found.summary.endswith(".")
    assert found.mend.endswith(".")
    fields = {name: f"<{name}>" for _, name, _, _ in Formatter().parse(found.sentence) if name and name != "node"}
    sentence = cause(drop_type, **fields).sentence("here")
    assert "{" not in sentence
    assert all(value in sentence for value in fields.values())


def test_a_drop_is_read_back_with_its_cause() -> None:
    why = cause(DropType.NONE_ROUTE, source="user", prefix="10.0.0.0/8").about("10.1.1.1")
    drop = Drop.of("vnet1", "reverse", why)
    assert drop.reason == "None route: 10.1.1.1 matches the user route 10.0.0.0/8 to None"
    assert drop.cause == why


def test_a_destination_is_added_only_where_the_sentence_names_it_and_it_is_not_known() -> None:
    assert cause(DropType.LOOP).about("10.0.0.1") == Cause(DropType.LOOP)
    known = cause(DropType.NO_ROUTE, destination="10.0.0.1")
    assert known.about("10.0.0.2") == known
