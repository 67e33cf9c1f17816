"""The report's page in a headless Chromium: by mouse, by keyboard, on paper, in the dark, without JavaScript."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from browser import NEEDS_CHROMIUM, Browser
from reports import as_predicted, gone_wrong

from netlab.machine.drawing import svg
from netlab.report.dot import dot
from netlab.report.page import page
from netlab.scenario.loader import load
from netlab.scenario.outline import topology

pytestmark = NEEDS_CHROMIUM

SHOWN = """[...document.querySelectorAll(".pairs > details")].filter((e) => e.checkVisibility())
    .map((e) => e.querySelector(".pair").id)"""
FOCUS = "document.activeElement.hash || document.activeElement.tagName"
LIT = """[...document.querySelectorAll(".topology .lit > title")].map((e) => e.textContent).sort()"""
# The cells of the first matrix, row by row: p1-1 to p1-3, then p1-4 ...; the diagonal has none.
CELL = '#step-1 .cells a[href="#{}"]'


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    scenario = load("p2s-branch-bgp").scenario
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(gone_wrong(scenario), svg(dot(topology(scenario)))))
    return path.as_uri()


@pytest.fixture
def tab(browser: Browser, url: str) -> Browser:
    """The page, freshly opened."""
    browser.emulate()
    browser.open("about:blank")
    browser.requested.clear()
    browser.complaints.clear()
    browser.open(url)
    return browser


def text(tab: Browser, selector: str) -> str:
    found = tab.run(f"document.querySelector({json.dumps(selector)}).innerText")
    return " ".join(found.split())


def test_it_asks_for_nothing_and_nobody_complains(tab: Browser, url: str) -> None:
    assert tab.requested == [url]
    assert tab.complaints == []
    assert tab.run("document.scripts.length") == 3


def test_hostile_text_runs_nothing_even_if_it_were_markup(tab: Browser) -> None:
    """The page's policy is the second line of defence: here the first one is taken away."""
    tab.run("window.ran = 0; document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')")
    tab.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 2'}))")
    tab.run("new Promise((done) => setTimeout(done, 100))")
    assert tab.run("window.ran") == 0
    assert sum("violates the following Content Security Policy" in words for words in tab.complaints) >= 2


def test_a_click_shows_both_ways_and_the_drop_and_another_hides_them(tab: Browser) -> None:
    assert tab.run(SHOWN) == []
    # site1-host1 to win: the request arrives, the answer dies.
    tab.click(CELL.format("p1-5"))
    assert tab.run(SHOWN) == ["p1-5"]
    shown = text(tab, ".chosen")
    assert "site1-host1 to win no" in shown
    assert "icmp unreachable unreachable unreachable encrypted" in shown
    assert "The answer died at win: no route: win has no route to 10.101.0.10" in shown
    assert "there site1-host1 0.0.0.0/0 → Site1 (the machine's default route) site1" in shown
    assert "win arrived and back win dropped" in shown
    assert "What would mend it: add 10.101.0.0/16 by hand on win" in shown
    tab.click(CELL.format("p1-7"))
    assert tab.run(SHOWN) == ["p1-7"]
    tab.click(CELL.format("p1-7"))
    assert tab.run(SHOWN) == []


def test_the_way_of_the_chosen_cell_lights_up_in_the_topology_and_stays_in_view(tab: Browser) -> None:
    assert tab.run(LIT) == []
    # site1-host1 to win: the answer dies at win.
    tab.click(CELL.format("p1-5"))
    way = ["site1", "site1/", "vnet1-gw-0", "vnet1-gw-0->site1", "win", "win->vnet1-gw-0"]
    assert tab.run(LIT) == way
    died = 'document.querySelector(".topology .died > title").textContent'
    assert tab.run(died) == "win"
    top = 'document.querySelector(".topology").getBoundingClientRect().top'
    tab.run("scrollTo(0, document.body.scrollHeight)")
    assert tab.run(top) == 0
    tab.press("Escape")
    assert tab.run(LIT) == []
    tab.run("scrollTo(0, document.body.scrollHeight)")
    assert tab.run(top) < 0


def test_the_keyboard_goes_everywhere(tab: Browser) -> None:
    tab.run(
        "document.querySelector('.legend').scrollIntoView(); document.querySelector('.story a:last-of-type').focus()"
    )
    while tab.run(FOCUS) != "#p1-1":
        tab.press("Tab")
    # Right along the row to its end, down, and left over the diagonal.
    tab.press("ArrowRight", "ArrowRight", "ArrowRight")
    assert tab.run(FOCUS) == "#p1-3"
    tab.press("ArrowDown")
    assert tab.run(FOCUS) == "#p1-6"
    tab.press("ArrowLeft", "ArrowLeft")
    assert tab.run(FOCUS) == "#p1-4"
    tab.press("End")
    assert tab.run(FOCUS) == "#p1-6"
    tab.press("Home", "Enter")
    assert (tab.run(FOCUS), tab.run(SHOWN)) == ("#p1-4", ["p1-4"])
    assert tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert tab.run("document.activeElement.closest('td').getAttribute('aria-selected')") == "true"
    tab.press("Escape")
    assert tab.run(SHOWN) == []
    tab.press(" ")
    assert tab.run(SHOWN) == ["p1-4"]
    # One stop for the whole matrix: the next one is behind it.
    tab.press("Tab")
    assert tab.run(FOCUS) == "SUMMARY"


def test_a_screen_reader_hears_a_grid(tab: Browser) -> None:
    tree = tab.call("Accessibility.getFullAXTree")["nodes"]
    heard = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]]
    roles = [role for role, _ in heard]
    assert roles.count("grid") == 5
    assert roles.count("gridcell") == 5 * 16
    assert ("link", "site1-host1 to win: not reached; no") in heard
    assert ("rowheader", "win") in heard
    assert ("link", "vnet1-vm1 to site1-host1: not as expected; FAIL") in heard


@pytest.mark.parametrize("cell", ["p1-1", "p1-5"])
def test_no_level_of_headings_is_left_out_and_all_is_in_a_landmark(tab: Browser, cell: str) -> None:
    """p1-1 has a heading for each fate of its protocols, p1-5 has one fate."""
    tab.click(CELL.format(cell))
    seen = "filter((e) => e.checkVisibility())"
    levels = tab.run(
        f"[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].{seen}.map((e) => Number(e.tagName[1]))"
    )
    assert 3 in levels
    assert all(after - before <= 1 for before, after in pairwise(levels))
    outside = f"[...document.querySelectorAll('#content > *')].{seen}.map((e) => e.tagName)"
    assert tab.run(outside) == ["HEADER", "MAIN", "FOOTER"]


def test_a_link_to_a_cell_shows_it(tab: Browser, url: str) -> None:
    tab.open("about:blank")
    tab.open(f"{url}#p2-3")
    assert tab.run(SHOWN) == ["p2-3"]
    tab.run("document.querySelector('.story a.wrong').click()")
    tab.run("new Promise((done) => setTimeout(done, 50))")
    assert tab.run(SHOWN) == ["p1-1", "p2-3"]


def test_paper_shows_what_failed_and_what_changed_and_everything_if_asked(tab: Browser) -> None:
    everything = "[...document.querySelectorAll('details > :not(summary)')]"
    shown = f"{everything}.filter((e) => e.checkVisibility())"
    assert tab.run(f"{shown}.length") < tab.run(f"{everything}.length")
    tab.emulate("print", scheme="dark")
    assert tab.run(f"{shown}.filter((e) => e.closest('.usual')).length") == 0
    wrong = "[...document.querySelectorAll('.pairs > .failed :is(table, .ways)')]"
    assert tab.run(f"{wrong}.length") > 0
    assert tab.run(f"{wrong}.every((e) => e.checkVisibility())") is True
    of_changed = "[...document.querySelectorAll('.pairs > details:not(.failed, .usual) :is(table, .ways)')]"
    assert tab.run(f"{of_changed}.some((e) => e.checkVisibility())") is False
    few = pages(tab.pdf())
    tab.emulate()
    tab.click("#everything")
    tab.emulate("print", scheme="dark")
    assert tab.run(f"{everything}.filter((e) => !e.checkVisibility()).length") == 0
    assert tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert pages(tab.pdf()) > few >= 5


def pages(paper: bytes) -> int:
    assert paper.startswith(b"%PDF-")
    return paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page/")


def test_many_machines_have_a_sign_each_and_heads_that_stay(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "many.html"
    found = as_predicted(load("route-server-active-passive").scenario)
    path.write_text(page(found, svg(dot(found.topology))))
    browser.emulate()
    browser.open(path.as_uri())
    width = "document.querySelector('#step-1 .cells tbody td').getBoundingClientRect().width"
    assert len(found.machines) > 12
    assert browser.run(width) < 40
    signs = """[...document.querySelectorAll("#step-1 .cells td:not(.self)")].map((e) =>
        [e.classList[0], getComputedStyle(e.querySelector("b"), "::before").content].join(" "))"""
    assert set(browser.run(signs)) == {'yes "+"', 'no "."'}
    scrolled = (
        "(() => { const e = document.querySelector('#step-1 .scroll'); e.scrollTop = 100; return e.scrollTop; })()"
    )
    assert browser.run(scrolled) > 0
    head = """document.querySelector("#step-1 thead th").getBoundingClientRect().top
        - document.querySelector("#step-1 .scroll").getBoundingClientRect().top"""
    assert browser.run(head) == pytest.approx(0, abs=4)


def test_without_javascript_all_cells_are_there_to_open(tab: Browser, url: str) -> None:
    tab.emulate(scripts=False)
    tab.open("about:blank")
    tab.open(url)
    try:
        assert len(tab.run(SHOWN)) == 5 * 12
        body = "document.querySelector('#p1-5')"
        assert tab.run(f"{body}.checkVisibility()") is False
        tab.click(CELL.format("p1-5"))
        assert tab.run(f"{body}.checkVisibility()") is True
    finally:
        tab.emulate()


CONTRASTS = """(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
    const rgb = (colour) => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); };
    const light = (colour) => rgb(colour).map((v) => v / 255)
        .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (!/^rgba.*, 0\\)$/.test(c)) return c; } return "canvas"; };
    return Object.fromEntries([".cells .yes a", ".cells .no a", ".cells .FAIL a", ".quiet", "a", "p.wrong", "code",
        ".way span", ".verdict", "thead th", ".key.mixed"].map((selector) => {
            const e = document.querySelector(selector);
            const pair = [light(getComputedStyle(e).color), light(behind(e))].sort((a, b) => b - a);
            return [selector, (pair[0] + 0.05) / (pair[1] + 0.05)]; }));
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out(tab: Browser, scheme: str) -> None:
    """WCAG 2.1, 1.4.3: 4.5 to 1."""
    tab.emulate(scheme=scheme)
    assert (tab.run("matchMedia('(prefers-color-scheme: dark)').matches")) == (scheme == "dark")
    faint = {selector: round(ratio, 2) for selector, ratio in tab.run(CONTRASTS).items() if ratio < 4.5}
    assert faint == {}


# --- filters --------------------------------------------------------------------------------------------------------

STEPS = """[...document.querySelectorAll(".step")].filter((e) => e.checkVisibility()).map((e) => e.id)"""
LEFT = """[...document.querySelectorAll("#step-{} .cells a")]
    .filter((e) => e.checkVisibility({{visibilityProperty: true}}))
    .map((e) => [e.hash.slice(1), ["yes", "no", "mixed", "FAIL"].find((mark) => e.closest("td").matches("." + mark)),
        e.querySelector("b").innerText].join(" "))"""
SAYS = ".shown"


def select(tab: Browser, **chosen: str) -> None:
    """Choose options as a person does: by the event that a browser sends."""
    for name, value in chosen.items():
        tab.run(f"""(() => {{ const e = document.querySelector("[name={name}]"); e.value = {json.dumps(value)};
            e.dispatchEvent(new Event("input", {{bubbles: true}})); }})()""")


def left(tab: Browser, step: int = 1) -> set[str]:
    """The cells of a step that are seen, by their numbers."""
    return {line.split()[0] for line in tab.run(LEFT.format(step))}


def test_a_slider_shows_a_step_and_keeps_the_pair_that_was_chosen(tab: Browser) -> None:
    assert tab.run(f"{STEPS}.length") == 5
    tab.click(CELL.format("p1-5"))
    tab.run("document.querySelector('[name=step]').focus()")
    tab.press("ArrowRight", "ArrowRight")
    assert (tab.run(STEPS), tab.run(SHOWN)) == (["step-2"], ["p2-5"])
    assert (
        tab.run("document.activeElement.getAttribute('aria-valuetext')") == "2. after adding the branch's route by hand"
    )
    assert tab.run(f"{LIT}.includes('win') && !document.querySelector('.topology .died')") is True
    tab.press("End")
    assert tab.run(STEPS) == ["step-5"]
    tab.press("Home")
    assert (tab.run(f"{STEPS}.length"), text(tab, SAYS)) == (5, "")


def test_filters_leave_the_cells_that_are_wanted(tab: Browser) -> None:
    select(tab, **{"from": "VNet1"})
    assert left(tab) == {"p1-1", "p1-2", "p1-3"}
    assert text(tab, SAYS) == "Shown: from VNet1: 15 of 60 cells."
    select(tab, to="point-to-site clients")
    assert left(tab) == {"p1-2", "p1-3"}
    heads = (
        "[...document.querySelectorAll('#step-1 .cells thead th')]"
        ".filter((e) => e.checkVisibility()).map((e) => e.innerText)"
    )
    assert tab.run(heads) == ["from \\ to", "win", "lin"]
    tab.click(".filters button")
    assert len(left(tab)) == 12
    select(tab, verdict="FAIL")
    assert left(tab) == {"p1-1", "p1-2"}
    assert left(tab, 2) == set()
    assert tab.run("document.querySelector('#step-2 .none').checkVisibility()") is True
    select(tab, verdict="changed")
    assert (left(tab), left(tab, 2)) == (set(), {"p2-1", "p2-2", "p2-5", "p2-8"})


def test_a_protocol_has_its_own_verdicts_and_squares(tab: Browser) -> None:
    """udp of the first pair died, and the second pair was not measured."""
    assert {"p1-1 FAIL FAIL", "p1-2 FAIL FAIL"} <= set(tab.run(LEFT.format(1)))
    select(tab, protocol="tcp")
    assert {"p1-1 yes yes", "p1-2 FAIL FAIL"} <= set(tab.run(LEFT.format(1)))
    squares = "[...document.querySelectorAll('.cells a[href=\"#p1-1\"] .o')].filter((e) => e.checkVisibility()).length"
    assert tab.run(squares) == 3
    label = "document.querySelector('.cells a[href=\"#p1-1\"]').getAttribute('aria-label')"
    assert tab.run(label) == "vnet1-vm1 to site1-host1, tcp: reached; yes"
    select(tab, verdict="changed")
    assert left(tab, 2) == {"p2-2", "p2-5", "p2-8"}
    tab.click(".filters button")
    assert (tab.run(squares), tab.run(label)) == (9, "vnet1-vm1 to site1-host1: not as expected; FAIL")


def test_keys_pass_over_what_is_filtered_and_a_link_to_it_shows_it(tab: Browser) -> None:
    select(tab, verdict="no")
    assert left(tab) == {"p1-5", "p1-8"}
    tab.run("document.querySelector('#step-1 .cells a[tabindex=\"0\"]').focus()")
    assert tab.run(FOCUS) == "#p1-5"
    tab.press("Home", "ArrowRight", "ArrowUp", "End")
    assert tab.run(FOCUS) == "#p1-5"
    select(tab, step="2")
    tab.run("document.querySelector('.story a.wrong').click()")
    tab.run("new Promise((done) => setTimeout(done, 50))")
    assert (tab.run(STEPS), tab.run(SHOWN)) == (["step-1"], ["p1-1"])
    assert text(tab, SAYS) == "Shown: step 1: 12 of 60 cells."


def test_paper_has_what_is_shown_and_says_so(tab: Browser) -> None:
    select(tab, step="1", verdict="no")
    tab.emulate("print")
    assert tab.run(STEPS) == ["step-1"]
    assert left(tab) == {"p1-5", "p1-8"}
    assert tab.run("document.querySelector('.filters').checkVisibility()") is False
    assert text(tab, SAYS) == "Shown: step 1, not reached: 2 of 60 cells."
    assert tab.run("document.querySelector('.shown').checkVisibility()") is True
