"""The check of the kernel's ARP table: silent, unless the table was full; it fails where probes were lost meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netlab.lab.measure.checks import arp_table
from netlab.results.verification import Cell

REACHED = Cell(
    source="a",
    target="b",
    protocol="icmp",
    expected="reachable",
    predicted="reachable",
    observed="reachable",
    status="passed",
)
LOST = replace(REACHED, target="c", observed="unreachable", status="failed")
CLOSED = replace(LOST, predicted="unreachable", expected="unreachable", status="passed")
UNASKED = replace(LOST, observed=None, status="error")


@pytest.mark.parametrize("cells", [(), (REACHED,), (LOST, LOST), (CLOSED, UNASKED)])
def test_nothing_is_said_of_a_table_that_was_not_full(cells: tuple[Cell, ...]) -> None:
    assert list(arp_table.check(cells, 0)) == []


@pytest.mark.parametrize(
    ("cells", "status", "words"),
    [
        ((REACHED,), "passed", "had no room 7 times"),
        ((REACHED, CLOSED, UNASKED), "passed", "had no room 7 times"),
        ((REACHED, LOST), "failed", "had no room 7 times; lost probes: 1; raise net.ipv4.neigh"),
        ((LOST, CLOSED, LOST, UNASKED), "failed", "lost probes: 2;"),
    ],
)
def test_a_full_table_fails_where_probes_were_lost(cells: tuple[Cell, ...], status: str, words: str) -> None:
    (check,) = arp_table.check(cells, 7)
    assert (check.name, check.status) == ("ARP table", status)
    assert words in check.message
