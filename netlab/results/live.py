"""What a live page shows: a scenario file as it is now, or a lab as it is now."""

from __future__ import annotations

from dataclasses import dataclass

from netlab.errors import Finding
from netlab.results.verification import Report


@dataclass(frozen=True, slots=True)
class Design:
    """A scenario file at a moment: what is found about it and, if it is valid, its prediction with a drawing (SVG).

    ``where`` is the file's name. Findings are in the order of their lines; with an error there is no report.
    """

    where: str
    findings: tuple[Finding, ...]
    report: Report | None
    drawing: str
