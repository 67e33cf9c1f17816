"""Tests mirror the house: ``tests/unit/azure/bgp/test_policy.py`` tests ``netlab/azure/bgp/policy.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

UNIT = Path(__file__).parent
PACKAGE = UNIT.parents[1] / "netlab"
ROOMS = ("probe", "render", "scenario")
FILES = [path for room in ROOMS for path in sorted((UNIT / room).rglob("test_*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(UNIT)))
def test_a_test_file_in_a_room_mirrors_a_module(path: Path) -> None:
    module = PACKAGE / path.relative_to(UNIT).with_name(path.stem.removeprefix("test_"))
    assert module.with_suffix(".py").is_file() or (module / "__init__.py").is_file()


def test_these_are_rooms_with_tests() -> None:
    assert {path.relative_to(UNIT).parts[0] for path in FILES} == set(ROOMS)
