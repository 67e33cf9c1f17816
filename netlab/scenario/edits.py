"""Edits of a scenario, as data: applied to what a file holds, or to a scenario. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from netlab.results.mends import Edit
from netlab.scenario.models import Scenario

Raw = dict[str, Any]


def edited(document: Mapping[str, Any], edits: Iterable[Edit]) -> Raw:
    """What a file holds after edits; the one before stays as it is."""
    found = dict(document)
    for edit in edits:
        found = _edited(found, edit.path, edit)
    return found


def changed(scenario: Scenario, edits: Iterable[Edit]) -> Scenario:
    """A scenario after edits. Raises pydantic's ValidationError where the result is none."""
    return Scenario.model_validate(edited(scenario.model_dump(exclude_unset=True), edits))


def _edited(found: Any, path: tuple[str, ...], edit: Edit) -> Any:
    """What is at a place after an edit of a path below it."""
    if path:
        inside = _mapping(found)
        if len(path) == 1 and edit.operation == "remove" and edit.value is None:
            return {key: value for key, value in inside.items() if key != path[0]}
        return {**inside, path[0]: _edited(inside.get(path[0]), path[1:], edit)}
    if edit.operation == "set":
        return edit.value
    if edit.operation == "append":
        return [*(found or ()), edit.value]
    return [value for value in found or () if str(value) != str(edit.value)]


def _mapping(found: Any) -> Raw:
    """The mapping at a place: an empty one where nothing is, a subnet's where only its prefix is written."""
    if found is None:
        return {}
    return dict(found) if isinstance(found, Mapping) else {"address_prefix": found}
