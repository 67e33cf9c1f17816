"""Explaining: why a packet gets through or not, in plain words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netlab.azure import asymmetry
from netlab.azure.dataplane.walk import Walk, telling
from netlab.azure.mends import mends
from netlab.azure.mends.case import Case
from netlab.azure.mends.redesigns import redesigns
from netlab.azure.prediction import Addresses, Predicted
from netlab.azure.refusals import refusals
from netlab.azure.state import State
from netlab.results.drops import DropType
from netlab.results.mends import Mend, Redesign

# So many routes that were not learned are told of.
MOST_REFUSALS = 2


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a pair can talk or not: a verdict, a line per decision of each leg, and what would mend it.

    ``redesign`` says where there is no mend what of Azure's is in the way, or another design.
    """

    verdict: str
    forward: tuple[str, ...]
    reverse: tuple[str, ...]
    mend: tuple[Mend, ...] = ()
    redesign: tuple[Redesign, ...] = ()


def explain(state: State, found: Predicted, addresses: Addresses) -> Explanation:
    """Explain a pair, given the addresses of all endpoints."""
    late = (f"{walk.dropped_at}: {walk.reason}" for walk in found.third if walk.dropped_at)
    forward, reverse = (*_leg(found.forward), *late), tuple(_leg(found.reverse))
    mend, case = mends(state, found, addresses), Case.of(state, found, addresses)
    redesign = redesigns(case) if case is not None and not mend else ()
    return Explanation(verdict(state, found, addresses), forward, reverse, mend, redesign)


def verdict(state: State, found: Predicted, addresses: Addresses) -> str:
    """Whether a pair can talk, and if not, where the packet dies and why."""
    drop, case = found.drop, Case.of(state, found, addresses)
    if drop is None or case is None:
        reaches = f"{found.source} reaches {found.target}, and its answer comes back."
        return " ".join(filter(None, (reaches, asymmetry.sentence(state, found))))
    late = all(walk.cause is None for walk in (*found.forward, *found.reverse))
    what = "TCP's third packet" if late else "the request" if drop.direction == "forward" else "the answer"
    sentences = (drop.reason, *_of_bgp(case))
    why = " ".join(f"{sentence[:1].upper()}{sentence[1:]}." for sentence in sentences)
    fate = f"{found.source} does not reach {found.target}: {what} dies at {drop.node}. {why}"
    return " ".join(filter(None, (fate, asymmetry.sentence(state, found))))


def _of_bgp(case: Case) -> tuple[str, ...]:
    """Why the routers that would lead on have learned no route by BGP."""
    if case.cause.type not in (DropType.NO_ROUTE, DropType.NO_PRIVATE_ROUTE, DropType.NONE_ROUTE):
        return ()
    return tuple(refusal.sentence for refusal in refusals(case.state, case.routers, case.address))[:MOST_REFUSALS]


def _leg(ways: tuple[Walk, ...]) -> Iterator[str]:
    """The decisions on the first way that is dropped, or else the first one; of the others only where they lead."""
    told = telling(ways)
    if told is None:
        return
    yield from (used.sentence for used in told.used)
    if told.dropped_at:
        yield f"{told.dropped_at}: {told.reason}"
    others = [walk for walk in ways if walk is not told]
    if others:
        yield f"{len(ways)} ways share the load; {'the other' if len(others) == 1 else 'the others'}:"
    for walk in others:
        end = f", and dies: {walk.reason}" if walk.dropped_at else ""
        yield f"  {' > '.join(walk.nodes)}{end}"
