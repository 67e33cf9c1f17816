"""The page of a lab in a headless Chromium, without its server: both ends of what is broken are red."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import NEEDS_CHROMIUM, Browser

from netlab.azure.foretold import moment
from netlab.azure.moments import after, initial
from netlab.lab.measure.checks import unchanged
from netlab.machine.drawing import svg
from netlab.report import live
from netlab.report.dot import dot
from netlab.report.page import Live, content, live_page
from netlab.results.lab import Overview
from netlab.results.live import Standing
from netlab.scenario.loader import load
from netlab.scenario.models import Action

pytestmark = NEEDS_CHROMIUM

BROKEN = "[...document.querySelectorAll('.topology .broken > title')].map((e) => e.textContent).sort().join()"


@pytest.fixture
def tab(browser: Browser, tmp_path: Path) -> Browser:
    opening = initial(load("p2s-branch-bgp").scenario)
    now = after(opening, Action.model_validate({"fail_tunnel": {"connection": "VNet1-Site1"}}))
    checks = tuple(unchanged.check(opening, now, (), ()))
    found = Standing(Overview("lab", "up", "hub", "kernel", 20, 9, False, checks), (), {}, {}, "")
    foreseen = moment(now)
    inside = content(foreseen, svg(dot(foreseen.topology)), judged=False)
    file = tmp_path / "lab.html"
    file.write_text(live_page("lab", inside, Live(live.standing(found, "", ()), 1, "lab", "")))
    browser.emulate()
    browser.open(f"file://{file}")
    return browser


def test_a_tunnel_that_is_down_is_red_and_both_of_its_ends(tab: Browser) -> None:
    assert tab.run(BROKEN) == "site1,vnet1-gw-0,vnet1-gw-0->site1"
    assert tab.run("[...document.querySelectorAll('.verdict')].map((e) => e.innerText).join()") == "not healthy"
    assert tab.run("document.getElementById('corner').className") == "bad"


def test_a_box_offers_what_the_kernel_has_now_of_each_of_its_nodes(tab: Browser) -> None:
    tab.run("""[...document.querySelectorAll('.topology g.node')].find((e) => e.querySelector('title').textContent
        === 'vnet1/default').dispatchEvent(new MouseEvent('click', {bubbles: true}))""")
    assert "VnetLocal" in tab.run("document.getElementById('inside').innerText")
    buttons = "[...document.querySelectorAll('#inside .ask button')].map((e) => e.innerText).join()"
    assert tab.run(buttons) == "routes of vnet1-vm1 now"
    tab.run("document.querySelector('#inside button').click()")
    assert tab.run("document.getElementById('inside').checkVisibility()") is False
