"""Functions of objects."""

from __future__ import annotations

from collections.abc import Mapping

from netlab.imports.arm.functions.function import Function, as_list, as_object, as_text
from netlab.imports.arm.values import MISSING, EvaluationError, Value, element, member


def merged(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    """Two objects: the later value counts, objects inside are merged, arrays are not. Names compare without case."""
    found = dict(one)
    spelled = {name.lower(): name for name in found}
    for key, item in other.items():
        name = spelled.setdefault(key.lower(), key)
        before = found.get(name)
        both = isinstance(before, dict) and isinstance(item, dict)
        found[name] = merged(before or {}, item) if both else item
    return found


def _create(*parts: Value) -> dict[str, Value]:
    if len(parts) % 2:
        raise EvaluationError("createObject() needs a value for each name")
    return {as_text(key): value for key, value in zip(parts[::2], parts[1::2], strict=True)}


def _items(value: Value) -> list[Value]:
    return [{"key": key, "value": item} for key, item in sorted(as_object(value).items())]


def _try_get(value: Value, *path: Value) -> Value:
    for key in path:
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            raise EvaluationError("tryGet() needs names or indexes")
        value = member(value, key) if isinstance(key, str) else element(value, key)
        if value is MISSING or value is None:
            return None
    return value


def _shallow_merged(values: Value) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for value in as_list(values):
        found |= as_object(value)
    return found


FUNCTIONS: Mapping[str, Function] = {
    "createobject": Function(_create, 0, None, reads="nothing"),
    "items": Function(_items, 1, 1, reads="outer"),
    "objectkeys": Function(lambda value: [*as_object(value)], 1, 1, reads="outer"),
    "tryget": Function(_try_get, 2, None),
    "shallowmerge": Function(_shallow_merged, 1, 1, reads="carried"),
}
