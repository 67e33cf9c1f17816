"""The keys of a scenario and the actions of a story, from the JSON Schema of the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from pages.markdown import keys as keyed

# The models that stand in reference/story.md; all others stand in reference/scenario.md.
STORY = ("Step",)


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a scenario."""
    from netlab.scenario.models import Scenario

    return Scenario.model_json_schema()


def references(part: Any) -> Iterator[str]:
    """The models that a part of the schema refers to, in order."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def reached(names: Iterator[str], without: frozenset[str] = frozenset()) -> list[str]:
    """These models and all that they refer to, each once, in the order of the file."""
    found: list[str] = []
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name in found or name in without:
            continue
        found.append(name)
        waiting[:0] = list(references(schema()["$defs"][name].get("properties", {})))
    return found


def story_models() -> list[str]:
    """The models of the story."""
    return reached(iter(STORY))


def keys() -> str:
    """A section for the scenario and for each model in it, the story's models left out."""
    told = frozenset(story_models())
    names = reached(references(schema()["properties"]), told)
    return "\n".join((_section("Scenario", schema(), told), *(_section(n, schema()["$defs"][n], told) for n in names)))


def actions() -> str:
    """The actions of a story: a row for each verb, and a section for each model of a verb's value."""
    verbs = schema()["$defs"]["Action"]["properties"]
    rows = ((f"`{verb}`", _type(part, frozenset(), ""), _meaning(part)) for verb, part in verbs.items())
    names = reached(references(verbs))
    return "\n".join(
        (
            keyed(("Action", "Value", "What it does"), rows),
            *(_section(name, schema()["$defs"][name], frozenset(), level="###") for name in names),
        )
    )


def steps() -> str:
    """A section for the step and for each model of its expectations."""
    told = reached(references(schema()["$defs"]["Action"]["properties"]))
    return "\n".join(
        _section(name, schema()["$defs"][name], frozenset(), level="###")
        for name in story_models()
        if name != "Action" and name not in told
    )


def _section(name: str, model: dict[str, Any], elsewhere: frozenset[str], level: str = "##") -> str:
    required = model.get("required", ())
    rows = (
        (f"`{key}`", _value(part, key in required, elsewhere), _meaning(part))
        for key, part in model.get("properties", {}).items()
    )
    body = keyed(("Key", "Value", "Meaning"), rows) if model.get("properties") else "It has no keys: `{}`.\n"
    return f"{level} {name} {{ #{name} }}\n\n{_prose(model.get('description', ''))}\n\n{body}"


def _value(part: dict[str, Any], required: bool, elsewhere: frozenset[str]) -> str:
    written = _type(part, elsewhere, "story.md")
    if required:
        return f"{written}; required"
    default = part.get("default")
    if default in (None, "", [], {}) or isinstance(default, dict):
        return written
    return f"{written}; default `{default if isinstance(default, str) else json.dumps(default)}`"


def _prose(text: str) -> str:
    return text.replace("``", "`")


def _meaning(part: dict[str, Any]) -> str:
    return " ".join(_prose(part.get("description", "")).split())


def _type(part: dict[str, Any], elsewhere: frozenset[str], page: str) -> str:
    """What may stand as the value of a key, in words."""
    inner = lambda found: _type(found, elsewhere, page)  # noqa: E731
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return f"[{name}]({page if name in elsewhere else ''}#{name})"
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    if "const" in part:
        return f"`{part['const']}`"
    for several in ("anyOf", "oneOf"):
        if several in part:
            return " or ".join(dict.fromkeys(inner(one) for one in part[several] if one.get("type") != "null"))
    if "patternProperties" in part:
        return f"by name: {inner(next(iter(part['patternProperties'].values())))}"
    if part.get("type") == "object":
        value = part.get("additionalProperties")
        return f"by name: {inner(value)}" if isinstance(value, dict) else "mapping"
    if part.get("type") == "array":
        return f"list: {inner(part['items'])}" if "items" in part else "list"
    return _simple(part)


def _simple(part: dict[str, Any]) -> str:
    kind = {"boolean": "`true`, `false`", "string": "text", "number": "number", "integer": "integer"}.get(
        part.get("type", ""), "value"
    )
    if "examples" in part:
        example = part["examples"][0]
        return f"{'prefix' if '/' in example else 'address'}, as `{example}`"
    if "minimum" in part and "maximum" in part:
        return f"{kind}, {part['minimum']} to {part['maximum']}"
    return kind
