"""Model and lab must agree on every cell of random topologies. NETLAB_FUZZ_N and
NETLAB_FUZZ_SEED draw more and others; `make fuzz N=300 SEED=7` runs as many as a campaign, several at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hybrids import hybrids
from hypothesis import given, note, seed
from secured import secured
from topologies import examples, topologies

from netlab.api.machine import LINUX
from netlab.lab.build import engine, records
from netlab.lab.measure.verify import Extent, verify
from netlab.plan.planner import plan
from netlab.results.verification import Report
from netlab.scenario.loader import Loaded, load

COUNT = int(os.environ.get("NETLAB_FUZZ_N", "8"))
SEED = int(os.environ.get("NETLAB_FUZZ_SEED", "7"))
FOUND = Path(__file__).parent / "disagreements"
LAB = f"fuzz-{os.getpid()}"


def built_and_verified(loaded: Loaded) -> Report:
    """Build a lab, verify it, remove it."""
    planned = plan(loaded.scenario, LAB)
    facts = records.Facts(LAB, loaded.scenario.name, planned.data_plane, planned.timers.scale)
    engine.up(records.Lab(facts, loaded.scenario, planned), loaded.text, LINUX, lambda _: None)
    try:
        return verify(records.read(LAB), LINUX, lambda _: None, Extent())
    finally:
        engine.down(LAB, LINUX)


def disagreements(report: Report) -> list[str]:
    """Every cell and check that is not as the model says."""
    cells = [
        f"{step.name}: {cell.source} to {cell.target} ({cell.protocol}): {cell.message}"
        for step in report.steps
        for cell in step.cells
        if cell.status != "passed"
    ]
    return cells + [
        f"{step.name}: {check.name}: {check.message}"
        for step in report.steps
        for check in step.checks
        if check.status != "passed"
    ]


@seed(SEED)
@examples(COUNT)
@given(topologies())
def test_model_and_lab_agree(loaded: Loaded) -> None:
    note(loaded.text)
    assert not disagreements(built_and_verified(loaded))


@seed(SEED)
@examples(COUNT)
@given(hybrids())
def test_model_and_lab_agree_about_hybrid_networks(loaded: Loaded) -> None:
    note(loaded.text)
    assert not disagreements(built_and_verified(loaded))


@seed(SEED)
@examples(max(1, COUNT // 2))
@given(secured())
def test_model_and_lab_agree_about_filters_sessions_and_load_balancers(loaded: Loaded) -> None:
    note(loaded.text)
    assert not disagreements(built_and_verified(loaded))


@pytest.mark.parametrize("file", sorted(FOUND.glob("*.yaml")), ids=lambda file: file.stem)
def test_what_was_once_a_disagreement(file: Path) -> None:
    report = built_and_verified(load(str(file)))
    assert report.steps
    assert not disagreements(report)
