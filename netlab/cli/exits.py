"""The ways out: exit codes and signals."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Iterator
from typing import NoReturn

import typer

from netlab.errors import ExitCode, HostError

# Windows, where prediction works too, has no SIGHUP.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def leave(code: ExitCode) -> NoReturn:
    """End a verb with an exit code."""
    raise typer.Exit(int(code))


def interrupt(*_: object) -> NoReturn:
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
        interrupt()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """What is begun here can be interrupted by a signal, once."""
    for number in _SIGNALS:
        signal.signal(number, interrupt)
    yield


# Where the limits of processes, of descriptors and of memory are, and how much room there is.
_SHORTAGES = {
    errno.EAGAIN: "raise the limit of processes (ulimit -u, pids.max of the cgroup), or end some",
    errno.EMFILE: "raise the limit of open files: ulimit -n",
    errno.ENFILE: "raise the host's limit of open files: sysctl fs.file-max",
    errno.ENOMEM: "give the host more memory, or raise its limit (ulimit -v, the cgroup's)",
    errno.ENOSPC: "make room there: df -h /run /tmp /var/tmp",
    errno.EDQUOT: "make room there: quota",
    errno.EROFS: "a lab needs /run and /var/tmp to write to",
}


def shortage(error: Exception) -> HostError | None:
    """What the host lacks, if that is what an error comes from."""
    if isinstance(error, OSError) and error.errno in _SHORTAGES:
        where = f": {error.filename}" if error.filename else ""
        return HostError(f"{error.strerror}{where}", _SHORTAGES[error.errno])
    if isinstance(error, MemoryError):
        return HostError(os.strerror(errno.ENOMEM), _SHORTAGES[errno.ENOMEM])
    if isinstance(error, RuntimeError) and "start new thread" in str(error):  # all that Python says of EAGAIN
        return HostError("no further thread can be started", _SHORTAGES[errno.EAGAIN])
    return None
