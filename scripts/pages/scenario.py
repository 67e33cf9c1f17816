"""The keys of a scenario and the actions of a story, from the JSON Schema of the models."""

from __future__ import annotations

from functools import cache
from typing import Any

from pages import markdown
from pages.objects import Writer, meaning, reached

STORY = "story.md"


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a scenario."""
    from netlab.scenario.models import Scenario

    return Scenario.model_json_schema()


def _story() -> list[str]:
    """The objects of the story, actions and what they act on included."""
    return reached(schema(), schema()["properties"]["story"])


def _acted_on() -> list[str]:
    return reached(schema(), schema()["$defs"]["Action"]["properties"])


def keys() -> str:
    """A section for the scenario and for each object in it, the story's objects left out."""
    writer = Writer(schema(), dict.fromkeys(_story(), STORY))
    names = reached(schema(), schema()["properties"], without=_story())
    return f"{writer.section('Scenario', schema())}\n{writer.sections(names)}"


def steps() -> str:
    """A section for the step and for each object of its expectations."""
    apart = {"Action", *_acted_on()}
    return Writer(schema(), {}, level="###").sections(name for name in _story() if name not in apart)


def actions() -> str:
    """The actions of a story: a row for each, and a section for each object that they act on."""
    writer = Writer(schema(), {}, level="###")
    verbs = schema()["$defs"]["Action"]["properties"]
    rows = ((f"`{verb}`", writer.value(part), meaning(part)) for verb, part in verbs.items())
    return f"{markdown.keys(('Action', 'Value', 'What it does'), rows)}\n{writer.sections(_acted_on())}"
