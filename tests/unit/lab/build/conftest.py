"""Labs are built below a directory of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine import planned

from netlab.lab.build import records
from netlab.plan import names


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run root of this test."""
    found = tmp_path / "run"
    monkeypatch.setattr(names, "RUN_ROOT", str(found))
    monkeypatch.setattr(records, "RUN_ROOT", str(found))
    # The plan holds the run root.
    planned.cache_clear()
    return found
