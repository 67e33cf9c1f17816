"""Check that every daemon of the lab runs.

Success: each charon, each daemon for clients, each daemon of FRR and the SDN controller runs, but for the BGP daemons
that an action stopped.
Failure: one of them is dead.
"""

from __future__ import annotations

from netlab.azure.state import State
from netlab.lab.build import alive
from netlab.machine.ports import Daemons
from netlab.plan.model import Plan
from netlab.results.verification import Check


def check(plan: Plan, state: State, daemons: Daemons) -> Check:
    """Whether every daemon runs."""
    dead = alive.dead(plan, state, daemons)
    return Check("daemons", "failed" if dead else "passed", "; ".join(dead) or f"{len(daemons.running(plan.lab))} run")
