"""The objects of a scenario, and what changed in them between two. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from netlab.results.difference import ObjectChange, PropertyChange
from netlab.scenario.models import Scenario

Raw = Mapping[str, Any]
Path = tuple[str, ...]
# What a reader of the file reads, and Azure does not.
_SILENT = {"description", "notes", "region", "subscription"}
# Of the file itself; `profile` and `as_of` say which rules count.
_OF_FILE = {"name", "story", "time_scale"}
_OF_RULES = ("profile", "as_of")
# Parts of a VNet that are objects of their own.
_COLLECTIONS = ("subnets", "vms")
_SINGLE = ("vpn_gateway", "expressroute_gateway", "route_server")


def contents(scenario: Scenario) -> dict[str, Any]:
    """What a scenario says, with its defaults, without what only people read."""
    raw = scenario.model_dump()
    return {key: _loud(value) for key, value in raw.items() if key not in _SILENT | _OF_FILE}


def written(scenario: Scenario) -> dict[str, Any]:
    """What the file of a scenario says, without its story."""
    return {key: value for key, value in scenario.model_dump(exclude_unset=True).items() if key != "story"}


def _loud(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _loud(item) for key, item in value.items() if key not in _SILENT}
    return value


def objects(raw: Raw) -> dict[Path, Raw]:
    """Every object by its path, without the objects inside of it."""
    found: dict[Path, Raw] = {("scenario",): {key: raw.get(key) for key in _OF_RULES}}
    for kind, named in raw.items():
        if kind in _OF_RULES or not isinstance(named, Mapping):
            continue
        for name, item in named.items():
            found |= _of_vnet((kind, name), item) if kind == "vnets" else {(kind, name): _mapping(item)}
    return found


def _of_vnet(path: Path, item: Raw) -> dict[Path, Raw]:
    inner = (*_COLLECTIONS, *_SINGLE)
    found: dict[Path, Raw] = {path: {key: value for key, value in item.items() if key not in inner}}
    for part in _COLLECTIONS:
        found |= {(*path, part, name): _mapping(one) for name, one in (item.get(part) or {}).items()}
    return found | {(*path, part): _mapping(item[part]) for part in _SINGLE if item.get(part) is not None}


def _mapping(item: Any) -> Raw:
    return item if isinstance(item, Mapping) else {"value": item}


def changes(a: Raw, b: Raw) -> list[ObjectChange]:
    """What changed from one scenario's contents to another's; what is inside of an added VNet is not listed."""
    before, after = objects(a), objects(b)
    found: list[ObjectChange] = []
    for path in dict.fromkeys((*before, *after)):
        whole = path[:2]
        if path not in before:
            if path == whole or whole in before:
                found.append(ObjectChange("added", kind_of(path), ".".join(path)))
        elif path not in after:
            if path == whole or whole in after:
                found.append(ObjectChange("removed", kind_of(path), ".".join(path)))
        else:
            properties = tuple(_properties(before[path], after[path]))
            if properties:
                found.append(ObjectChange("changed", kind_of(path), ".".join(path), properties=properties))
    return sorted(found, key=lambda change: (change.name, change.change))


def stated(found: list[ObjectChange], assumed: Collection[tuple[str, str]]) -> list[ObjectChange]:
    """The changes without properties, by kind and key, that nobody states: they follow from others."""
    kept = []
    for change in found:
        properties = tuple(one for one in change.properties if (change.kind, one.path.partition(".")[0]) not in assumed)
        if properties or not change.properties:
            kept.append(replace(change, properties=properties))
    return kept


def kind_of(path: Path) -> str:
    """The kind of an object: the key of the file that it stands under."""
    return path[0] if len(path) < 3 else path[2]


def _properties(a: Raw, b: Raw, at: str = "") -> Iterator[PropertyChange]:
    for key in sorted(dict.fromkeys((*a, *b))):
        one, other, path = a.get(key), b.get(key), f"{at}{key}"
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _properties(one, other, f"{path}.")
        elif _comparable(one) != _comparable(other):
            hidden = isinstance(one, SecretStr) or isinstance(other, SecretStr)
            yield PropertyChange(path, *(_hidden(one, other) if hidden else (_plain(one), _plain(other))))


def _comparable(value: Any) -> Any:
    """What is equal for values that mean the same: prefixes are a set, an empty value is none."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    plain = _plain(value)
    if isinstance(plain, list) and all(isinstance(item, str) and "/" in item for item in plain):
        return sorted(plain) or None
    return None if plain in ({}, []) else plain


def _plain(value: Any) -> Any:
    plain = to_jsonable_python(value, fallback=str)
    return sorted(plain) if isinstance(value, (set, frozenset)) else plain


def _hidden(one: Any, other: Any) -> tuple[Any, Any]:
    return (None if one is None else "a secret"), (None if other is None else "another secret" if one else "a secret")
