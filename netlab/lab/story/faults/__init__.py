"""Faults of a running lab: each kind's file says how it begins there and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from netlab.azure.faults import Faults, Kind, targets
from netlab.azure.faults.circuit import CIRCUIT
from netlab.azure.faults.device import DEVICE
from netlab.azure.faults.gateway import INSTANCE, STANDBY
from netlab.azure.faults.link import LINK
from netlab.azure.faults.machine import MACHINE
from netlab.azure.faults.tunnel import TUNNEL
from netlab.lab.story.faults import circuit, device, gateway, link, machine, tunnel
from netlab.lab.story.stage import Stage
from netlab.scenario.models import Action

Act = Callable[[Stage, Collection[str]], None]


@dataclass(frozen=True, slots=True)
class Effect:
    """How faults of a kind begin in a lab, and how they end, given what they are about."""

    begin: Act
    end: Act


# In the order in which they act.
EFFECTS: Mapping[Kind, Effect] = {
    TUNNEL: Effect(tunnel.begin, tunnel.end),
    LINK: Effect(link.begin, link.end),
    DEVICE: Effect(device.begin, device.end),
    MACHINE: Effect(machine.begin, machine.end),
    CIRCUIT: Effect(circuit.begin, circuit.end),
}


def change(stage: Stage, action: Action, before: Faults, now: Faults) -> None:
    """Break what has a fault now, and mend what has none any more."""
    if any(targets(before, kind) != targets(now, kind) for kind in (STANDBY, INSTANCE)):
        gateway.fail_over(stage, action)
    for kind, effect in EFFECTS.items():
        begun, ended = targets(now - before, kind), targets(before - now, kind)
        if begun:
            effect.begin(stage, begun)
        if ended:
            effect.end(stage, ended)
