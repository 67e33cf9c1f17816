"""The journal of a lab: one line per step, written before the step is taken; ``up`` at the end."""

from __future__ import annotations

import os
from pathlib import Path

from netlab.plan.names import lab_directory

_UP = "up"
# The step before which tunnels may be down because no end has initiated them yet.
INITIATED = "BGP daemons"


def write(lab: str, line: str) -> None:
    """Write a step down before it is taken."""
    with _path(lab).open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def finished(lab: str) -> None:
    """Write down that the lab is up."""
    write(lab, _UP)


def is_up(lab: str) -> bool:
    """Whether ``up`` came to its end."""
    return _lines(lab)[-1:] == [_UP]


def is_past(lab: str, step: str) -> bool:
    """Whether ``up`` has come to this step."""
    return step in _lines(lab)


def _lines(lab: str) -> list[str]:
    try:
        return _path(lab).read_text().splitlines()
    except OSError:
        return []


def _path(lab: str) -> Path:
    return Path(lab_directory(lab)) / "journal"
