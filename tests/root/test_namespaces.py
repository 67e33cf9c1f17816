"""Network namespaces on the real kernel: made, entered, removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netlab.errors import BuildError
from netlab.machine import (
    namespaces,
    processes,
)


def test_namespaces_are_made_entered_and_removed(prefix: str) -> None:
    names = (f"{prefix}a", f"{prefix}b")
    host = os.stat("/proc/self/ns/net").st_ino
    namespaces.create(names)
    assert namespaces.existing(prefix) == names
    inodes = namespaces.for_each(names, lambda _: os.stat("/proc/thread-self/ns/net").st_ino)
    assert inodes == [namespaces.inode(name) for name in names]
    assert len({host, *inodes}) == 3
    assert os.stat("/proc/thread-self/ns/net").st_ino == host, "this thread stayed where it was"
    namespaces.remove(names)
    assert namespaces.existing(prefix) == ()
    assert namespaces.inode(names[0]) == 0


def test_a_namespace_that_exists_is_not_made_again(netns: str) -> None:
    before = namespaces.inode(netns)
    with pytest.raises(BuildError, match=f"network namespace {netns}: File exists"):
        namespaces.create([netns])
    assert namespaces.inode(netns) == before


def test_a_name_that_is_no_file_name_is_refused(prefix: str) -> None:
    with pytest.raises(BuildError, match="No such file or directory"):
        namespaces.create([f"{prefix}no/such"])
    with pytest.raises(BuildError, match="File name too long"):
        namespaces.create([prefix + "x" * 255])


def test_half_made_namespaces_are_found_and_removed(prefix: str) -> None:
    """A file that nothing is mounted on: `up` was killed between the two."""
    half = f"{prefix}half"
    namespaces.NETNS_ROOT.mkdir(exist_ok=True)
    (namespaces.NETNS_ROOT / half).touch()
    assert namespaces.existing(prefix) == (half,)
    with pytest.raises(BuildError):
        namespaces.create([half])
    with pytest.raises(BuildError, match=f"enter network namespace {half}: Invalid argument"):
        namespaces.run_in(half, lambda: None)
    namespaces.remove([half])
    assert namespaces.existing(prefix) == ()


def test_removing_what_is_not_there_is_no_error(prefix: str) -> None:
    namespaces.remove([f"{prefix}nothing"])
    namespaces.remove([])


def test_entering_what_is_not_there_is_an_error_and_makes_nothing(prefix: str) -> None:
    with pytest.raises(BuildError, match="No such file or directory"):
        namespaces.run_in(f"{prefix}typo", lambda: None)
    assert namespaces.existing(prefix) == ()


def test_a_namespace_with_a_process_in_it_can_be_removed(netns: str, tmp_path: Path) -> None:
    sleeper = processes.start(["sleep", "1000"], str(tmp_path), netns)
    try:
        assert processes.inside([netns]) == [sleeper]
        with (namespaces.NETNS_ROOT / netns).open():
            namespaces.remove([netns])
        assert namespaces.existing(netns) == ()
    finally:
        assert processes.stop([sleeper]) == []
