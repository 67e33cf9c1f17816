"""How check, plan and predict grow with a network: whole commands, seconds beside their targets."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from measure.networks import text

VERBS = ("check", "plan", "predict")
# What the project asks of itself, on the machine that it is developed on.
TARGETS: dict[tuple[str, int], tuple[float, float, float]] = {
    **{(kind, 20): (0.5, 0.5, 0.8) for kind in ("chain", "hubspoke", "mesh")},
    **{(kind, 40): (1.5, 1.5, 2) for kind in ("chain", "hubspoke", "mesh")},
    **{(kind, 80): (4, 4, 8) for kind in ("chain", "hubspoke")},
    ("mesh", 80): (6, 6, 15),
    ("spokes", 100): (1, 1, 3),
    ("p2s", 128): (0.6, 0.6, 1.5),
    ("vms", 500): (1, 3, 10),
}


def measure(run: Callable[[str, str], object], times: int) -> list[dict[str, Any]]:
    """A row per network: the medians of each verb beside its target; ``run`` runs netlab with two arguments."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for (kind, size), targets in TARGETS.items():
            print(f"bench: {kind} of {size}", file=sys.stderr)
            file = Path(folder, f"{kind}-{size}.yaml")
            file.write_text(text(kind, size))
            seconds = {verb: median(_seconds(run, verb, str(file)) for _ in range(times)) for verb in VERBS}
            asked = dict(zip(VERBS, targets, strict=True))
            rows.append({"kind": kind, "size": size, "seconds": seconds, "targets": asked})
    return rows


def _seconds(run: Callable[[str, str], object], verb: str, file: str) -> float:
    start = time.monotonic()
    run(verb, file)
    return time.monotonic() - start
