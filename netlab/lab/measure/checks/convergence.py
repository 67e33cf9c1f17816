"""Check that the lab settles after the actions of a step.

Success: tunnels, BGP, VNet tables and P2S selectors are in time where the model says, and lost clients have noticed it.
Failure: the deadline passes; the message says what was missing last.
"""

from __future__ import annotations

from netlab.errors import LabError
from netlab.lab.story.stage import Stage
from netlab.results.verification import Check


def check(stage: Stage) -> Check:
    """Wait until all has settled."""
    try:
        stage.settle()
        stage.await_departures()
    except (LabError, OSError) as error:
        return Check("convergence", "failed", str(error))
    return Check("convergence", "passed", "every gateway knows what Azure's rules say, and every VNet follows")
