"""Overlaps found by sorting are those that asking each pair finds."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from netlab.scenario.overlaps import Cover, crossing, overlapping

# Few bits differ, so that prefixes often contain each other or are equal.
PREFIXES = st.builds(
    lambda bits, length: IPv4Network((bits << 24, length), strict=False),
    st.integers(0, 255),
    st.integers(0, 32),
)


@given(st.lists(PREFIXES, max_size=12))
def test_sorting_finds_the_pairs_that_overlap_in_their_order(prefixes: list[IPv4Network]) -> None:
    asked = [(i, j) for (i, one), (j, other) in combinations(enumerate(prefixes), 2) if one.overlaps(other)]
    assert overlapping(prefixes) == asked


@given(st.lists(PREFIXES, max_size=8), st.lists(PREFIXES, max_size=8))
def test_sorting_finds_the_pairs_of_two_lists(ones: list[IPv4Network], others: list[IPv4Network]) -> None:
    asked = [(i, j) for i, one in enumerate(ones) for j, other in enumerate(others) if one.overlaps(other)]
    assert crossing(ones, others) == asked


@given(st.lists(PREFIXES, max_size=8), PREFIXES)
def test_a_cover_contains_the_prefixes_inside_one_of_its_own(prefixes: list[IPv4Network], item: IPv4Network) -> None:
    assert (item in Cover(prefixes)) == any(item.subnet_of(prefix) for prefix in prefixes)


@given(st.lists(PREFIXES, max_size=8), st.integers(0, 255))
def test_a_cover_contains_the_addresses_inside_one_of_its_own(prefixes: list[IPv4Network], bits: int) -> None:
    address = IPv4Address(bits << 24 | 1)
    assert (address in Cover(prefixes)) == any(address in prefix for prefix in prefixes)
