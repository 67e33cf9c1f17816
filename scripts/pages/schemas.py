"""The JSON Schemas of what commands print with `-f json`, from the types in netlab/results."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from typing import Any


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Every JSON Schema by its name: the scenario's, and those of the results."""
    from pages.scenario import schema

    found = {"scenario": schema()}
    if importlib.util.find_spec("netlab.results") and importlib.util.find_spec("netlab.results.schemas"):
        from netlab.results.schemas import schemas as results

        found |= results()
    return found


def index() -> str:
    """A link to each schema."""
    return "".join(f"- [`{name}`]({name}.md)\n" for name in schemas())


def pages() -> dict[str, str]:
    """A page for each schema, by its path."""
    return {
        f"reference/json/{name}.md": f"# JSON Schema: {name}\n\n```json\n{json.dumps(found, indent=2)}\n```\n"
        for name, found in schemas().items()
    }
