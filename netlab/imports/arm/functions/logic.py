"""Functions that compare, and constants.

`if`, `and`, `or` and `coalesce` are the interpreter's: they do not evaluate all of their arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from netlab.imports.arm.functions.function import Function, as_boolean, identity, text
from netlab.imports.arm.values import EvaluationError, Value


def _bool(value: Value) -> bool:
    if isinstance(value, (bool, int)):
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in ("true", "false", "1", "0"):
        return value.strip().lower() in ("true", "1")
    raise EvaluationError("bool() of something that is no boolean")


def _compared(holds: Callable[[Value, Value], bool]) -> Callable[[Value, Value], bool]:
    def compare(one: Value, other: Value) -> bool:
        numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (one, other))
        if not numbers and not (isinstance(one, str) and isinstance(other, str)):
            raise EvaluationError("a comparison of values that have no order")
        return holds(one, other)

    return compare


def _fail(message: Value = "") -> Value:
    raise EvaluationError(f"fail(): {text(message)[:40]}")


FUNCTIONS: Mapping[str, Function] = {
    "equals": Function(lambda one, other: identity(one) == identity(other), 2, 2),
    "not": Function(lambda value: not as_boolean(value), 1, 1),
    "bool": Function(_bool, 1, 1),
    "less": Function(_compared(lambda one, other: bool(one < other)), 2, 2),
    "lessorequals": Function(_compared(lambda one, other: bool(one <= other)), 2, 2),
    "greater": Function(_compared(lambda one, other: bool(one > other)), 2, 2),
    "greaterorequals": Function(_compared(lambda one, other: bool(one >= other)), 2, 2),
    "true": Function(lambda: True, 0, 0),
    "false": Function(lambda: False, 0, 0),
    "null": Function(lambda: None, 0, 0),
    "fail": Function(_fail, 0, 1),
}
