"""Network namespaces: made, entered and removed by name."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from netlab.errors import BuildError

T = TypeVar("T")

NETNS_ROOT = Path("/run/netns")
_CLONE_NEWNET = 0x40000000
_MS_BIND = 4096
_MNT_DETACH = 2
_LIBC = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise BuildError(f"{what}: {os.strerror(number)}")


def _in_thread(function: Callable[[], T]) -> T:
    """Run a function in a thread of its own: a thread that changed its namespace is not used again.

    An interrupted caller leaves no thread behind that still works: it either ended or did not begin.
    """
    result: list[T] = []
    error: list[BaseException] = []
    leave: SimpleQueue[bool] = SimpleQueue()

    def run() -> None:
        try:
            # The first word counts.
            if leave.get():
                result.append(function())
        except BaseException as caught:
            error.append(caught)

    thread = threading.Thread(target=run)
    try:
        thread.start()
        leave.put(True)
        thread.join()
    except KeyboardInterrupt:
        leave.put(False)
        # Interrupted while it was being started, it cannot be joined, nor does it anything.
        with contextlib.suppress(RuntimeError):
            thread.join()
        raise
    if error:
        raise error[0]
    return result[0]


def enter(netns: str) -> None:
    """Move the calling thread into a namespace."""
    try:
        descriptor = os.open(NETNS_ROOT / netns, os.O_RDONLY)
    except OSError as error:
        raise BuildError(f"network namespace {netns}: {error.strerror}") from None
    try:
        _check(_LIBC.setns(descriptor, _CLONE_NEWNET), f"enter network namespace {netns}")
    finally:
        os.close(descriptor)


def run_in(netns: str, function: Callable[[], T]) -> T:
    """The result of a function that runs inside a namespace; what it opens or forks stays there."""

    def inside() -> T:
        enter(netns)
        return function()

    return _in_thread(inside)


def for_each(names: Iterable[str], function: Callable[[str], T]) -> list[T]:
    """Run a function in each namespace in turn, all from one thread."""

    def hop() -> list[T]:
        results = []
        for name in names:
            enter(name)
            results.append(function(name))
        return results

    return _in_thread(hop)


def create(names: Iterable[str]) -> None:
    """Create namespaces; BuildError where one exists."""

    def make() -> None:
        for name in names:
            path = NETNS_ROOT / name
            try:
                os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0))
            except OSError as error:
                raise BuildError(f"network namespace {name}: {error.strerror}") from None
            _check(_LIBC.unshare(_CLONE_NEWNET), f"create network namespace {name}")
            mount = _LIBC.mount(b"/proc/thread-self/ns/net", os.fsencode(path), b"none", _MS_BIND, None)
            _check(mount, f"mount network namespace {name}")

    NETNS_ROOT.mkdir(mode=0o755, exist_ok=True)
    _in_thread(make)


def remove(names: Iterable[str]) -> None:
    """Remove namespaces; those that are not there, or only half made, too."""
    for name in names:
        path = NETNS_ROOT / name
        _LIBC.umount2(os.fsencode(path), _MNT_DETACH)
        path.unlink(missing_ok=True)


def existing(prefix: str) -> tuple[str, ...]:
    """The names of the namespaces that begin with a prefix."""
    try:
        return tuple(sorted(name for name in os.listdir(NETNS_ROOT) if name.startswith(prefix)))
    except FileNotFoundError:
        return ()


def inode(netns: str) -> int:
    """The inode that identifies a namespace in /proc/*/ns/net; 0 if it is gone."""
    try:
        return os.stat(NETNS_ROOT / netns).st_ino
    except OSError:
        return 0
