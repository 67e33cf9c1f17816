"""Check that every daemon of the lab runs.

Success: each charon, each daemon of FRR and the SDN controller runs, but for the BGP daemons that an action stopped.
Failure: one of them is dead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from netlab.azure.faults import Impact
from netlab.azure.state import State
from netlab.machine.daemons import CONTROLLER
from netlab.machine.ports import Daemons
from netlab.plan.model import Plan
from netlab.results.verification import Check


def check(plan: Plan, state: State, daemons: Daemons) -> Check:
    """Whether every daemon runs."""
    running = Counter(daemons.running(plan.lab))
    stopped = state.hit(Impact.WITHOUT_BGP)
    must = (item for item in expected(plan) if item[0] not in stopped or item[2] not in ("bgpd", "bfdd"))
    dead = [(node, name) for node, directory, name in must if not running[directory, name]]
    words = "; ".join(f"{name} of {node} is dead" for node, name in dead) or f"{sum(running.values())} run"
    return Check("daemons", "failed" if dead else "passed", words)


def expected(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Every daemon that must run: node, run directory and process name."""
    for charon in plan.charons:
        yield charon.node, charon.directory.rpartition("/")[2], "charon-systemd"
    for speaker in plan.speakers:
        for program in speaker.daemons:
            yield speaker.node, speaker.directory.rpartition("/")[2], program
    yield "the lab", CONTROLLER, CONTROLLER
