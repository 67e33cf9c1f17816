"""What commands print with `-f json`, from the JSON Schemas of the results: a page and a schema file for each."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pages.objects import Writer, reached


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Every JSON Schema by its name: the scenario's, and those of what commands print."""
    from netlab.report.schemas import schemas as found

    return found()


def index() -> str:
    """A link to each page, with its schema."""
    return "".join(f"- [`{name}`]({name}.md): [JSON Schema]({name}.json)\n" for name in schemas())


def pages() -> dict[str, str]:
    """A page for each of what commands print, by its path."""
    return {f"reference/json/{name}.md": _page(name, found) for name, found in schemas().items()}


def files() -> dict[str, str]:
    """The schemas, by their paths."""
    return {f"reference/json/{name}.json": json.dumps(found, indent=2) + "\n" for name, found in schemas().items()}


def _page(name: str, found: dict[str, Any]) -> str:
    if name == "scenario":
        return (
            "---\ntitle: scenario\n---\n\n# netlab schema\n\n[Scenario file](../scenario.md) explains the keys. "
            "[JSON Schema](scenario.json).\n"
        )
    writer = Writer(found, {}, printed=True)
    verb = name.replace("-", " ", 1) if name.startswith(("show-", "p2s-")) else name
    top = {key: value for key, value in found.items() if key != "$defs"}
    parts = [f"---\ntitle: {verb}\n---\n\n# netlab {verb} -f json", f"[JSON Schema]({name}.json)."]
    if "properties" in found:
        parts.append(writer.section("Object", found))
    else:
        parts.append(f"The command prints: {writer.value(found)}.")
    return "\n\n".join((*parts, writer.sections(reached(found, top))))
