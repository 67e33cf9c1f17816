"""The matrix as text: it fits the width, cuts nothing, and names pairs in few words."""

from __future__ import annotations

from itertools import product

import pytest

from netlab.report.matrix import FAILED, NOT_REACHED, REACHED, Matrix
from netlab.results.topology import Machine


def vms(*counts: int) -> tuple[Machine, ...]:
    """Machines in VNets: as many in each as these numbers say."""
    return tuple(
        Machine(f"vnet{vnet}-vm{number}", "vm", f"VNet{vnet}")
        for vnet, count in enumerate(counts, 1)
        for number in range(1, count + 1)
    )


def all_reached(machines: tuple[Machine, ...]) -> dict[tuple[str, str], str]:
    nodes = [machine.node for machine in machines]
    return {pair: REACHED for pair in product(nodes, nodes) if len(set(pair)) == 2}


def text(machines: tuple[Machine, ...], width: int, glyphs: dict[tuple[str, str], str]) -> list[str]:
    return [line.plain for line in Matrix(machines).lines(glyphs, width)]


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("counts", [(30,), (1,) * 30, (3, 4, 1, 1, 12), (120,), (2,)])
def test_every_cell_is_there_and_no_line_is_wider(counts: tuple[int, ...], width: int) -> None:
    machines = vms(*counts)
    lines = text(machines, width, all_reached(machines))
    assert max(map(len, lines)) <= width
    body = "".join(line.partition("vm")[2].partition(" ")[2] for line in lines if "vnet" in line)
    assert body.count(REACHED) == len(machines) * (len(machines) - 1)
    assert body.count("\\") == len(machines)


def test_thirty_machines_are_one_part_at_80_columns() -> None:
    lines = text(vms(30), 80, all_reached(vms(30)))
    assert [line.split()[:2] for line in lines[2:]] == [[str(n), f"vnet1-vm{n}"] for n in range(1, 31)]
    tens, units = lines[:2]
    columns = [index for index, sign in enumerate(units) if sign.isdigit()]
    assert len(columns) == 30
    assert "".join(units[index] for index in columns) == "123456789" + "0123456789" * 2 + "0"
    assert [tens[columns[number - 1]] for number in (10, 20, 30)] == ["1", "2", "3"]
    for number, line in enumerate(lines[2:]):
        assert line[columns[number]] == "\\"


def test_blocks_are_apart_and_machines_alone_in_theirs_together() -> None:
    machines = (*vms(2, 1, 1), Machine("host", "host", "Site1"), Machine("c1", "client"), Machine("c2", "client"))
    lines = text(machines, 80, all_reached(machines))
    assert lines[0].split() == list("1234567")
    assert [number for number, line in enumerate(lines) if not line] == [3, 7]
    assert "1 2  3 4 5  6 7" in lines[0]


def test_a_machine_that_is_only_asked_has_a_column_and_no_row() -> None:
    machines = (*vms(2), Machine("internet", "internet"))
    glyphs = {**all_reached(vms(2)), ("vnet1-vm1", "internet"): FAILED, ("vnet1-vm2", "internet"): NOT_REACHED}
    lines = text(machines, 80, glyphs)
    assert lines[1:] == ["1 vnet1-vm1  \\ +  X", "2 vnet1-vm2  + \\  .", "3 internet (is only asked)"]


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([(1, 2)], "vnet1-vm1 > vnet1-vm2"),
        ([(1, 2), (2, 1)], "vnet1-vm1 <> vnet1-vm2"),
        ([(1, 2), (1, 3), (1, 4), (1, 6)], "1 > 2-4 6"),
        ([(1, n) for n in range(2, 7)], "1 > all"),
        ([(n, 1) for n in range(2, 7)] + [(1, n) for n in range(2, 7)], "all <> 1"),
        ([(a, b) for a in (1, 2, 3) for b in (1, 2, 3) if a != b], "1-3 > 1-3"),
        ([(1, 4), (1, 5), (2, 4), (2, 5), (4, 1)], "1 2 > 4 5; 4 > 1"),
    ],
)
def test_pairs_in_few_words(pairs: list[tuple[int, int]], words: str) -> None:
    named = [(f"vnet1-vm{source}", f"vnet1-vm{target}") for source, target in pairs]
    assert Matrix(vms(6)).between(named) == words
