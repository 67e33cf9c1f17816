"""`compare` of a directory of recorded answers: exit codes, what it prints, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from recorded_answers import CONNECTION, ONPREM, PEERS, ROUTE_SERVER, SPOKE, effective, text
from schemas import mistakes
from typer.testing import CliRunner

from netlab.api.recorded import compare
from netlab.cli import app
from netlab.errors import NetlabError, ScenarioError, UsageError
from netlab.scenario.loader import parse

ALL: dict[str, Any] = {
    "effective-routes.spoke-app.json": SPOKE,
    "learned-routes.onprem.json": ONPREM,
    "learned-routes.hub1-rs.10.10.1.4.json": ROUTE_SERVER,
    "peers/bgp-peers.onprem.json": PEERS,
    "connection.hub1-onprem.json": CONNECTION,
}


def written(folder: Path, answers: dict[str, Any]) -> str:
    for name, data in answers.items():
        path = folder / "recorded" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data if isinstance(data, str) else json.dumps(data))
    (folder / "net.yaml").write_text(text())
    return str(folder / "recorded")


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    call = ["compare", str(folder / "net.yaml"), "--recorded", str(folder / "recorded"), *arguments]
    found = CliRunner().invoke(app, call)
    if isinstance(found.exception, NetlabError):
        return found.exception.exit_code, found.exception.message
    return found.exit_code, found.stdout


def test_all_is_equal(tmp_path: Path) -> None:
    written(tmp_path, ALL)
    code, printed = run(tmp_path)
    assert code == 0
    assert printed.splitlines()[-1] == "all: 37 equal"
    code, printed = run(tmp_path, "-f", "json")
    assert code == 0
    assert mistakes("compare", json.loads(printed)) == []
    assert json.loads(printed)["summary"] == {"equal": 37, "different": 0, "missing_here": 0, "missing_there": 0}


def test_a_difference_is_exit_code_1_and_is_printed_row_by_row(tmp_path: Path) -> None:
    rows = [*SPOKE["value"][:1], effective("10.77.0.0/16", "VNetPeering"), *SPOKE["value"][2:]]
    down = {**CONNECTION, "connectionStatus": "Connecting"}
    written(tmp_path, {**ALL, "effective-routes.spoke-app.json": rows, "connection.hub1-onprem.json": down})
    code, printed = run(tmp_path)
    assert code == 1
    assert [line.replace(str(tmp_path), "") for line in printed.splitlines()] == [
        "connection hub1-onprem: 1 different  (/recorded/connection.hub1-onprem.json)",
        "                 name         connectionStatus  connectionType  enableBgp",
        "  different      hub1-onprem  Connecting        Vnet2Vnet       true",
        "                   connectionStatus: Connecting there, Connected here",
        "effective routes of spoke-app: 3 equal, 1 missing here, 1 missing there"
        "  (/recorded/effective-routes.spoke-app.json)",
        "                 addressPrefix  source   state   nextHopType  nextHopIpAddress  name",
        "  missing here   10.77.0.0/16   Default  Active  VNetPeering  -                 -",
        "                   no VNet, site, gateway or appliance of the scenario has 10.77.0.0/16",
        "  missing there  10.10.0.0/16   Default  Active  VNetPeering  -                 -",
        "learned routes of hub1-rs from 10.10.1.4: 2 equal  (/recorded/learned-routes.hub1-rs.10.10.1.4.json)",
        "learned routes of onprem: 22 equal  (/recorded/learned-routes.onprem.json)",
        "BGP peers of onprem: 8 equal  (/recorded/peers/bgp-peers.onprem.json)",
        "all: 35 equal, 1 different, 1 missing here, 1 missing there",
    ]
    assert mistakes("compare", json.loads(run(tmp_path, "-f", "json")[1])) == []


def test_remarks_of_a_script_around_json_and_utf_16_are_read(tmp_path: Path) -> None:
    directory = written(tmp_path, {"bgp-peers.onprem.json": f"# Command: az ...\n{json.dumps(PEERS)}\n# NOTE: x\n"})
    Path(directory, "effective-routes.app.json").write_bytes(json.dumps(SPOKE).encode("utf-16"))
    assert run(tmp_path)[0] == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no JSON"),
        ("Name    State\n----  ---\n", "no JSON"),
        ('{"value": [', "not JSON: line 1"),
        ("[" * 200 + "]" * 200, "nested deeper"),
        (json.dumps([{"id": "/subscriptions/0", "addressSpace": {}}]), "none of effective-routes"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_compared(tmp_path: Path, content: str, message: str) -> None:
    directory = written(tmp_path, {**ALL, "vnets.json": content})
    with pytest.raises(ScenarioError, match=r"1 file in .* cannot be compared") as caught:
        compare(parse(text(), "t").scenario, directory)
    (finding,) = caught.value.findings
    assert finding.message.startswith(message) or message in finding.message
    assert (finding.rule, finding.where) == ("", f"{directory}/vnets.json")
    assert run(tmp_path)[0] == 2


def test_nothing_to_read_and_no_such_step(tmp_path: Path) -> None:
    directory = written(tmp_path, ALL)
    (tmp_path / "empty").mkdir()
    scenario = parse(text(), "t").scenario
    for missing in ("empty", "nowhere"):
        with pytest.raises(UsageError):
            compare(scenario, str(tmp_path / missing))
    with pytest.raises(UsageError, match="no step 'later'"):
        compare(scenario, directory, "later")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a scenario, or a lab with --lab"),
        (["SCENARIO", "--lab", "net"], "name a scenario, or a lab with --lab"),
        (["--lab", "net", "--step", "later"], "--step is for a scenario"),
    ],
)
def test_either_a_scenario_or_a_lab_is_compared(tmp_path: Path, arguments: list[str], message: str) -> None:
    recorded = written(tmp_path, ALL)
    given = [str(tmp_path / "net.yaml") if word == "SCENARIO" else word for word in arguments]
    found = CliRunner().invoke(app, ["compare", *given, "--recorded", recorded])
    assert isinstance(found.exception, UsageError)
    assert message in found.exception.message
