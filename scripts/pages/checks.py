"""The checks of `netlab verify`, from the docstrings of the modules that make them."""

from __future__ import annotations

import ast

from pages.markdown import CHECKOUT, table

HOME = CHECKOUT / "netlab/lab/measure/checks"


def checks() -> str:
    """A row for each check: its name and what its module says."""
    rows = [
        (f"*{path.stem.replace('_', ' ')}*", " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").split()))
        for path in sorted(HOME.glob("*.py"))
        if path.stem != "__init__"
    ]
    return table(("Check", "What it compares"), rows) if rows else ""
