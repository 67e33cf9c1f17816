"""What a file whose shape is broken breaks besides: its rules, without the broken objects and what speaks of them."""

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
    "clients",
    "links",
)
# What no rule looks at; a broken `profile` or section leaves nothing to check.
PLAIN = ("name", "description", "notes", "time_scale", "story")


def breaches(data: dict[str, Any], broken: Iterable[Place]) -> Iterator[Breach]:
    """The errors of all objects but the broken ones; none that leaving those out may have caused."""
    left = {key: dict(value) if isinstance(value, dict) else value for key, value in data.items()}
    gone: set[str] = set()
    for place in broken:
        if len(place) > 1 and place[0] in OBJECTS and isinstance(left[str(place[0])], dict):
            gone |= {str(place[1]).lower(), *_words(left[str(place[0])].pop(place[1], None))}
        elif len(place) > 1 and place[0] == "story" and isinstance(place[1], int):
            left["story"] = [*left["story"][: place[1]], {"name": f"({place[1]})"}, *left["story"][place[1] + 1 :]]
        elif place[0] in PLAIN or place[0] not in Scenario.model_fields:
            left.pop(str(place[0]), None)
        else:
            return
    try:
        scenario = Scenario.model_validate({"name": "unnamed", **left})
    except ValidationError:
        return
    for breach in rules.check(scenario):
        if breach.severity == "error" and not (gone and _speaks_of(breach, gone)):
            yield breach


def _words(value: Any) -> Iterator[str]:
    """Every text in a value, in small letters: the names that it refers to are among them."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _words(part)
    elif isinstance(value, str):
        yield value.lower()


def _speaks_of(breach: Breach, gone: set[str]) -> bool:
    """Whether one of these names is in it; a story speaks of machines by many names."""
    named = (*map(str, breach.path), *re.findall(r"`([^`]+)`", breach.message))
    return breach.path[0] == "story" or any(name.lower() in gone for name in named)
