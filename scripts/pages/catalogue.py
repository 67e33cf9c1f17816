"""The scenarios that come with netlab: the catalogue, and a page with a picture for each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pages.markdown import table
from pages.pictures import drawn


@cache
def scenarios() -> dict[str, tuple[Path, Any]]:
    """Every scenario by its name, with its file."""
    from netlab.scenario.loader import catalogue, load

    return {name: (path, load(str(path)).scenario) for name, path in catalogue().items()}


def index() -> str:
    """The table of all scenarios."""
    return table(
        ("Scenario", "What it shows"),
        ((f"[`{name}`]({name}.md)", found.description) for name, (_, found) in scenarios().items()),
    )


def catalogue_page() -> str:
    """Every scenario with its drawing, its story and its notes: the text of scenarios/README.md."""
    return "\n".join(f"## {name}\n\n{_outline(path, found)}" for name, (path, found) in scenarios().items())


def pages() -> dict[str, str]:
    """A page for each scenario, by its path."""
    return {f"reference/scenarios/{name}.md": _page(name, path, found) for name, (path, found) in scenarios().items()}


def pictures() -> dict[str, str]:
    """The topology of each scenario as SVG, by the path of its picture."""
    return {f"reference/scenarios/{name}.svg": drawn(name, "-f", "svg") for name in scenarios()}


def _page(name: str, path: Path, scenario: Any) -> str:
    return (
        f"# {name}\n\n{_outline(path, scenario)}\n## Picture\n\n![The topology of {name}]({name}.svg)\n\n"
        f"## File\n\n```yaml\n{path.read_text()}```\n"
    )


def _outline(path: Path, scenario: Any) -> str:
    return "\n".join(_lines(path, scenario))


def _lines(path: Path, scenario: Any) -> Iterator[str]:
    title, drawing, remark = header(path.read_text())
    yield from (title, "", scenario.description, "", "```", *drawing, "```", "")
    if remark:
        yield from (remark, "")
    yield from ("The story:", "")
    yield from (f"{number}. {step.name}" for number, step in enumerate(scenario.story, 1))
    yield ""
    if scenario.notes:
        yield from ("Notes:", "", *(f"- {note}" for note in scenario.notes), "")


def header(text: str) -> tuple[str, list[str], str]:
    """The comment that a scenario file begins with: title with its source, drawing, remark."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line[1:])
    drawing = [line for line in lines if line.startswith("   ") and not line.startswith(" " * 40)]
    first, last = lines.index(drawing[0]), lines.index(drawing[-1])
    title = re.sub(r"\s{2,}(.+)", r" (\1)", " ".join(lines[:first]).strip())
    return title, drawing, " ".join(line.strip() for line in lines[last + 1 :]).strip()
