"""A scenario as plain values, for results that must be readable without it."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from netlab.scenario.models import Scenario


def definition(scenario: Scenario) -> dict[str, Any]:
    """The scenario as its file says it, without secrets: of its shared keys only which are the same."""
    numbers: dict[str, str] = {}

    def without_secrets(value: Any) -> Any:
        if isinstance(value, SecretStr):
            return numbers.setdefault(value.get_secret_value(), f"key{len(numbers) + 1}")
        if isinstance(value, dict):
            return {key: without_secrets(item) for key, item in value.items()}
        return tuple(map(without_secrets, value)) if isinstance(value, tuple) else value

    found: dict[str, Any] = to_jsonable_python(without_secrets(scenario.model_dump(exclude_unset=True)))
    return found
