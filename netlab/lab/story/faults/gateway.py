"""A gateway loses an instance, or gets it back: the lab goes over to the plan of the moment."""

from __future__ import annotations

import time

from netlab.azure.faults.gateway import INSTANCE
from netlab.lab.build import keys, state
from netlab.lab.story import failover
from netlab.lab.story.stage import Stage
from netlab.machine.waiting import until
from netlab.scenario.models import Action, GatewayFault

# R8: the least that Azure documents for an active-standby gateway, in seconds, from the loss of one instance to the
# first tunnel of the other. BGP comes on top: FRR starts a session anew after a second, whatever the time scale.
GAP_PLANNED = 10.0
GAP_UNPLANNED = 60.0


def fail_over(stage: Stage, action: Action) -> None:
    """Go over to the plan of this moment: an instance is lost, or comes back, or the standby takes over.

    Before planned maintenance the standby is prepared. The gap is Azure's (R8): an active-active gateway has none.
    """
    machine = stage.machine
    old, stage.lab = stage.lab.plan, state.planned(stage.lab.facts, stage.lab.scenario, stage.world)
    new, secrets = stage.lab.plan, keys.read(stage.lab.facts.lab)
    fault = action.subject if action.verb == "fail_gateway" else None
    planned = not isinstance(fault, GatewayFault) or fault.planned
    none = fault is None or stage.world.broken(INSTANCE)
    gap = 0.0 if none else (GAP_PLANNED if planned else GAP_UNPLANNED)
    if planned:
        failover.prepare(old, new, secrets, machine)
    over = time.monotonic() + gap / new.timers.scale
    failover.stop(old, new, machine, abruptly=not planned)
    if not planned:
        failover.prepare(old, new, secrets, machine)
    until(over)
    failover.cut_over(old, new, machine, stage.world.up)
