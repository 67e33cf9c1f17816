"""Tests of what only a stock kernel can do; `kernel`, the job beside this file, runs them in the VM."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import labs
import pytest

OUT = Path("/out")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not Path("/in/job").exists():
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="runs in the VM: make vm-test"))


@pytest.fixture
def ping() -> Callable[..., float]:
    """Ping through a lab; the average round trip in milliseconds. Every packet must come back."""

    def average(lab: labs.Lab, source: str, address: str, count: int = 10) -> float:
        said = lab.run(source, "ping", "-q", "-c", str(count), "-i", "0.05", "-W", "2", address)
        assert " 0% packet loss" in said, said
        found = re.search(r"= [\d.]+/([\d.]+)/", said)
        assert found is not None, said
        return float(found[1])

    return average
