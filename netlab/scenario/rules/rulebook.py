"""The rulebook as data: each rule with its statement, its source, and its part in the lab."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from netlab.errors import UsageError
from netlab.results.catalogue import ListedRule
from netlab.scenario.document import read
from netlab.scenario.names import short, suggest
from netlab.scenario.rules import RULES, Rule, number
from netlab.scenario.rules.sources import cited

BOOK = Path(__file__).with_name("rulebook.yaml")
DOING = {"E": "enforced", "C": "emulated", "D": "observed"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule of the rulebook; ``lab`` has the letters E (enforced), C (emulated) and D (observed). The lab leaves some
    out, and ``note`` says why."""

    number: str
    says: str
    source: str
    lab: str
    mark: str = ""
    note: str = ""
    left_out: bool = False

    @property
    def functions(self) -> tuple[Rule, ...]:
        """The functions that enforce it."""
        return tuple(rule for rule in RULES if number(rule) == self.number)

    @property
    def doing(self) -> tuple[str, ...]:
        """The part of the rule in the lab, in words."""
        if self.left_out:
            return ("left out",)
        enforced = ("enforced",) if self.functions and "E" not in self.lab else ()
        return (*(DOING[letter] for letter in self.lab), *enforced)


@cache
def entries() -> Mapping[str, Entry]:
    """Every rule, by its number, in the rulebook's order."""
    data: dict[str, dict[str, Any]] = read(BOOK.read_text(encoding="utf-8"), BOOK.name).data
    return {name: Entry(name, **fields) for name, fields in data.items()}


def entry(name: str) -> Entry:
    """The rule of this number, in any case of letters."""
    found = entries().get(name.upper())
    if found is None:
        known = entries() if re.fullmatch(r"[A-Z]\d+", name.upper()) else ("R57", "B19", "A7")
        raise UsageError(f"no rule is called {short(name)}; {suggest(name, known)}", "`netlab rules` lists them")
    return found


def listed(item: Entry) -> ListedRule:
    """A rule with all its data."""
    return ListedRule(
        rule=item.number,
        statement=item.says,
        source=item.source,
        confidence=item.mark or "documented",
        lab=item.doing,
        functions=tuple(rule.__name__ for rule in item.functions),
        enforced_by=tuple(f"{rule.__module__.removeprefix('netlab.')}.{rule.__name__}" for rule in item.functions),
        note=item.note,
        sources=cited(item.source),
    )
