"""Microsoft peerings in a plan: their links, addresses, filters and translations."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlab.plan.model import CircuitNat, Plan, SourceFilter
from netlab.plan.planner import plan
from netlab.scenario.loader import load, parse

TEXT = (Path(__file__).parents[3] / "scenarios/expressroute-microsoft-peering.yaml").read_text()


@pytest.fixture
def found() -> Plan:
    return plan(parse(TEXT, "microsoft.yaml").scenario, "lab")


def ends(plan: Plan, node: str) -> set[str]:
    both = ((link.a, link.b) for link in plan.links)
    return {other.node for pair in both for one, other in (pair, pair[::-1]) if one.node == node}


@pytest.mark.parametrize("index", [0, 1])
def test_an_edge_router_has_links_to_the_customer_and_to_the_backbone_of_each_region(found: Plan, index: int) -> None:
    node = f"circuit1-microsoft-{index}"
    assert ends(found, node) == {"site1", "backbone-westeurope", "backbone-eastus"}


@pytest.mark.parametrize(
    ("node", "microsofts", "customers"),
    [
        ("circuit1-microsoft-0", "198.51.100.82", "198.51.100.81"),
        ("circuit1-microsoft-1", "198.51.100.86", "198.51.100.85"),
    ],
)
def test_the_customer_has_the_first_address_of_each_30(found: Plan, node: str, microsofts: str, customers: str) -> None:
    """R121: in the sessions, on the loopbacks, and as next hops."""
    neighbors = {(s.node, n.node): (n.local or s.address, n.address) for s in found.speakers for n in s.neighbors}
    assert neighbors[node, "site1"] == (microsofts, customers)
    assert neighbors["site1", node] == (customers, microsofts)
    assert f"{microsofts}/32" in found.node(node).loopback
    assert f"{customers}/32" in found.node("site1").loopback
    assert f"{customers}/32" in {route.prefix for route in found.node(node).routes}
    assert f"{microsofts}/32" in {route.prefix for route in found.node("site1").routes}


def test_the_backbone_speaks_bgp_with_every_edge_router_and_with_nothing_else(found: Plan) -> None:
    for speaker in (speaker for speaker in found.speakers if speaker.node.startswith("backbone")):
        assert {(n.node, n.asn, n.internal) for n in speaker.neighbors} == {
            ("circuit1-microsoft-0", 12076, True),
            ("circuit1-microsoft-1", 12076, True),
        }


def test_the_backbone_speaks_no_bgp_without_a_microsoft_peering() -> None:
    other = plan(load("vnet-to-vnet-backbone").scenario, "lab")
    assert not [speaker.node for speaker in other.speakers if speaker.node.startswith("backbone")]


def test_edge_routers_take_packets_of_the_advertised_prefixes_from_the_customer_only(found: Plan) -> None:
    (ruleset,) = found.node("circuit1-microsoft-0").nftables
    assert isinstance(ruleset, SourceFilter)
    (barrier,) = ruleset.barriers
    assert (barrier.ingress, barrier.sources) == (("x-site1",), ("198.51.100.64/28",))


@pytest.mark.parametrize(("edit", "translates"), [("", True), ("      nat_address: 198.51.100.65\n", False)])
def test_the_customers_router_translates_where_it_is_asked_to(edit: str, translates: bool) -> None:
    text = TEXT.replace(edit, "", 1) if edit else TEXT
    rulesets = plan(parse(text, "microsoft.yaml").scenario, "lab").node("site1").nftables
    nats = [each for each in rulesets if isinstance(each, CircuitNat)]
    assert bool(nats) == translates
    assert all(
        (nat.address, nat.kept) == ("198.51.100.65", ("198.51.100.64/28", "198.51.100.81/32", "198.51.100.85/32"))
        for nat in nats
    )
