"""What functions make of an address that only a deployed network has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from netlab.imports.arm.functions import FUNCTIONS
from netlab.imports.arm.values import MISSING, Value
from netlab.imports.runtime import Token

_SAME = ("tolower", "toupper", "trim", "string", "first", "last")
_PLACE = "\ue000"


def answered(name: str, values: list[Value], instances: Callable[[Token], int]) -> Value:
    """The value of a function of tokens; MISSING where there is none.

    ``instances`` counts the addresses that a token stands for: an active-active gateway has two, with a comma.
    """
    if name in ("concat", "format"):
        return _within_text(name, values)
    first = values[0]
    if not isinstance(first, Token):
        return MISSING
    if name in _SAME and len(values) == 1:
        return first
    if name == "split" and values[1] == ",":
        return [replace(first, index=first.index + number) for number in range(instances(first))]
    if name == "equals" and all(isinstance(value, Token) for value in values):
        return True if values[0] == values[1] else MISSING
    return False if name == "empty" else MISSING


def _within_text(name: str, values: list[Value]) -> Value:
    """An address with a text behind it, as a prefix length; MISSING for other texts."""
    tokens = [value for value in values if isinstance(value, Token)]
    made = FUNCTIONS[name].compute(*(_PLACE if isinstance(value, Token) else value for value in values))
    if len(tokens) != 1 or not made.startswith(_PLACE) or made.count(_PLACE) != 1:
        return MISSING
    return replace(tokens[0], suffix=tokens[0].suffix + made[1:])
