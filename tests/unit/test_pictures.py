"""Topologies, matrices and reports as pictures: everything is there, and nothing that a name holds is markup."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from reports import HOSTILE, as_predicted, gone_wrong, replace_description
from typer.testing import CliRunner

from netlab.azure.prediction import predict
from netlab.cli import app
from netlab.errors import HostError, ScenarioError, UsageError
from netlab.machine.drawing import svg
from netlab.report.dot import dot
from netlab.report.mermaid import mermaid
from netlab.report.page import page
from netlab.report.structure import read
from netlab.report.structure import report as structure
from netlab.report.structure import scenario as scenario_of
from netlab.report.topology import Cluster, Edge, Node, Topology, topology
from netlab.results.verification import Report
from netlab.scenario.loader import catalogue, load, parse
from netlab.scenario.models import Scenario

SCENARIOS = tuple(catalogue())
SCENARIO_FILES = Path(__file__).parents[2] / "scenarios"
HUB = """
name: hub
vnets:
  Hub:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw2, bgp: {asn: 65010}, point_to_site: {address_pool: 192.168.7.0/24}}
  Spoke: {address_space: [10.2.0.0/16], subnets: {one: 10.2.0.0/24, two: 10.2.1.0/24}, vms: {end: {subnet: two}}}
  Lone: {address_space: [10.3.0.0/16, 10.4.0.0/16], subnets: {default: 10.3.0.0/24}}
peerings:
  a: {vnet: Hub, remote_vnet: Spoke, allow_gateway_transit: true, allow_forwarded_traffic: true}
  b: {vnet: Spoke, remote_vnet: Hub, use_remote_gateways: true}
  c: {vnet: Lone, remote_vnet: Hub}
sites:
  Branch: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {host1: 10.101.0.10}}
  Old: {address_prefixes: [10.102.0.0/16]}
connections:
  Hub-Branch: {type: IPsec, between: [Hub, Branch], enable_bgp: true, shared_key: do_not_tell}
  Hub-Old: {type: IPsec, between: [Hub, Old]}
clients:
  lin: {os: linux, gateway: Hub}
links:
  Branch: {delay: 40ms, jitter: 5ms, loss: 1%, rate: 10mbit}
"""
WORDS = (
    "Hub", "10.1.0.0/16", "default", "10.1.0.0/24", "vm1", "10.1.0.4", "VPN gateway", "VpnGw2", "10.1.255.0/27",
    "AS 65010", "BGP 10.1.255.30", "192.168.7.0/24", "Spoke", "one", "10.2.0.0/24", "two", "end", "10.2.1.4", "Lone",
    "10.3.0.0/16, 10.4.0.0/16", "Branch", "AS 65101", "BGP 10.101.255.254", "host1", "10.101.0.10", "Old", "lin",
    "linux", "P2S", "Hub-Branch", "IPsec, BGP 65010 to 65101", "Hub-Old", "IPsec, static", "use_remote_gateways",
    "Hub: allow_forwarded_traffic, allow_gateway_transit", "peering, Initiated: Hub has none back",
    "link: delay 40 ± 5 ms, loss 1 %, 10000 kbit/s",
)  # fmt: skip


def hub() -> Scenario:
    return parse(HUB, "hub.yaml").scenario


def of(name: str) -> Scenario:
    return load(name).scenario


def drawn(found: Report) -> str:
    definition = scenario_of(found, "verify.json")
    return page(found, definition, svg(dot(topology(definition))))


def texts(drawing: str) -> str:
    """All text of an SVG, which must be XML; one space for any."""
    return " ".join("\n".join(ElementTree.fromstring(drawing).itertext()).replace("\xa0", " ").split())


# --- topologies -----------------------------------------------------------------------------------------------------


def test_the_hub_is_valid() -> None:
    assert [finding.rule for finding in parse(HUB, "hub.yaml").warnings] == ["R101", "R110"]


@pytest.fixture(scope="module")
def drawing() -> str:
    return texts(svg(dot(topology(hub()))))


@pytest.mark.parametrize("word", WORDS)
def test_everything_is_in_the_drawing_and_in_mermaid(drawing: str, word: str) -> None:
    assert word in drawing
    assert word in mermaid(topology(hub())).replace("  ", " ").replace("<br/>", " ")


def test_a_pair_of_peerings_is_one_line_and_a_lone_one_an_arrow() -> None:
    kinds = Counter(edge.kind for edge in topology(hub()).edges)
    assert kinds == {"p2s": 1, "bgp": 1, "static": 1, "peering": 1, "initiated": 1}
    (lone,) = (edge for edge in topology(hub()).edges if edge.kind == "initiated")
    assert (lone.tail, lone.head) == ("lone", "hub")


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_line_ends_at_something_that_is_drawn(name: str) -> None:
    drawing = topology(of(name))
    nodes = {node.id for node in (*drawing.nodes, *(n for cluster in drawing.clusters for n in cluster.nodes))}
    clusters = {cluster.id for cluster in drawing.clusters}
    assert len(nodes | clusters) == len(nodes) + len(clusters)
    for edge in drawing.edges:
        assert {edge.tail, edge.head} <= (clusters if edge.kind in ("peering", "initiated") else nodes)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_matrix_has_a_colour_for_every_pair_after_every_step(name: str) -> None:
    scenario = of(name)
    steps = tuple(predict(scenario))
    wanted = Counter(cell.outcome for step in steps for cell in step.cells)
    assert wanted.total() > 0
    in_dot = Counter(re.findall(r'BGCOLOR="(#\w+)">(?:yes|no)<', dot(topology(scenario), steps)))
    in_mermaid = Counter(re.findall(r'\["(?:yes|no)"\]:::(\w+)', mermaid(topology(scenario), steps)))
    assert in_dot == Counter({"#c6dff2": wanted["reachable"], "#f7d9b0": wanted["unreachable"]})
    assert in_mermaid == Counter({"yes": wanted["reachable"], "no": wanted["unreachable"]})
    shown = texts(svg(dot(topology(scenario), steps)))
    assert all(f"{number}. {step.name}" in shown for number, step in enumerate(scenario.story, 1))


def hostile(text: str) -> Topology:
    cluster = Cluster("a", "vnet", text, (Node("a/1", "gateway", text, (text,)),))
    return Topology("x", (cluster,), (Node("b", "client", text),), (Edge("p2s", "b", "a/1", (text,)),))


@pytest.mark.parametrize("text", [HOSTILE, "<b>", 'a"b', "\\N \\", "a]b", "&amp;", "<i", "`md`", "x<BR/>y", "end;"])
def test_text_is_text_wherever_it_stands(text: str) -> None:
    shown = texts(svg(dot(hostile(text))))
    assert shown.count(text.replace("\\", "\N{SET MINUS}")) == 5
    for label in re.findall(r'"(.*)"', mermaid(hostile(text))):
        assert not set('"`<>\\') & set(label.replace("<br/>", ""))
        decoded = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label.replace("<br/>", "\n"))
        assert set(decoded.split("\n")) == {text}


def test_graph_prints_and_writes(tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert run(app, ["graph", "p2s-branch-bgp"]).stdout == mermaid(topology(of("p2s-branch-bgp")))
    wanted = dot(topology(of("p2s-branch-bgp")), predict(of("p2s-branch-bgp")))
    assert run(app, ["graph", "p2s-branch-bgp", "-f", "dot", "--matrix"]).stdout == wanted
    (tmp_path / "hub.yaml").write_text(HUB)
    done = run(app, ["graph", str(tmp_path / "hub.yaml"), "-f", "svg", "-o", str(tmp_path / "hub.svg")])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "VpnGw2" in texts((tmp_path / "hub.svg").read_text())


def test_without_dot_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match=r"package graphviz: there is no `dot`") as caught:
        svg(dot(topology(hub())))
    assert "apt-get install graphviz" in caught.value.hint


# --- reports as JSON, there and back --------------------------------------------------------------------------------


def without_keys(scenario: Scenario) -> dict[str, object]:
    keys = {"connections": {"__all__": {"shared_key": True, "other_end": {"shared_key"}}}}
    return scenario.model_dump(exclude={**keys, "story": {"__all__": {"do": {"__all__": {"set_key": {"shared_key"}}}}}})


def as_json(found: Report) -> str:
    return json.dumps(structure(found))


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_json_holds_is_the_report(name: str) -> None:
    found = gone_wrong(of(name))
    again = read(as_json(found), "verify.json")
    assert again == found
    # Keys alone are others: only which are the same is told.
    assert without_keys(scenario_of(again, "verify.json")) == without_keys(replace_description(of(name)))


def test_a_report_holds_no_key() -> None:
    found = as_predicted(hub())
    assert "do_not_tell" not in as_json(found)
    assert "do_not_tell" not in drawn(found)
    key = scenario_of(read(as_json(found), "verify.json"), "verify.json").connections["Hub-Branch"].shared_key
    assert key is not None
    assert key.get_secret_value() == "key1"


def test_a_report_tells_which_keys_differ_and_holds_none() -> None:
    text = as_json(as_predicted(of("s2s-psk-mismatch")))
    written = scenario_of(read(text, "verify.json"), "verify.json")
    (item,) = (c for c in written.connections.values() if c.other_end is not None)
    assert item.shared_key != item.settings(item.between[1]).shared_key
    for secret in re.findall(r"shared_key: ([^},\s]+)", (SCENARIO_FILES / "s2s-psk-mismatch.yaml").read_text()):
        assert secret not in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 1}, "steps"),
        ({"definition": None}, "definition"),
        ({"steps": []}, "its steps are not those of the story"),
        ({"time_scale": "fast"}, "time_scale"),
    ],
)
def test_what_is_not_a_report_is_refused_and_says_why(change: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read(json.dumps({**structure(as_predicted(hub())), **change}), "verify.json")
    assert caught.value.message.startswith("verify.json is not a report of `netlab verify -f json`: ")


@pytest.mark.parametrize("text", ["", "[", "[]", "null", '"x"', "{}"])
def test_what_is_not_even_an_object_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"verify\.json is not a report"):
        read(text, "verify.json")


def test_a_definition_that_azure_refuses_is_refused() -> None:
    broken = structure(as_predicted(hub()))
    broken["definition"]["vnets"]["Hub"]["vpn_gateway"]["point_to_site"]["address_pool"] = "10.1.0.0/24"
    with pytest.raises(ScenarioError) as caught:
        read(json.dumps(broken), "verify.json")
    assert "R57" in {finding.rule for finding in caught.value.findings}


def test_report_makes_a_page_of_a_file_without_root(tmp_path: Path) -> None:
    (tmp_path / "verify.json").write_text(as_json(as_predicted(hub())))
    arguments = ["report", "--from", str(tmp_path / "verify.json"), "-o", str(tmp_path / "report.html")]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert (tmp_path / "report.html").read_text() == drawn(as_predicted(hub()))
    assert isinstance(CliRunner().invoke(app, ["report", "lab", *arguments[1:]]).exception, UsageError)


# --- reports as a page ----------------------------------------------------------------------------------------------

_VOID = {"meta", "br", "img", "link"}


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
    pairs = [(cell.source, cell.target, cell.observed) for step in found.steps for cell in step.cells[::3]]
    words = {"reachable": "reached", "unreachable": "not reached, as expected"}
    labels = [label.partition(";")[0] for label in parsed.all("a", "aria-label")]
    assert labels == [f"{source} to {target}: {words[observed or '']}" for source, target, observed in pairs]
    squares = Counter(parsed.all("span", "class"))
    legend_and_details = 1 + 9 * len(pairs)
    assert squares["o reachable"] + squares["o unreachable"] == legend_and_details + 1 + 9 * len(pairs)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_page_needs_nothing_else(name: str) -> None:
    text = drawn(gone_wrong(of(name)))
    parsed = Parsed(text)
    assert not re.search(r"https?:|url\(|@import|//[a-z]", re.sub(r"^\s*//.*", "", text, flags=re.MULTILINE))
    assert {tag for tag, _ in parsed.elements} & {"link", "img", "iframe", "object", "embed", "base", "form"} == set()
    assert not [found for _, found in parsed.elements if {"src", "style"} & found.keys()]
    ids = Counter(found["id"] for _, found in parsed.elements if "id" in found)
    assert set(ids.values()) == {1}
    assert all(link.startswith("#") and link[1:] in ids for link in parsed.all("a", "href"))


def test_nothing_quoted_is_markup_and_only_one_script_may_run() -> None:
    text = drawn(gone_wrong(of("p2s-branch-bgp")))
    parsed = Parsed(text)
    assert [tag for tag, _ in parsed.elements].count("script") == 1
    # Description, note; in the story message, check and its message; at the cell message, reason, drop; the check.
    assert parsed.text.count(HOSTILE) == 10
    (script,) = re.findall(r"<script>(.*)</script>", text, re.DOTALL)
    (policy,) = (c for c in parsed.all("meta", "content") if "script-src" in c)
    assert f"script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'; ")


def test_a_cell_shows_both_ways_the_routes_and_the_drop() -> None:
    scenario = of("p2s-multi-vnet-s2s")
    text = " ".join(Parsed(drawn(as_predicted(scenario))).text.split())
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
