"""What a verb prints, held against its JSON Schema with no key that the schema does not name."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]

from netlab.report.schemas import schema


def mistakes(name: str, found: Any) -> list[str]:
    """What is wrong with a value, by the schema of this name."""
    strict = closed(schema(name))
    jsonschema.Draft202012Validator.check_schema(strict)
    return [
        f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(strict).iter_errors(found)
    ]


def closed(value: Any) -> Any:
    """A schema that lets no object have a key that it does not name."""
    if isinstance(value, list):
        return [closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    rest = {key: closed(item) for key, item in value.items()}
    return {"additionalProperties": False, **rest} if "properties" in value and value.get("type") == "object" else rest
