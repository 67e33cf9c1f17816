"""Tests of what only a stock kernel can do; `kernel`, the job beside this file, runs them in the VM."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import labs
import pytest

OUT = Path("/out")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not Path("/in/job").exists():
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="runs in the VM: make vm-test"))


@pytest.fixture(autouse=True, scope="session")
def _netlab_in_this_process() -> None:
    """An emulated processor takes four seconds to start Python and import netlab: once is enough."""
    labs.netlab = _netlab  # type: ignore[assignment]


def _netlab(*arguments: object, code: int = 0, **options: Any) -> labs.Done:
    assert not options, options
    from netlab.cli import main

    out, err, ended = io.StringIO(), io.StringIO(), 0
    argv, sys.argv = sys.argv, ["netlab", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as leave:
        ended = int(leave.code or 0)
    finally:
        sys.argv = argv
    done = subprocess.CompletedProcess(list(map(str, arguments)), ended, out.getvalue(), err.getvalue())
    labs.ended_well(done, code)
    return done


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
