"""A lab on the live page: what it shows, what it can be asked, and what it says when the lab is removed under it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from labs import Lab, netlab, up
from live_pages import Served, served

LAB = "t-ui"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with up("p2s-branch-bgp", LAB) as found:
        yield found


@pytest.fixture
def server(lab: Lab) -> Iterator[Served]:
    with served(LAB) as found:
        yield found


def test_a_lab_is_shown_asked_broken_mended_and_removed(server: Served) -> None:
    events = server.events()
    first = events.until(lambda event: 'data-says="healthy"' in event["live"])
    assert "VNet1-Site1</td><td>Connected" in first["live"]
    content: str = first["content"] or server.page()
    assert "Reachability after step 1, now" in content
    status, text = server.ask("/trace?source=lin&target=host1&protocol=tcp", "POST")
    assert status == 200
    assert "lin to site1-host1, tcp: answered after" in text
    assert "ESP" in text
    status, text = server.ask("/routes?node=vnet1", "POST")
    assert (status, "VirtualNetworkGateway" in text) == (200, True)
    for bad in ("/trace?source=lin&target=lin", "/trace?source=lin&target=host1&protocol=x", "/routes?node=no"):
        status, text = server.ask(bad, "POST")
        assert (status, "error" in text) == (409, True)

    netlab("fault", "tunnel", "VNet1-Site1", "-l", LAB)
    broken = events.until(lambda event: "checks failed" in event["live"] and event["content"] is not None)
    assert _of_connection(broken) == "NotConnected"
    assert "not healthy</b>: 1 of " in broken["live"]
    assert """data-broken='["vnet1-gw-0", "site1"]'""" in broken["live"]
    assert "expected" not in broken["content"]
    assert 'aria-label="lin to site1-host1: not reached; no"' in broken["content"]
    netlab("fault", "tunnel", "VNet1-Site1", "--mend", "-l", LAB)
    events.until(lambda event: 'data-says="healthy"' in event["live"])

    netlab("down", LAB)
    gone = events.until(lambda event: 'data-says="no lab"' in event["live"])
    assert "there is no lab called t-ui" in gone["live"]
    assert server.ask("/trace?source=lin&target=host1", "POST")[0] == 409
    netlab("up", "p2s-branch-bgp", "--name", LAB)
    events.until(lambda event: 'data-says="healthy"' in event["live"])


def _of_connection(event: dict[str, Any]) -> str:
    """The status of the connection on the page."""
    found: str = event["live"].split("VNet1-Site1</td><td>")[1].split("<")[0]
    return found


def test_a_flow_is_watched_until_its_reader_goes(server: Served) -> None:
    flow = server.stream("/flow?source=lin&target=host1")
    calm = flow.until(lambda event: " of 2" in event["says"])
    assert "lin to site1-host1: 0 of " in calm["says"]
    netlab("fault", "tunnel", "VNet1-Site1", "-l", LAB)
    flow.until(lambda event: ": 0 of " not in event["says"])
    assert "unknown" in next(server.stream("/flow?source=nobody&target=host1"))["error"]


def test_a_thousand_streams_leave_the_lab_alone(server: Served) -> None:
    """Four pairs are watched; every other one is told so, and its stream ends."""
    first = [server.stream("/flow?source=lin&target=host1") for _ in range(4)]
    assert all("of " in next(stream)["says"] for stream in first)
    for _ in range(1000):
        assert "being watched already" in next(server.stream("/flow?source=lin&target=host1"))["error"]
    netlab("verify", LAB)
