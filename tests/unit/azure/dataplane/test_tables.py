"""Routing tables: the longest prefix, equal prefixes, and what a tunnel's selectors cover."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.azure.dataplane.tables import Hop, Route, Table, TunnelEnd, table
from netlab.azure.selectors import Selectors
from netlab.results.drops import DropType, cause

prefixes = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(
    lambda found: IPv4Network((found[0] >> (32 - found[1]) << (32 - found[1]), found[1]))
)


def route(prefix: str | IPv4Network, node: str = "next") -> Route:
    return Route(IPv4Network(prefix), "test", node, (Hop(node, node, "here"),))


@given(st.lists(prefixes, max_size=30), st.integers(0, 2**32 - 1))
def test_the_longest_prefix_that_covers_wins(known: list[IPv4Network], address: int) -> None:
    destination = IPv4Address(address)
    covering = [prefix for prefix in known if destination in prefix]
    longest = max((prefix.prefixlen for prefix in covering), default=None)
    found = Table(tuple(map(route, known))).longest(destination)
    assert [r.prefix for r in found] == [prefix for prefix in covering if prefix.prefixlen == longest]


def test_routes_to_one_prefix_share_the_load() -> None:
    both = (route("10.0.0.0/8", "a"), route("10.0.0.0/8", "b"))
    assert Table(both).longest(IPv4Address("10.1.1.1")) == both


def test_of_a_prefix_the_first_part_counts() -> None:
    found = table([route("10.0.0.0/8", "first")], [route("10.0.0.0/8", "second"), route("11.0.0.0/8", "second")])
    assert [r.leads_to for r in found.longest(IPv4Address("10.1.1.1"))] == ["first"]
    assert [r.leads_to for r in found.longest(IPv4Address("11.1.1.1"))] == ["second"]


@pytest.mark.parametrize(
    ("source", "destination", "address", "selectors"),
    [
        ("10.9.0.1", "10.2.0.1", "10.9.0.1", "10.1.0.0/16"),
        ("10.1.0.1", "10.9.0.1", "10.9.0.1", "10.2.0.0/16, 10.3.0.0/16"),
    ],
)
def test_a_tunnel_names_the_address_that_no_selector_covers(
    source: str, destination: str, address: str, selectors: str
) -> None:
    local, remote = (IPv4Network("10.1.0.0/16"),), (IPv4Network("10.2.0.0/16"), IPv4Network("10.3.0.0/16"))
    why = TunnelEnd("t", None, (Selectors(local, remote),)).refusal(IPv4Address(source), IPv4Address(destination))
    assert why == cause(DropType.NOT_SELECTED, tunnel="t", address=address, selectors=selectors)


def test_a_tunnel_carries_what_its_selectors_cover_and_nothing_while_it_is_down() -> None:
    here, there = IPv4Address("10.1.0.1"), IPv4Address("10.2.0.1")
    selectors = (Selectors((IPv4Network("10.1.0.0/16"),), (IPv4Network("10.2.0.0/16"),)),)
    down = cause(DropType.TUNNEL_DOWN, tunnel="t")
    assert TunnelEnd("t", None, selectors).refusal(here, there) is None
    assert TunnelEnd("t", down, selectors).refusal(here, there) == down
