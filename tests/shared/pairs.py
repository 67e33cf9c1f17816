"""Pairs of small scenarios: the first breaks a rule, the second keeps it.

``tests/unit/scenario/rules/pairs/<module>/<function>-<case>.yaml`` holds two YAML documents. In the first one, a
comment above a line says what is found in that line: ``# error R57: message``. A rule without a number has none there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from findings import findings

FOLDER = Path(__file__).parents[1] / "unit" / "scenario" / "rules" / "pairs"
COMMENT = re.compile(r" *# (error|warning)( [A-Z]\d+)?: ")
BETWEEN = "---\n"


@dataclass(frozen=True, slots=True)
class Pair:
    """A file of two scenarios; its name says which rule they are about."""

    path: Path

    def __str__(self) -> str:
        return f"{self.module}-{self.path.stem}"

    @property
    def module(self) -> str:
        return self.path.parent.name

    @property
    def function(self) -> str:
        """The function that finds the breach."""
        return self.path.stem.partition("-")[0]

    @property
    def breaks(self) -> str:
        return self.path.read_text(encoding="utf-8").split(BETWEEN)[0]

    @property
    def keeps(self) -> str:
        return self.path.read_text(encoding="utf-8").split(BETWEEN)[1]


PAIRS = tuple(Pair(path) for path in sorted(FOLDER.glob("*/*.yaml")))


def plain(scenario: str) -> str:
    """A scenario without the comments that say what is found."""
    return "".join(line for line in scenario.splitlines(keepends=True) if not COMMENT.match(line))


def annotated(scenario: str) -> str:
    """A scenario with everything that is found in it, each in a comment above its line."""
    lines = plain(scenario).splitlines(keepends=True)
    for found in reversed(findings("".join(lines))):
        line = lines[found.line - 1]
        rule = f" {found.rule}" if found.rule else ""
        indent = " " * (len(line) - len(line.lstrip()))
        lines.insert(found.line - 1, f"{indent}# {found.severity}{rule}: {found.message}\n")
    return "".join(lines)
