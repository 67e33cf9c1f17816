"""The verdict on a packet: which of scenario, model and lab stands alone, about what and where."""

from __future__ import annotations

import pytest

from netlab.azure.dataplane.walk import Walk
from netlab.azure.prediction import Predicted
from netlab.lab.measure.judgement import another_cause, another_way, disagreement, not_via, some, three_way
from netlab.results.drops import Drop, DropType, cause
from netlab.results.verification import Outcome
from netlab.scenario.loader import load
from netlab.scenario.models import Reach, Scenario

VM, GATEWAY, SITE, HOST = "vnet1-vm1", "vnet1-gw-0", "site1", "site1-host1"
LOST = cause(DropType.LOST, interface="wan")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("p2s-branch-bgp").scenario


def way(*nodes: str, dropped: bool = False) -> Walk:
    return Walk(nodes, dropped_at=nodes[-1] if dropped else "", cause=LOST if dropped else None)


REACHED = Predicted(VM, HOST, (way(VM, GATEWAY, HOST),), (way(HOST, GATEWAY, VM),))
DROPPED = Predicted(VM, HOST, (way(VM, GATEWAY, dropped=True),), ())
# Equal paths of which only one arrives.
EITHER = Predicted(VM, HOST, (way(VM, GATEWAY, HOST), way(VM, SITE, dropped=True)), (way(HOST, GATEWAY, VM),))


def reach(**given: object) -> Reach:
    return Reach.model_validate({"expected": "reachable", **given})


def drop(node: str, direction: str = "forward") -> Drop:
    return Drop.of(node, direction, LOST)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("documented", "predicted", "observed", "said"),
    [
        (None, 1, 1, ""),
        (1, 1, 1, ""),
        (2, 1, 1, "the scenario stands alone: expected 2, predicted and observed 1"),
        (None, 1, 2, "model and lab disagree: predicted 1, observed 2"),
        (1, 1, 2, "the lab stands alone: expected and predicted 1, observed 2"),
        (2, 1, 2, "the model stands alone: expected and observed 2, predicted 1"),
        (3, 1, 2, "all three disagree: expected 3, predicted 1, observed 2"),
    ],
)
def test_who_stands_alone(documented: int | None, predicted: int, observed: int, said: str) -> None:
    assert three_way(documented, predicted, observed, str) == said


@pytest.mark.parametrize(
    ("prediction", "observed", "dropped", "said"),
    [
        (REACHED, "reachable", None, ""),
        (REACHED, "unreachable", drop(GATEWAY), "model and lab disagree: predicted reachable, observed unreachable"),
        (DROPPED, "reachable", None, "model and lab disagree: predicted unreachable, observed reachable"),
        (DROPPED, "unreachable", drop(GATEWAY), ""),
        (
            DROPPED,
            "unreachable",
            drop(SITE),
            f"model and lab disagree: predicted dropped at {GATEWAY} (forward), observed dropped at {SITE} (forward)",
        ),
        (
            DROPPED,
            "unreachable",
            drop(GATEWAY, "reverse"),
            f"model and lab disagree: predicted dropped at {GATEWAY} (forward), "
            f"observed dropped at {GATEWAY} (reverse)",
        ),
        # Which of equal paths a flow takes is not foreseeable.
        (EITHER, "reachable", None, ""),
        (EITHER, "unreachable", drop(SITE), ""),
        (EITHER, "unreachable", drop(GATEWAY), "model and lab disagree: "),
    ],
)
def test_outcome_and_drop_are_compared_with_the_model(
    scenario: Scenario, prediction: Predicted, observed: Outcome, dropped: Drop | None, said: str
) -> None:
    found = disagreement(scenario, None, prediction, observed, dropped)
    assert found.startswith(said) if said.endswith(" ") else found == said


def test_the_scenario_may_document_the_outcome_and_the_place_of_a_drop(scenario: Scenario) -> None:
    expected = reach(expected="unreachable", dropped_at="Site1")
    assert "the scenario stands alone" in disagreement(scenario, reach(), DROPPED, "unreachable", drop(GATEWAY))
    assert "the scenario stands alone" in disagreement(scenario, expected, DROPPED, "unreachable", drop(GATEWAY))
    assert "the model stands alone" in disagreement(scenario, expected, DROPPED, "unreachable", drop(SITE))


@pytest.mark.parametrize(
    ("forward", "reverse", "said"),
    [
        ((VM, GATEWAY, HOST), (HOST, GATEWAY, VM), ""),
        ((VM, GATEWAY, HOST), (), ""),
        ((VM, SITE, HOST), (HOST, GATEWAY, VM), f"the lab took another way forward: {VM} > {SITE} > {HOST}"),
        ((VM, GATEWAY, HOST), (HOST, SITE, VM), f"the lab took another way reverse: {HOST} > {SITE} > {VM}"),
    ],
)
def test_a_packet_that_arrives_by_another_way_is_found(
    forward: tuple[str, ...], reverse: tuple[str, ...], said: str
) -> None:
    found = another_way(REACHED, "reachable", forward, reverse)
    assert found.startswith(said) if said else not found


@pytest.mark.parametrize(("reverse", "good"), [((), True), ((HOST,), True), ((HOST, SITE), False)])
def test_an_answer_that_its_maker_cannot_send_is_seen_nowhere_or_there(reverse: tuple[str, ...], good: bool) -> None:
    """A VPN server's own answer is seen on its way into a tunnel that is down."""
    mute = Predicted(VM, HOST, (way(VM, GATEWAY, HOST),), (way(HOST, dropped=True),))
    assert (another_way(mute, "unreachable", (VM, GATEWAY, HOST), reverse) == "") is good


@pytest.mark.parametrize(
    ("via", "good"), [([], True), (["VNet1"], True), (["Site1"], False), (["Site1", "VNet1"], False)]
)
def test_a_documented_way_is_compared(scenario: Scenario, via: list[str], good: bool) -> None:
    found = not_via(scenario, reach(via=via), (VM, "vnet1", GATEWAY, HOST))
    assert (found == "") is good
    assert not_via(scenario, None, (VM, HOST)) == ""


def test_many_findings_are_cut() -> None:
    assert some(["a", "b"]) == "a; b"
    assert some(list("abcdef")) == "a; b; c; d; and 2 more"


def test_a_drop_at_the_predicted_place_is_of_the_predicted_type() -> None:
    assert another_cause(DROPPED, drop(GATEWAY)) == ""
    other = Drop.of(GATEWAY, "forward", cause(DropType.NO_ROUTE, destination="10.0.0.1"))
    said = another_cause(DROPPED, other)
    assert said.startswith("model and lab disagree: predicted lost (")
    assert "observed no-route (no route: vnet1-gw-0 has no route to 10.0.0.1)" in said
    # What was dropped elsewhere is the finding of another check.
    assert another_cause(DROPPED, Drop.of(SITE, "forward", cause(DropType.LOOP))) == ""
