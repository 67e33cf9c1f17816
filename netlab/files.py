"""The files of the user: read within bounds, read and written with the user's rights.

Netlab often runs as root, in directories that belong to others. What it reads and writes there, it does with the rights
of the user who called it by sudo. Root itself follows no symbolic link that somebody else made, as the kernel does in
/tmp (``fs.protected_symlinks``, Documentation/admin-guide/sysctl/fs.rst).
"""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from netlab.errors import UsageError

_NO_CHANGE = 0xFFFFFFFF
_MOST_LINKS = 40  # as Linux has it (path_resolution(7))


def read(path: Path, most: int) -> bytes:
    """A regular file's content: at most so many bytes, and one more if it has more.

    OSError if it is no such file, or if the user may not read it: messages repeat what is in it.
    """
    with rights():
        # Without O_NONBLOCK a FIFO that nobody writes to would block.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise _other_kind(os.fstat(file.fileno()))
        return file.read(most + 1)


def stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written or replaced: its inode, size and time of change (ns). None without a file."""
    try:
        with rights():
            found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[int]:
    """A descriptor through which a file is written anew; the file appears at the end, whole, if there was no error.

    An older file goes; its permissions are kept, and no more of its mode: it may be a link to a program that is setuid.
    OSError where the user may not write, or where the name is that of anything but a regular file.
    """
    with _directory(path.parent) as directory:
        before = _regular(directory, path.name)
        name, descriptor = _created(directory, 0o666 if before is None else before.st_mode & 0o777)
        try:
            yield descriptor
            with rights():
                os.replace(name, path.name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with rights(), contextlib.suppress(OSError):
                os.unlink(name, dir_fd=directory)
            raise
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """UsageError where a file or a directory that the command line names cannot be written."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", "choose another file") from None


def write(path: Path, content: bytes) -> None:
    """Write a file, as ``replaced`` does."""
    with replaced(path) as descriptor, os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(content)


def require_writable(path: Path) -> None:
    """OSError if a file could not be written now; the file is not touched."""
    with _directory(path.parent) as directory:
        _regular(directory, path.name)
        os.close(_unnamed(directory))


@contextlib.contextmanager
def unnamed(directory: Path, count: int) -> Iterator[tuple[int, ...]]:
    """Descriptors of files without a name, on the filesystem of a directory; they go with their descriptors."""
    with contextlib.ExitStack() as stack, _directory(directory) as parent:
        descriptors = []
        for _ in range(count):
            descriptors.append(_unnamed(parent))
            stack.callback(os.close, descriptors[-1])
        yield tuple(descriptors)


def write_private(directory: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files that only the user may read, into a directory of the user's that only the user may enter."""
    with _directory(directory.parent) as parent:
        with rights(), contextlib.suppress(FileExistsError):
            os.mkdir(directory.name, 0o700, dir_fd=parent)
        with _opened(directory.name, parent) as own:
            with rights():
                if os.fstat(own).st_uid != os.geteuid():
                    raise PermissionError(errno.EPERM, "it belongs to somebody else")
                os.chmod(own, 0o700)
            for name, content in files:
                with rights():
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(name, dir_fd=own)
                    descriptor = _new(name, 0o600, own)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)


# --- rights ---------------------------------------------------------------------------------------------------------


def sudoer() -> tuple[int, int] | None:
    """The user and the group that called netlab by sudo; None if nobody did."""
    owner, group = (_number(os.environ.get(name, "")) for name in ("SUDO_UID", "SUDO_GID"))
    return (owner, group) if os.getuid() == 0 and owner is not None and group is not None else None


def _number(text: str) -> int | None:
    """The number of a user or a group; None if it is none, as the highest, which stands for no change (setuid(2))."""
    number = int(text) if re.fullmatch("[0-9]{1,10}", text) else _NO_CHANGE
    return number if number < _NO_CHANGE else None


@contextlib.contextmanager
def rights() -> Iterator[None]:
    """Act with the rights of the user who called netlab by sudo; with one's own where nobody did."""
    user = sudoer()
    if user is None:
        yield
        return
    before = os.getgroups()
    os.setgroups(groups(*user))
    os.setegid(user[1])
    os.seteuid(user[0])
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)


def groups(user: int, group: int) -> list[int]:
    """The groups of a user, with this one."""
    try:
        return os.getgrouplist(pwd.getpwuid(user).pw_name, group)
    except KeyError:
        return [group]


# --- directories ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _directory(path: Path) -> Iterator[int]:
    """A descriptor of a directory."""
    with rights():
        as_root = os.geteuid() == 0
        descriptor = _walked(path) if as_root else os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    with _closed(descriptor):
        yield descriptor


def _walked(path: Path) -> int:
    """A descriptor of a directory, found by no symbolic link of anybody else's."""
    left, links = list(reversed(path.parts)), 0
    here = os.open("/" if path.is_absolute() else ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        while left:
            part = left.pop()
            found = os.open(part, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            here, before = found, here
            status = os.fstat(found)
            if stat.S_ISLNK(status.st_mode):
                here, target, links = before, Path(os.readlink("", dir_fd=found)), links + 1
                os.close(found)
                if status.st_uid != 0:
                    raise PermissionError(errno.EPERM, f"{part} on the way there is somebody else's symbolic link")
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                left += reversed(target.parts)
            else:
                os.close(before)
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=here)
    finally:
        os.close(here)


@contextlib.contextmanager
def _opened(name: str, parent: int) -> Iterator[int]:
    """A descriptor of a directory in a directory; no symbolic link counts."""
    with rights():
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    with _closed(descriptor):
        yield descriptor


@contextlib.contextmanager
def _closed(descriptor: int) -> Iterator[None]:
    """Close a descriptor in the end."""
    try:
        yield
    finally:
        os.close(descriptor)


# --- files ----------------------------------------------------------------------------------------------------------


def _regular(directory: int, name: str) -> os.stat_result | None:
    """What is known of the regular file of a name; None if there is none. OSError if it is anything else."""
    try:
        with rights():
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise _other_kind(found)
    return found


def _other_kind(found: os.stat_result) -> OSError:
    if stat.S_ISDIR(found.st_mode):
        return IsADirectoryError(errno.EISDIR, "it is a directory")
    what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "not a regular file"
    return OSError(errno.EINVAL, f"it is {what}")


def _created(directory: int, mode: int) -> tuple[str, int]:
    """A new file of a name that nobody can guess."""
    name = f".netlab-{secrets.token_hex(8)}"
    with rights():
        return name, _new(name, mode, directory)


def _unnamed(directory: int) -> int:
    name, descriptor = _created(directory, 0o600)
    with rights():
        os.unlink(name, dir_fd=directory)
    return descriptor


def _new(name: str, mode: int, directory: int) -> int:
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=directory)
