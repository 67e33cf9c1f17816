"""What can be wrong with a structure that a person wrote: keys deleted, emptied, retyped, renamed, broken names."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

VALUES = (
    None, "", 0, -1, 3.5, True, [], {}, "x" * 300, "10.0.0.0/8", ["a", {"b": 1}], {"a": {"b": []}}, "nobody",
)  # fmt: skip

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Typo:
    """One thing that is wrong with a scenario, and the value that is there instead."""

    place: Place
    what: str
    value: Any = None

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.place))} {self.what}"

    def made(self, scenario: Any) -> Any:
        """The scenario with it."""
        broken = copy.deepcopy(scenario)
        parent, key = at(broken, self.place[:-1]), self.place[-1]
        if self.what == "deleted":
            del parent[key]
        elif self.what == "renamed":
            parent[f"{key}x"] = parent.pop(key)
        else:
            parent[key] = self.value
        return broken


def typos(scenario: Any, chance: random.Random) -> Iterator[Typo]:
    """All things that can be wrong with a scenario, one at a time."""
    for place in places(scenario, ()):
        value = at(scenario, place)
        yield Typo(place, "deleted")
        yield Typo(place, "is another value", chance.choice(VALUES))
        if isinstance(place[-1], str):
            yield Typo(place, "renamed")
        if isinstance(value, str):
            yield Typo(place, "names another thing", f"{value}x")


def places(value: Any, above: Place) -> Iterator[Place]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*above, key)
        yield from places(item, (*above, key))


def at(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value
