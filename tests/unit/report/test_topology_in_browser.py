"""The topology of a page in a headless Chromium: what is down in a step is red, a box shows its routes."""

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


# --- routes and rules of a box --------------------------------------------------------------------------------------

PANEL = "document.getElementById('inside').innerText"
SHOWN = "document.getElementById('inside').checkVisibility()"
FOCUS = "document.activeElement.querySelector('title')?.textContent ?? document.activeElement.tagName"
CLICK = """[...document.querySelectorAll('.topology g.node')].find((e) => e.querySelector('title').textContent === '{}')
    .dispatchEvent(new MouseEvent('click', {{bubbles: true}}))"""


def test_a_click_on_a_subnet_shows_its_routes_and_its_route_table(tab: Browser) -> None:
    assert tab.run(SHOWN) is False
    tab.run(CLICK.format("spoke1/default"))
    assert tab.run(SHOWN) is True
    found = tab.run(PANEL)
    assert found.startswith("default\xa0 10.1.0.0/24, step 1: as built")
    assert "User\t0.0.0.0/0\tVirtualAppliance\t10.0.1.4" in found
    assert "Route table spokes, no routes of a gateway" in found
    tab.run(CLICK.format("spoke1/default"))
    assert tab.run(SHOWN) is False


def test_the_routes_are_those_of_the_step_that_is_shown(tab: Browser) -> None:
    tab.run(CLICK.format("hub-gw-0"))
    assert "10.101.0.0/16\tHub-Site1\t65101" in tab.run(PANEL)
    at_step(tab, 4)
    found = tab.run(PANEL)
    assert "step 4: after the link of Site1 was cut" in found
    assert "10.101.0.0/16" not in found


def test_the_keyboard_reaches_every_box_and_comes_back(tab: Browser) -> None:
    stops = "document.querySelectorAll('.topology g[tabindex=\"0\"]').length"
    assert tab.run(stops) == 1
    tab.run("document.querySelector('.topology g[tabindex=\"0\"]').focus()")
    first = tab.run(FOCUS)
    tab.press("ArrowRight")
    assert tab.run(FOCUS) != first
    assert tab.run(stops) == 1
    chosen = tab.run(FOCUS)
    tab.press("Enter")
    assert tab.run(SHOWN) is True
    assert tab.run("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert "routes and rules" in tab.run("document.activeElement.getAttribute('aria-label')")
    tab.press("Escape")
    assert (tab.run(SHOWN), tab.run(FOCUS)) == (False, chosen)


def test_a_box_without_routes_is_no_button(tab: Browser) -> None:
    assert tab.run("document.querySelectorAll('.topology g.hosts[role=button]').length") == 0
    tab.run(CLICK.format("site1/"))
    assert tab.run(SHOWN) is False
