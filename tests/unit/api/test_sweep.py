"""`sweep`: what must survive, the story that tries everything, and what the verb prints."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from typer.testing import CliRunner

from netlab.api.sweep import foresee
from netlab.cli import app
from netlab.errors import ScenarioError, UsageError
from netlab.scenario.loader import Loaded, catalogue, load, parse

DUAL = catalogue()["s2s-bgp-dual-tunnel"].read_text()
SECOND = "  VNet1-fw2: {type: IPsec, between: [VNet1, Site1], device: fw2, enable_bgp: true}\n"


def with_survivors(line: str) -> Loaded:
    return parse(DUAL.replace("\nstory:", f"\nsurvives: {line}\nstory:"), "net.yaml")


def claim(name: str) -> str:
    """The single points of failure that the comment of a scenario names; empty if it names none."""
    found = re.search(r"^# Single points of failure: (.+)\.$", catalogue()[name].read_text(), re.MULTILINE)
    return found[1] if found is not None else ""


def single_points(loaded: Loaded) -> str:
    found = foresee(loaded, "", pairs=False).found
    return ", ".join(failed.name for failed in found.failures if failed.lost) or "none"


def run(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["sweep", *arguments, "--predict"])
    return found.exit_code, found.output


def written(path: Path, loaded: Loaded) -> str:
    path.write_text(loaded.text)
    return str(path)


@pytest.mark.parametrize(
    ("line", "pairs", "lost"),
    [
        ("{VNet1: [Site1], Site1: [VNet1]}", False, 0),
        ("{VNet1: [Site1]}", True, 1),
        ("{vm1: [h1], h1: [vm1]}", True, 2),
    ],
)
def test_what_must_survive(line: str, pairs: bool, lost: int) -> None:
    found = foresee(with_survivors(line), "", pairs=pairs).found
    assert max(len(failed.must_survive) for failed in found.failures) == lost
    assert found.passed == (not lost)


def test_after_a_step_of_the_story_one_device_is_left(tmp_path: Path) -> None:
    file = written(tmp_path / "net.yaml", with_survivors("{VNet1: [Site1]}"))
    assert run(file)[0] == 0
    code, text = run(file, "--step", "after the tunnel to fw1 was taken down")
    assert code == 1
    assert "MUST SURVIVE tunnel VNet1-fw2, and does not: vnet1-vm1 > site1-h1" in text


def test_the_rehearsal_breaks_and_mends_one_after_the_other() -> None:
    foreseen = foresee(load("s2s-bgp-dual-tunnel"), "after the tunnel to fw1 was taken down", pairs=False)
    story = foreseen.rehearsal().scenario.story
    assert [step.name for step in story[:3]] == ["as built", "1. standby VNet1: broken", "1. standby VNet1: mended"]
    assert len(story) == 1 + 2 * len(foreseen.found.failures)
    assert [action.verb for action in story[0].do] == ["fail_tunnel"]


def test_json_and_junit(tmp_path: Path) -> None:
    file = written(tmp_path / "net.yaml", with_survivors("{VNet1: [Site1]}"))
    code, text = run(file, "--pairs", "-f", "json", "--junit", str(tmp_path / "found.xml"))
    found = json.loads(text)
    assert code == 1
    assert list(found) == ["scenario", "step", "failures", "measured"]
    failed = next(one for one in found["failures"] if one["must_survive"])
    assert [*failed][:6] == ["kind", "name", "actions", "pairs", "lost", "moved"]
    assert failed["must_survive"][0]["dropped_at"]["node"] in ("vnet1", "vnet1-gw-0")
    suite = ElementTree.parse(tmp_path / "found.xml").getroot()[0]
    bad = sum(bool(one["must_survive"]) for one in found["failures"])
    assert (suite.get("tests"), suite.get("failures")) == (str(len(found["failures"])), str(bad))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{VNet1: [nobody]}", "survives.VNet1[0]: nothing has the name `nobody`"),
        ("{nobody: [VNet1]}", "survives.nobody: nothing has the name `nobody`"),
    ],
)
def test_who_must_survive_is_there(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "net.yaml").write_text(DUAL.replace("\nstory:", f"\nsurvives: {line}\nstory:"))
    with pytest.raises(ScenarioError) as refused:
        load(str(tmp_path / "net.yaml"))
    assert message in str(refused.value.findings[0])


def test_a_network_without_parts_says_so() -> None:
    with pytest.raises(UsageError, match="nothing that a sweep breaks"):
        foresee(load("nsg-three-tier"), "", pairs=False)


CLAIMED = [name for name in catalogue() if claim(name)]


def test_redundant_scenarios_name_their_single_points_of_failure() -> None:
    assert len(CLAIMED) >= 13


@pytest.mark.parametrize("name", CLAIMED)
def test_what_a_scenario_names_are_its_single_points_of_failure(name: str) -> None:
    assert single_points(load(name)) == claim(name)


def test_a_tunnel_that_was_removed_makes_single_points_of_failure() -> None:
    assert single_points(parse(DUAL, "net.yaml")) == "none"
    built, _, _ = DUAL.partition("story:")
    assert SECOND in built
    without = parse(built.replace(SECOND, ""), "net.yaml")
    assert single_points(without) == "tunnel VNet1-fw1, link Site1 fw1, device Site1 fw1"
