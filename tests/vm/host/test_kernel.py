"""What the VMs with the kernel's IPsec brought: every stage, its JUnit, the captures, the throughput, the verdicts."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from netlab.scenario.loader import load
from netlab.scenario.names import by_node
from netlab.scenario.network import resolve

CHECKOUT = Path(__file__).resolve().parents[3]
# The stages of each VM: its name is that of the directory with its results.
VMS = {"scenarios-1": ("scenarios-1",), "scenarios-2": ("scenarios-2",), "tests": ("guest", "root", "bench")}
STAGES = [(vm, stage) for vm, stages in VMS.items() for stage in stages]
# What both planes must say alike of a cell; of the drop, only where: the reason is a sentence.
SAME = ("expected", "predicted", "observed", "status", "forward", "reverse", "encrypted")

Report = dict[str, Any]


def read_json(path: Path) -> Any:
    assert path.exists(), f"the VM brought no {path.name}"
    return json.loads(path.read_text())


# --- stages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vm", VMS)
def test_the_vm_ended_well(results: Path, vm: str) -> None:
    code = (results / f"{vm}.code").read_text().strip()
    assert code == "0", f"scripts/vm/run ended with {code}: see {results}/{vm}.log"


@pytest.mark.parametrize(("vm", "stage"), STAGES)
def test_stage(results: Path, vm: str, stage: str) -> None:
    path = results / vm / "stages"
    ended = dict(line.split()[:2] for line in path.read_text().splitlines()) if path.exists() else {}
    assert ended.get(stage) == "0", f"{stage} ended with {ended.get(stage, 'nothing')}: see {results}/{vm}/{stage}.*"


@pytest.mark.parametrize(
    ("name", "tests"), [("root", ("tests/root", "-m", "data_plane")), ("guest", ("tests/vm/guest",))]
)
def test_every_test_inside_passed(results: Path, name: str, tests: tuple[str, ...]) -> None:
    path = results / f"tests/{name}.xml"
    assert path.exists(), f"the VM brought no {path.name}"
    cases = list(ElementTree.parse(path).iter("testcase"))
    bad = [
        f"{c.get('classname')}::{c.get('name')}: {e.get('message')}" for c in cases for e in c if e.tag != "properties"
    ]
    assert not bad, "\n".join(bad)
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *tests]
    here = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    assert len(cases) == sum("::" in line for line in here.splitlines())


# --- agreement ------------------------------------------------------------------------------------------------------


def disagreements(native: list[Report], kernel: list[Report]) -> Iterator[str]:
    """Where two runs of the same scenarios differ, cell by cell and check by check.

    Of equal paths each kernel chooses by a hash with a seed of its own: where the model knows both, both are right.
    """
    for one, other in pairs(native, kernel, "scenario"):
        for here, there in pairs(one["steps"], other["steps"], "name"):
            where = f"{one['scenario']}, {here['name']}"
            for mine, yours in pairs(here["cells"], there["cells"], "source", "target", "protocol"):
                for key, (first, second) in {
                    **{key: (mine[key], yours[key]) for key in SAME},
                    "dropped_at": (place(mine["dropped_at"]), place(yours["dropped_at"])),
                }.items():
                    if first != second and not equal_paths(one["scenario"], here["name"], mine, key, (first, second)):
                        cell = f"{mine['source']} to {mine['target']} ({mine['protocol']})"
                        yield f"{where}: {cell}: {key}: natively {first}, in the VM {second}"
            for mine, yours in pairs(here["checks"], there["checks"], "name"):
                if mine["status"] != yours["status"]:
                    yield f"{where}: {mine['name']}: natively {mine['status']}, in the VM {yours['status']}"


def equal_paths(scenario: str, step: str, cell: dict[str, Any], key: str, seen: tuple[Any, Any]) -> bool:
    """Whether both kernels took one of several ways that the model knows, as far as it got, or dropped a packet on one.

    Another member of a load balancer is another machine: whether one answers is judged on each kernel by itself.
    """
    ways = predicted_ways(scenario)[step, cell["source"], cell["target"], cell["protocol"]]
    if by_node(load(scenario).scenario)[cell["target"]].kind == "frontend":
        return len(ways["forward"]) > 1
    if key in ("forward", "reverse"):
        return len(ways[key]) > 1 and all(any(way == known[: len(way)] for known in ways[key]) for way in seen)
    return key == "dropped_at" and all(place is not None and place[0] in passed(ways[place[1]]) for place in seen)


def passed(ways: list[list[str]]) -> set[str]:
    """The nodes of several ways; none where there is one."""
    return {node for way in ways for node in way} if len(ways) > 1 else set()


@cache
def predicted_ways(scenario: str) -> dict[tuple[str, str, str, str], dict[str, list[list[str]]]]:
    """The ways that the model knows of each leg, by step, source, target and protocol."""
    netlab = [str(CHECKOUT / ".venv/bin/netlab"), "predict", scenario, "-f", "json"]
    said = json.loads(subprocess.run(netlab, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout)
    return {
        (step["name"], cell["source"], cell["target"], protocol): {leg: cell[leg] for leg in ("forward", "reverse")}
        for step in said["steps"]
        for cell in step["cells"]
        for protocol in cell["protocols"]
    }


def pairs(here: list[Any], there: list[Any], *keys: str) -> Iterator[tuple[Any, Any]]:
    """Both lists side by side; they must hold the same, in the same order."""
    for pair in zip_longest(here, there):
        names = [item and tuple(item[key] for key in keys) for item in pair]
        assert names[0] == names[1], f"natively {names[0]}, in the VM {names[1]}"
        yield pair


def place(drop: dict[str, str] | None) -> tuple[str, str] | None:
    return drop and (drop["node"], drop["direction"])


@pytest.fixture(scope="module")
def reports(results: Path) -> tuple[list[Report], list[Report]]:
    halves = (report for vm in ("scenarios-1", "scenarios-2") for report in read_json(results / vm / "kernel.json"))
    return read_json(results / "native/userspace.json"), sorted(halves, key=lambda report: report["scenario"])


def test_both_planes_measured_every_scenario(results: Path, reports: tuple[list[Report], list[Report]]) -> None:
    every = (results / "scenarios").read_text().split()
    assert every == sorted(every)
    for run, plane in zip(reports, ("userspace", "kernel"), strict=True):
        assert [(report["scenario"], report["data_plane"]) for report in run] == [(name, plane) for name in every]
        for report in run:
            assert report["summary"]["failed"] == report["summary"]["errors"] == 0, report["scenario"]
            assert report["summary"]["passed"] > 0


def test_both_planes_agree_cell_by_cell(reports: tuple[list[Report], list[Report]]) -> None:
    assert list(disagreements(*reports)) == []


@pytest.mark.parametrize("key", [*SAME, "dropped_at"])
def test_a_disagreement_is_noticed(reports: tuple[list[Report], list[Report]], key: str) -> None:
    native, kernel = reports
    changed = json.loads(json.dumps(kernel))
    cell = next(cell for report in changed for step in report["steps"] for cell in step["cells"] if cell["dropped_at"])
    cell[key] = {"node": "elsewhere", "direction": "forward"} if key == "dropped_at" else "something else"
    assert len(list(disagreements(native, changed))) == 1


# --- captures -------------------------------------------------------------------------------------------------------

MARK = b"netlab-probe"  # what every probe carries
ESP = 50


def packets(path: Path) -> Iterator[bytes]:
    """The IPv4 packets of a capture that `tcpdump -i any` wrote: a pcap of Linux cooked packets, version 2."""
    assert path.exists(), f"the VM brought no {path.name}"
    data = path.read_bytes()
    magic, link = struct.unpack_from("<I16xI", data)
    assert (magic, link) == (0xA1B2C3D4, 276)
    at = 24
    while at < len(data):
        kept, length = struct.unpack_from("<II", data, at + 8)
        assert kept == length, f"{path.name} holds a packet of {length} bytes, cut to {kept}"
        if data[at + 16 : at + 18] == b"\x08\x00":
            yield data[at + 16 + 20 : at + 16 + kept]
        at += 16 + kept


def ends(packet: bytes) -> frozenset[str]:
    return frozenset(".".join(map(str, packet[at : at + 4])) for at in (12, 16))


def test_the_gateways_speak_esp_to_each_other(results: Path) -> None:
    # Between Azure's gateways all stays on Microsoft's backbone (R80).
    spoken = [ends(packet) for packet in packets(results / "tests/backbone.pcap") if packet[9] == ESP]
    network = resolve(load("p2s-multi-vnet-s2s-bgp").scenario)
    for chained in (("VNet1", "VNet2"), ("VNet2", "VNet3")):
        gateways = [network.vnets[name].vpn_gateway for name in chained]
        instances = [router for gateway in gateways if gateway is not None for router in gateway.instances]
        public = frozenset(str(network.public.routers[router.node]) for router in instances)
        assert len(public) == 2
        assert spoken.count(public) > 100


def test_no_probe_crosses_the_underlay_in_clear(results: Path) -> None:
    underlay = (packet for node in ("internet", "backbone") for packet in packets(results / f"tests/{node}.pcap"))
    clear = [ends(packet) for packet in underlay if MARK in packet]
    assert clear == []


def test_the_same_probes_are_seen_in_clear_inside_a_vnet(results: Path) -> None:
    assert sum(MARK in packet for packet in packets(results / "tests/vnet1.pcap")) > 100


# --- throughput -----------------------------------------------------------------------------------------------------


def test_throughput_of_both_planes(results: Path, record_testsuite_property: Any) -> None:
    found = read_json(results / "tests/bench.json")["throughput"]["mbit_per_second"]
    assert sorted(found) == ["kernel", "userspace"]
    for plane, mbit in found.items():
        assert mbit > 0
        record_testsuite_property(f"mbit_per_second, {plane}", mbit)
