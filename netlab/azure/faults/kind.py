"""A fault, and what there is to say of a kind of faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netlab.scenario.models import Action
from netlab.scenario.network import Network


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is broken: the name of its kind, and what it is about."""

    kind: str
    target: str


Faults = frozenset[Fault]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of faults: the actions that begin and end one, and the targets that such an action names.

    ``alternates``: to begin it a second time ends it. ``why_down`` says why a tunnel is down that ends at a target, or
    is one; without it the fault takes no tunnel down.
    """

    name: str
    begins: str
    ends: str
    named: Callable[[Network, Faults, Action], frozenset[str]]
    alternates: bool = False
    why_down: Callable[[str], str] | None = None

    def targets(self, network: Network, faults: Faults, action: Action) -> frozenset[str]:
        """The targets of an action; none of an action of another kind."""
        return self.named(network, faults, action) if action.verb in (self.begins, self.ends) else frozenset()
