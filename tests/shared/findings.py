"""What the loader finds wrong in a scenario, whether it is refused or not."""

from __future__ import annotations

from netlab.errors import Finding, ScenarioError
from netlab.scenario.loader import parse

WHERE = "x.yaml"


def findings(text: str) -> tuple[Finding, ...]:
    """Errors and warnings, in the order of their lines."""
    try:
        found = parse(text, WHERE).warnings
    except ScenarioError as error:
        found = error.findings
    return tuple(sorted(found, key=lambda finding: finding.line))
