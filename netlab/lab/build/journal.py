"""The journal of a lab: one line per step, written before the step is taken; ``up`` at the end.

Who removes the lab renames it first, so that nobody takes what is left of the lab for one that is up.
"""

from __future__ import annotations

import contextlib
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


def removing(lab: str) -> None:
    """Note that the lab is being removed; a renamed file needs no room on a full disk."""
    with contextlib.suppress(OSError):  # it has none: its ``up`` never began, or it has been removed before
        _path(lab).replace(_removed(lab))


def is_removing(lab: str) -> bool:
    """Whether the removal of the lab has begun."""
    return _removed(lab).exists()


def is_past(lab: str, step: str) -> bool:
    """Whether ``up`` has come to this step."""
    return step in _lines(lab)


def _lines(lab: str) -> list[str]:
    try:
        return _path(lab).read_text(errors="replace").splitlines()
    except OSError:
        return []


def _path(lab: str) -> Path:
    return Path(lab_directory(lab)) / "journal"


def _removed(lab: str) -> Path:
    return Path(lab_directory(lab)) / "journal.removing"
