"""What a user installs: the built wheel, in a clean environment, brings all that the example project needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import yaml

from netlab import __version__

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


def assert_readme_leads_to_the_repository(wheel: Path) -> None:
    """As PyPI shows it: without the files beside it."""
    (name,) = (name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/METADATA"))
    said = zipfile.ZipFile(wheel).read(name).decode()
    targets = re.findall(r"\]\(([^)]+)\)", said)
    assert len(targets) > 20
    assert [target for target in targets if not target.startswith(("https://", "http://", "#"))] == []
    assert f"https://example.org/netlab/blob/v{__version__}/docs/how-to/ci.md" in targets
    assert "Project-URL: Source, https://example.org/netlab" in said


def test_a_tag_of_another_version_is_not_released(tmp_path: Path) -> None:
    """Nothing is built then."""
    command = [sys.executable, "scripts/release", "--tag", "v0.0.0", str(tmp_path / "dist")]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"the tag is v0.0.0, netlab/__init__.py says {__version__}" in done.stderr
    assert not (tmp_path / "dist").exists()


def test_only_the_job_that_publishes_may_and_only_what_was_tried() -> None:
    """The workflow of a release: trusted publishing by the last job alone, after those that build and try."""
    flow = yaml.safe_load((CHECKOUT / ".github/workflows/release.yml").read_text())
    jobs = flow["jobs"]
    assert flow["permissions"] == {}
    assert [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})] == ["publish"]
    assert set(jobs["publish"]["needs"]) == {"build", "try"}
    assert not any("actions/checkout" in step.get("uses", "") for step in jobs["publish"]["steps"])
    said = "\n".join(step.get("run", "") for job in jobs.values() for step in job["steps"])
    scripts = re.findall(r"\bscripts/\w+", said)
    assert "scripts/release" in scripts
    assert all((CHECKOUT / script).exists() for script in scripts)
    assert "secrets." not in (CHECKOUT / ".github/workflows/release.yml").read_text()


def test_the_examples_pass_where_the_wheel_is_installed(tmp_path: Path) -> None:
    """With the dependencies that the wheel names, in the versions of our lock, and pytest; nothing else."""
    run(sys.executable, "scripts/release", "--url", "https://example.org/netlab", tmp_path, folder=CHECKOUT)
    (wheel,) = tmp_path.glob("netlab_azure-*.whl")
    assert_readme_leads_to_the_repository(wheel)
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
