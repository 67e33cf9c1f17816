"""Faults: what is broken in a network at a moment. A set of values; what a kind does to the model stands in its file.

What a kind does to a running lab stands in the file of the same name in ``netlab.lab.story.faults``.
"""

from __future__ import annotations

from netlab.azure.faults import circuit, device, gateway, link, machine, tunnel
from netlab.azure.faults.kind import Fault, Faults, Kind
from netlab.scenario.models import Action
from netlab.scenario.network import Network

KINDS: tuple[Kind, ...] = (
    gateway.STANDBY,
    gateway.INSTANCE,
    tunnel.TUNNEL,
    link.LINK,
    device.DEVICE,
    machine.MACHINE,
    circuit.CIRCUIT,
)

__all__ = ["KINDS", "Fault", "Faults", "Kind", "after", "is_about_faults", "targets"]


def is_about_faults(action: Action) -> bool:
    """Whether an action begins or ends faults."""
    return any(action.verb in (kind.begins, kind.ends) for kind in KINDS)


def after(network: Network, faults: Faults, action: Action) -> Faults:
    """The faults after an action that begins or ends some."""
    for kind in KINDS:
        mine = frozenset(Fault(kind.name, target) for target in kind.targets(network, faults, action))
        if action.verb == kind.begins:
            faults = faults ^ mine if kind.alternates else faults | mine
        elif action.verb == kind.ends:
            faults = faults - mine
    return faults


def targets(faults: Faults, kind: Kind) -> frozenset[str]:
    """What faults of a kind are about: nodes, names of tunnels or of VNets, as the kind says."""
    return frozenset(fault.target for fault in faults if fault.kind == kind.name)
