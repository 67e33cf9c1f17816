"""Sites whose devices run Libreswan: every cell of a scenario is what the model predicts of it with strongSwan."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml
from labs import SCENARIOS, netlab, up

from netlab.machine import processes
from netlab.machine.waiting import wait_until

pytestmark = pytest.mark.usefixtures("host_unchanged")

# Scaled by ten only: an emulated processor may take a second to answer.
PLANE = ("--data-plane", "kernel", "--time-scale", "10")
# Static routes; BGP with faults of its daemon, beside BIRD.
EXISTING = ("s2s-static", "s2s-bird")
# What Debian's Libreswan has; Azure's own proposals have no group that it knows.
POLICY = {
    "ike_encryption": "AES256",
    "ike_integrity": "SHA256",
    "dh_group": "DHGroup14",
    "ipsec_encryption": "GCMAES256",
    "ipsec_integrity": "GCMAES256",
    "pfs_group": "None",
}
KEY = 'secret#of"this+test'


def with_policy(name: str, place: Path, **software: str) -> Path:
    """A scenario of the catalogue whose connections have a policy, and whose sites run these programs."""
    document: dict[str, Any] = yaml.safe_load(SCENARIOS[name].read_text())
    for site in document["sites"].values():
        site["software"] = {**site.get("software", {}), **software}
    for connection in document["connections"].values():
        connection.setdefault("ipsec_policy", dict(POLICY))
    file = place / f"{name}.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return file


@pytest.mark.parametrize("name", EXISTING)
def test_a_scenario_with_libreswan_has_the_cells_of_one_with_strongswan(name: str, tmp_path: Path) -> None:
    file = with_policy(name, tmp_path, ipsec="libreswan")
    (report,) = json.loads(netlab("test", file, *PLANE, "-f", "json").stdout)
    predicted = json.loads(netlab("predict", with_policy(name, tmp_path), "-f", "json").stdout)
    assert report["summary"]["failed"] == report["summary"]["errors"] == 0
    for step, wanted in zip(report["steps"], predicted["steps"], strict=True):
        cells = {(cell["source"], cell["target"]): cell for cell in wanted["cells"]}
        assert {(cell["source"], cell["target"]) for cell in step["cells"]} == cells.keys()
        for cell in step["cells"]:
            assert cell["observed"] == cells[cell["source"], cell["target"]]["predicted"], (step["name"], cell)


def test_the_lab_runs_from_the_text_that_the_administrator_gets(tmp_path: Path) -> None:
    file = with_policy("s2s-bird", tmp_path, ipsec="libreswan")
    with up(str(file), "t-swan", *PLANE[:2], "--time-scale", "1") as lab:
        written = json.loads(netlab("device-config", "Site1", "--lab", "t-swan", "-f", "json").stdout)
        texts = {each["path"]: each["text"] for each in written}
        assert (lab.directory / "site1-edge/azure.conf").read_text() == texts["/etc/ipsec.d/azure.conf"]


def test_no_key_is_in_a_log_or_a_command_line(tmp_path: Path) -> None:
    file = with_policy("s2s-static", tmp_path, ipsec="libreswan")
    document: dict[str, Any] = yaml.safe_load(file.read_text())
    document["connections"]["VNet1-Site1"]["shared_key"] = KEY
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    with up(str(file), "t-swan", *PLANE) as lab:
        directory = lab.directory / "site1-edge"
        (process,) = processes.working_in(str(directory))
        assert KEY.encode() not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        holding = {each.name for each in directory.iterdir() if each.is_file() and KEY in each.read_text()}
        assert holding == {"azure.secrets"}
        assert (directory / "azure.secrets").stat().st_mode & 0o777 == 0o600


def test_a_pluto_that_is_stopped_or_dead_is_named(tmp_path: Path) -> None:
    with up(str(with_policy("s2s-static", tmp_path, ipsec="libreswan")), "t-swan", *PLANE) as lab:
        (process,) = processes.working_in(str(lab.directory / "site1-edge"))
        os.kill(process.pid, signal.SIGSTOP)
        assert lab.status(1)["daemons"] == "pluto of site1-edge does not answer"
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: not process.alive(), 5, lambda: "pluto is still there")
        assert lab.status(1)["daemons"] == "pluto of site1-edge is dead"
