"""`diff` of files, revisions and verifications; what is accepted, and what is refused."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from changed_networks import Edit, put, text
from typer.testing import CliRunner

from netlab.api.difference import difference
from netlab.cli import app
from netlab.errors import NetlabError, UsageError
from netlab.scenario.loader import catalogue

WITHOUT_FORWARDED = put("peerings", "Far-to-Hub", "allow_forwarded_traffic", value=False)


def written(path: Path, edit: Edit | None = None) -> str:
    path.write_text(text(edit))
    return str(path)


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    return written(tmp_path / "a.yaml"), written(tmp_path / "b.yaml", WITHOUT_FORWARDED)


def run(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["diff", *arguments])
    return found.exit_code, found.output


def test_exit_codes_say_what_was_asked(two: tuple[str, str]) -> None:
    a, b = two
    assert run(a, a) == (0, "no change\n")
    assert [run(a, b)[0], run(a, b, "--fail-on", "lost")[0], run(a, b, "--fail-on", "never")[0]] == [1, 1, 0]
    assert run(b, a, "--fail-on", "lost")[0] == 0
    assert run(a, b, "--only", "checks", "--only", "routes")[0] == 0
    assert run(a, b, "--only", "objects")[0] == 1


def test_json_has_the_documented_keys(two: tuple[str, str], tmp_path: Path) -> None:
    target = tmp_path / "found.json"
    code, _ = run(*two, "-f", "json", "-o", str(target))
    found = json.loads(target.read_text())
    assert code == 1
    assert list(found) == ["a", "b", "compared", "step", "objects", "routes", "cells", "checks", "summary"]
    assert found["a"] == {"source": two[0], "kind": "scenario"}
    lost = found["cells"][0]
    assert list(lost) == ["class", "source", "target", "protocols", "before", "after", "because_of"]
    assert (lost["class"], lost["because_of"]) == ("lost", ["peerings.Far-to-Hub"])
    assert found["summary"]["lost"] == sum(cell["class"] == "lost" for cell in found["cells"])


@pytest.mark.parametrize(
    "lines", ["objects peerings.far-*", "lost * -> *", "cell *", "gained *", "# c\n\nlost * # all"]
)
def test_accepted_changes_do_not_count(two: tuple[str, str], lines: str) -> None:
    every, found = difference(*two), difference(*two, accepted=lines)
    lost = every.summary.lost
    gone = {"objects": len(every.objects), "lost": lost, "cell": len(every.cells), "gained": 0, "#": lost}
    assert found.summary.accepted == gone[lines.split()[0]]
    left = len(every.objects) + len(every.cells) - found.summary.accepted
    assert len(found.objects) + len(found.cells) == left


@pytest.mark.parametrize("line", ["lots *", "lost"])
def test_a_line_that_accepts_nothing_is_refused(two: tuple[str, str], line: str) -> None:
    with pytest.raises(UsageError, match="line 1"):
        difference(*two, accepted=line)


def test_all_accepted_is_success(two: tuple[str, str], tmp_path: Path) -> None:
    allow = tmp_path / "accepted.txt"
    allow.write_text("objects *\ncells *\nroutes *\nchecks *\n")
    assert run(*two, "--allow", str(allow))[0] == 0
    assert "accepted" in run(*two, "--allow", str(allow), "-f", "markdown")[1]


def test_a_revision_is_read_from_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    own = ["git", "-c", "user.name=n", "-c", "user.email=n@example.net"]
    written(tmp_path / "net.yaml")
    subprocess.run(["git", "init", "-q", "-b", "main", "."], check=True)
    subprocess.run(["git", "add", "net.yaml"], check=True)
    subprocess.run([*own, "commit", "-qm", "net"], check=True)
    written(tmp_path / "net.yaml", WITHOUT_FORWARDED)
    assert difference("main:net.yaml", "net.yaml").summary.lost > 0
    assert difference("main:net.yaml", "HEAD:./net.yaml").cells == ()
    for wrong in ("main:other.yaml", "nobody:net.yaml", "--output=x:net.yaml"):
        with pytest.raises(NetlabError) as refused:
            difference(wrong, "net.yaml")
        assert refused.value.exit_code == 2


@pytest.mark.parametrize("content", ["vnets: [", "name: x\nvnets: {V: {address_space: [10.0.0.0/33], subnets: {}}}\n"])
def test_what_is_no_scenario_is_refused(two: tuple[str, str], tmp_path: Path, content: str) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(content)
    with pytest.raises(NetlabError) as refused:
        difference(two[0], str(broken))
    assert refused.value.exit_code == 2


def test_a_step_is_named_and_must_be_there(two: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="no step"):
        difference(*two, step="after the fire")


# --- imports ----------------------------------------------------------------------------------------------------------

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Network"


def _vnet(name: str, number: int, remote: str, **flags: bool) -> dict[str, Any]:
    """A VNet as REST has it, with a peering."""
    peering = {
        "remoteVirtualNetwork": {"id": f"{GROUP}/virtualNetworks/{remote}"},
        "peeringState": "Connected",
        **flags,
    }
    return {
        "id": f"{GROUP}/virtualNetworks/{name}",
        "name": name,
        "type": "Microsoft.Network/virtualNetworks",
        "properties": {
            "addressSpace": {"addressPrefixes": [f"10.{number}.0.0/16"]},
            "subnets": [{"name": "work", "properties": {"addressPrefix": f"10.{number}.0.0/24"}}],
            "virtualNetworkPeerings": [{"name": f"to-{remote}", "properties": peering}],
        },
    }


def _dump(path: Path, *vnets: dict[str, Any]) -> str:
    path.write_text(json.dumps({"value": vnets}))
    return str(path)


def test_imports_are_compared_whatever_rules_they_break(tmp_path: Path) -> None:
    spoke = _vnet("spoke", 2, "hub")
    a = _dump(tmp_path / "a.json", _vnet("hub", 1, "spoke"), spoke)
    alone = copy.deepcopy(spoke)
    alone["properties"]["virtualNetworkPeerings"] = []
    b = _dump(tmp_path / "b.json", _vnet("hub", 1, "spoke"), alone)
    assert run(a, a) == (0, "no change\n")
    found = difference(a, b)
    assert (found.a.kind, found.compared) == ("import", "predicted")
    assert [(one.change, one.name) for one in found.objects] == [("removed", "peerings.spoke-to-hub")]
    lost = [cell for cell in found.cells if cell.kind == "lost"]
    assert {cell.because_of for cell in lost} == {("peerings.spoke-to-hub",)}
    broken = _dump(tmp_path / "c.json", _vnet("hub", 1, "spoke"), _vnet("spoke", 2, "hub", useRemoteGateways=True))
    refused = difference(a, broken)
    assert {one.change for one in refused.checks if one.rule == "R103"} == {"added"}


def test_an_import_that_is_refused_is_no_side(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.json"
    nothing.write_text('{"value": []}')
    with pytest.raises(NetlabError) as refused:
        difference(str(nothing), str(nothing))
    assert refused.value.exit_code == 2


def test_an_import_and_its_scenario_are_alike(tmp_path: Path) -> None:
    dump = _dump(tmp_path / "dump.json", _vnet("hub", 1, "spoke"), _vnet("spoke", 2, "hub"))
    target = tmp_path / "net.yaml"
    assert CliRunner().invoke(app, ["import", dump, "-o", str(target)]).exit_code == 0
    assert run(dump, str(target), "--only", "objects", "--only", "routes", "--only", "cells") == (0, "no change\n")


def test_what_a_change_costs_in_redundancy(tmp_path: Path) -> None:
    text = catalogue()["s2s-bgp-dual-tunnel"].read_text()
    before = text[: text.index("\nstory:")] + "\n"
    after = "".join(line for line in before.splitlines(keepends=True) if not line.startswith("  VNet1-fw2"))
    (tmp_path / "a.yaml").write_text(before)
    (tmp_path / "b.yaml").write_text(after)
    code, text = run(str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml"), "--n-1", "-f", "json")
    found = {one["name"]: one for one in json.loads(text)["failures"]}
    assert code == 1
    assert found.keys() == {"tunnel VNet1-fw1", "link Site1 fw1", "device Site1 fw1"}
    for one in found.values():
        assert (one["change"], one["kept"]) == ("changed", [])
        assert {(pair["source"], pair["target"]) for pair in one["lost"]} == {
            ("vnet1-vm1", "site1-h1"),
            ("site1-h1", "vnet1-vm1"),
        }
    assert "costs no more: site1-h1 <> vnet1-vm1" in run(str(tmp_path / "b.yaml"), str(tmp_path / "a.yaml"), "--n-1")[1]
    assert run(str(tmp_path / "a.yaml"), str(tmp_path / "a.yaml"), "--n-1") == (0, "no change\n")
