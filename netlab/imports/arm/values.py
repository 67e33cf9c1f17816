"""Values of templates: JSON, what nothing answers, and what only a deployed network has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netlab.imports.runtime import Token, Unknown

Value = Any
"""JSON, a Token, an Unknown, or a Lazy that becomes one of these."""
LARGEST_VALUE = 200_000
"""Parts of one value; a character of a string is a 16th of a part."""


class EvaluationError(Exception):
    """An expression without a value: the sentence says why; or it needs a value that is unknown."""

    def __init__(self, message: str, needs: Unknown | None = None) -> None:
        super().__init__(message)
        self.value = needs or Unknown(message, wrong=True)


class Lazy:
    """A value that is evaluated where it is read."""

    __slots__ = ()

    def shallow(self) -> Value:
        """A scalar, or a list or mapping whose parts may be lazy."""
        raise NotImplementedError

    def member(self, key: str) -> Value:
        """A property; MISSING where it is not there."""
        return member(self.shallow(), key)

    def element(self, index: int) -> Value:
        """An element; MISSING where it is not there."""
        return element(self.shallow(), index)


class _Missing:
    """The value of a property that is not there."""


MISSING = _Missing()


def shallow(value: Value) -> Value:
    """A value whose parts may be lazy, but not itself."""
    while isinstance(value, Lazy):
        value = value.shallow()
    return value


def member(value: Value, key: str) -> Value:
    """A property of a value, by a name without case; MISSING where it is not there."""
    if isinstance(value, Lazy):
        return value.member(key)
    if not isinstance(value, Mapping):
        return MISSING
    if key in value:
        return value[key]
    low = key.lower()
    return next((item for name, item in value.items() if name.lower() == low), MISSING)


def element(value: Value, index: int) -> Value:
    """An element of a list; MISSING where it is not there."""
    if isinstance(value, Lazy):
        return value.element(index)
    return value[index] if isinstance(value, list) and 0 <= index < len(value) else MISSING


def size(value: Value, most: int = LARGEST_VALUE) -> int:
    """How many parts a value has; EvaluationError where it has too many. Lazy parts count when they are read."""
    total, left = 0, [value]
    while left:
        item = left.pop()
        total += 1 + len(item) // 16 if isinstance(item, str) else 1
        if isinstance(item, dict):
            left += item.values()
        elif isinstance(item, list):
            left += item
        if total + len(left) > most:
            raise EvaluationError("a value explodes: it has too many parts")
    return total


def open_parts(value: Value) -> list[Unknown | Token]:
    """The parts of a value that nothing in the template answers."""
    found: list[Unknown | Token] = []
    left = [shallow(value)]
    while left:
        item = left.pop()
        if isinstance(item, (Unknown, Token)):
            found.append(item)
        elif isinstance(item, dict):
            left += map(shallow, item.values())
        elif isinstance(item, list):
            left += map(shallow, item)
    return found


def unknown(parts: Sequence[Unknown | Token]) -> Unknown:
    """What a value is that is made of such parts: the parameters of all of them, the expression of the first."""
    texts: list[str] = []
    parameters: dict[str, None] = {}
    for part in parts:
        if isinstance(part, Unknown):
            parameters |= dict.fromkeys(part.parameters)
            texts.append(part.expression)
        else:
            texts.append(f"the {part.kind} of {part.id.rpartition('/')[2]}")
    wrong = any(isinstance(part, Unknown) and part.wrong for part in parts)
    return Unknown(next((text for text in texts if text), ""), tuple(parameters), wrong=wrong and not parameters)
