"""Functions of numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from netlab.imports.arm.functions.function import Function, as_number
from netlab.imports.arm.values import EvaluationError, Value

_MOST = 2**63


def _number(value: Value) -> int:
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,19}\s*", value):
        return int(value)
    if isinstance(value, float):
        return int(value)
    return as_number(value)


def _within(value: int) -> int:
    if not -_MOST <= value < _MOST:
        raise EvaluationError("a number is too large")
    return value


def _divided(one: Value, other: Value) -> tuple[int, int]:
    """Quotient and remainder, towards zero as .NET has it."""
    dividend, divisor = as_number(one), as_number(other)
    if divisor == 0:
        raise EvaluationError("a division by zero")
    quotient = abs(dividend) // abs(divisor) * (1 if (dividend < 0) == (divisor < 0) else -1)
    return quotient, dividend - quotient * divisor


def _of(choose: Callable[[list[int]], int]) -> Callable[..., int]:
    def chosen(*values: Value) -> int:
        numbers = values[0] if len(values) == 1 and isinstance(values[0], list) else [*values]
        if not numbers:
            raise EvaluationError("min() or max() of nothing")
        return choose([as_number(number) for number in numbers])

    return chosen


FUNCTIONS: Mapping[str, Function] = {
    "int": Function(_number, 1, 1),
    "float": Function(lambda value: float(_number(value)), 1, 1),
    "add": Function(lambda one, other: _within(as_number(one) + as_number(other)), 2, 2),
    "sub": Function(lambda one, other: _within(as_number(one) - as_number(other)), 2, 2),
    "mul": Function(lambda one, other: _within(as_number(one) * as_number(other)), 2, 2),
    "div": Function(lambda one, other: _divided(one, other)[0], 2, 2),
    "mod": Function(lambda one, other: _divided(one, other)[1], 2, 2),
    "min": Function(_of(min), 1, None),
    "max": Function(_of(max), 1, None),
}
