"""The broken rules of a file that has keys or values of a wrong form: found without the objects of a wrong form.

So a file with one misspelled key still shows its other mistakes. A breach that names a removed object is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from netlab.scenario import rules
from netlab.scenario.document import Place
from netlab.scenario.models import Scenario
from netlab.scenario.rules import Breach

OBJECTS = (
    "route_tables",
    "vnets",
    "peerings",
    "sites",
    "expressroute_circuits",
    "local_network_gateways",
    "connections",
    "access_networks",
    "clients",
    "links",
)
# No rule depends on these keys. If `profile` or a whole section has a wrong form, no rule is checked.
PLAIN = ("name", "description", "notes", "time_scale", "story")


def breaches(data: dict[str, Any], broken: Iterable[Place]) -> Iterator[Breach]:
    """The errors of all objects but the broken ones, without errors that may come from the removal."""
    left = {key: dict(value) if isinstance(value, dict) else value for key, value in data.items()}
    removed: set[str] = set()
    gone: set[str] = set()
    for place in broken:
        if len(place) > 1 and place[0] in OBJECTS and isinstance(left[str(place[0])], dict):
            value = left[str(place[0])].pop(place[1], None)
            removed |= set(_names(str(place[1]), value))
            gone |= {*removed, *_words(value)}
        elif len(place) > 1 and place[0] == "story" and isinstance(place[1], int):
            left["story"] = [*left["story"][: place[1]], {"name": f"({place[1]})"}, *left["story"][place[1] + 1 :]]
        elif place[0] in PLAIN or place[0] not in Scenario.model_fields:
            left.pop(str(place[0]), None)
        else:
            return
    gone |= set(_beside(left, removed))
    try:
        scenario = Scenario.model_validate({"name": "unnamed", **left})
    except ValidationError:
        return
    for breach in rules.check(scenario):
        if breach.severity == "error" and not (gone and _names_any(breach, gone)):
            yield breach


def _names(name: str, value: Any) -> Iterator[str]:
    """What others call an object by: its name, and those of a VNet's machines."""
    machines = value.get("vms") if isinstance(value, dict) else None
    yield name.lower()
    yield from (f"{name}-{machine}".lower() for machine in (machines if isinstance(machines, dict) else ()))


def _beside(left: dict[str, Any], removed: set[str]) -> Iterator[str]:
    """What else the objects name that name a removed one: a connection without one end is of no use to the other."""
    for key in OBJECTS:
        for value in left[key].values() if isinstance(left.get(key), dict) else ():
            words = frozenset(_words(value))
            if words & removed:
                yield from words


def _words(value: Any) -> Iterator[str]:
    """Each text in a value, in small letters: the names that the object refers to are among them."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _words(part)
    elif isinstance(value, str):
        yield value.lower()


def _names_any(breach: Breach, gone: set[str]) -> bool:
    """Whether it names one of these; a breach of a story may, because a machine has many names there."""
    named = [*map(str, breach.path), *re.findall(r"`([^`]+)`", breach.message)]
    if len(breach.path) > 3 and (breach.path[0], breach.path[2]) == ("vnets", "vms"):
        named.append(f"{breach.path[1]}-{breach.path[3]}")
    return breach.path[0] == "story" or any(name.lower() in gone for name in named)
