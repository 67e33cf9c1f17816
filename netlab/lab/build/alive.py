"""The daemons that a lab must have, and those that are dead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from netlab.azure.faults import Impact
from netlab.azure.state import State
from netlab.machine.daemons import CONTROLLER
from netlab.machine.ports import Daemons
from netlab.plan.model import Plan


def dead(plan: Plan, state: State, daemons: Daemons) -> tuple[str, ...]:
    """The daemons that must run and do not, in words."""
    running = Counter(daemons.running(plan.lab))
    stopped = state.hit(Impact.WITHOUT_BGP)
    must = (item for item in expected(plan) if item[0] not in stopped or item[2] not in ("bgpd", "bfdd"))
    return tuple(f"{name} of {node} is dead" for node, directory, name in must if not running[directory, name])


def expected(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Every daemon that must run: node, run directory and process name."""
    for charon in plan.charons:
        yield charon.node, charon.directory.rpartition("/")[2], "charon-systemd"
    for server in (server for server in plan.servers if server.program):
        yield server.edge, server.directory.rpartition("/")[2], server.program
    for speaker in plan.speakers:
        for program in speaker.daemons:
            yield speaker.node, speaker.directory.rpartition("/")[2], program
    yield "the lab", CONTROLLER, CONTROLLER
