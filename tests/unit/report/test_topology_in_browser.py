"""The topology of a page in a headless Chromium: what is down in a step is red."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import NEEDS_CHROMIUM, Browser
from reports import as_predicted, of

from netlab.machine.drawing import svg
from netlab.report.dot import dot
from netlab.report.page import page

pytestmark = NEEDS_CHROMIUM

RED = "[...document.querySelectorAll('.topology .broken > title')].map((e) => e.textContent).sort().join()"
STROKE = "getComputedStyle(document.querySelector('.topology .edge.broken > path')).stroke"
BAD = """(() => { const e = document.createElement('p'); e.className = 'wrong'; document.body.append(e);
    const found = getComputedStyle(e).color; e.remove(); return found; })()"""


@pytest.fixture
def tab(browser: Browser, tmp_path: Path) -> Browser:
    found = as_predicted(of("hub-spoke-firewall"))
    path = tmp_path / "report.html"
    path.write_text(page(found, svg(dot(found.topology))))
    browser.emulate()
    browser.complaints.clear()
    browser.open(path.as_uri())
    return browser


def at_step(tab: Browser, number: int) -> None:
    """Move the slider to a step."""
    tab.run(f"""(() => {{ const e = document.querySelector("[name=step]"); e.value = {number};
        e.dispatchEvent(new Event("input", {{bubbles: true}})); }})()""")


def test_what_is_down_in_a_step_is_red_lines_too_and_the_step_says_why(tab: Browser) -> None:
    assert tab.run(RED) == ""
    at_step(tab, 2)
    assert tab.run(RED) == "hub/firewall"
    at_step(tab, 4)
    assert tab.run(RED) == "hub-gw-0->site1,site1"
    assert tab.run(STROKE) == tab.run(BAD)
    assert tab.run("document.querySelector('#step-4 .down').innerText") == (
        "Down now: site1 has no link to the Internet; Hub-Site1 is down: the link of site1 to the Internet is cut."
    )
    assert tab.run("document.querySelector('#step-1 .down')") is None
    at_step(tab, 0)
    assert tab.run(RED) == ""
    assert tab.complaints == []
