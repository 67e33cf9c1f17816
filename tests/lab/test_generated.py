"""Model and lab must agree on every cell of random topologies. `make fuzz N=300 SEED=7` runs more of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, note, seed, settings

from netlab.lab import engine, state
from netlab.lab.verify import verify
from netlab.machine.linux import Linux
from netlab.plan.planner import plan
from netlab.probe.verdict import Report
from netlab.scenario.loader import Loaded

sys.path.insert(0, str(Path(__file__).parent.parent))
from topologies import topologies

COUNT = int(os.environ.get("NETLAB_FUZZ_N", "15"))
SEED = int(os.environ.get("NETLAB_FUZZ_SEED", "7"))
LAB = f"fuzz-{os.getpid()}"


def built_and_verified(loaded: Loaded) -> Report:
    """Build a lab, verify it, remove it."""
    machine = Linux()
    planned = plan(loaded.scenario, LAB)
    facts = state.Facts(LAB, loaded.scenario.name, planned.data_plane, planned.timers.scale)
    engine.up(planned, loaded.scenario, loaded.text, facts, machine, lambda _: None)
    try:
        return verify(state.read(LAB), machine, lambda _: None)
    finally:
        engine.down(LAB, machine)


@seed(SEED)
@settings(
    max_examples=COUNT,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(topologies())
def test_model_and_lab_agree(loaded: Loaded) -> None:
    note(loaded.text)
    report = built_and_verified(loaded)
    wrong = [
        f"{step.name}: {cell.source} to {cell.target} ({cell.protocol}): {cell.message}"
        for step in report.steps
        for cell in step.cells
        if cell.status != "passed"
    ]
    wrong += [f"{s.name}: {c.name}: {c.message}" for s in report.steps for c in s.checks if c.status != "passed"]
    assert not wrong
