"""Network namespaces: made, entered and removed by name."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from netlab.errors import BuildError
from netlab.machine import directories

T = TypeVar("T")


class Missing(BuildError):
    """A namespace that is not there."""


NETNS_ROOT = Path("/run/netns")
_CLONE_NEWNET = 0x40000000
_MS_BIND = 4096
_MS_REC = 16384
_MS_PRIVATE = 1 << 18
_MNT_DETACH = 2
_LIBC = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise BuildError(f"{what}: {os.strerror(number)}")


def in_thread(function: Callable[[], T]) -> T:
    """Run a function in a thread of its own: a thread that changed its namespace is not used again.

    An interrupted caller leaves no thread behind that still works: it either ended or did not begin. Not by
    ``join``: once interrupted, it takes a running thread for an ended one (CPython issue 90882).
    """
    result: list[T] = []
    error: list[BaseException] = []
    begun: list[bool] = []
    ended: list[bool] = []
    leave: SimpleQueue[bool] = SimpleQueue()
    done: SimpleQueue[bool] = SimpleQueue()

    def run() -> None:
        try:
            # The first word counts.
            if leave.get():
                result.append(function())
        except BaseException as caught:
            error.append(caught)
        finally:
            ended.append(True)
            done.put(True)

    try:
        threading.Thread(target=run).start()
        begun.append(True)
        leave.put(True)
        done.get()
    except KeyboardInterrupt:
        leave.put(bool(begun))
        if begun and not ended:
            done.get()
        raise
    if error:
        raise error[0]
    return result[0]


def enter(netns: str) -> None:
    """Move the calling thread into a namespace, by its name or by a path to it."""
    try:
        descriptor = os.open(NETNS_ROOT / netns, os.O_RDONLY)
    except OSError as error:
        raise Missing(f"network namespace {netns}: {error.strerror}") from None
    try:
        _check(_LIBC.setns(descriptor, _CLONE_NEWNET), f"enter network namespace {netns}")
    finally:
        os.close(descriptor)


def run_in(netns: str, function: Callable[[], T]) -> T:
    """The result of a function that runs inside a namespace; what it opens or forks stays there."""

    def inside() -> T:
        enter(netns)
        return function()

    return in_thread(inside)


def for_each(names: Iterable[str], function: Callable[[str], T]) -> list[T]:
    """Run a function in each namespace in turn, all from one thread."""

    def hop() -> list[T]:
        results = []
        for name in names:
            enter(name)
            results.append(function(name))
        return results

    return in_thread(hop)


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
            _mount(b"/proc/thread-self/ns/net", path, _MS_BIND)

    with directories.made(NETNS_ROOT):
        _hold_root()
        in_thread(make)


@contextlib.contextmanager
def nameless() -> Iterator[str]:
    """The path of a new namespace that has no name: it goes with its last user, however that one ends."""

    def make() -> int:
        _check(_LIBC.unshare(_CLONE_NEWNET), "create a network namespace")
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    descriptor = in_thread(make)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def remove(names: Iterable[str]) -> None:
    """Remove namespaces; those that are not there, or only half made, too."""
    for name in names:
        path = NETNS_ROOT / name
        _LIBC.umount2(os.fsencode(path), _MNT_DETACH)
        path.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError), directories.held(NETNS_ROOT):
        _release_root()


# --- where namespaces have their names ------------------------------------------------------------------------------
#
# The first `ip netns add` on a host binds the directory to itself. Mounts that are there already would be doubled by
# that, one over the other, and could not be removed: so it is bound to itself before anything is mounted in it.
# A mount of ours is private, iproute2 makes its own shared. Who changes any of this holds the directory, as iproute2
# does.


def _hold_root() -> None:
    if not _root_mounts():
        _mount(os.fsencode(NETNS_ROOT), NETNS_ROOT, _MS_BIND | _MS_REC)
        _mount(b"none", NETNS_ROOT, _MS_PRIVATE)


def _release_root() -> None:
    """Leave nothing behind of what was made: also if a netlab was killed before it mounted anything."""
    if os.listdir(NETNS_ROOT) or _root_mounts() not in ([], ["private"]):
        return
    _LIBC.umount2(os.fsencode(NETNS_ROOT), _MNT_DETACH)
    with contextlib.suppress(OSError):
        NETNS_ROOT.rmdir()


def _root_mounts() -> list[str]:
    """How the mounts of the directory propagate: private, or as /proc/self/mountinfo says it."""
    lines = (line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return [" ".join(fields[6 : fields.index("-")]) or "private" for fields in lines if fields[4] == str(NETNS_ROOT)]


def _mount(source: bytes, target: Path, flags: int) -> None:
    _check(_LIBC.mount(source, os.fsencode(target), b"none", flags, None), f"mount {target}")


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
