"""A function of templates: what it computes, how many arguments it takes, how much of them it reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from netlab.imports.arm.values import EvaluationError, Value
from netlab.imports.runtime import Unknown

LONGEST_TEXT = 1 << 20


@dataclass(frozen=True, slots=True)
class Function:
    """A function. It reads all of its arguments; or all, but carries unknown parts; or the outer layer; or nothing."""

    compute: Callable[..., Value]
    least: int
    most: int | None
    reads: Literal["all", "carried", "outer", "nothing"] = "all"

    def takes(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)


def text(value: Value) -> str:
    """A value as it stands in a string: booleans as .NET prints them, null as nothing, objects as compact JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


def as_text(value: Value) -> str:
    if not isinstance(value, str):
        raise _other(value, "a string")
    return bounded(value)


def as_number(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _other(value, "an integer")
    return value


def as_boolean(value: Value) -> bool:
    if not isinstance(value, bool):
        raise _other(value, "a boolean")
    return value


def as_list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise _other(value, "an array")
    return value


def as_object(value: Value) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise _other(value, "an object")
    return value


def _other(value: Value, wanted: str) -> EvaluationError:
    return EvaluationError(f"{wanted} is expected", value if isinstance(value, Unknown) else None)


def bounded(found: str, length: int | None = None) -> str:
    """A string; EvaluationError where it is, or would become, too long."""
    if (len(found) if length is None else length) > LONGEST_TEXT:
        raise EvaluationError("a string explodes: it has too many characters")
    return found


def identity(value: Value) -> str:
    """What two values have in common if and only if they are equal: 1 and '1' differ, 1 and true too."""
    return json.dumps(value, sort_keys=True, default=repr)
