"""Files that the command line names: read if they are regular and bounded, written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from netlab import files


def test_a_file_is_read_up_to_a_byte_more_than_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert (files.read(path, 5), files.read(path, 4), files.read(path, 3)) == (b"12345", b"12345", b"1234")


def test_a_fifo_a_device_and_a_directory_are_no_files_to_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path("/dev/zero")):
        with pytest.raises(OSError, match="not a regular file"):
            files.read(path, 10)
    with pytest.raises(IsADirectoryError):
        files.read(tmp_path, 10)
    with pytest.raises(FileNotFoundError):
        files.read(tmp_path / "none", 10)


def test_a_file_appears_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, b"first")
    path.chmod(0o640)
    with files.replaced(path) as descriptor:
        os.write(descriptor, b"second")
        assert path.read_bytes() == b"first"
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"second", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_on_the_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, b"first")
    with pytest.raises(ZeroDivisionError):
        half(path)
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def half(path: Path) -> None:
    with files.replaced(path) as descriptor:
        os.write(descriptor, b"half")
        raise ZeroDivisionError


def test_what_is_no_regular_file_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "fifo")
    for name, message in (("link", "symbolic link"), ("fifo", "not a regular file")):
        for write in (lambda path: files.write(path, b"x"), files.require_writable):
            with pytest.raises(OSError, match=message):
                write(tmp_path / name)
    assert {entry.name for entry in tmp_path.iterdir()} == {"link", "fifo"}


def test_to_ask_whether_a_file_can_be_written_leaves_nothing(tmp_path: Path) -> None:
    files.require_writable(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        files.require_writable(tmp_path / "none" / "file")
    with pytest.raises(IsADirectoryError):
        files.require_writable(tmp_path.parent / tmp_path.name)
