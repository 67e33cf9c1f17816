"""Results that are a few lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.results.prediction import Explanation


def explained(found: Explanation) -> str:
    """An explanation as text."""
    return "\n".join(_explained(found))


def _explained(found: Explanation) -> Iterator[str]:
    yield found.verdict
    for title, lines in (
        ("forward", found.forward_decisions),
        ("back", found.reverse_decisions),
        ("what would mend it", found.mend),
    ):
        if lines:
            yield f"{title}:"
            yield from (f"  {line}" for line in lines)
