"""The logs of a lab's daemons, kept short: a lab may be up for days."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

_MOST = 512 << 10
_KEPT = 128 << 10
_SECONDS = 10.0


def keep_short(directory: str) -> None:
    """Cut the logs in the directories below a lab's, again and again, as long as the calling process lives."""
    while True:
        for path in (*Path(directory).glob("*/*.log"), *Path(directory).glob("*/*.out")):
            with contextlib.suppress(OSError):
                if path.stat().st_size > _MOST:
                    cut(path)
        time.sleep(_SECONDS)


def cut(path: Path) -> None:
    """Leave only the last lines of a log, in the same file: its daemon appends to it, and goes on doing so.

    A line that the daemon writes at this very moment may be lost.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        end = os.pread(descriptor, _KEPT, max(0, size - _KEPT))
        os.ftruncate(descriptor, 0)
        os.write(descriptor, end[end.find(b"\n") + 1 :])
    finally:
        os.close(descriptor)
