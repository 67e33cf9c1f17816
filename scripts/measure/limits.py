"""Labs at Azure's limits: up, verify and down of a network, in seconds and in processor time, beside the targets."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from measure import floor
from measure.networks import text

# What the project asks of itself, on the machine that it is developed on.
TARGETS: dict[tuple[str, int], dict[str, float]] = {
    ("p2s", 128): {"up": 5, "verify": 5},
    ("spokes", 100): {"up": 6, "verify": 10},
    ("vms", 500): {"up": 15, "verify": 15},
}

# So many times the floor may a network take from nothing to nothing: gateways in a row, sites around a hub.
BESIDE: dict[tuple[str, int], tuple[Callable[[int], floor.Floor], float]] = {
    ("tee", 4): (floor.chain, 1.5),
    ("hubsites", 10): (floor.hub, 1.6),
    ("hubsites", 30): (floor.hub, 2.8),
    ("hubsites", 100): (floor.hub, 2.8),
}

Run = Callable[..., object]


def measure(run: Run, lab: str, data_plane: str, times: int) -> list[dict[str, Any]]:
    """A row per network: the medians of each command; ``run`` runs netlab with some arguments."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for (kind, size), targets in TARGETS.items():
            print(f"bench: lab {kind} of {size}", file=sys.stderr)
            file = Path(folder, f"{kind}-{size}.yaml")
            file.write_text(text(kind, size))
            runs = [_cycle(run, str(file), lab, data_plane) for _ in range(times)]
            found = {verb: tuple(median(cycle[verb][i] for cycle in runs) for i in (0, 1)) for verb in runs[0]}
            seconds, own = ({verb: pair[i] for verb, pair in found.items()} for i in (0, 1))
            rows.append({"kind": kind, "size": size, "seconds": seconds, "processor": own, "targets": targets})
    return rows


def beside(run: Run, lab: str, data_plane: str, times: int) -> list[dict[str, Any]]:
    """A row per network: the medians of the floor and of netlab, one after the other in each run, and their ratio."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for (kind, size), (below, goal) in BESIDE.items():
            print(f"bench: {kind} of {size}, beside its floor", file=sys.stderr)
            file = Path(folder, f"{kind}-{size}.yaml")
            file.write_text(text(kind, size))
            runs = [(floor.measure(below(size)), _cycle(run, str(file), lab, data_plane)) for _ in range(times)]
            floors = {part: median(found[part] for found, _ in runs) for part in runs[0][0]}
            seconds = {verb: median(cycle[verb][0] for _, cycle in runs) for verb in runs[0][1]}
            ratio = median(sum(own for own, _ in cycle.values()) / sum(found.values()) for found, cycle in runs)
            rows.append({"kind": kind, "size": size, "floor": floors, "seconds": seconds, "ratio": ratio, "goal": goal})
    return rows


def _cycle(run: Run, file: str, lab: str, data_plane: str) -> dict[str, tuple[float, float]]:
    """One lab from nothing to nothing: the seconds and the processor time of each command."""
    return {
        "up": _timed(run, "up", file, "--name", lab, "--data-plane", data_plane),
        "verify": _timed(run, "verify", lab),
        "down": _timed(run, "down", lab),
    }


def _timed(run: Run, *arguments: str) -> tuple[float, float]:
    start, before = time.monotonic(), _processor()
    run(*arguments)
    return time.monotonic() - start, _processor() - before


def _processor() -> float:
    """What the ended children have used: daemons of a lab are nobody's children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
