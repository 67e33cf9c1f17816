"""What BGP sessions and daemons, that an action stopped, would bring back if they were started. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netlab.azure.faults import targets
from netlab.azure.faults.daemon import DAEMON
from netlab.azure.faults.session import SESSION
from netlab.azure.prediction import Addresses, pair
from netlab.azure.state import State
from netlab.scenario.names import Endpoint


def restarts(state: State, source: Endpoint, target: Endpoint, addresses: Addresses) -> Iterator[str]:
    """What must be started again for a pair to talk; nothing if that would not do."""
    stopped = frozenset(fault for fault in state.faults if fault.kind in (SESSION, DAEMON))
    if not stopped:
        return
    started = replace(state, faults=state.faults - stopped)
    if pair(started, source, target, addresses).outcome == "reachable":
        for node in sorted(targets(stopped, DAEMON)):
            yield f"start the BGP daemon of {node}: it is stopped"
        for session in sorted(targets(stopped, SESSION)):
            router, peer = session.split()
            yield f"start the BGP session of {router} with {peer}: {router} has shut it down"
