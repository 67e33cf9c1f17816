"""A resource that several bodies describe: its own, its part of its parent, and those of other deployments.

A body that asks `reference()` for the resource that it describes itself, as an update of a subnet does, is answered by
the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from netlab.imports.arm.interpreter import ITSELF
from netlab.imports.arm.values import MISSING, Lazy, Value, element, member, shallow
from netlab.imports.runtime import Unknown


def layered(bodies: Sequence[Value]) -> Value:
    """What the first of the bodies says that says anything; MISSING where there is none."""
    if len(bodies) > 1:
        return _Layers(bodies)
    return bodies[0] if bodies else MISSING


class _Layers(Lazy):
    __slots__ = ("_bodies",)

    def __init__(self, bodies: Sequence[Value]) -> None:
        self._bodies = bodies

    def member(self, key: str) -> Value:
        found = [each for each in (member(body, key) for body in self._bodies) if _says(each)]
        many = found and isinstance(found[0], (Lazy, dict))
        return layered([each for each in found if isinstance(each, (Lazy, dict))] if many else found[:1])

    def element(self, index: int) -> Value:
        return element(self._bodies[0], index)

    def shallow(self) -> Value:
        values = [each for each in map(shallow, self._bodies) if _says(each)]
        if not values:
            return shallow(self._bodies[0])
        if not isinstance(values[0], dict):
            return values[0]
        keys = dict.fromkeys(key for value in values if isinstance(value, dict) for key in value)
        return {key: self.member(key) for key in keys}


def _says(value: Value) -> bool:
    return value is not MISSING and not (isinstance(value, Unknown) and value.expression.endswith(ITSELF))
