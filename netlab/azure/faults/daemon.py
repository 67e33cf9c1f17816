"""The BGP daemon of an appliance or a VPN device is stopped: it has no session, and forwards as before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlab.azure.faults.kind import Faults, Impact, Kind
from netlab.azure.faults.link import linked, subject_of
from netlab.scenario.models import Action, BgpSpeaker
from netlab.scenario.network import Network


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    del faults
    subject = action.subject
    assert isinstance(subject, BgpSpeaker)
    if subject.speaker in network.appliances:
        return frozenset((network.appliances[subject.speaker].router.node,))
    return linked(network, subject.speaker, subject.device)


def _subject(network: Network, node: str) -> Mapping[str, Any]:
    for appliance in network.appliances.values():
        if appliance.router.node == node:
            return {"speaker": appliance.name}
    found = dict(subject_of(network, node))
    return {"speaker": found.pop("name"), **found}


DAEMON = Kind("BGP daemon", "bgp-daemon", "stop_bgp_daemon", "start_bgp_daemon", _named, _subject, Impact.WITHOUT_BGP)
