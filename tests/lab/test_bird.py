"""Sites whose devices run BIRD: every cell of a scenario is what the model predicts of the file as it is, with FRR."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from labs import SCENARIOS, Lab, netlab, up

from netlab.lab.build import records
from netlab.machine import bird, daemons, processes
from netlab.machine.waiting import wait_until

# An active-active APIPA gateway, two devices and AS path prepending, a circuit with weights and BFD.
EXISTING = ("s2s-bgp-apipa", "s2s-bgp-transit", "expressroute-vpn-coexist-failover")


def with_bird(name: str, place: Path) -> Path:
    """A scenario of the catalogue whose sites with BGP run BIRD."""
    document: dict[str, Any] = yaml.safe_load(SCENARIOS[name].read_text())
    speaking = [site for site in document["sites"].values() if "bgp" in site]
    assert speaking
    for site in speaking:
        site["software"] = {"bgp": "bird"}
    file = place / f"{name}.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return file


@pytest.mark.parametrize("name", EXISTING)
def test_a_scenario_with_bird_has_the_cells_of_one_with_frr(name: str, tmp_path: Path) -> None:
    (report,) = json.loads(netlab("test", with_bird(name, tmp_path), "-f", "json").stdout)
    predicted = json.loads(netlab("predict", SCENARIOS[name], "-f", "json").stdout)
    assert report["summary"]["failed"] == report["summary"]["errors"] == 0
    for step, wanted in zip(report["steps"], predicted["steps"], strict=True):
        cells = {(cell["source"], cell["target"]): cell for cell in wanted["cells"]}
        assert {(cell["source"], cell["target"]) for cell in step["cells"]} == cells.keys()
        for cell in step["cells"]:
            pair = cells[cell["source"], cell["target"]]
            assert cell["observed"] == pair["predicted"], (step["name"], cell)
            if cell["observed"] == "reachable":
                assert cell["forward"] in pair["forward"], (step["name"], cell)
                assert cell["reverse"] in pair["reverse"], (step["name"], cell)


def test_what_changes_in_bird_by_hand_is_found() -> None:
    with up("s2s-bird", "t-bird") as lab:
        assert _status(lab) == ""
        _birdc(lab, "disable peer_10_1_255_30")
        assert "site1: bird-extra protocol bgp peer_10_1_255_30 { / disabled;" in _status(lab, 1)
        _birdc(lab, "enable peer_10_1_255_30")
        configuration = lab.directory / "site1" / "bird.conf"
        written = configuration.read_text()
        configuration.write_text(written.replace("  route 10.101.0.0/16 unreachable;\n", ""))
        _birdc(lab, "configure")
        found = _status(lab, 1)
        assert "site1: bird-missing protocol static originated { / route 10.101.0.0/16 unreachable;" in found
        configuration.write_text(written)
        _birdc(lab, "configure")
        lab.verify()


def test_a_bird_that_is_stopped_or_dead_is_named_and_another_one_takes_its_routes_over() -> None:
    with up("s2s-bird", "t-bird") as lab:
        directory = str(lab.directory / "site1")
        (process,) = processes.working_in(directory)
        os.kill(process.pid, signal.SIGSTOP)
        assert lab.status(1)["daemons"] == "bird of site1 does not answer"
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: not process.alive(), 5, lambda: "bird is still there")
        assert lab.status(1)["daemons"] == "bird of site1 is dead"
        # What it has left in the kernel is its own routes, which the next one finds.
        plan = records.read(lab.name).plan
        daemons.start_bgp(replace(plan, speakers=tuple(s for s in plan.speakers if s.program == "bird")))
        lab.verify()


def _birdc(lab: Lab, line: str) -> None:
    bird.command(str(lab.directory / "site1"), line)


def _status(lab: Lab, code: int = 0) -> str:
    return lab.status(code).get("configuration", "")
