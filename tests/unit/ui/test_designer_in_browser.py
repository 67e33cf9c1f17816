"""The designer's view in a headless Chromium: a file is saved, and the page shows it; what was chosen stays so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import NEEDS_CHROMIUM, Browser
from live_pages import PATIENCE, Served, served

from netlab.machine.waiting import wait_until
from netlab.scenario.loader import catalogue

pytestmark = NEEDS_CHROMIUM

TEXT = catalogue()["p2s-branch-bgp"].read_text()
CHOSEN = """[...document.querySelectorAll(".chosen")].map((e) => `${e.dataset.source} ${e.dataset.target}`).join()"""
CORNER = "document.getElementById('corner').innerText"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def server(file: Path) -> Iterator[Served]:
    with served(str(file)) as found:
        yield found


@pytest.fixture
def tab(browser: Browser, server: Served) -> Browser:
    browser.emulate()
    browser.complaints.clear()
    browser.open(server.address)
    seen(browser, "document.querySelectorAll('.cells').length > 0")
    return browser


def seen(tab: Browser, expression: str) -> None:
    wait_until(lambda: bool(tab.run(expression)), PATIENCE, lambda: expression)


def test_nobody_complains_and_nothing_else_is_asked_for(tab: Browser, server: Served) -> None:
    assert tab.complaints == []
    assert {url.split("?")[0] for url in tab.requested if url.startswith(f"http://127.0.0.1:{server.port}")} == {
        f"http://127.0.0.1:{server.port}/",
        f"http://127.0.0.1:{server.port}/events",
    }
    assert tab.run(CORNER) == "valid"


def test_what_was_chosen_stays_chosen_and_where_it_was(tab: Browser, file: Path) -> None:
    tab.click('#step-1 .cells a[aria-label^="site1-host1 to win"]')
    assert tab.run(CHOSEN) == "site1-host1 win"
    tab.run("scrollTo(0, 333)")
    # Another machine before it: every cell has another number now.
    file.write_text(
        TEXT.replace("vms: {vm1: {subnet: default}}", "vms: {vm0: {subnet: default}, vm1: {subnet: default}}")
    )
    seen(tab, "document.querySelectorAll('#step-1 .cells tbody tr').length === 5")
    assert tab.run(CHOSEN) == "site1-host1 win"
    assert tab.run("scrollY") == 333
    assert tab.run("document.querySelectorAll('.topology .lit').length") > 0
    tab.click(".chosen .ask button")
    seen(tab, "document.querySelector('.chosen .answer pre') !== null")
    assert "what would mend it" in tab.run("document.querySelector('.chosen .answer').innerText")


def test_a_filter_stays_when_the_file_is_saved(tab: Browser, file: Path) -> None:
    shown = "document.querySelector('.shown').innerText"
    tab.run(
        "(() => { const e = document.querySelector('[name=from]'); e.value = 'VNet1'; e.focus();"
        " e.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    assert tab.run(shown) == "Shown: from VNet1: 15 of 60 cells."
    file.write_text(TEXT.replace("name: after the branch is back", "name: after its return"))
    seen(tab, "document.querySelector('#step-5').dataset.name === 'after its return'")
    assert tab.run(shown) == "Shown: from VNet1: 15 of 60 cells."
    assert tab.run("document.activeElement.name") == "from"


def test_a_file_that_is_not_valid_leaves_what_was_there_and_says_so(tab: Browser, file: Path) -> None:
    file.write_text(TEXT.replace("vnets:", "vnetz:"))
    seen(tab, f"{CORNER}.startsWith('not valid')")
    assert "unknown key" in tab.run("document.querySelector('.findings').innerText")
    assert tab.run("document.getElementById('content').className") == "stale"
    assert tab.run("document.querySelectorAll('.cells').length") > 0
    file.write_text(TEXT)
    seen(tab, f"{CORNER} === 'valid'")
    assert tab.run("document.getElementById('content').className") == ""


def test_the_page_says_when_the_server_has_ended(tab: Browser, server: Served) -> None:
    server.process.terminate()
    # Else the fixture's own signal may meet a Python that is being taken down.
    server.process.wait(PATIENCE)
    seen(tab, "!document.getElementById('link').hidden")
    assert "does not answer" in tab.run("document.getElementById('link').innerText")
