"""`netlab test` of files of which some are not valid: each has its verdict."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from typer.testing import CliRunner

from netlab.cli import app

WRONG = "name: wrong\nvnets:\n  A: {address_spice: [10.0.0.0/8]}\n"


@pytest.mark.parametrize("given", [("wrong.yaml",), ("wrong.yaml", "gone.yaml"), ("gone.yaml", "wrong.yaml", "sub")])
def test_each_file_that_is_not_valid_is_a_case_of_the_junit_file(
    tmp_path: Path, given: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    (tmp_path / "sub").mkdir()
    done = CliRunner().invoke(app, ["test", *given, "--junit", "out.xml"])
    assert done.exit_code == 2
    suites = {suite.get("name"): suite for suite in ElementTree.parse("out.xml").getroot()}
    assert set(suites) == set(given)
    assert all(suite.get("errors") == "1" for suite in suites.values())
    text = ElementTree.tostring(suites["wrong.yaml"], encoding="unicode")
    assert "wrong.yaml:3: error" in text
    assert "did you mean `address_space`" in text
    assert "wrong.yaml:3: error" in done.output
