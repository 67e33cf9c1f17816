"""What is above the report on a live page: everything that is broken, and nothing that is quoted is markup."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser

from reports import HOSTILE, as_predicted, hub

from netlab.errors import Finding, LabError
from netlab.report import live
from netlab.results.lab import LabNode, NodeRoute, Overview
from netlab.results.live import Design, Loss, Standing
from netlab.results.shown import ConnectionStatus, PeerStatus
from netlab.results.verification import Check, Deviation


def elements(text: str) -> set[str]:
    found: set[str] = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.add(tag)
            assert not any(name.startswith("on") for name, _ in attrs)

    Tags().feed(text)
    return found


def stands(*checks: Check) -> Standing:
    overview = Overview("lab", "up", "hub", "kernel", 20, 9, not checks, (Check("daemons", "passed", "9 run"), *checks))
    connection = ConnectionStatus(HOSTILE, "IPsec", "Connecting", True, 4711, 815, (), HOSTILE)
    peer = PeerStatus(neighbor="10.0.0.1", asn=65001, state="Connecting", routesReceived=7, localAddress="10.0.0.2")
    return Standing(
        overview, (LabNode(HOSTILE, "vm", "ns", ("10.1.0.4",)),), {HOSTILE: (connection,)}, {"Hub": (peer,)}, ""
    )


def test_a_design_counts_its_findings_and_names_their_lines() -> None:
    findings = (Finding(HOSTILE, "R1", "f.yaml", 3), Finding("two", "", "f.yaml", 17, "warning"))
    shown = live.design(Design("f.yaml", findings, None, ""))
    assert 'data-says="not valid: 1 error, 1 warning"' in shown
    assert "<td>17</td><td>warning</td><td>two</td>" in shown
    assert "stale" in shown
    assert elements(shown) <= {"section", "p", "b", "span", "table", "caption", "thead", "tbody", "tr", "th", "td"}
    valid = live.design(Design("f.yaml", (), as_predicted(hub()), "<svg></svg>"))
    assert 'data-says="valid"' in valid
    assert "stale" not in valid


def test_a_lab_says_what_is_broken_and_where() -> None:
    wrong = Check(HOSTILE, "failed", HOSTILE, (Deviation("route-missing", "site1", "10.0.0.0/8"),))
    shown = live.standing(stands(wrong), " -l lab", (f"netlab fault vm {HOSTILE}",))
    assert 'data-says="1 of 2 checks failed"' in shown
    assert """data-broken='["site1"]'""" in shown
    assert '<p class="verdict bad">not healthy</p>' in shown
    assert f"1 of 2 checks failed. First finding: {HOSTILE}: {HOSTILE}." in unescape(shown)
    assert "4711" in shown
    assert "Connecting" in shown
    assert not elements(shown) & {"script", "img"}
    healthy = live.standing(stands(), " -l lab", ())
    assert 'data-says="healthy"' in healthy
    assert '<p class="verdict good">healthy</p>' in healthy
    assert "all of 1 checks passed" in healthy


def test_a_lab_that_is_gone_says_why() -> None:
    shown = live.gone(LabError(HOSTILE, "build it"))
    assert "stale" in shown
    assert not elements(shown) & {"script", "img"}


def test_a_loss_is_a_line() -> None:
    assert live.loss(Loss("a", "b", 100, 3, 0.03)).startswith(
        "a to b: 3 of 100 packets lost, the longest outage 0.03 s"
    )


def test_an_answer_that_scrolls_is_reached_by_keyboard() -> None:
    shown = live.routes([NodeRoute("10.0.0.0/8", "main", "unicast", "", ("10.1.0.1",), ("eth0",), "", 0, "")])
    assert '<div class="scroll" tabindex="0" role="group" aria-label="table">' in shown
    assert '<div class="tables" tabindex="0"' in live.standing(stands(), "", ())
