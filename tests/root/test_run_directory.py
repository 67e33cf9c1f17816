"""Labs live in a directory that only root can write to, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from labs import netlab

from netlab.plan.names import RUN_ROOT

PLACE = Path(RUN_ROOT)
EVE = 4711


def everybodys() -> None:
    PLACE.mkdir()
    PLACE.chmod(0o777)


def eves() -> None:
    PLACE.mkdir()
    os.chown(PLACE, EVE, EVE)


def a_link() -> None:
    PLACE.symlink_to("/tmp")


def a_file() -> None:
    PLACE.write_text("")


@pytest.mark.parametrize("plant", [everybodys, eves, a_link, a_file])
@pytest.mark.parametrize("verb", [("up", "s2s-static"), ("down", "--all"), ("test", "s2s-static"), ("gc",)])
def test_a_run_directory_that_others_could_change_is_refused(plant: Callable[[], None], verb: tuple[str, ...]) -> None:
    assert not PLACE.exists()
    plant()
    try:
        said = netlab(*verb, code=3).stderr
        assert f"{RUN_ROOT}: it is no directory that only root can write to" in said
        assert f"next: look at it, and remove it: ls -ld {RUN_ROOT}" in said
    finally:
        PLACE.rmdir() if PLACE.is_dir() and not PLACE.is_symlink() else PLACE.unlink()


def test_one_that_only_root_can_write_to_is_used() -> None:
    PLACE.mkdir(0o755)
    try:
        netlab("down", "--all")
    finally:
        PLACE.rmdir()
