"""What a user installs: the built wheel, in a clean environment, brings all that the example project needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def run(*command: object, folder: Path) -> str:
    """The output of a command that must succeed, and in whose environment nothing leads to this checkout."""
    settings = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "NETLAB"))
    }
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=settings, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_examples_pass_where_the_wheel_is_installed(tmp_path: Path) -> None:
    """With the dependencies that the wheel names, in the versions of our lock, and pytest; nothing else."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, folder=CHECKOUT)
    (wheel,) = tmp_path.glob("netlab-*.whl")
    lock = (CHECKOUT / "requirements-dev.lock").read_text()
    pins = re.findall(r"^[\w.-]+==[\w.]+", lock, re.MULTILINE)
    assert len(pins) > 20
    (tmp_path / "pins.txt").write_text("\n".join(pins))
    venv.create(tmp_path / "clean")
    python = tmp_path / "clean/bin/python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "--quiet")
    run(*pip, "install", "--no-compile", "-c", tmp_path / "pins.txt", wheel, "pytest", folder=tmp_path)

    project = tmp_path / "project"
    shutil.copytree(CHECKOUT / "examples", project, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    said = run(python, "-m", "pytest", "-p", "no:cacheprovider", project, folder=project)
    assert "2 passed, 1 skipped" in said
    assert "netlab: 2 answered by the model" in said
    assert str(tmp_path / "clean") in run(python, "-c", "import netlab; print(netlab.__file__)", folder=project)
    # Scenarios and templates are in the wheel, too.
    command = tmp_path / "clean/bin/netlab"
    assert "s2s-static" in run(command, "list", folder=project)
    assert "charon" in run(command, "plan", "s2s-static", folder=project)
