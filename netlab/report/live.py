"""What the live page has above and beside the report, as HTML: findings of a file, the state of a lab, answers."""

from __future__ import annotations

from netlab.render.text import environment
from netlab.report import prose
from netlab.results.live import Design
from netlab.results.prediction import Explanation


def design(found: Design) -> str:
    """What is found about a scenario file, line by line."""
    return _made("design", design=found, says=_verdict(found))


def explained(found: Explanation) -> str:
    """Why a pair can talk or not."""
    return _made("answer", text=prose.explained(found), columns=(), rows=())


def _verdict(found: Design) -> str:
    """Whether a file is valid, and how many findings there are of each kind."""
    kinds = ((kind, sum(item.severity == kind for item in found.findings)) for kind in ("error", "warning"))
    counted = ", ".join(f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in kinds if number)
    return f"{'valid' if found.report is not None else 'not valid'}{f': {counted}' if counted else ''}"


def _made(name: str, **values: object) -> str:
    return environment(html=True).get_template(f"report/{name}.html.j2").render(**values)
