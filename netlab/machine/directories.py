"""Directories that all netlabs share: one netlab at a time changes what is in them."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a directory; FileNotFoundError if there is none."""
    descriptor = _locked(path)
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def made(path: Path) -> Iterator[None]:
    """Hold a directory that is made if there is none."""
    descriptor = -1
    while descriptor < 0:
        path.mkdir(mode=0o755, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another netlab has removed it, with the last of what it held
            descriptor = _locked(path)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not os.fstat(descriptor).st_nlink:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
