"""Assertions about a network, answered by the model: what they let pass, and how they say what is wrong."""

from __future__ import annotations

import typing
import unittest
from pathlib import Path

import pytest

from netlab.api.asking import Model
from netlab.azure.faults import KINDS
from netlab.errors import MeasureError, UsageError
from netlab.results.lab import Incident
from netlab.results.verification import FlowReport
from netlab.scenario.loader import load, parse
from netlab.testing import Drop, Lab
from netlab.testing.lab import NEEDS_PACKETS, FaultVerb, Outage

NET = Path(__file__).parents[3] / "examples/net.yaml"
WITH_A_STORY = (
    NET.read_text()
    + """
story:
  - name: as built
    expect: {reach: {desk: {app: reachable}}}
  - name: the branch is cut off
    do: [{cut_link: {name: Branch}}]
    expect: {reach: {desk: {app: {unreachable: its link is cut, dropped_at: Branch}}}}
"""
)


@pytest.fixture
def lab() -> Lab:
    return Lab(Model(load(str(NET)).scenario), "net.yaml")


def of(text: str) -> Lab:
    return Lab(Model(parse(text, "story.yaml").scenario), "story.yaml")


# --- reaches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target", "via"),
    [
        ("desk", "app", ()),
        ("desk", "app", "Branch"),
        ("desk", "app", ["Branch", "Hub-gw-0"]),  # of equal paths each counts
        ("desk", "app", ["Branch", "Hub-gw-1"]),
        ("Spoke", "Branch", ()),
        ("HUB-APP", "branch-DESK", ()),  # in any case of letters
        ("app", "internet", ()),
    ],
)
def test_what_is_so_passes(lab: Lab, source: str, target: str, via: str | list[str]) -> None:
    lab.reaches(source, target, via=via)


def test_a_pair_that_cannot_talk_is_explained(lab: Lab) -> None:
    with pytest.raises(AssertionError) as caught:
        lab.reaches("batch", "desk", protocol="tcp")
    assert str(caught.value).splitlines() == [
        "net.yaml, as predicted, as built:",
        "lonely-batch to branch-desk (tcp): the test expects reachable, the model predicts unreachable",
        *(f"  {line}" for line in NONE_ROUTE),
    ]


NONE_ROUTE = (
    "lonely-batch does not reach branch-desk: the request dies at lonely. None route: 10.101.0.10 matches the system "
    "route 10.0.0.0/8 to None.",
    "forward:",
    "  lonely-batch: 0.0.0.0/0, from the machine's default route, leads to Lonely",
    "  lonely: 10.0.0.0/8, from Default, leads to None",
    "  lonely: None route: 10.101.0.10 matches the system route 10.0.0.0/8 to None",
    "what would mend it:",
    "  set use_remote_gateways on its peering to Hub and allow_gateway_transit on the one back: Lonely uses no gateway "
    "now (R103)",
)


@pytest.mark.parametrize(
    ("via", "said"),
    [
        ("Lonely", "the test expects the way over lonely"),
        (["Hub", "Branch"], "the test expects the way over hub > branch"),  # in this order
        (["Hub-gw-0", "Hub-gw-1"], "the test expects the way over hub-gw-0 > hub-gw-1"),
    ],
)
def test_another_way_is_named(lab: Lab, via: str | list[str], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        lab.reaches("desk", "app", via=via)


def test_all_machines_of_a_place_must_talk(lab: Lab) -> None:
    lab.reaches("Hub", "Lonely")
    with pytest.raises(AssertionError, match="branch-desk to lonely-batch"):
        lab.reaches("Branch", "Lonely")


# --- drops ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "because"),
    [("", None), ("Lonely", None), ("", Drop.NONE_ROUTE), ("lonely", Drop.NONE_ROUTE)],
)
def test_a_drop_that_is_there_passes(lab: Lab, at: str, because: Drop | None) -> None:
    lab.drops("batch", "desk", at=at, because=because)


@pytest.mark.parametrize(
    ("source", "at", "because", "said"),
    [
        ("app", "", None, "the test expects unreachable, the model predicts reachable"),
        ("batch", "Hub", None, "the test expects dropped at hub, the model predicts dropped at lonely"),
        ("batch", "", Drop.NO_ROUTE, r"the test expects a drop because of no-route, and it is none-route \(None route"),
        ("batch", "Lonely", Drop.TUNNEL_DOWN, "because of tunnel-down, and it is none-route"),
    ],
)
def test_a_drop_that_is_another_one_is_named(lab: Lab, source: str, at: str, because: Drop | None, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        lab.drops(source, "desk", at=at, because=because)


def test_a_protocol_is_asked_by_itself() -> None:
    """A private endpoint takes TCP of its service and no ping (E12)."""
    lab = Lab(Model(load("private-endpoint-hub-spoke").scenario), "private-endpoint-hub-spoke.yaml")
    source, target = "near", "sql"
    lab.reaches(source, target, protocol="tcp")
    lab.drops(source, target, protocol="icmp", because=Drop.NOT_THE_SERVICE)
    with pytest.raises(AssertionError, match=r"\(icmp\): the test expects reachable"):
        lab.reaches(source, target)
    with pytest.raises(AssertionError, match=r"tcp.*\): the test expects unreachable"):
        lab.drops(source, target)


# --- names that are not there -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "message", "note"),
    [
        (lambda lab: lab.reaches("desc", "app"), "'desc' is unknown here", "did you mean `"),
        (lambda lab: lab.drops("desk", "ap"), "'ap' is unknown here", "did you mean `"),
        (lambda lab: lab.reaches("desk", "app", via="Brunch"), "there is no node 'Brunch'", "did you mean `branch`"),
        (lambda lab: lab.drops("batch", "desk", at="Lonly"), "there is no node 'Lonly'", "did you mean `lonely`"),
        (lambda lab: lab.reaches("desk", "desk"), "one and the same", "name two different ones"),
        (lambda lab: lab.reaches("desk", "app", protocol="sctp"), "no probe is 'sctp'", "there is icmp, udp, tcp"),
        (lambda lab: lab.play("later"), "example has no step 'later'", ""),
        (lambda lab: lab.fault("gatevay", vnet="Hub").__enter__(), "there is no fault `gatevay`", "`gateway`"),
        (lambda lab: lab.fault("gateway", vnet="Spoke").__enter__(), "fail_gateway", ""),
        (lambda lab: lab.fault("gateway", vent="Hub").__enter__(), "gateway: ", "the same words"),
        (lambda lab: lab.fault("gateway", vnet="Hub", instance=2).__enter__(), "gateway: instance: ", ""),
    ],
)
def test_a_name_that_is_not_there_is_an_error_with_the_next_step(
    lab: Lab, ask: object, message: str, note: str
) -> None:
    """An error, not a failed assertion: a test with a misspelled name has tested nothing."""
    assert callable(ask)
    with pytest.raises(UsageError) as caught:
        ask(lab)
    assert message in caught.value.message
    assert note in "\n".join(getattr(caught.value, "__notes__", []))


# --- faults and steps -------------------------------------------------------------------------------------------------


def test_a_fault_lasts_as_long_as_its_block(lab: Lab) -> None:
    with lab.fault("gateway", vnet="hub", instance=0):
        lab.reaches("desk", "app", via="Hub-gw-1")
        with pytest.raises(AssertionError, match="as predicted, as built, fault gateway:"):
            lab.reaches("desk", "app", via="Hub-gw-0")
        with lab.fault("gateway", vnet="Hub", instance=1):
            lab.drops("desk", "app")
        lab.reaches("desk", "app")
    lab.reaches("desk", "app", via="Hub-gw-0")


def test_a_fault_ends_where_its_block_fails(lab: Lab) -> None:
    with pytest.raises(AssertionError), lab.fault("internet"):
        lab.reaches("desk", "app")
    lab.reaches("desk", "app")


def test_the_verbs_are_those_of_the_command_line() -> None:
    assert set(typing.get_args(FaultVerb)) == {kind.verb for kind in KINDS}


def test_a_step_of_the_story_is_a_moment() -> None:
    lab = of(WITH_A_STORY)
    lab.reaches("desk", "app")
    lab.play(until="the branch is cut off")
    lab.drops("desk", "app", because=Drop.NO_PRIVATE_ROUTE)
    with pytest.raises(AssertionError, match="after 'the branch is cut off'"):
        lab.reaches("desk", "app")
    lab.rewind()
    lab.reaches("desk", "app")


def test_a_story_is_asserted_as_a_whole() -> None:
    of(WITH_A_STORY).tells_its_story()
    with pytest.raises(
        AssertionError, match="the branch is cut off: branch-desk to hub-app: the scenario expects dropp"
    ):
        of(WITH_A_STORY.replace("dropped_at: Branch", "dropped_at: Hub")).tells_its_story()
    with pytest.raises(AssertionError, match=r"hub-app: the scenario \(since step 1\) expects reachable"):
        of(WITH_A_STORY.replace("app: {unreachable", "web: {unreachable")).tells_its_story()


# --- outages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["flow", "seconds", "azure_seconds", "lost"])
def test_an_outage_that_was_not_measured_skips_the_test(lab: Lab, part: str) -> None:
    with pytest.raises(unittest.SkipTest) as caught, lab.fault("gateway", vnet="Hub", instance=0) as outage:
        getattr(outage, part)
    assert str(caught.value) == NEEDS_PACKETS


def test_an_outage_is_that_of_the_flow() -> None:
    flow = FlowReport("desk", "app", 200, 25, 0.25, 5.0)
    outage = Outage(Incident((), 1.0, 20.0, flow, ()))
    assert (outage.seconds, outage.azure_seconds, outage.lost) == (0.25, 5.0, 25)


def test_an_outage_without_a_flow_is_an_error() -> None:
    with pytest.raises(MeasureError, match="no outage was measured"):
        _ = Outage(Incident((), 1.0, 20.0, None, ())).seconds
