"""Faults of a running lab: each kind's file says how it begins there and how it ends.

What must settle afterwards is not said per kind: a stage waits for what the model foresees of the moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce

from netlab.azure.faults import Faults, Kind, targets
from netlab.azure.faults.circuit import CIRCUIT
from netlab.azure.faults.daemon import DAEMON
from netlab.azure.faults.device import DEVICE
from netlab.azure.faults.gateway import INSTANCE, STANDBY
from netlab.azure.faults.internet import INTERNET
from netlab.azure.faults.link import LINK
from netlab.azure.faults.machine import MACHINE
from netlab.azure.faults.route_server import ROUTE_SERVER
from netlab.azure.faults.session import SESSION
from netlab.azure.faults.tunnel import TUNNEL
from netlab.lab.story.faults import (
    circuit,
    daemon,
    device,
    gateway,
    internet,
    link,
    machine,
    route_server,
    session,
    tunnel,
)
from netlab.lab.story.faults.effect import Change, Effect, Left, Undo
from netlab.lab.story.stage import Stage
from netlab.plan.model import Plan
from netlab.scenario.models import Action

# In the order in which they act.
EFFECTS: Mapping[Kind, Effect] = {
    STANDBY: gateway.EFFECT,
    INSTANCE: gateway.EFFECT,
    TUNNEL: tunnel.EFFECT,
    LINK: link.EFFECT,
    INTERNET: internet.EFFECT,
    DEVICE: device.EFFECT,
    MACHINE: machine.EFFECT,
    CIRCUIT: circuit.EFFECT,
    ROUTE_SERVER: route_server.EFFECT,
    SESSION: session.EFFECT,
    DAEMON: daemon.EFFECT,
}


def change(stage: Stage, action: Action, before: Faults, now: Faults) -> None:
    """Break what has a fault now, and mend what has none any more."""
    for kind, effect in EFFECTS.items():
        begun, ended = targets(now - before, kind), targets(before - now, kind)
        if begun:
            effect.begin(stage, Change(begun, action))
        if ended:
            effect.end(stage, Change(ended, action))


def left(plan: Plan, present: Faults) -> Left:
    """What these faults leave in the kernel of a lab while they last."""
    found = (effect.left(plan, targets(present, kind)) for kind, effect in EFFECTS.items() if targets(present, kind))
    return reduce(Left.with_more, found, Left())


def repairs(taken: tuple[Action, ...]) -> Iterator[Undo]:
    """What finishes on a stage what these actions, killed half-way, may have left there."""
    concerned = (effect for kind, effect in EFFECTS.items() if any(map(kind.is_about, taken)))
    for effect in dict.fromkeys(concerned):
        if effect.repairs is not None:
            yield from effect.repairs(taken)
