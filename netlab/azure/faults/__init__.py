"""Faults: what is broken in a network at a moment. A set of values; what a kind does to the model stands in its file.

What a kind does to a running lab stands in the file of the same name in ``netlab.lab.story.faults``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netlab.azure.faults import circuit, daemon, device, gateway, internet, link, machine, route_server, session, tunnel
from netlab.azure.faults.kind import Fault, Faults, Impact, Kind, hit, targets
from netlab.scenario.models import Action
from netlab.scenario.network import Network

KINDS: tuple[Kind, ...] = (
    gateway.STANDBY,
    gateway.INSTANCE,
    tunnel.TUNNEL,
    link.LINK,
    internet.INTERNET,
    device.DEVICE,
    machine.MACHINE,
    circuit.CIRCUIT,
    route_server.ROUTE_SERVER,
    session.SESSION,
    daemon.DAEMON,
)

__all__ = [
    "KINDS",
    "Fault",
    "Faults",
    "Impact",
    "Kind",
    "action_of",
    "after",
    "ending",
    "hit",
    "is_about_faults",
    "mending",
    "targets",
    "why_down",
]


def is_about_faults(action: Action) -> bool:
    """Whether an action begins or ends faults."""
    return any(kind.is_about(action) for kind in KINDS)


def after(network: Network, faults: Faults, action: Action) -> Faults:
    """The faults after an action that begins or ends some."""
    for kind in KINDS:
        mine = frozenset(Fault(kind, target) for target in kind.targets(network, faults, action))
        if action.verb == kind.begins:
            faults = faults ^ mine if kind.alternates else faults | mine
        elif action.verb == kind.ends:
            faults = faults - mine
    return faults


def mending(action: Action) -> Action | None:
    """The action that ends the faults which an action begins; None if it begins none."""
    ends = next((kind.ends for kind in KINDS if action.verb == kind.begins), None)
    return Action.model_validate({ends: action.subject}) if ends is not None else None


def ending(network: Network, fault: Fault) -> dict[str, Any]:
    """The action that ends a fault, as a story writes it."""
    return {fault.kind.ends: dict(fault.kind.subject(network, fault.target))}


def action_of(verb: str, mend: bool) -> str:
    """The action that a verb of ``netlab fault`` takes."""
    kind = next(kind for kind in KINDS if kind.verb == verb)
    return kind.ends if mend else kind.begins


def why_down(faults: Faults, places: Iterable[str]) -> str:
    """Why a tunnel is down, by its name and the nodes that it ends at; empty if no fault takes it down."""
    for place in places:
        here = {fault.kind for fault in faults if fault.target == place}
        for kind in KINDS:
            if kind.why_down is not None and kind in here:
                return kind.why_down(place)
    return ""
