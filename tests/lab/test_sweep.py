"""`sweep` in packets: each part of a small network is broken and mended, and packets are as predicted."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from labs import SCENARIOS, netlab

BOTH_WAYS = {("vnet1-vm1", "site1-listed"), ("site1-listed", "vnet1-vm1")}


def test_each_part_of_a_network_is_broken_once(tmp_path: Path, host_unchanged: None) -> None:
    file = tmp_path / "net.yaml"
    text = SCENARIOS["s2s-static"].read_text()
    file.write_text(text.replace("\nstory:", "\nsurvives: {vm1: [listed]}\nstory:"))
    done = netlab("sweep", file, "--junit", tmp_path / "found.xml", "-f", "json", code=1)
    found = json.loads(done.stdout)
    assert found["measured"]
    failures = {failed["name"]: failed for failed in found["failures"]}
    assert failures.keys() == {"standby VNet1", "tunnel VNet1-Site1", "link Site1", "device Site1"}
    assert {name: failed["status"] for name, failed in failures.items()} == dict.fromkeys(failures, "passed")
    assert failures.pop("standby VNet1")["lost"] == []
    for failed in failures.values():
        assert {(pair["source"], pair["target"]) for pair in failed["lost"]} >= BOTH_WAYS
        assert {(pair["source"], pair["target"]) for pair in failed["must_survive"]} == {("vnet1-vm1", "site1-listed")}
    (suite,) = ElementTree.parse(tmp_path / "found.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "3", "0")
