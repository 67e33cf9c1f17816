"""The steps of docs/how-to/ci.md, as they stand: a pull request that loses a peering, from its plan to packets."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from labs import CHECKOUT, NETLAB

PAGE = (CHECKOUT / "docs/how-to/ci.md").read_text()
STEPS = dict(re.findall(r"<!-- steps: (\w+) -->\n```sh\n(.*?)```", PAGE, re.S))
WORKFLOW, JOBS = (
    yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S) if "netlab diff" in block
)


def item(kind: str, label: str, **values: Any) -> dict[str, Any]:
    after = {"resource_group_name": "net", **values}
    unknown = {"id": True, "remote_virtual_network_id": True}
    change = {"actions": ["create"], "after": after, "after_unknown": unknown}
    address = f"azurerm_{kind}.{label}"
    return {"address": address, "mode": "managed", "type": f"azurerm_{kind}", "name": label, "change": change}


def plan(*names: str) -> dict[str, Any]:
    """Two VNets with a subnet each, and these peerings: what `terraform show -json` prints."""
    networks = {"hub": "10.1.0.0/16", "spoke": "10.2.0.0/16"}
    found, configured = [], []
    for name, space in networks.items():
        found.append(item("virtual_network", name, name=name, location="westeurope", address_space=[space]))
        prefixes = [space.replace("0.0/16", "1.0/24")]
        subnet = {"name": "apps", "virtual_network_name": name, "address_prefixes": prefixes}
        found.append(item("subnet", f"{name}_apps", **subnet))
    for name in names:
        (other,) = networks.keys() - {name}
        found.append(item("virtual_network_peering", name, name=f"to-{other}", virtual_network_name=name))
        references = [f"azurerm_virtual_network.{other}.id", f"azurerm_virtual_network.{other}"]
        expressions = {"remote_virtual_network_id": {"references": references}}
        configured.append({"address": found[-1]["address"], "expressions": expressions})
    configuration = {"root_module": {"resources": configured}}
    head = {"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {}}}
    return {**head, "resource_changes": found, "configuration": configuration}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose main branch has the network with both peerings, and a branch for the pull request."""
    folder = tmp_path_factory.mktemp("network")
    run(folder, "git init -q -b main && git config user.name n && git config user.email n@example.org")
    (folder / "plan.json").write_text(json.dumps(plan("hub", "spoke")))
    run(folder, "netlab import plan.json -o network.yaml && git add network.yaml && git commit -qm network")
    run(folder, "git switch -qc change")
    return folder


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """A script of a CI job: the first command that fails ends it."""
    path = f"{NETLAB.parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euc", script], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )


def test_the_workflow_and_the_jobs_run_these_steps() -> None:
    lines = STEPS["plan"].splitlines()
    assert lines == [line for line in JOBS["predict"]["script"] if line.startswith("netlab ")]
    scripts = [step["run"].splitlines() for step in WORKFLOW["jobs"]["predict"]["steps"] if "run" in step]
    assert lines in scripts
    packets = STEPS["packets"].strip()
    assert f"sudo {packets}" in [step.get("run") for step in WORKFLOW["jobs"]["packets"]["steps"]]
    assert packets in JOBS["packets"]["script"]


def test_a_plan_that_changes_nothing_passes(repository: Path) -> None:
    done = run(repository, STEPS["plan"])
    assert done.returncode == 0, done.stderr
    assert "no change" in (repository / "comment.md").read_text()


def test_a_plan_that_loses_a_peering_fails_and_the_comment_names_it(repository: Path) -> None:
    (repository / "plan.json").write_text(json.dumps(plan("hub")))
    done = run(repository, STEPS["plan"])
    assert done.returncode == 1, done.stderr
    comment = (repository / "comment.md").read_text()
    assert "reachability lost" in comment
    assert "peerings.spoke" in comment.replace("&#45;", "-")
    assert json.loads((repository / "prediction.json").read_text())["steps"]


def test_packets_say_the_same(repository: Path) -> None:
    (repository / "plan.json").write_text(json.dumps(plan("hub", "spoke")))
    assert run(repository, STEPS["plan"]).returncode == 0
    done = run(repository, STEPS["packets"])
    assert done.returncode == 0, done.stderr
    suites = (repository / "netlab.xml").read_text()
    assert 'failures="0"' in suites
    assert suites.count("<testcase") >= 6
