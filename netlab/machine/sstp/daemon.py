"""What the daemons of both ends have in common: the loop, the clock, the name, the end."""

from __future__ import annotations

import selectors
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from netlab.sstp.settings import PROGRAM


class _Stop(BaseException):
    """SIGTERM came."""


class Waiting(Protocol):
    """What waits for its descriptor."""

    def fileno(self) -> int: ...


class Daemon:
    """A loop over descriptors, each with what is done when it is ready."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._running = True

    def watch(self, what: Waiting, ready: Callable[[], None], events: int = selectors.EVENT_READ) -> None:
        """Call ``ready`` whenever something can be read, or written where ``events`` say so; also for other events."""
        if what.fileno() not in self._selector.get_map():
            self._selector.register(what.fileno(), events, ready)
        elif self._selector.get_key(what.fileno()).events != events:
            self._selector.modify(what.fileno(), events, ready)

    def forget(self, what: Waiting) -> None:
        """Wait for it no longer."""
        self._selector.unregister(what.fileno())

    def leave(self) -> None:
        """End the loop."""
        self._running = False

    def run(self, tick: Callable[[], None], stop: Callable[[], None]) -> None:
        """Run until the end; ``tick`` is called each second, ``stop`` when somebody ends the process."""

        def come(*_: object) -> None:
            raise _Stop

        signal.signal(signal.SIGTERM, come)
        due = time.monotonic() + 1
        try:
            while self._running:
                for key, _ in self._selector.select(max(0.0, due - time.monotonic())):
                    key.data()
                if time.monotonic() >= due:
                    due = time.monotonic() + 1
                    tick()
        except _Stop:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            stop()


def take_name() -> None:
    """Give the process the name by which it is found."""
    Path("/proc/self/comm").write_text(PROGRAM)


def say(text: str) -> None:
    """Log a line."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()
