"""Objects of a JSON Schema as Markdown: a section for each, a row for each key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pages.markdown import keys

Schema = Mapping[str, Any]


NO_KEYS = "It has no keys: `{}`.\n"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the objects of a schema.

    ``elsewhere`` is the page of each object that another page describes. What a command prints (``printed``) always has
    every key, and may hold null; what people write may leave keys out.
    """

    schema: Schema
    elsewhere: Mapping[str, str]
    printed: bool = False
    level: str = "##"

    def sections(self, names: Iterable[str]) -> str:
        """A section for each of these objects."""
        return "\n".join(self.section(name, self.schema["$defs"][name]) for name in names)

    def section(self, name: str, found: Schema) -> str:
        """A section for an object: its description, and its keys."""
        required = found.get("required", ())
        rows = [
            (f"`{key}`", self._written(part, key in required), meaning(part))
            for key, part in found.get("properties", {}).items()
        ]
        columns = 3 if any(row[2] for row in rows) else 2
        body = keys(("Key", "Value", "Meaning")[:columns], (row[:columns] for row in rows))
        body = body if "properties" in found else f"{self.value(found)}\n" if found.get("type") != "object" else NO_KEYS
        return f"{self.level} {name.strip('_')} {{ #{name} }}\n\n{prose(found.get('description', ''))}\n\n{body}"

    def _written(self, part: Schema, required: bool) -> str:
        value = self.value(part)
        default = part.get("default")
        if self.printed or (not required and (default in (None, "", [], {}) or isinstance(default, dict))):
            return value
        if required:
            return f"{value}; required"
        return f"{value}; default `{default if isinstance(default, str) else json.dumps(default)}`"

    def value(self, part: Schema) -> str:
        """What may stand as the value of a key, in words."""
        if "$ref" in part:
            name = part["$ref"].rpartition("/")[2]
            return f"[{name.strip('_')}]({self.elsewhere.get(name, '')}#{name})"
        if "enum" in part:
            return ", ".join(f"`{value}`" for value in part["enum"])
        if "const" in part:
            return f"`{part['const']}`"
        for several in ("anyOf", "oneOf"):
            if several in part:
                shown = (one for one in part[several] if self.printed or one.get("type") != "null")
                return " or ".join(dict.fromkeys(map(self.value, shown)))
        if "patternProperties" in part:
            return f"by name: {self.value(next(iter(part['patternProperties'].values())))}"
        if part.get("type") == "object":
            inner = part.get("additionalProperties")
            return f"by name: {self.value(inner)}" if isinstance(inner, Mapping) else "mapping"
        if part.get("type") == "array":
            return f"list: {self.value(part['items'])}" if "items" in part else "list"
        return _simple(part)


def _simple(part: Schema) -> str:
    words = {"boolean": "`true`, `false`", "string": "text", "number": "number", "integer": "integer", "null": "null"}
    kind = words.get(part.get("type", ""), "any value")
    if "examples" in part:
        example = part["examples"][0]
        return f"{'prefix' if '/' in example else 'address'}, as `{example}`"
    if "minimum" in part and "maximum" in part:
        return f"{kind}, {part['minimum']} to {part['maximum']}"
    return kind


def prose(text: str) -> str:
    """A docstring as Markdown."""
    return text.replace("``", "`")


def meaning(part: Schema) -> str:
    """The description of a key, in one line."""
    return " ".join(prose(part.get("description", "")).split())


def references(part: Any) -> Iterator[str]:
    """The objects that a part of a schema refers to, in order."""
    if isinstance(part, Mapping):
        if "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def reached(schema: Schema, part: Any, without: Iterable[str] = ()) -> list[str]:
    """The objects that a part of a schema refers to, directly or not, each once."""
    found: list[str] = []
    waiting = list(references(part))
    while waiting:
        name = waiting.pop(0)
        if name not in found and name not in without:
            found.append(name)
            waiting[:0] = list(references({k: v for k, v in schema["$defs"][name].items() if k != "description"}))
    return found
