"""A difference for people: the table, and the comment of a pull request, in which nothing of the input is markup."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netlab.report.comparison import LONGEST_COMMENT, MARK, escaped, markdown, table
from netlab.results.difference import (
    CellChange,
    CheckChange,
    Compared,
    Difference,
    ObjectChange,
    PropertyChange,
    RouteChange,
    RouteEntry,
    Side,
    Summary,
)
from netlab.results.drops import Drop, DropType

EMPTY = Difference(
    Compared("a.yaml", "scenario"), Compared("b.yaml", "scenario"), "predicted", "", (), (), (), (),
    Summary(0, 0, 0, 0, 0, 0, 0, 4),
)  # fmt: skip
WAY = ("s-1", "spoke", "hub-fw", "spoke2", "t")
REACHED = Side("reachable", WAY, WAY[::-1], None, "")
DROP = Drop("spoke", "reverse", "no route: spoke has no route to 10.0.0.4", DropType.NO_ROUTE)
LOST = Side("unreachable", WAY, (), DROP, DROP.reason)
FORWARDED = PropertyChange("allow_forwarded_traffic", True, False)
BY_FW, BY_FW2 = (RouteEntry("VirtualAppliance", f"10.0.1.{host}", "User") for host in (4, 5))
FULL = replace(
    EMPTY,
    objects=(
        ObjectChange("changed", "peerings", "peerings.p", "", (FORWARDED,)),
        ObjectChange("added", "vms", "vnets.hub.vms.fw2"),
        ObjectChange("renamed", "vnets", "vnets.b", "", (PropertyChange("name", "a", "b"),)),
    ),
    routes=(
        RouteChange(
            "", "spoke/default", "0.0.0.0/0", "changed",
            (BY_FW,), (BY_FW2,),
        ),
        RouteChange("hub", "", "10.9.0.0/16", "added", (), (RouteEntry("", "site", "BGP", "Active", (65101,)),)),
    ),
    cells=(
        *(CellChange("lost", f"s-{n}", "t", ("icmp", "udp", "tcp"), replace(REACHED, forward=(f"s-{n}", *WAY[1:]),
                     reverse=(*WAY[:0:-1], f"s-{n}")), replace(LOST, forward=(f"s-{n}", *WAY[1:])), ("peerings.p",))
          for n in (1, 2, 3)),
        CellChange("other path", "a", "c", ("tcp",), replace(REACHED, forward=("a", "x", "c")),
                   replace(REACHED, forward=("a", "y", "c")), ("vnets.v", "peerings.p")),
        CellChange("new", "hub-fw2", "", (), None, None),
    ),
    checks=(CheckChange("added", "R111", "peerings.p", "the address space changed"),),
    summary=Summary(3, 2, 1, 3, 0, 0, 1, 138),
)  # fmt: skip

TABLE = """\
objects  1 changed, 1 added, 1 renamed
  ~ peerings.p                       allow_forwarded_traffic: true -> false
  + vnets.hub.vms.fw2
  ~ vnets: renamed a -> b
routes   2 places
  spoke/default          0.0.0.0/0          VirtualAppliance 10.0.1.4 (User) -> VirtualAppliance 10.0.1.5 (User)
  hub                    10.9.0.0/16        + site AS 65101 (BGP)
cells    3 lost, 0 gained, 1 other path, 138 unchanged, 1 new machine
  LOST   s-1 -> t (icmp, udp, tcp) and 2 alike
           before  reachable via spoke, hub-fw, spoke2
           after   dropped at spoke on the way back: no route: spoke has no route to 10.0.0.4
           because of peerings.p
  PATH   a -> c (tcp)    via x -> via y
           changed on the way: vnets.v, peerings.p
checks   1 added
  + peerings.p: the address space changed [R111]
"""


def test_the_table_folds_what_changed_alike() -> None:
    assert "".join(f"{line}\n" for line in table(FULL)) == TABLE


def test_machines_of_one_side_are_listed_where_only_cells_are_asked_for() -> None:
    assert "  NEW    hub-fw2" in list(table(FULL, alone=True))


def test_a_part_has_so_many_lines() -> None:
    lines = list(table(FULL, 1))
    assert "  … and 2 more lines" in lines
    assert sum(line.startswith("  ") for line in lines) == 4 + 3


def test_no_difference_is_one_line_in_both() -> None:
    assert list(table(EMPTY)) == ["no change"]
    text = markdown(EMPTY)
    assert text.startswith(MARK)
    assert text.count("\n") == 1
    assert "no change between a.yaml and b.yaml" in text


def test_a_comment_says_the_worst_first_and_folds_the_rest() -> None:
    lines = markdown(FULL).splitlines()
    assert lines[:2] == [MARK, "### netlab diff: **reachability lost**"]
    rows = [line for line in lines if line.startswith("| s-")]
    assert len(rows) == 1
    assert rows[0].startswith("| s-1 | t and 2 alike | reachable via spoke, hub-fw, spoke2 | dropped at spoke")
    assert rows[0].endswith("| peerings.p |")
    assert [line for line in lines if line.startswith("<details>")] == [
        "<details><summary>objects (3)</summary>",
        "<details><summary>routes (2)</summary>",
        "<details><summary>other drops and paths (1)</summary>",
        "<details><summary>findings of check (1)</summary>",
    ]
    assert lines.count("</details>") == 4


def test_without_lost_cells_the_verdict_is_another_word() -> None:
    gained = replace(FULL, summary=replace(FULL.summary, lost=0))
    assert "### netlab diff: changed" in markdown(gained)


HOSTILE = ("a|b", "`code`", "<img src=x>", "@admin", "[link](http://x)", "two\nlines", "**bold**", "www.example.net",
           "https://example.net", "#12", "~~gone~~", "![i](u)", "&lt;")  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_of_the_input_is_markup(name: str) -> None:
    text = escaped(name)
    assert not set("|`<>@[]()*#~\n") & set(text.replace("&#", ""))
    assert "www." not in text
    assert "://" not in text
    found = markdown(replace(FULL, objects=(ObjectChange("added", "vms", f"vnets.{name}"),)))
    assert text in found
    assert "\n".join(found.splitlines()).count("<img") == 0


def test_a_comment_is_cut_at_the_end_of_its_longest_part() -> None:
    many = tuple(ObjectChange("added", "vms", f"vnets.hub.vms.machine-{number}") for number in range(4000))
    found = markdown(replace(FULL, objects=many))
    assert len(found) <= LONGEST_COMMENT
    assert "objects (4000)" in found
    assert "- … and " in found
    assert "machine-0\n" in found
    assert "| s-1 | t and 2 alike" in found
