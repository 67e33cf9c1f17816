"""What probes are aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address

from netlab.azure.prediction import address_asked, endpoint_addresses
from netlab.azure.state import State
from netlab.probe.trace import Probe
from netlab.scenario.names import by_node


def all_addresses(state: State, observed: Mapping[str, str]) -> dict[str, IPv4Address]:
    """The addresses that endpoints have, and those that clients without one might have."""
    return endpoint_addresses(state) | {node: IPv4Address(text) for node, text in observed.items()}


def aimed(state: State, addresses: Mapping[str, IPv4Address], probe: Probe) -> Probe:
    """A probe for the address that its target has for its source."""
    ends = by_node(state.scenario)
    source, target = ends[probe.source], ends[probe.target]
    if any(end.kind == "client" and state.absence(end.owner) for end in (source, target)):
        return probe
    frontend = state.network.frontends.get(probe.target)
    answering = frontend.answering if frontend is not None else None
    return replace(probe, address=str(address_asked(state, source, target, addresses)), answering=answering)
