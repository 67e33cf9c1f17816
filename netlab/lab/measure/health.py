"""The health of a lab: its daemons, connections, clients and BGP sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.azure.state import State
from netlab.lab.machine import Machine
from netlab.lab.measure.checks import agreed, clients, configuration, connections, daemons
from netlab.lab.measure.checks import sessions as bgp_sessions
from netlab.plan.model import Plan
from netlab.results.verification import Check


def health(plan: Plan, state: State, machine: Machine) -> Iterator[Check]:
    """Whether every daemon runs, and every connection, client and BGP session is as predicted."""
    yield daemons.check(plan, state, machine.daemons)
    yield from sessions(plan, state, machine, {})


def sessions(plan: Plan, state: State, machine: Machine, documented: Mapping[str, str]) -> Iterator[Check]:
    """Connections, clients and BGP sessions, as predicted; connections also as documented."""
    yield from connections.check(plan, state, machine.sas, documented)
    yield from clients.check(plan, state, machine.clients)
    yield from bgp_sessions.check(plan, state, machine.bgp)
    yield agreed.check(plan, state, machine.sas)
    yield configuration.check(plan, state, machine)
