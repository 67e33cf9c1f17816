"""The verdict on a packet, from three witnesses: the scenario, the model and the lab. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from netlab.azure.disagreement import THE_SCENARIO
from netlab.azure.prediction import Predicted
from netlab.results.drops import Drop
from netlab.results.verification import Outcome
from netlab.scenario.models import Reach, Scenario
from netlab.scenario.names import resolve_node

T = TypeVar("T")

_MOST_SAID = 4


def some(items: list[str]) -> str:
    """Several findings as one message: the first of them, and how many more there are."""
    more = len(items) - _MOST_SAID
    return "; ".join((*items[:_MOST_SAID], *((f"and {more} more",) if more > 0 else ())))


def three_way(
    documented: T | None, predicted: T, observed: T, words: Callable[[T], str], by: str = THE_SCENARIO
) -> str:
    """Which of the three stands alone, in words; empty if all agree. The scenario, or ``by`` whom something is
    expected, may be silent (None)."""
    if observed == predicted:
        if documented is None or documented == observed:
            return ""
        return f"{by} stands alone: expected {words(documented)}, predicted and observed {words(observed)}"
    if documented is None:
        return f"model and lab disagree: predicted {words(predicted)}, observed {words(observed)}"
    if documented == predicted:
        return f"the lab stands alone: expected and predicted {words(predicted)}, observed {words(observed)}"
    if documented == observed:
        return f"the model stands alone: expected and observed {words(observed)}, predicted {words(predicted)}"
    return f"all three disagree: expected {words(documented)}, predicted {words(predicted)}, observed {words(observed)}"


def another_cause(prediction: Predicted, drop: Drop | None) -> str:
    """What is wrong with the type of a drop at the predicted node and direction; empty if nothing."""
    if drop is None or drop.type is None:
        return ""
    walks = (walk for leg, walk in prediction.legs if (walk.dropped_at, leg) == (drop.node, drop.direction))
    causes = {walk.cause.type: walk.reason for walk in walks if walk.cause is not None}
    if not causes or drop.type in causes:
        return ""
    foretold = " or ".join(f"{known} ({reason})" for known, reason in causes.items())
    return f"model and lab disagree: predicted {foretold}, observed {drop.type} ({drop.reason})"


def another_way(prediction: Predicted, outcome: str, forward: tuple[str, ...], reverse: tuple[str, ...]) -> str:
    """What is wrong with the way of a packet whose outcome is the predicted one; empty if nothing.

    An answer that its maker cannot send is seen nowhere, or where it enters a tunnel that is down.
    """
    for leg, seen, ways in (("forward", forward, prediction.forward), ("reverse", reverse, prediction.reverse)):
        known = {way.nodes for way in ways}
        if seen and known and seen not in known:
            ways_in_words = " or ".join(" > ".join(way) for way in sorted(known))
            return f"the lab took another way {leg}: {' > '.join(seen)}; predicted {ways_in_words} ({outcome})"
    return ""


def not_via(scenario: Scenario, reach: Reach | None, forward: tuple[str, ...], by: str = THE_SCENARIO) -> str:
    """What is wrong with the way of a probe where one is expected (`via`); empty if nothing."""
    wanted = [resolve_node(scenario, name) or name for name in reach.via] if reach is not None else []
    rest = iter(forward)
    if all(node in rest for node in wanted):
        return ""
    return f"{by} expects the way over {' > '.join(wanted)}, the probe took {' > '.join(forward)}"


def disagreement(
    scenario: Scenario,
    reach: Reach | None,
    prediction: Predicted,
    observed: Outcome,
    drop: Drop | None,
    by: str = THE_SCENARIO,
) -> str:
    """What is wrong with a cell's outcome or its drop point; empty if expectation, model and packets agree."""
    end = (drop.node, drop.direction) if drop is not None else ("", "")
    foreseen = end in prediction.ends
    predicted = observed if foreseen else prediction.outcome
    problem = three_way(reach.expected if reach is not None else None, predicted, observed, str, by)
    if problem or drop is None:
        return problem
    death = prediction.death
    foretold = end if foreseen else (death[1].dropped_at, death[0]) if death is not None else ("", "")
    place = resolve_node(scenario, reach.dropped_at) if reach is not None and reach.dropped_at else None
    said = (place, drop.direction) if place is not None else None
    return three_way(said, foretold, end, lambda at: f"dropped at {at[0]} ({at[1]})", by)
