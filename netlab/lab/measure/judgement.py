"""Three ways to know what becomes of a packet: the documents, the model, the lab; and which of them stands alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from netlab.azure.dataplane.walk import Walk
from netlab.azure.prediction import Predicted

T = TypeVar("T")

_MOST_SAID = 4


def some(items: list[str]) -> str:
    """Several findings as one message: the first of them, and how many more there are."""
    more = len(items) - _MOST_SAID
    return "; ".join((*items[:_MOST_SAID], *((f"and {more} more",) if more > 0 else ())))


def three_way(documented: T | None, predicted: T, observed: T, words: Callable[[T], str]) -> str:
    """Which of the three stands alone, in words; empty if all agree. A scenario may be silent (None)."""
    if observed == predicted:
        if documented is None or documented == observed:
            return ""
        return f"the scenario stands alone: expected {words(documented)}, predicted and observed {words(observed)}"
    if documented is None:
        return f"model and lab disagree: predicted {words(predicted)}, observed {words(observed)}"
    if documented == predicted:
        return f"the lab stands alone: expected and predicted {words(predicted)}, observed {words(observed)}"
    if documented == observed:
        return f"the model stands alone: expected and observed {words(observed)}, predicted {words(predicted)}"
    return f"all three disagree: expected {words(documented)}, predicted {words(predicted)}, observed {words(observed)}"


def another_way(prediction: Predicted, outcome: str, forward: tuple[str, ...], reverse: tuple[str, ...]) -> str:
    """Whether a packet, with the outcome foretold, took a way that the model does not know."""
    for leg, seen, ways in (("forward", forward, prediction.forward), ("reverse", reverse, prediction.reverse)):
        known = {_seen(way, leg) for way in ways}
        if seen and known and seen not in known:
            ways_in_words = " or ".join(" > ".join(way) for way in sorted(known))
            return f"the lab took another way {leg}: {' > '.join(seen)}; predicted {ways_in_words} ({outcome})"
    return ""


def _seen(way: Walk, leg: str) -> tuple[str, ...]:
    """The nodes at which witnesses see a packet: an answer that its maker cannot send is seen nowhere."""
    return () if leg == "reverse" and len(way.nodes) == 1 else way.nodes
