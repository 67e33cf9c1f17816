"""The broken rules of a file that has keys or values of a wrong form: found without the objects of a wrong form.

So a file with one misspelled key still shows its other mistakes. A breach that names a removed object is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, get_origin

from pydantic import ValidationError

from netlab.scenario import rules
from netlab.scenario.document import Place
from netlab.scenario.models import Scenario
from netlab.scenario.rules import Breach

OBJECTS = tuple(name for name, field in Scenario.model_fields.items() if get_origin(field.annotation) is dict)
# No rule depends on these keys. If `profile` or a whole section has a wrong form, no rule is checked.
PLAIN = ("name", "description", "notes", "time_scale", "story")


def breaches(data: dict[str, Any], broken: Iterable[Place]) -> Iterator[Breach]:
    """The errors of all objects but the broken ones, without errors that may come from the removal."""
    left = {key: dict(value) if isinstance(value, dict) else value for key, value in data.items()}
    gone: set[str] = set()
    for place in broken:
        if len(place) > 1 and place[0] in OBJECTS and isinstance(left[str(place[0])], dict):
            gone |= set(_names(str(place[1]), left[str(place[0])].pop(place[1], None)))
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
    checked = tuple(rule for rule in rules.RULES if rule not in rules.OF_LACK) if gone else rules.RULES
    for breach in rules.check(scenario, checked):
        if breach.severity == "error" and not (gone and _names_any(breach, gone)):
            yield breach


def _names(name: str, value: Any) -> Iterator[str]:
    """What refers to an object or is referred to by it: its name, the appliances of a VNet, every text in it."""
    machines = value.get("vms") if isinstance(value, dict) else None
    yield name.lower()
    yield from (f"{name}-{machine}".lower() for machine in (machines if isinstance(machines, dict) else ()))
    yield from _words(value)


def _words(value: Any) -> Iterator[str]:
    """Each text in a value, in small letters: the names that the object refers to are among them."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _words(part)
    elif isinstance(value, str):
        yield value.lower()


def _names_any(breach: Breach, gone: set[str]) -> bool:
    """Whether it names one of these; one of a story or of what must survive may, because a machine has many
    names there."""
    named = (*map(str, breach.path), *re.findall(r"`([^`]+)`", breach.message))
    return breach.path[0] in ("story", "survives") or any(name.lower() in gone for name in named)
