"""A virtual machine is stopped."""

from __future__ import annotations

from netlab.azure.faults.kind import Faults, Impact, Kind
from netlab.scenario.models import Action, OneMachine
from netlab.scenario.names import resolve
from netlab.scenario.network import Network


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    del faults
    subject = action.subject
    assert isinstance(subject, OneMachine)
    return frozenset(resolve(network.scenario, subject.vm))


MACHINE = Kind(
    "machine", "vm", "stop_vm", "start_vm", _named, Impact.STOPPED, why_down=lambda node: f"{node} is stopped"
)
