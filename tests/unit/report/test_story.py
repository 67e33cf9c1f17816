"""A story for a person: reasons once, then what a step changed, and every failure in full."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from reports import HOSTILE, as_predicted, gone_wrong, of, report_of

from netlab.azure.outcome import prediction
from netlab.report import prose, story
from netlab.report.junit import junit
from netlab.results.drops import Cause, Drop, DropType
from netlab.results.lab import Incident
from netlab.results.protocols import PROTOCOLS
from netlab.results.timers import Timer
from netlab.results.verification import FlowReport, Inferred, Remark, Report, StepReport, Stopped, Unstated, summary
from netlab.scenario.loader import catalogue


def text(found: Report, width: int | None = None, *, everything: bool = False) -> str:
    return "\n".join(line.plain for line in story.verification(found, width, everything=everything)) + "\n"


ALIKE_NAMES = ["p2s-certificates", "udr-nva", "gateway-active-standby-failover", "hub-spoke-stateful-firewall"]


@pytest.mark.parametrize("name", [*ALIKE_NAMES, "nsg-three-tier"])
@pytest.mark.parametrize("width", [80, 120])
def test_a_prediction_and_what_was_measured_as_predicted_read_alike(name: str, width: int) -> None:
    foreseen = [line.plain for line in story.prediction(prediction(of(name)), width)]
    measured = [line.plain for line in story.verification(as_predicted(of(name)), width)]
    assert foreseen == measured[:-1]
    assert measured[-1].startswith(f"{name}: ")
    assert max(len(line) for line in foreseen if not line[:1].isdigit()) <= width


def test_the_first_step_has_the_matrix_and_each_cause_once() -> None:
    first, second, *_ = text(as_predicted(of("p2s-certificates"))).split("\n\n2. ")
    assert first.startswith("1. as connected: 6 of 20 pairs reached, all as expected\n")
    assert "4 carol      .  . . \\ .\n" in first
    revoked = "no tunnel: carol is not connected: its certificate is revoked"
    assert first.count(revoked) == 1
    assert f"   - {revoked}: 7 pairs, 1-3 > 4; 4 > all\n" in first
    assert "carol      ." not in second


def test_later_steps_say_what_changed_and_all_says_everything() -> None:
    found = as_predicted(of("p2s-certificates"))
    steps = text(found).split("\n\n")
    bob = next(step for step in steps if step.startswith("2. "))
    assert "   disconnect: bob\n   no longer reached:\n   - no tunnel: bob is not connected: " in bob
    assert "4 pairs, 1 2 <> 3" in bob
    assert "revoked" not in bob
    mended = next(step for step in steps if step.startswith("5. "))
    assert mended.endswith("mend_link: alice\n   as in the step before")
    in_full = text(found, everything=True)
    assert in_full.count("1 vnet1-vm1  \\") == len(found.steps)
    assert in_full.count("its certificate is revoked") == len(found.steps)


def test_another_way_is_a_change() -> None:
    told = text(as_predicted(of("gateway-active-standby-failover")))
    assert "   reached on another way:\n   - over vnet1-gw-1, not over vnet1-gw-0: 4 pairs, 1 <> 2 3\n" in told


def test_failures_and_errors_are_listed_one_by_one_in_full() -> None:
    found = gone_wrong(of("p2s-branch-bgp"))
    told = text(found)
    cell = next(cell for cell in found.steps[0].cells if cell.status == "failed")
    assert "1. as connected: 8 of 12 pairs reached, 2 NOT as expected, 1 NOT measured\n" in told
    assert (
        f"   FAILED  {cell.source} to {cell.target} (udp): {HOSTILE}\n           expected: reachable ({HOSTILE})\n"
        in told
    )
    assert f"           observed: unreachable, the request dropped at {cell.forward[1]}: {HOSTILE}\n" in told
    assert f"           forward: {' > '.join(cell.forward)}\n           reverse: none\n" in told
    unmeasured = next(cell for cell in found.steps[0].cells if cell.status == "error")
    assert f"   ERROR  {unmeasured.source} to {unmeasured.target} (icmp, udp, tcp): " in told
    assert f"   FAILED  {HOSTILE}: {HOSTILE}\n" in told
    assert "X" in told.splitlines()[2]
    assert "?" in told.splitlines()[2]
    assert "X NOT as expected   ? NOT measured" in told


def test_a_prediction_says_nothing_of_what_was_observed() -> None:
    found = prediction(of("p2s-branch-bgp"))
    first, *others = found.steps
    cells = tuple(replace(cell, status="failed", message="wrong") for cell in first.cells)
    told = "\n".join(
        line.plain for line in story.prediction(replace(found, steps=(replace(first, cells=cells), *others)), None)
    )
    assert told.count("           predicted: ") == told.count("   FAILED ") > 0
    assert "observed" not in told


def test_a_pair_whose_protocols_fare_differently_is_mixed_and_says_which() -> None:
    scenario = of("p2s-branch-bgp")
    found = as_predicted(scenario)
    cells = found.steps[0].cells
    drop = Drop("vnet1", "forward", "a filter")
    udp = replace(cells[1], expected="unreachable", observed="unreachable", dropped_at=drop)
    step = replace(found.steps[0], cells=(cells[0], udp, *cells[2:]))
    told = text(report_of(scenario, (step,)))
    assert "~ only some protocols, as expected" in told
    assert "   - vnet1: a filter (only udp): vnet1-vm1 > site1-host1\n" in told


def test_a_cause_at_several_nodes_is_told_once() -> None:
    """Where its sentence does not name the node: as between spokes, of which none uses an appliance."""
    scenario = of("p2s-branch-bgp")
    found = as_predicted(scenario)
    places = {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3", "d": "10.0.0.4"}

    def told(nodes: str) -> str:
        lost = [
            replace(cell, expected="unreachable", observed="unreachable", dropped_at=none_route(node, places[node]))
            for cell, node in zip(found.steps[0].cells[:: len(PROTOCOLS)], nodes, strict=False)
        ]
        return text(report_of(scenario, (replace(found.steps[0], cells=tuple(lost)),)), 200)

    assert "   - a: None route: 10.0.0.1 matches the Default route 10.0.0.0/8 to None: " in told("a")
    assert "   - a, b: None route: 10.0.0.1, 10.0.0.2 match the Default route 10.0.0.0/8 to None: " in told("ab")
    many = told("abcd")
    assert "   - a and 3 more: None route: 4 addresses match the Default route 10.0.0.0/8 to None: 4 pairs, " in many
    assert many.count("None route") == 1


def none_route(node: str, destination: str) -> Drop:
    given = (("destination", destination), ("source", "Default"), ("prefix", "10.0.0.0/8"))
    return Drop.of(node, "forward", Cause(DropType.NONE_ROUTE, given))


DROP, OTHER = Drop("vnet1", "forward", "a filter"), Drop("vnet1", "forward", "another filter")
ALL_LOST = {"icmp": DROP, "udp": DROP, "tcp": DROP}


@pytest.mark.parametrize(
    ("before", "now", "said", "glyph"),
    [
        ({}, {"tcp": DROP}, ["no longer reached:", "- vnet1: a filter (only tcp): PAIR"], "~"),
        ({"tcp": DROP}, {}, ["now reached: PAIR"], "+"),
        (ALL_LOST, {"tcp": DROP}, ["now reached (only icmp, udp): PAIR"], "~"),
        (
            ALL_LOST,
            {"tcp": OTHER},
            [
                "now reached (only icmp, udp): PAIR",
                "still not reached, for another reason:",
                "- vnet1: another filter (only tcp): PAIR",
            ],
            "~",
        ),
        (
            {"tcp": DROP},
            {"icmp": DROP},
            ["now reached (only tcp): PAIR", "no longer reached:", "- vnet1: a filter (only icmp): PAIR"],
            "~",
        ),
        (
            {"tcp": DROP},
            {"tcp": DROP, "icmp": OTHER},
            ["no longer reached:", "- vnet1: another filter (only icmp): PAIR"],
            "~",
        ),
        ({"tcp": DROP}, ALL_LOST, ["no longer reached:", "- vnet1: a filter: PAIR"], "."),
        ({"tcp": DROP}, {"tcp": DROP}, ["as in the step before"], "~"),
    ],
)
def test_a_change_of_some_protocols_is_told_of_these(
    before: dict[str, Drop], now: dict[str, Drop], said: list[str], glyph: str
) -> None:
    scenario = of("p2s-branch-bgp")
    step = as_predicted(scenario).steps[0]

    def with_lost(lost: dict[str, Drop]) -> StepReport:
        ways = (
            replace(cell, expected="unreachable", observed="unreachable", dropped_at=lost[cell.protocol])
            if cell.protocol in lost
            else cell
            for cell in step.cells[:3]
        )
        return replace(step, cells=(*ways, *step.cells[3:]), actions=())

    told = text(report_of(scenario, (with_lost(before), with_lost(now)))).split("\n\n2. ")[1]
    pair = f"{step.cells[0].source} > {step.cells[0].target}"
    assert [line.strip() for line in told.partition("\n\n")[0].splitlines()[1:]] == [
        line.replace("PAIR", pair) for line in said
    ]
    assert (", 1 by some protocols only" in told.splitlines()[0]) is (glyph == "~")


@pytest.mark.parametrize("name", catalogue())
def test_a_pipe_gets_whole_lines(name: str) -> None:
    lines = [line.plain for line in story.prediction(prediction(of(name)), None)]
    assert not [line for line in lines if "…" in line]
    # Nothing is wrapped: every line begins a step, an action, a heading, a cause, a row or is empty.
    assert not [
        line for line in lines if line.startswith("     ") and line.strip() and not set(line) <= set(" 0123456789")
    ]


def test_the_summary_says_what_the_scenario_states_nothing_about() -> None:
    found = replace(as_predicted(of("p2s-branch-bgp")), unstated=Unstated(38, 56, ("b",), 3))
    silent = (
        "p2s-branch-bgp: the scenario states nothing about 38 of 56 pairs and 1 of 3 connections (b); "
        "compared with the model only"
    )
    assert text(found).splitlines()[-2] == silent
    assert next(line.plain for line in story.verdict(found, None)) == silent
    foreseen = replace(prediction(of("p2s-branch-bgp")), unstated=Unstated(38, 56, (), 3))
    told = [line.plain for line in story.prediction(foreseen, None)]
    assert told[-1] == "p2s-branch-bgp: the scenario states nothing about 38 of 56 pairs; compared with the model only"
    assert "states nothing" not in text(replace(found, unstated=Unstated(0, 56, (), 3)))


def test_a_warning_is_told_once_and_with_all_in_every_step() -> None:
    found = as_predicted(of("p2s-certificates"))
    steps = tuple(replace(step, warnings=(Remark("connection b", "NotConnected"),)) for step in found.steps)
    told = replace(found, steps=steps)
    assert text(told).count("   WARNING  connection b: NotConnected\n") == 1
    assert text(told, everything=True).count("   WARNING  connection b: NotConnected\n") == len(steps) > 1


def test_an_outage_says_what_is_measured_and_what_is_known_of_azure() -> None:
    timers = (
        Timer("the peer is given up", "documented", "45 s", "R38"),
        Timer("the end is noticed", "recorded", "within 39 s"),
        Timer("routes follow", "not documented", lab="at once"),
    )
    found = as_predicted(of("p2s-certificates"))
    flow = FlowReport("a", "b", 300, 275, 2.75, 55.0, timers)
    told = text(replace(found, steps=(replace(found.steps[0], flow=flow),)))
    assert (
        "   a to b: 275 of 300 packets lost, an outage of 2.75 s, 55 s in Azure's time, measured here\n"
        "     documented: the peer is given up: 45 s (R38)\n"
        "     recorded: the end is noticed: within 39 s\n"
        "     not documented: routes follow; here at once\n"
    ) in told
    incident = prose.incident(Incident((), 3.0, 60.0, flow, timers))
    assert incident.splitlines()[1:3] == [
        "a to b: 275 of 300 packets lost, an outage of 2.75 s, 55 s in Azure's time",
        "  documented: the peer is given up: 45 s (R38)",
    ]
    assert prose.incident(Incident((), 3.0, 60.0, None, timers[:1])).endswith(
        "so no outage was measured\n  documented: the peer is given up: 45 s (R38)"
    )


# --- what was not probed --------------------------------------------------------------------------------------------

ALIKE = Inferred("vnet1-vm1", "vnet1-vm1", 10_098, "101 machines are like vnet1-vm1")
MIXED = Inferred("vnet1-vm1", "lin", 99, "101 machines are like vnet1-vm1, lin is alone")


def sampled(*inferred: Inferred) -> Report:
    found = as_predicted(of("p2s-branch-bgp"))
    return replace(
        found,
        classes={item.source: ("vnet1-vm1", "vnet1-vm2") for item in inferred},
        inferred=inferred,
        summary=summary(found.steps, inferred),
    )


@pytest.mark.parametrize(
    ("inferred", "pairs"), [((ALIKE,), 10_098), ((MIXED,), 99), ((ALIKE, MIXED), 10_197)], ids=["one", "other", "both"]
)
def test_what_was_not_probed_is_inferred_with_its_number_and_reason(inferred: tuple[Inferred, ...], pairs: int) -> None:
    found = sampled(*inferred)
    cells = pairs * 3 * len(found.steps)
    said = text(found)
    assert f"{pairs} pairs ({cells} cells) were not probed but inferred: {inferred[0].why}" in said
    assert said.rstrip().endswith(f"0 errors, {cells} inferred")
    assert "vnet1-vm1 stands for 2 machines that are alike: vnet1-vm1, vnet1-vm2" in said
    assert found.summary.passed == as_predicted(of("p2s-branch-bgp")).summary.passed


def test_where_all_were_probed_nothing_is_inferred() -> None:
    assert "inferred" not in text(sampled())


def test_junit_skips_what_was_not_probed() -> None:
    found = ElementTree.fromstring(junit([sampled(ALIKE, MIXED)], {}))
    (suite, *_) = found.findall("testsuite")
    skipped = [case for case in suite.findall("testcase") if case.find("skipped") is not None]
    assert suite.get("skipped") == "2"
    assert suite.get("tests") == str(len(suite.findall("testcase")))
    assert [case.get("name") for case in skipped] == [
        "vnet1-vm1 to vnet1-vm1: 10098 more pairs",
        "vnet1-vm1 to lin: 99 more pairs",
    ]


@pytest.mark.parametrize(
    ("stopped", "said"),
    [
        ("", ""),
        ("until", "played up to the step that was asked for"),
        ("failed", "stopped at the first step that is not as expected"),
        ("interrupted", "interrupted; the steps that are not listed were not measured"),
    ],
)
def test_a_story_that_was_not_played_to_its_end_says_why(stopped: Stopped, said: str) -> None:
    found = text(replace(as_predicted(of("p2s-branch-bgp")), stopped=stopped))
    assert ("were not measured" in found) == bool(said)
    assert said in found
