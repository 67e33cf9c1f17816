"""What a circuit takes, in and out (R98, A37), and how its routers notice that a link is lost."""

from __future__ import annotations

from typing import Any

import pytest

from netlab.azure.bgp.policy import why_exceeded
from netlab.azure.moments import after, initial
from netlab.azure.state import State
from netlab.plan.model import BgpNeighbor, BgpSpeaker
from netlab.plan.planner import plan
from netlab.plan.timers import bgp_timers, timers
from netlab.render import text
from netlab.scenario.loader import parse
from netlab.scenario.models import Action
from netlab.scenario.network import Topology, resolve

TEXT = """
name: circuits
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.254.0/27, RouteServerSubnet: 10.1.255.0/26}
    vms:
      nva: {subnet: default, enable_ip_forwarding: true, nva: {bgp: {asn: 65001}}}
    expressroute_gateway: {}
    route_server: {allow_branch_to_branch_traffic: true}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.254.0/27}
    expressroute_gateway: {}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}}
expressroute_circuits:
  c1: {site: Site1, vnets: {VNet1: {}, VNet2: {}}}
"""
PREMIUM = ("VNet2: {}}}", "VNet2: {}}, sku_tier: Premium}")
BFD = ("VNet2: {}}}", "VNet2: {}}, bfd: true}")
SEED = ("name: circuits\n", "name: circuits\nprofile: seed\n")
IN = {frozenset((f"c1-msee-{index}", "site1")) for index in (0, 1)}
OUT = {frozenset((f"c1-msee-{index}", f"vnet1-er-{one}")) for index in (0, 1) for one in (0, 1)}
TOLD_TO_THE_ROUTE_SERVER = {frozenset((f"vnet1-rs-{index}", "vnet1-nva")) for index in (0, 1)}


def state(*edits: tuple[str, str]) -> State:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now, 1)
    return initial(parse(text, "circuits.yaml").scenario)


def told(start: State, count: int, **who: Any) -> State:
    return after(start, Action.model_validate({"announce": {**who, "prefix": "100.64.0.0/10", "count": count}}))


def lost(at: State) -> set[frozenset[str]]:
    """The pairs of routers whose session is lost."""
    stay = {frozenset((session.router.node, session.peer.node)) for session in at.bgp_sessions}
    before = initial(at.scenario).bgp_sessions
    return {frozenset((session.router.node, session.peer.node)) for session in before} - stay


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("edits", "most"), [((), 4000), ((PREMIUM,), 10_000)])
def test_a_circuit_takes_so_many_from_on_premises_and_not_one_more(edits: tuple[Any, ...], most: int) -> None:
    """R98; the site's own prefix is one of them."""
    start = state(*edits)
    over = told(start, most, site="Site1")
    assert lost(over) == IN
    assert not over.learned["site1"]
    if most == 4000:
        assert not lost(told(start, most - 1, site="Site1"))


def test_a_premium_circuit_takes_what_a_standard_one_does_not() -> None:
    assert not lost(told(state(PREMIUM), 4000, site="Site1"))


@pytest.mark.parametrize(("edits", "most"), [((), 1000), ((SEED,), 200)])
def test_a_circuit_takes_so_many_from_a_gateway_and_not_one_more(edits: tuple[Any, ...], most: int) -> None:
    """R98, A37: VNet1's own prefix is one of them; VNet2's connection stays."""
    start = state(*edits)
    assert not lost(told(start, most - 1, nva="VNet1-nva"))
    over = told(start, most, nva="VNet1-nva")
    assert lost(over) == OUT
    assert {str(prefix) for prefix in over.learned["site1"]} == {"10.2.0.0/16"}


def test_without_branch_to_branch_the_route_server_tells_a_circuit_nothing() -> None:
    start = state(("{allow_branch_to_branch_traffic: true}", "{}"))
    assert not lost(told(start, 1000, nva="VNet1-nva"))


def test_what_the_route_server_does_not_take_is_not_too_much_for_the_circuit() -> None:
    """A8: it goes no further, so that only the appliance's sessions are lost."""
    assert lost(told(state(), 4001, nva="VNet1-nva")) == TOLD_TO_THE_ROUTE_SERVER


def test_what_comes_in_by_a_lost_session_counts_for_nobody_else() -> None:
    """A8: of 4,001 of one appliance and 900 of another one only these go over the circuit."""
    other = "      nva: {subnet"
    two = (other, f"      two: {{subnet: default, enable_ip_forwarding: true, nva: {{bgp: {{asn: 65002}}}}}}\n{other}")
    both = told(told(state(two), 4001, nva="VNet1-nva"), 900, nva="VNet1-two")
    assert lost(both) == TOLD_TO_THE_ROUTE_SERVER


@pytest.mark.parametrize(
    ("router", "peer", "words"),
    [
        ("c1-msee-0", "site1", "the circuit takes no more than 4,000 prefixes from on-premises (R98)"),
        ("site1", "c1-msee-1", "the circuit takes no more than 4,000 prefixes from on-premises (R98)"),
        ("c1-msee-0", "vnet1-er-1", "the circuit takes no more than 1,000 prefixes from Azure (R98, A37)"),
        ("vnet1-er-0", "c1-msee-0", "the circuit takes no more than 1,000 prefixes from Azure (R98, A37)"),
        ("vnet1-rs-0", "vnet1-nva", "the peer tells more than 4,000 prefixes (B16, A8)"),
        ("vnet1-nva", "vnet1-rs-0", "the peer takes no more prefixes (B16, A8)"),
    ],
)
def test_both_ends_of_a_lost_session_say_why(router: str, peer: str, words: str) -> None:
    speakers = Topology(resolve(state().scenario)).speakers
    assert why_exceeded(speakers[router], speakers[peer]) == words


# --- what FRR is told -----------------------------------------------------------------------------------------------


def speaker(node: str, *edits: tuple[str, str], scale: float = 20) -> BgpSpeaker:
    found = plan(state(*edits).scenario, "lab", time_scale=scale)
    return next(item for item in found.speakers if item.node == node)


def neighbor(of: BgpSpeaker, node: str) -> BgpNeighbor:
    return next(item for item in of.neighbors if item.node == node)


def test_edge_routers_count_what_comes_in_by_neighbor() -> None:
    found = text.speaker_conf(speaker("c1-msee-0", PREMIUM), "bgpd")
    for address, most in (("10.101.255.254", 10_000), ("10.1.254.12", 1000), ("10.2.254.13", 1000)):
        assert f"  neighbor {address} maximum-prefix {most}\n" in found


@pytest.mark.parametrize("node", ["vnet1-er-0", "site1", "vnet1-nva"])
def test_others_count_nothing(node: str) -> None:
    assert "maximum-prefix" not in text.speaker_conf(speaker(node), "bgpd")


@pytest.mark.parametrize("node", ["site1", "c1-msee-0", "c1-msee-1"])
def test_with_bfd_a_device_and_its_edge_routers_watch_each_other(node: str) -> None:
    watching = speaker(node, BFD)
    assert watching.daemons == ("zebra", "bfdd", "bgpd")
    assert "receive-interval 100\n" in text.speaker_conf(watching, "bfdd")
    watched = [item.address for item in watching.neighbors if item.policy.session.bfd]
    edges = [neighbor(watching, f"c1-msee-{index}").address for index in (0, 1)] if node == "site1" else []
    assert watched == (edges or ["10.101.255.254"])
    for address in watched:
        assert f" neighbor {address} bfd profile circuit\n" in text.speaker_conf(watching, "bgpd")


def test_at_scale_one_bfd_has_azures_interval() -> None:
    found = text.speaker_conf(speaker("site1", BFD, scale=1), "bfdd")
    for line in ("detect-multiplier 3", "receive-interval 300", "transmit-interval 300"):
        assert f"  {line}\n" in found


def test_nobody_else_has_bfd() -> None:
    """B15: and without it on the circuit nobody at all."""
    assert speaker("vnet1-er-0", BFD).daemons == speaker("site1").daemons == ("zebra", "bgpd")
    assert "bfd" not in text.speaker_conf(speaker("site1"), "bgpd")


def test_only_the_device_asks_for_a_shorter_hold_time() -> None:
    """R98: FRR takes the smaller one of both."""
    shorter = ("VNet2: {}}}", "VNet2: {}}, hold_time_seconds: 90}")
    asking = speaker("site1", shorter, scale=5)
    assert neighbor(asking, "c1-msee-0").timers == (6, 18)
    assert f" neighbor {neighbor(asking, 'c1-msee-0').address} timers 6 18\n" in text.speaker_conf(asking, "bgpd")
    assert neighbor(speaker("c1-msee-0", shorter, scale=5), "site1").timers is None
    assert neighbor(speaker("site1", scale=5), "c1-msee-0").timers is None


@pytest.mark.parametrize(("hold", "found"), [(180, (3, 9)), (60, (1, 3)), (3, (1, 3))])
def test_a_hold_time_is_never_below_what_bgp_allows(hold: int, found: tuple[int, int]) -> None:
    assert bgp_timers(hold, timers(20)) == found
