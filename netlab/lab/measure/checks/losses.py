"""Say how many probes were lost and asked again, where any were.

Success: always; a probe that is lost twice is a failed cell, and so is every lost one where too many are lost.
Failure: never.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlab.results.verification import Check


def check(probes: int, again: int) -> Iterator[Check]:
    """How many of so many probes were asked again."""
    if again:
        yield Check("lost probes", "passed", f"{again} of {probes} probes were lost on a busy machine, and asked again")
