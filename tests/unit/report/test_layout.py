"""Rows as a table, with a wrapped last column, or as records: never cut."""

from __future__ import annotations

from netlab.report.layout import rows

ROUTE = {"Network": "10.1.0.0/16", "NextHop": None, "AsPath": "65101-65102", "Peers": ("a", "b")}
RULE = {"rule": "R57", "lab": "enforced", "statement": "The pool of a gateway overlaps no VNet that its clients reach."}


def text(found: list[dict[str, object]], width: int | None) -> list[str]:
    return [line.plain for line in rows(found, width)]


def test_nothing_is_no_table() -> None:
    assert text([], 80) == []


def test_a_table_that_fits_is_one() -> None:
    assert text([ROUTE], 80) == ["Network      NextHop  AsPath       Peers", "10.1.0.0/16           65101-65102  a, b"]


def test_what_is_the_same_in_every_row_is_said_once_where_the_table_is_too_wide() -> None:
    other = {**ROUTE, "Network": "10.2.0.0/16"}
    assert text([ROUTE, other], 36) == [
        "Network",
        "10.1.0.0/16",
        "10.2.0.0/16",
        "in every row: NextHop none, AsPath",
        "65101-65102, Peers a, b",
    ]
    assert len(text([ROUTE, other], 80)) == 3


def test_a_table_that_does_not_fit_becomes_records_without_what_is_empty() -> None:
    other = {"Network": "10.2.0.0/16", "NextHop": "10.1.0.4", "AsPath": "65103", "Peers": "c"}
    assert text([ROUTE, other], 30) == [
        *("Network  10.1.0.0/16", "AsPath   65101-65102", "Peers    a, b", ""),
        *("Network  10.2.0.0/16", "NextHop  10.1.0.4", "AsPath   65103", "Peers    c"),
    ]


def test_columns_are_a_space_apart_where_that_makes_a_table_fit() -> None:
    lines = text([ROUTE, {**ROUTE, "Network": "10.20.0.0/16", "AsPath": "65103", "Peers": "c"}], 30)
    assert lines[:3] == [
        "Network      AsPath      Peers",
        "10.1.0.0/16  65101-65102 a, b",
        "10.20.0.0/16 65103       c",
    ]
    assert lines[3:] == ["in every row: NextHop none"]


def test_records_leave_out_what_is_the_same_in_every_row() -> None:
    found = [{"name": name, "state": "up", "thumbprint": name * 40} for name in "ab"]
    assert text([*found], 30) == [
        *("name        a", f"thumbprint  {'a' * 40}", "", "name        b", f"thumbprint  {'b' * 40}", ""),
        "in every row: state up",
    ]


def test_prose_in_the_last_column_is_wrapped_below_itself() -> None:
    lines = text([RULE], 50)
    assert lines[0] == "rule  lab       statement"
    assert [line[:16].strip() for line in lines[1:]] == ["R57   enforced", ""]
    assert " ".join(line[16:] for line in lines[1:]) == RULE["statement"]
    assert max(map(len, lines)) <= 50


def test_a_pipe_gets_the_whole_table() -> None:
    assert len(text([RULE], None)) == 2
    assert len(text([{**ROUTE, "Peers": "x" * 400}], None)[1]) > 400


def test_a_value_without_a_space_is_not_cut() -> None:
    long = "0123456789abcdef" * 5
    assert text([{"name": "a", "thumbprint": long}], 40) == ["name        a", f"thumbprint  {long}"]
