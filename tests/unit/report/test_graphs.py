"""Topologies and predicted matrices as DOT and Mermaid: all of it is there, and no name is markup."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from reports import HOSTILE, HUB, hub, of
from typer.testing import CliRunner

from netlab.azure.outcome import prediction
from netlab.cli import app
from netlab.errors import HostError
from netlab.machine.drawing import svg
from netlab.report.dot import dot
from netlab.report.mermaid import mermaid
from netlab.results.prediction import PredictedCell
from netlab.results.topology import Cluster, Edge, Node, Topology
from netlab.scenario.loader import catalogue, parse
from netlab.scenario.outline import topology

SCENARIOS = tuple(catalogue())
WORDS = (
    "Hub", "10.1.0.0/16", "default", "10.1.0.0/24", "vm1", "10.1.0.4", "VPN gateway", "VpnGw2", "10.1.255.0/27",
    "AS 65010", "BGP 10.1.255.30", "192.168.7.0/24", "Spoke", "one", "10.2.0.0/24", "two", "end", "10.2.1.4", "Lone",
    "10.3.0.0/16, 10.4.0.0/16", "Branch", "AS 65101", "BGP 10.101.255.254", "host1", "10.101.0.10", "Old", "lin",
    "linux", "P2S", "Hub-Branch", "IPsec, BGP 65010 to 65101", "Hub-Old", "IPsec, static", "use_remote_gateways",
    "Hub: allow_forwarded_traffic, allow_gateway_transit", "peering, Initiated: Hub has none back",
    "link: delay 40 ± 5 ms, loss 1 %, 10000 kbit/s",
)  # fmt: skip


def texts(drawing: str) -> str:
    """All text of an SVG, which must be XML; one space for any."""
    return " ".join("\n".join(ElementTree.fromstring(drawing).itertext()).replace("\xa0", " ").split())


def test_the_hub_is_valid() -> None:
    assert [finding.rule for finding in parse(HUB, "hub.yaml").warnings] == ["R101", "R110"]


@pytest.fixture(scope="module")
def drawing() -> str:
    return texts(svg(dot(topology(hub()))))


@pytest.mark.parametrize("word", WORDS)
def test_everything_is_in_the_drawing_and_in_mermaid(drawing: str, word: str) -> None:
    assert word in drawing
    assert word in mermaid(topology(hub())).replace("  ", " ").replace("<br/>", " ")


def test_a_security_group_stands_at_what_it_is_attached_to() -> None:
    (cluster,) = topology(of("nsg-three-tier")).clusters
    lines = {node.title: node.lines for node in cluster.nodes}
    assert lines["app  10.1.1.0/24"] == ("logic  10.1.1.4", "jump  10.1.1.5  NSG nsg-jump", "NSG nsg-app")
    assert lines["data  10.1.2.0/24"][-1] == "NSG nsg-data"
    assert not any("NSG" in line for node in topology(hub()).clusters[0].nodes for line in node.lines)


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
    found = prediction(scenario)
    wanted = Counter(kind for step in found.steps for kind, _ in outcomes(step.cells).values())
    words = Counter(words for step in found.steps for kind, words in outcomes(step.cells).values() if kind == "mixed")
    assert wanted.total() > 0
    parts = topology(scenario), found.machines, found.steps
    in_dot = Counter(re.findall(r'BGCOLOR="(#\w+)">(?:yes|no|only)\b', dot(*parts)))
    in_mermaid = Counter(re.findall(r'\["(?:yes|no|only [^"]*)"\]:::(\w+)', mermaid(*parts)))
    assert in_dot == Counter({"#c6dff2": wanted["yes"], "#f7d9b0": wanted["no"], "#f3ecb8": wanted["mixed"]})
    assert in_mermaid == Counter({"yes": wanted["yes"], "no": wanted["no"], "mixed": wanted["mixed"]})
    named = re.findall(r'BGCOLOR="#f3ecb8">(.*?)</TD>', dot(*parts))
    assert Counter(text.replace("<BR/>", " ") for text in named) == words
    assert Counter(re.findall(r'\["([^"]*)"\]:::mixed', mermaid(*parts))) == words
    shown = texts(svg(dot(*parts)))
    assert all(f"{number}. {step.name}" in shown for number, step in enumerate(scenario.story, 1))


def outcomes(cells: Iterable[PredictedCell]) -> dict[tuple[str, str], tuple[str, str]]:
    """By pair: yes, no, or mixed where protocols differ, and which of them pass."""
    passed: dict[tuple[str, str], set[str]] = {}
    for cell in cells:
        passed.setdefault((cell.source, cell.target), set()).update(
            cell.protocols if cell.predicted == "reachable" else ()
        )
    kinds = {0: "no", 3: "yes"}
    return {
        pair: (kinds.get(len(some), "mixed"), f"only {', '.join(p for p in ('icmp', 'udp', 'tcp') if p in some)}")
        for pair, some in passed.items()
    }


@pytest.mark.parametrize(
    ("name", "cell", "reason"),
    [
        (
            "nsg-three-tier",
            "only tcp",
            "Not reached: vnet1: security rule: nsg-app, rule 110 DenyWeb, denies it inbound at the NIC of vnet1-logic "
            "(only icmp, udp): vnet1-web1 > vnet1-logic, vnet1-web2 > vnet1-logic",
        ),
        ("hub-spoke-stateful-firewall", "only icmp, udp", "sees the ACK and has not seen the SYN-ACK (only tcp): "),
        (
            "hub-spoke-stateful-firewall",
            "only udp",
            "sees the echo reply and has not seen the echo request (only icmp): ",
        ),
    ],
)
def test_below_the_matrix_is_why_some_protocols_of_a_pair_do_not_pass(name: str, cell: str, reason: str) -> None:
    found = prediction(of(name))
    parts = topology(of(name)), found.machines, found.steps
    shown = " ".join(mermaid(*parts).replace("<br/>", " ").replace("#62;", ">").split())
    for drawn in (shown, texts(svg(dot(*parts)))):
        assert cell in drawn
        assert reason in drawn


def test_where_no_pair_differs_by_protocol_no_reason_is_below_the_matrix() -> None:
    found = prediction(of("p2s-certificates"))
    assert "revoked" not in dot(topology(of("p2s-certificates")), found.machines, found.steps)
    assert "(only " not in mermaid(topology(of("p2s-certificates")), found.machines, found.steps)


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
    found = prediction(of("p2s-branch-bgp"))
    wanted = dot(topology(of("p2s-branch-bgp")), found.machines, found.steps)
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
