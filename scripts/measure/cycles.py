"""A lab built and removed again and again: nothing may grow."""

from __future__ import annotations

import contextlib
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from measure.traces import growth, host

LAB = "cycled"
SCENARIO = "p2s-branch-bgp"
# Of the first and of the last ones; what they share is noise of the machine.
_COMPARED = 20


def measure(run: Callable[..., Any], count: int) -> dict[str, Any]:
    """Build and remove a lab so many times."""
    before, rows = host(), []
    with contextlib.suppress(KeyboardInterrupt):  # what has been done counts
        for number in range(count):
            began = time.monotonic()
            run("up", SCENARIO, "--name", LAB)
            up = time.monotonic()
            run("down", LAB)
            rows.append({"up, seconds": up - began, "down, seconds": time.monotonic() - up} | growth())
            print(f"reliability: cycle {number + 1} of {count}", file=sys.stderr)
    run("down", LAB)  # an interrupted one
    compared = max(1, min(_COMPARED, len(rows) // 2))
    return {
        "scenario": SCENARIO,
        "cycles": len(rows),
        "compared": compared,
        "left": sorted(host() - before),
        "figures": {
            name: {
                "first": statistics.median(row[name] for row in rows[:compared]),
                "last": statistics.median(row[name] for row in rows[-compared:]),
            }
            for name in rows[0]
        },
    }
