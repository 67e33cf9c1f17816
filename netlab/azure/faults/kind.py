"""A fault, and what there is to say of a kind of faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from netlab.scenario.models import Action
from netlab.scenario.network import Network


class Impact(Enum):
    """What a fault does to its target in the model."""

    SWITCHED = auto()
    """The second instance of this VNet's active-standby gateway is the active one."""
    LOST = auto()
    """This router does not exist: it has no tunnels, sessions and addresses."""
    STOPPED = auto()
    """This machine exists, and sends, receives and forwards nothing."""
    CUT = auto()
    """The link of this router or client to the Internet carries nothing."""
    CUT_OFF = auto()
    """This carrier of the underlay carries nothing."""
    SILENT = auto()
    """This VPN device exchanges nothing with the Internet, though its link is up."""
    SEVERED = auto()
    """The link of this edge router to its site carries nothing."""
    SHUT_DOWN = auto()
    """This BGP session is shut down: two nodes, that of the router which shuts it down first."""
    WITHOUT_BGP = auto()
    """This router has no BGP session."""


Subjects = Iterable[Mapping[str, Any]]


def never_alone(network: Network) -> Subjects:
    """No subjects: of a kind that a sweep leaves out, because a fault of another kind costs as much."""
    del network
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of faults: the actions that begin and end one, the targets that such an action names, and its impact.

    ``subject`` is how an action names a target. ``verb`` is the one of ``netlab fault``. ``alternates``: to begin it a
    second time ends it. ``why_down`` says why a tunnel is down that ends at a target, or is one; without it the fault
    takes no tunnel down. ``single`` are the subjects of the actions by which one part of a network fails, each part
    once: what ``netlab sweep`` tries.
    """

    name: str
    verb: str
    begins: str
    ends: str
    named: Callable[[Network, Faults, Action], frozenset[str]]
    subject: Callable[[Network, str], Mapping[str, Any]]
    impact: Impact | None = None
    alternates: bool = False
    why_down: Callable[[str], str] | None = None
    single: Callable[[Network], Subjects] = never_alone

    def targets(self, network: Network, faults: Faults, action: Action) -> frozenset[str]:
        """The targets of an action; none of an action of another kind."""
        return self.named(network, faults, action) if self.is_about(action) else frozenset()

    def is_about(self, action: Action) -> bool:
        """Whether an action begins or ends faults of this kind."""
        return action.verb in (self.begins, self.ends)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is broken: its kind, and what it is about: a node, two of a session, the name of a tunnel or of
    a VNet."""

    kind: Kind
    target: str


Faults = frozenset[Fault]


def targets(faults: Faults, kind: Kind) -> frozenset[str]:
    """What the faults of a kind are about."""
    return frozenset(fault.target for fault in faults if fault.kind == kind)


def hit(faults: Faults, *impacts: Impact) -> frozenset[str]:
    """The targets that faults do one of these things to."""
    return frozenset(fault.target for fault in faults if fault.kind.impact in impacts)
