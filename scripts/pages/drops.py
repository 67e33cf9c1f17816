"""The drop types, from the enum in netlab/results/drops.py."""

from __future__ import annotations

from pages.code import enums, text_of
from pages.markdown import table


def drops() -> str:
    """A row for each drop type: its name and its documentation."""
    rows = [(f"`{member.value}`", text_of(member)) for kind in enums("netlab.results.drops") for member in kind]
    return table(("Type", "Meaning"), rows) if rows else ""
