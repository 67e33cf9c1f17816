"""A virtual machine is stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlab.azure.faults.kind import Faults, Impact, Kind, Subjects
from netlab.scenario.models import Action, OneMachine
from netlab.scenario.names import resolve
from netlab.scenario.network import Network


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    del faults
    subject = action.subject
    assert isinstance(subject, OneMachine)
    return frozenset(resolve(network.scenario, subject.vm))


def _subject(network: Network, node: str) -> Mapping[str, Any]:
    del network
    return {"vm": node}


def _appliances(network: Network) -> Subjects:
    return [_subject(network, appliance.router.node) for appliance in network.appliances.values()]


MACHINE = Kind(
    "machine",
    "vm",
    "stop_vm",
    "start_vm",
    _named,
    _subject,
    Impact.STOPPED,
    why_down=lambda node: f"{node} is stopped",
    single=_appliances,
)
