"""The file of a campaign: what it may say, what is wrong with its line, and which files its patterns stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlab.campaign.file import load, parse, references
from netlab.errors import ScenarioError, UsageError


def test_a_file_says_what_runs_where() -> None:
    found = parse("name: nightly\nscenarios: [one]\ndata_planes: [kernel]\ntime_scales: [20, 60]\n", "c.yaml")
    assert (found.name, found.scenarios, found.sweeps) == ("nightly", ("one",), ())
    assert (found.data_planes, found.time_scales) == (("kernel",), (20, 60))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: nightly\nscenario: [one]\n", 2, "scenario: unknown key; allowed here: name, scenarios"),
        ("name: nightly\nscenarios:\n  - one\n  - 7\n", 4, "scenarios.1"),
        ("name: Nightly\nscenarios: [one]\n", 1, "name: "),
        ("name: nightly\nscenarios: [one]\ndata_planes: [fast]\n", 3, "data_planes.0"),
        ("name: nightly\nscenarios: [one]\ntime_scales: [0.5]\n", 3, "time_scales.0"),
        ("name: nightly\n", 1, "neither `scenarios` nor `sweeps` names anything"),
        ("- one\n", 1, "valid dictionary"),
    ],
)
def test_a_mistake_has_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ScenarioError) as error:
        parse(text, "c.yaml")
    (finding,) = error.value.findings
    assert (finding.line, words in finding.message) == (line, True), finding


def test_patterns_stand_for_files_beside_the_campaign_and_names_for_the_catalogue(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "c.txt"):
        (tmp_path / name).touch()
    found = tuple(references(("p2s-branch-bgp", "*.yaml", str(tmp_path / "b.yaml")), tmp_path))
    assert found == ("p2s-branch-bgp", *(str(tmp_path / name) for name in ("a.yaml", "b.yaml", "b.yaml")))


def test_a_pattern_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no file x\*\.yaml"):
        tuple(references(("x*.yaml",), tmp_path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        load(tmp_path / "none.yaml")
