"""What a namespace holds, as facts: the same for what a plan wants of it and for what the kernel has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

# What can be wrong at a node: of which kind the thing is.
FactKind = Literal[
    "namespace", "interface", "address", "rule", "route", "neighbour", "queue", "setting", "filter", "policy", "sa"
]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a namespace holds: its kind, what tells it from others of its kind, and what it is in words."""

    kind: FactKind
    object: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that a namespace should hold, in any of these forms; it may be missing where it is not required."""

    kind: FactKind
    object: str
    values: tuple[str, ...] = ("",)
    required: bool = True


def wanted(facts: Iterable[Fact]) -> Iterator[Wanted]:
    """Facts as what must be there."""
    return (Wanted(fact.kind, fact.object, (fact.value,)) for fact in facts)
