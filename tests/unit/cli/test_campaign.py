"""`campaign` without Dask: what it refuses, and a campaign whose labs are all done."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from netlab.api.campaign import opened, prepare
from netlab.campaign.judging import unmeasured
from netlab.cli import app
from netlab.errors import ScenarioError, UsageError
from netlab.results.verification import Status

ADDRESS = ("--scheduler", "tcp://192.0.2.1:8786")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text("{name: small, scenarios: [s2s-static], sweeps: [s2s-static]}")
    return path


def test_without_dask_it_says_which_extra_to_install(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "netlab.campaign.runner", raising=False)
    found = CliRunner().invoke(app, ["campaign", str(file), *ADDRESS])
    assert isinstance(found.exception, UsageError)
    assert "`distributed`, which is not installed" in found.exception.message
    assert found.exception.hint == "pip install 'netlab-azure[campaign]'"


def test_an_invalid_scenario_is_said_before_any_lab(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("name: bad\nvnets: 7\n")
    (tmp_path / "c.yaml").write_text("{name: c, scenarios: [bad.yaml]}")
    found = CliRunner().invoke(app, ["campaign", str(tmp_path / "c.yaml")])
    assert isinstance(found.exception, ScenarioError)
    assert not (tmp_path / "c.sqlite").exists()


def test_a_sweep_is_a_lab_of_its_own(file: Path) -> None:
    plain, sweep = prepare(file).tasks
    assert (plain.sweep, sweep.sweep) == (False, True)
    assert "broken" in sweep.text
    assert "broken" not in plain.text


@pytest.mark.parametrize(("verdict", "code"), [("passed", 0), ("failed", 1)])
def test_what_is_done_is_printed_without_a_worker(file: Path, verdict: Status, code: int) -> None:
    with opened(file.with_suffix(".sqlite")) as store:
        for task in prepare(file).tasks:
            store.write(replace(unmeasured(task, "as it is"), verdict=verdict), "{}")
    page = file.with_suffix(".html")
    found = CliRunner().invoke(app, ["campaign", str(file), *ADDRESS, "-f", "json", "--page", str(page)])
    assert found.exit_code == code
    assert [lab["verdict"] for lab in json.loads(found.stdout)["labs"]] == [verdict] * 2
    assert "s2s-static" in page.read_text()
