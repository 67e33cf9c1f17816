"""Numbers that depend on a name only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netlab.scenario.places import places

names = st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=12)


@given(names, st.integers(1, 20), st.sets(st.integers(0, 25), max_size=5))
def test_numbers_are_different_free_and_the_same_in_any_order(asked: list[str], size: int, taken: set[int]) -> None:
    found = places(asked, size, taken)
    assert list(found) == [name for name in asked if name in found]
    assert len(set(found.values())) == len(found) == min(len(asked), len(set(range(size)) - taken))
    assert set(found.values()) <= set(range(size)) - taken
    assert found == places(sorted(asked, reverse=True), size, taken)


@given(names, st.text(min_size=1, max_size=3))
def test_one_name_more_moves_no_other(asked: list[str], more: str) -> None:
    """With room for everybody: the hash of a name is its number."""
    before, after = places(asked, 2**63), places({*asked, more}, 2**63)
    assert before.items() <= after.items()


def test_a_number_that_is_asked_for_twice_goes_to_the_alphabetically_first() -> None:
    assert places(["b", "a"], 1) == {"a": 0}
    assert set(places(["b", "a", "c"], 3).values()) == {0, 1, 2}
