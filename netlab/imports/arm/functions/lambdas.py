"""Functions that take a lambda."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key

from netlab.imports.arm.functions.function import Function, as_boolean, as_list, as_object, as_text
from netlab.imports.arm.values import EvaluationError, Value, shallow


@dataclass(frozen=True, slots=True)
class Lambda:
    """A function that an expression holds: how many values it takes, and what it gives."""

    takes: int
    apply: Callable[..., Value]

    def __call__(self, *values: Value) -> Value:
        """The value for as many of these as it takes: an index may be left out."""
        if self.takes > len(values):
            raise EvaluationError("a lambda takes more values than there are")
        return shallow(self.apply(*values[: self.takes]))


def _lambda(value: Value) -> Lambda:
    if not isinstance(value, Lambda):
        raise EvaluationError("a lambda is expected")
    return value


def _map(values: Value, function: Value) -> list[Value]:
    return [_lambda(function)(value, index) for index, value in enumerate(as_list(values))]


def _filter(values: Value, function: Value) -> list[Value]:
    return [value for index, value in enumerate(as_list(values)) if as_boolean(_lambda(function)(value, index))]


def _reduce(values: Value, start: Value, function: Value) -> Value:
    found = start
    for index, value in enumerate(as_list(values)):
        found = _lambda(function)(found, value, index)
    return found


def _sort(values: Value, function: Value) -> list[Value]:
    before = _lambda(function)

    def compare(one: Value, other: Value) -> int:
        return -1 if as_boolean(before(one, other)) else 1 if as_boolean(before(other, one)) else 0

    return sorted(as_list(values), key=cmp_to_key(compare))


def _to_object(values: Value, key: Value, value: Value = None) -> dict[str, Value]:
    return {as_text(_lambda(key)(item)): item if value is None else _lambda(value)(item) for item in as_list(values)}


def _map_values(values: Value, function: Value) -> dict[str, Value]:
    return {key: _lambda(function)(item) for key, item in as_object(values).items()}


def _group_by(values: Value, function: Value) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for value in as_list(values):
        found.setdefault(as_text(_lambda(function)(value)), []).append(value)
    return found


FUNCTIONS: Mapping[str, Function] = {
    "map": Function(_map, 2, 2, reads="outer"),
    "filter": Function(_filter, 2, 2, reads="outer"),
    "reduce": Function(_reduce, 3, 3, reads="outer"),
    "sort": Function(_sort, 2, 2, reads="outer"),
    "toobject": Function(_to_object, 2, 3, reads="outer"),
    "mapvalues": Function(_map_values, 2, 2, reads="outer"),
    "groupby": Function(_group_by, 2, 2, reads="outer"),
}
