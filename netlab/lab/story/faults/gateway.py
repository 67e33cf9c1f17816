"""A gateway loses an instance, or gets it back: the lab goes over to the plan of the moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from netlab.azure.faults import Fault, Impact
from netlab.azure.faults.gateway import INSTANCE, STANDBY
from netlab.lab.build import keys, records
from netlab.lab.story import failover
from netlab.lab.story.faults.effect import Change, Effect, Undo
from netlab.lab.story.stage import Stage
from netlab.machine.waiting import until
from netlab.scenario.models import Action, GatewayFault

# R8: the least that Azure documents for an active-standby gateway, in seconds, from the loss of one instance to the
# first tunnel of the other. BGP comes on top: FRR starts a session anew after a second, whatever the time scale.
GAP_PLANNED = 10.0
GAP_UNPLANNED = 60.0


def _fail_over(stage: Stage, change: Change) -> None:
    """Go over to the plan of this moment: an instance is lost, or comes back, or the standby takes over.

    Before planned maintenance the standby is prepared. The gap is Azure's (R8): an active-active gateway has none.
    """
    machine = stage.machine
    old, stage.lab = stage.lab.plan, records.planned(stage.lab.facts, stage.lab.scenario, stage.state)
    new, secrets = stage.lab.plan, keys.read(stage.lab.facts.lab)
    action = change.action
    fault = action.subject if action.verb == INSTANCE.begins else None
    planned = not isinstance(fault, GatewayFault) or fault.planned
    none = fault is None or stage.state.hit(Impact.LOST)
    gap = 0.0 if none else (GAP_PLANNED if planned else GAP_UNPLANNED)
    if planned:
        failover.prepare(old, new, secrets, machine)
    over = time.monotonic() + gap / new.timers.scale
    failover.stop(old, new, machine, abruptly=not planned)
    if not planned:
        failover.prepare(old, new, secrets, machine)
    until(over)
    state = stage.state
    failover.cut_over(old, new, machine, state.up - state.not_at_once, state.refused)


def _repairs(taken: tuple[Action, ...]) -> Iterator[Undo]:
    for vnet in {action.subject.vnet for action in taken if isinstance(action.subject, GatewayFault)}:
        yield partial(_repair, vnet=vnet)


def _repair(stage: Stage, vnet: str) -> None:
    """Finish what a failover that was killed half-way has left, now that the story has been put back."""
    opening = records.opening(stage.lab)
    gateway = opening.network.vnets[vnet].vpn_gateway
    instances = gateway.instances if gateway is not None else ()
    stage.lab = records.planned(stage.lab.facts, stage.lab.scenario, opening)
    for fault in (Fault(STANDBY, vnet), *(Fault(INSTANCE, router.node) for router in instances)):
        other = records.planned(stage.lab.facts, stage.lab.scenario, replace(opening, faults=frozenset({fault}))).plan
        failover.repair(other, stage.lab.plan, keys.read(stage.lab.facts.lab), stage.machine, opening.up)


EFFECT = Effect(_fail_over, _fail_over, repairs=_repairs)
