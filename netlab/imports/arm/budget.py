"""How much work templates may make: a template of a few lines can ask for a billion values."""

from __future__ import annotations

from netlab.imports.arm.values import LARGEST_VALUE, EvaluationError, Lazy, Value, shallow

MOST_PARTS = 1_500_000
DEEPEST = 100


class Exhausted(Exception):
    """The templates ask for more than an import computes."""


class Budget:
    """Counts what is evaluated, and how deep."""

    def __init__(self) -> None:
        self._left = MOST_PARTS
        self._depth = 0

    def charge(self, parts: int) -> None:
        """Count parts of values; Exhausted where there are too many."""
        self._left -= parts
        if self._left < 0:
            raise Exhausted

    def enter(self) -> None:
        """Count one more evaluation inside of another; `leave` ends it."""
        self.charge(1)
        if self._depth >= DEEPEST:
            raise EvaluationError(f"expressions refer to each other deeper than {DEEPEST}")
        self._depth += 1

    def leave(self) -> None:
        self._depth -= 1

    def forced(self, value: Value) -> Value:
        """A value without lazy parts."""
        left = [LARGEST_VALUE]
        return self._forced(value, left, 0)

    def _forced(self, value: Value, left: list[int], depth: int) -> Value:
        if isinstance(value, Lazy):
            value = shallow(value)
        parts = 1 + len(value) // 16 if isinstance(value, str) else 1
        left[0] -= parts
        self.charge(parts)
        if left[0] < 0 or depth > DEEPEST:
            raise EvaluationError("a value explodes: it has too many parts")
        if isinstance(value, dict):
            return {key: self._forced(item, left, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self._forced(item, left, depth + 1) for item in value]
        return value
