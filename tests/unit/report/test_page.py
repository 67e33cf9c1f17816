"""Reports as a page: every cell with its ways, and nothing that is quoted is markup."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from reports import HOSTILE, as_predicted, gone_wrong, of

from netlab.azure.foretold import moment
from netlab.azure.moments import initial
from netlab.machine.drawing import svg
from netlab.report.dot import dot
from netlab.report.page import content, page
from netlab.results.verification import Report, StepReport
from netlab.scenario.loader import catalogue

SCENARIOS = tuple(catalogue())
# The mends of all of them are looked for, and tried, in tests/unit/azure/mends.
WITH_MENDS = ("p2s-branch-bgp", "p2s-certificates", "udr-nva")

_VOID = {"meta", "br", "img", "input", "link"}


def drawn(found: Report) -> str:
    return page(found, svg(dot(found.topology)))


class Parsed(HTMLParser):
    """A page's elements; every one that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self._texts: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []
        self.text = "".join(self._texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._texts += [" "] if tag in ("td", "th") else []

    def handle_data(self, data: str) -> None:
        if self._open[-1:] not in (["script"], ["style"]):
            self._texts.append(data)

    def all(self, tag: str, attribute: str) -> list[str]:
        return [found[attribute] for name, found in self.elements if name == tag and attribute in found]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_cell_of_every_step_is_on_the_page(name: str) -> None:
    found = as_predicted(of(name))
    parsed = Parsed(drawn(found))
    pairs = [label for step in found.steps for label in labels_of(step)]
    labels = [label.rpartition("; ")[0].partition("; was ")[0] for label in parsed.all("a", "aria-label")]
    assert labels == pairs
    squares = Counter(parsed.all("span", "class"))
    legend_and_details = 1 + 9 * len(pairs)
    assert squares["o reachable"] + squares["o unreachable"] == legend_and_details + 1 + 9 * len(pairs)


def labels_of(step: StepReport) -> list[str]:
    """What the cells of a step must say: of a pair whose protocols differ, which of them are reached and which not."""
    passed: dict[tuple[str, str], set[str]] = {}
    for cell in step.cells:
        passed.setdefault((cell.source, cell.target), set()).update([cell.protocol] * (cell.observed == "reachable"))
    return [f"{source} to {target}: {words(some)}" for (source, target), some in passed.items()]


def words(passed: set[str]) -> str:
    if not passed:
        return "not reached"
    names = ("icmp", "udp", "tcp")
    there, not_there = (", ".join(p for p in names if (p in passed) is wanted) for wanted in (True, False))
    return f"{there} reached; {not_there} not reached" if not_there else "reached"


@pytest.mark.parametrize(
    ("name", "pair", "summary", "reasons"),
    [
        (
            "nsg-three-tier",
            "vnet1-web1 to vnet1-logic",
            "mixed tcp reached; icmp, udp not reached",
            (
                "icmp, udp: not reached The request died at vnet1: security rule: nsg-app, rule 110 DenyWeb, denies it",
                "tcp: reached there",
            ),
        ),
        (
            "udr-nva",
            "site1-h1 to vnet1-client",
            "no",
            (
                "icmp: not reached The answer died at vnet1-twin: invalid state: vnet1-twin sees the echo reply",
                "udp: not reached The",
                "tcp: not reached The answer died at vnet1-twin: invalid state: vnet1-twin sees the SYN-ACK",
            ),
        ),
        (
            "hub-spoke-stateful-firewall",
            "spoke1-vm1 to site1-h1",
            "mixed icmp, udp reached; tcp not reached",
            (
                "icmp, udp: reached there",
                "tcp: not reached The request died at hub-fw: invalid state: hub-fw sees the ACK and has not seen the ",
            ),
        ),
    ],
)
def test_protocols_that_differ_are_told_apart_with_the_reason(
    name: str, pair: str, summary: str, reasons: tuple[str, ...]
) -> None:
    text = " ".join(Parsed(drawn(as_predicted(of(name)))).text.split())
    head = f"{pair} {summary} protocol expected predicted observed"
    details = text[text.index(head) + len(head) :].partition(" protocol expected predicted observed")[0]
    assert [reason for reason in reasons if reason not in details] == []


def test_the_squares_of_a_cell_are_in_the_order_of_the_legend() -> None:
    found = as_predicted(of("p2s-branch-bgp"))
    first = found.steps[0].cells[:3]
    cells = tuple(replace(first[number], rtt_ms=float(number)) for number in (0, 2, 1))
    step = replace(found.steps[0], cells=(*cells, *found.steps[0].cells[3:]))
    text = " ".join(Parsed(drawn(replace(found, steps=(step,)))).text.split())
    times = [text.index(f"{number}.00 ms") for number in range(3)]
    assert times == sorted(times)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_page_needs_nothing_else(name: str) -> None:
    text = drawn(gone_wrong(of(name), mended=name in WITH_MENDS))
    parsed = Parsed(text)
    assert not re.search(r"https?:|url\(|@import|//[a-z]", re.sub(r"^\s*//.*", "", text, flags=re.MULTILINE))
    assert {tag for tag, _ in parsed.elements} & {"link", "img", "iframe", "object", "embed", "base", "form"} == set()
    assert not [found for _, found in parsed.elements if {"src", "style"} & found.keys()]
    ids = Counter(found["id"] for _, found in parsed.elements if "id" in found)
    assert set(ids.values()) == {1}
    assert all(link.startswith("#") and link[1:] in ids for link in parsed.all("a", "href"))


def test_nothing_quoted_is_markup_and_only_its_own_scripts_may_run() -> None:
    text = drawn(gone_wrong(of("p2s-branch-bgp")))
    parsed = Parsed(text)
    assert [tag for tag, _ in parsed.elements].count("script") == 3
    # Description, note; in the story message, check and its message; at the cell message, reason, drop; the check.
    assert parsed.text.count(HOSTILE) == 10
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (policy,) = (c for c in parsed.all("meta", "content") if "script-src" in c)
    hashes = (f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    assert f"script-src {' '.join(hashes)};" in policy
    assert policy.startswith("default-src 'none'; ")


def test_a_cell_shows_both_ways_the_routes_and_the_drop() -> None:
    scenario = of("p2s-multi-vnet-s2s")
    text = " ".join(Parsed(drawn(as_predicted(scenario, mended=True))).text.split())
    there = text[text.index("lin to vnet2-vm2 no") :]
    assert there.index("The answer died at vnet2: None route: 192.168.0.") < there.index("there lin 10.2.0.0/16 → ")
    assert "vnet2-gw-0 10.2.0.0/16 → VNet2 (the VNet's address space)" in there
    assert "and back vnet2-vm2 0.0.0.0/0 → VNet2 (the machine's default route) vnet2 dropped What would mend" in there


def test_a_way_that_the_model_does_not_know_is_shown_beside_its_own() -> None:
    found = as_predicted(of("p2s-branch-bgp"))
    cell = replace(found.steps[0].cells[0], forward=("vnet1-vm1", "elsewhere", "site1-host1"))
    step = replace(found.steps[0], cells=(cell, *found.steps[0].cells[1:]))
    text = " ".join(Parsed(drawn(replace(found, steps=(step, *found.steps[1:])))).text.split())
    assert "vnet1-vm1 elsewhere site1-host1 arrived predicted: vnet1-vm1 > vnet1 > vnet1-gw-0 > site1 > site1-" in text


def test_routes_are_there_and_said_once_while_they_do_not_change() -> None:
    text = " ".join(Parsed(drawn(as_predicted(of("p2s-peered-vnets")))).text.split())
    assert text.count("Effective routes of the NICs") == 1
    assert "VirtualNetworkGateway 192.168.0.0/24 VirtualNetworkGateway VNet1" in text
    assert "Default 10.2.0.0/16 VNetPeering VNet2" in text
    assert "Routes: all as after step 1." in text
    branch = " ".join(Parsed(drawn(as_predicted(of("p2s-multi-vnet-branch-bgp")))).text.split())
    assert "10.101.0.0/16 VNet1-VNet2 65020 65030 65101" in branch
    assert "win (windows) prefix from 10.1.0.0/16 the downloaded profile 10.2.0.0/16 added by hand" in branch
    assert "add_route: win, 10.2.0.0/16" in branch


def test_a_moment_has_no_verdict_and_no_expectations() -> None:
    found = moment(initial(of("p2s-branch-bgp")))
    text = content(found, "<svg></svg>", judged=False)
    assert "expected" not in text
    assert 'class="verdict' not in text
    judged = content(found, "<svg></svg>")
    assert '<p class="verdict good">predicted as expected</p>' in judged


def test_each_node_of_a_lab_has_its_place_in_the_topology() -> None:
    text = content(as_predicted(of("p2s-branch-bgp")), "<svg></svg>")
    places = json.loads(text.split("data-places='")[1].split("'")[0])
    assert places == {
        "vnet1": "cluster vnet1", "vnet1-gw-0": "vnet1-gw-0", "vnet1-gw-1": "vnet1-gw-0", "vnet1-vm1": "vnet1/default",
        "vnet1/default": "vnet1/default", "site1": "site1", "site1-host1": "site1/", "site1/": "site1/",
        "win": "win", "lin": "lin",
    }  # fmt: skip
