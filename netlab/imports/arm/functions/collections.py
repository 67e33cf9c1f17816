"""Functions of arrays, and of what is an array or a string."""

from __future__ import annotations

from collections.abc import Mapping

from netlab.imports.arm.functions.function import (
    Function,
    as_list,
    as_number,
    as_object,
    as_text,
    bounded,
    identity,
    text,
)
from netlab.imports.arm.functions.objects import merged
from netlab.imports.arm.functions.texts import position
from netlab.imports.arm.values import MISSING, EvaluationError, Value, member

LONGEST_RANGE = 10_000
"""Azure's limit: learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-array#range."""


def _concat(*values: Value) -> Value:
    if isinstance(values[0], list):
        return [item for value in values for item in as_list(value)]
    if any(isinstance(value, (list, dict)) for value in values):
        raise EvaluationError("concat() of a string and an array")
    parts = [text(value) for value in values]
    bounded("", sum(map(len, parts)))
    return "".join(parts)


def _length(value: Value) -> int:
    if not isinstance(value, (str, list, dict)):
        raise EvaluationError("length() of something that has none")
    return len(value)


def _empty(value: Value) -> bool:
    if value is None:
        return True
    return _length(value) == 0


def _first(value: Value) -> Value:
    return _end(value, 0)


def _last(value: Value) -> Value:
    return _end(value, -1)


def _end(value: Value, index: int) -> Value:
    if not value and isinstance(value, (str, list)):
        return "" if isinstance(value, str) else None
    if not isinstance(value, (str, list)):
        raise EvaluationError("first() or last() of something that is no array and no string")
    return value[index]


def _take(value: Value, count: Value) -> Value:
    _sequence(value)
    return value[: max(0, as_number(count))]


def _skip(value: Value, count: Value) -> Value:
    _sequence(value)
    return value[max(0, as_number(count)) :]


def _sequence(value: Value) -> None:
    if not isinstance(value, (str, list)):
        raise EvaluationError("an array or a string is expected")


def _contains(container: Value, item: Value) -> bool:
    if isinstance(container, str):
        return text(item) in container
    if isinstance(container, dict):
        return member(container, as_text(item)) is not MISSING
    wanted = identity(item)
    return any(identity(part) == wanted for part in as_list(container))


def _index_of(value: Value, item: Value, last: bool = False) -> int:
    if isinstance(value, str):
        return position(value, item, last)
    wanted = identity(item)
    found = [index for index, part in enumerate(as_list(value)) if identity(part) == wanted]
    return (found[-1] if last else found[0]) if found else -1


def _union(*values: Value) -> Value:
    if isinstance(values[0], dict):
        found: dict[str, Value] = {}
        for value in values:
            found = merged(found, as_object(value))
        return found
    return _distinct([item for value in values for item in as_list(value)])


def _distinct(values: list[Value]) -> list[Value]:
    return list({identity(value): value for value in reversed(values)}.values())[::-1]


def _intersection(*values: Value) -> Value:
    if isinstance(values[0], dict):
        others = [as_object(value) for value in values[1:]]
        return {
            key: item
            for key, item in values[0].items()
            if all(key in other and identity(other[key]) == identity(item) for other in others)
        }
    common = [{identity(item) for item in as_list(value)} for value in values]
    return [item for item in _distinct(as_list(values[0])) if all(identity(item) in other for other in common)]


def _range(start: Value, count: Value) -> list[Value]:
    if not 0 <= as_number(count) <= LONGEST_RANGE:
        raise EvaluationError(f"range() of {count} numbers: Azure allows {LONGEST_RANGE}")
    return list(range(as_number(start), as_number(start) + as_number(count)))


def _flatten(value: Value) -> list[Value]:
    return [item for part in as_list(value) for item in (part if isinstance(part, list) else [part])]


FUNCTIONS: Mapping[str, Function] = {
    "concat": Function(_concat, 1, None, reads="outer"),
    "length": Function(_length, 1, 1, reads="outer"),
    "empty": Function(_empty, 1, 1, reads="outer"),
    "first": Function(_first, 1, 1, reads="outer"),
    "last": Function(_last, 1, 1, reads="outer"),
    "take": Function(_take, 2, 2, reads="outer"),
    "skip": Function(_skip, 2, 2, reads="outer"),
    "contains": Function(_contains, 2, 2),
    "indexof": Function(_index_of, 2, 2),
    "lastindexof": Function(lambda value, item: _index_of(value, item, last=True), 2, 2),
    "union": Function(_union, 1, None, reads="carried"),
    "intersection": Function(_intersection, 1, None),
    "range": Function(_range, 2, 2),
    "flatten": Function(_flatten, 1, 1, reads="carried"),
    "createarray": Function(lambda *values: [*values], 0, None, reads="nothing"),
    "array": Function(lambda value: value if isinstance(value, list) else [value], 1, 1, reads="nothing"),
    "pickzones": Function(lambda *_: [], 3, 5, reads="nothing"),
}
