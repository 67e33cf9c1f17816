"""What the live page has above and beside the report, as HTML: findings of a file, the state of a lab, answers."""

from __future__ import annotations

from netlab.render.text import environment
from netlab.report import prose
from netlab.results.live import Design
from netlab.results.prediction import Explanation


def design(found: Design) -> str:
    """What is found about a scenario file, line by line."""
    errors = sum(item.severity == "error" for item in found.findings)
    return _made("design", design=found, errors=errors, warnings=len(found.findings) - errors)


def explained(found: Explanation) -> str:
    """Why a pair can talk or not."""
    return _made("answer", text=prose.explained(found), columns=(), rows=())


def _made(name: str, **values: object) -> str:
    return environment(html=True).get_template(f"report/{name}.html.j2").render(**values)
