"""The ways out: exit codes and signals."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import NoReturn

import typer

from netlab.errors import ExitCode

# Windows, where prediction works too, has no SIGHUP.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def leave(code: ExitCode) -> NoReturn:
    """End a verb with an exit code."""
    raise typer.Exit(int(code))


def _interrupt(*_: object) -> NoReturn:
    """The first signal interrupts, and the way back then goes undisturbed by further ones."""
    for number in _SIGNALS:
        # Not SIG_IGN: Python complains of a signal that is already on its way to a handler.
        signal.signal(number, lambda *_: None)
    raise KeyboardInterrupt


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """What is begun here comes to its end; a signal interrupts after it."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        _interrupt()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """What is begun here can be interrupted by a signal, once."""
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    yield
