"""Explaining: why a packet gets through or not, in plain words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netlab.azure import asymmetry
from netlab.azure.dataplane.walk import Used, Walk
from netlab.azure.mends import mends
from netlab.azure.prediction import Addresses, Predicted
from netlab.azure.state import State


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a pair can talk or not: a verdict, a line per decision of each leg, and what would mend it."""

    verdict: str
    forward: tuple[str, ...]
    reverse: tuple[str, ...]
    mend: tuple[str, ...] = ()


def explain(state: State, found: Predicted, addresses: Addresses) -> Explanation:
    """Explain a pair, given the addresses of all endpoints."""
    drop, forward, reverse = found.drop, tuple(_leg(found.forward)), tuple(_leg(found.reverse))
    if drop is None:
        verdict = f"{found.source} reaches {found.target}, and its answer comes back."
        return Explanation(" ".join(filter(None, (verdict, asymmetry.sentence(state, found)))), forward, reverse)
    what = "the request" if drop.direction == "forward" else "the answer"
    sentence = f"{drop.reason[:1].upper()}{drop.reason[1:]}."
    verdict = f"{found.source} does not reach {found.target}: {what} dies at {drop.node}. {sentence}"
    return Explanation(verdict, forward, reverse, tuple(mends(state, found, addresses)))


def _leg(ways: tuple[Walk, ...]) -> Iterator[str]:
    """The decisions on the first way that is dropped, or else the first one; of the others only where they lead."""
    if not ways:
        return
    told = next((walk for walk in ways if walk.dropped_at), ways[0])
    yield from (_decision(used) for used in told.used)
    if told.dropped_at:
        yield f"{told.dropped_at}: {told.reason}"
    others = [walk for walk in ways if walk is not told]
    if others:
        yield f"{len(ways)} ways share the load; {'the other' if len(others) == 1 else 'the others'}:"
    for walk in others:
        end = f", and dies: {walk.reason}" if walk.dropped_at else ""
        yield f"  {' > '.join(walk.nodes)}{end}"


def _decision(used: Used) -> str:
    return f"{used.node}: {used.prefix}, from {used.source}, leads to {used.leads_to}"
