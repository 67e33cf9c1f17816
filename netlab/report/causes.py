"""Why pairs are not reached: a cause for all pairs with one type of drop, at all nodes where its sentence is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from netlab.report.matrix import Pair
from netlab.results.drops import DESCRIPTIONS, Cause, Drop, DropType
from netlab.results.prediction import PredictedCell
from netlab.results.verification import Cell

_DESTINATION = "destination"
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Why:
    """Why a pair is not reached, but for the destination; ``only`` are the protocols, where not all are dropped.

    ``reason`` is the sentence of a drop without a type.
    """

    node: str
    type: DropType | None
    parameters: tuple[tuple[str, str], ...]
    reason: str
    only: str

    def words(self, destinations: Sequence[str], nodes: Sequence[str]) -> str:
        """The cause as a sentence, with all its destinations, and with all nodes that it holds for."""
        told = ", ".join(destinations) if len(destinations) <= _MOST_NAMED else f"{len(destinations)} addresses"
        sentence = self.reason
        if self.type is not None:
            parameters = (*self.parameters, (_DESTINATION, told)) if told else self.parameters
            sentence = Cause(self.type, parameters).sentence(self.node)
        if len(destinations) > 1:
            # The sentences are those of one packet, with one destination.
            sentence = sentence.replace(f"{told} matches", f"{told} match", 1)
        if self.node and self.node in sentence.split():
            return f"{sentence}{self.only}"
        others = nodes if len(nodes) <= _MOST_NAMED else (f"{nodes[0]} and {len(nodes) - 1} more",)
        return f"{', '.join(others)}: {sentence}{self.only}"

    def anywhere(self) -> Why:
        """The cause without its node, where the sentence does not name the node; else itself."""
        if self.type is None or "{node}" in DESCRIPTIONS[self.type].sentence:
            return self
        return self if any(self.node in value.split() for _, value in self.parameters) else replace(self, node="")


# By pair: each cause, with the packet's destination.
Causes = Mapping[Pair, Mapping[Why, str]]


def causes(cells: Iterable[Cell]) -> dict[Why, str]:
    """The causes of a pair: one, unless its protocols were dropped for different ones."""
    return _causes({cell.protocol: cell.dropped_at for cell in cells})


def apart(cells: Iterable[PredictedCell]) -> dict[str, list[Pair]]:
    """The pairs whose protocols differ, by the causes for which some of these are not reached, in words."""
    outcomes: dict[Pair, dict[str, Drop | None]] = {}
    for cell in cells:
        outcomes.setdefault((cell.source, cell.target), {}).update(dict.fromkeys(cell.protocols, cell.dropped_at))
    found = {pair: _causes(drops) for pair, drops in outcomes.items() if None in drops.values()}
    return by_cause(found, (pair for pair, whys in found.items() if whys))


def _causes(drops: Mapping[str, Drop | None]) -> dict[Why, str]:
    """The causes of a pair, by what became of each protocol."""
    lost: dict[tuple[Why, str], list[str]] = {}
    for protocol, drop in drops.items():
        if drop is not None:
            lost.setdefault(_why(drop), []).append(protocol)
    return {
        Why(why.node, why.type, why.parameters, why.reason, _only(protocols, len(drops))): destination
        for (why, destination), protocols in lost.items()
    }


def _why(drop: Drop) -> tuple[Why, str]:
    if drop.type is None:
        return Why(drop.node, None, (), drop.reason, ""), ""
    rest = tuple(item for item in sorted(drop.parameters.items()) if item[0] != _DESTINATION)
    return Why(drop.node, drop.type, rest, "", ""), drop.parameters.get(_DESTINATION, "")


def _only(protocols: Sequence[str], count: int) -> str:
    return f" (only {', '.join(protocols)})" if len(protocols) < count else ""


def by_cause(found: Causes, pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    """The pairs of each cause, in words: one cause for all nodes at which it has the same sentence."""
    alike: dict[Why, list[tuple[Pair, str, str]]] = {}
    for pair in pairs:
        for why, destination in found[pair].items():
            alike.setdefault(why.anywhere(), []).append((pair, why.node, destination))
    return {
        why.words(
            tuple(filter(None, dict.fromkeys(destination for _, _, destination in each))),
            tuple(dict.fromkeys(node for _, node, _ in each)),
        ): list(dict.fromkeys(pair for pair, _, _ in each))
        for why, each in alike.items()
    }
