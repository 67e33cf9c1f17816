"""The verb: where the scenario and the report go, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from imported import body, vnet
from typer.testing import CliRunner

from netlab.cli import app
from netlab.errors import NetlabError

RUN = CliRunner()
V = json.dumps([vnet("V", "10.0.0.0/16", a="10.0.0.0/24", b="10.0.1.0/24")])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "vnets.json"
    path.write_text(V)
    return path


def test_the_scenario_goes_to_standard_output_or_to_a_file_and_the_report_to_standard_error(source: Path) -> None:
    plain = RUN.invoke(app, ["import", str(source)])
    assert plain.exit_code == 0
    assert "\nvnets:\n" in plain.stdout
    assert "imported, exit 0" in plain.stderr
    target = source.with_name("net.yaml")
    written = RUN.invoke(app, ["import", str(source), "-o", str(target)])
    assert (written.exit_code, written.stdout) == (0, "")
    assert target.read_text() == plain.stdout


def test_a_file_is_overwritten_only_if_asked(source: Path) -> None:
    target = source.with_name("net.yaml")
    target.write_text("mine")
    refused = RUN.invoke(app, ["import", str(source), "-o", str(target)])
    assert refused.exception is not None
    assert target.read_text() == "mine"
    assert RUN.invoke(app, ["import", str(source), "-o", str(target), "--force"]).exit_code == 0
    assert target.read_text() != "mine"


def test_the_report_is_json_in_a_file_and_on_standard_output_where_the_scenario_is_in_a_file(source: Path) -> None:
    report, target = source.with_name("report.json"), source.with_name("net.yaml")
    made = RUN.invoke(app, ["import", str(source), "-o", str(target), "--report", str(report), "-f", "json"])
    assert json.loads(made.stdout) == json.loads(report.read_text())
    assert json.loads(made.stdout)["imported"] == {"Microsoft.Network/virtualNetworks": 1}
    assert RUN.invoke(app, ["import", str(source), "-f", "json"]).exception is not None


def test_a_refusal_is_2_and_writes_no_scenario_but_a_report(tmp_path: Path) -> None:
    source, target, report = (tmp_path / name for name in ("a.json", "net.yaml", "report.json"))
    source.write_text(json.dumps([body("routeTables", "t")]))
    made = RUN.invoke(app, ["import", str(source), "-o", str(target), "--report", str(report)])
    assert made.exit_code == 2
    assert not target.exists()
    assert json.loads(report.read_text())["result"] == "refused"


def test_broken_rules_are_1_and_the_file_is_written(tmp_path: Path) -> None:
    source, target = tmp_path / "a.json", tmp_path / "net.yaml"
    source.write_text(json.dumps([vnet("V", "10.0.0.0/16", a="10.9.0.0/24")]))
    made = RUN.invoke(app, ["import", str(source), "-o", str(target)])
    assert made.exit_code == 1
    assert "error" in made.stderr
    assert target.exists()


def test_commands_and_standard_input() -> None:
    assert "az graph query" in RUN.invoke(app, ["import", "--commands"]).stdout
    assert "\nvnets:\n" in RUN.invoke(app, ["import", "-"], input=V).stdout
    assert RUN.invoke(app, ["import"]).exception is not None


def test_the_prediction_is_written_as_expectation_if_asked(source: Path) -> None:
    assert "name: as imported" in RUN.invoke(app, ["import", str(source), "--expect"]).stdout
    assert "story:" not in RUN.invoke(app, ["import", str(source)]).stdout


def test_what_is_on_premises_is_taken_from_a_scenario(source: Path) -> None:
    mine = source.with_name("mine.yaml")
    mine.write_text(RUN.invoke(app, ["import", str(source)]).stdout)
    made = RUN.invoke(app, ["import", str(source), "--on-premises", str(mine)])
    assert made.stdout == mine.read_text()
    for missing in ("nothing.yaml", "HEAD:nothing.yaml"):
        assert isinstance(RUN.invoke(app, ["import", str(source), "--on-premises", missing]).exception, NetlabError)
