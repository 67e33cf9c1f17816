"""A lab that the version before built can be removed; tests/unit/scenario/test_loader.py loads its scenario files."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from labs import CHECKOUT, RUN, names, netlab

from netlab.machine import namespaces, processes

pytestmark = pytest.mark.usefixtures("host_unchanged")

# The last commit of the last section of CHANGELOG.md that has a version: 0.1.0.
COMMIT = "a512801^"
RECORDED = CHECKOUT / "tests/shared/previous/lab"
LAB = "p2s-branch-bgp"


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The checkout of the version before."""
    git = ("git", "-c", "safe.directory=*", "-C", str(CHECKOUT))
    found = subprocess.run([*git, "archive", COMMIT], capture_output=True, check=False)
    if found.returncode:
        pytest.skip(f"this checkout has no history: {found.stderr.decode().strip()}")
    with tarfile.open(fileobj=BytesIO(found.stdout)) as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.mark.parametrize("damage", ["none", "a daemon is dead", "its journal is lost", "its namespaces have no names"])
def test_down_removes_a_lab_that_the_version_before_built(before: Path, damage: str) -> None:
    command = [sys.executable, "-c", "from netlab.cli import main; main()", "up", LAB]
    environment = os.environ | {"PYTHONPATH": str(before), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, env=environment, cwd=before, capture_output=True, check=True)
    if damage == "a daemon is dead":
        for _, process in processes.under(str(RUN / LAB / "site1")):
            os.kill(process.pid, signal.SIGKILL)
    elif damage == "its journal is lost":
        (RUN / LAB / "journal").unlink()
    elif damage == "its namespaces have no names":
        namespaces.remove(namespaces.existing(f"nl.{LAB}."))
    netlab("gc" if damage == "its journal is lost" else "down", *(() if damage == "its journal is lost" else (LAB,)))
    assert LAB not in names()


@pytest.fixture
def recorded(host_unchanged: None) -> Iterator[None]:
    """The run directory of such a lab, as it was recorded, with its namespaces and a daemon."""
    RUN.mkdir(mode=0o755)
    shutil.copytree(RECORDED, RUN / LAB)
    (RUN / LAB).chmod(0o700)
    (RUN / LAB / "site1").mkdir()
    namespaces.create([f"nl.{LAB}.{node}" for node in ("internet", "site1", "vnet1", "vnet1-gw-0-edge")])
    processes.start(["sleep", "1000"], str(RUN / LAB / "site1"), f"nl.{LAB}.site1")
    yield
    if LAB in names():
        netlab("down", LAB)


@pytest.mark.usefixtures("recorded")
def test_down_removes_a_lab_of_a_recorded_run_directory() -> None:
    assert LAB in netlab("status", code=1).stdout  # damaged: its keys are not recorded
    netlab("down", LAB)
    assert LAB not in names()
