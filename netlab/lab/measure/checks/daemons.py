"""Check that every daemon of the lab runs and answers.

Success: each charon, each daemon for clients, each daemon of FRR or BIRD and the SDN controller runs once and answers
in time, but for the BGP daemons that an action stopped; the controller answers when it has looked at the lab again.
Failure: one of them is dead, does not answer, or runs twice.
"""

from __future__ import annotations

from netlab.azure.state import State
from netlab.lab.build import alive
from netlab.lab.measure.judgement import some
from netlab.machine.ports import Daemons
from netlab.plan.model import Plan
from netlab.results.verification import Check


def check(plan: Plan, state: State, daemons: Daemons) -> Check:
    """Whether every daemon runs and answers."""
    found = (*alive.dead(plan, state, daemons), *alive.silent(plan, state, daemons))
    words = some(alive.said(found))
    return Check(
        "daemons",
        "failed" if found else "passed",
        words or f"{len(daemons.running(plan.lab))} run and answer",
        found,
    )
