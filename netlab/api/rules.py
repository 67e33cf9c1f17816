"""Azure's rules, who says so, and what a lab does with them."""

from __future__ import annotations

from netlab.results.catalogue import ListedRule
from netlab.scenario.rules.rulebook import entries, entry, listed


def rules() -> list[ListedRule]:
    """All rules, in the rulebook's order."""
    return [listed(item) for item in entries().values()]


def rule(number: str) -> ListedRule:
    """The rule of a number."""
    return listed(entry(number))
