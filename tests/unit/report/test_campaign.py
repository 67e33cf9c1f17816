"""A campaign for a terminal, and its page: the worst first, names and messages as text."""

from __future__ import annotations

from dataclasses import replace

from netlab.report.campaign import lines, page, rows, title
from netlab.results.campaign import Campaign, Tried

GOOD = Tried("1", "good", "good.yaml", "auto", None, False, "passed", 3, 0, 0, (), 2.5, "host1")
BAD = replace(GOOD, id="2", scenario="bad", verdict="failed", failed=1, messages=("a to b: reached, not <blocked>",))
DEAD = replace(GOOD, id="3", scenario="dead", verdict="error", time_scale=30.0, sweep=True, messages=("it died",))


def test_a_title_says_what_was_asked_for() -> None:
    assert title(GOOD) == "good (auto)"
    assert title(DEAD) == "sweep of dead (auto, time scale 30)"


def test_the_terminal_has_a_row_per_lab_and_the_messages_of_what_did_not_pass() -> None:
    found = Campaign("nightly", (GOOD, BAD, DEAD), 2)
    assert [row["verdict"] for row in rows(found)] == ["passed", "failed", "error"]
    assert list(lines(found)) == [
        "FAILED bad (auto), good.yaml",
        "  - a to b: reached, not <blocked>",
        "ERROR sweep of dead (auto, time scale 30), good.yaml",
        "  - it died",
        "nightly: 3 labs: 1 passed, 1 failed, 1 error, 2 not tried",
    ]


def test_the_page_has_the_worst_first_and_escapes_what_it_shows() -> None:
    text = page(Campaign("nightly", (GOOD, BAD, DEAD), 0))
    assert text.index("sweep of dead") < text.index(">bad (auto)") < text.index(">good (auto)")
    assert "reached, not &lt;blocked&gt;" in text
    assert "not all passed" in text


def test_the_page_says_that_all_passed_only_if_all_were_tried_and_passed() -> None:
    good = ">all passed<"
    assert good in page(Campaign("nightly", (GOOD,), 0))
    for found in (Campaign("nightly", (GOOD,), 1), Campaign("nightly", (), 0), Campaign("nightly", (GOOD, DEAD), 0)):
        assert good not in page(found)
