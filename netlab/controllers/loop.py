"""The loop of the controllers: look when something has changed, and bring in step what depends on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from netlab.controllers.probing import Members, Probing
from netlab.controllers.steering import Routers, Sas, Sessions, of_tunnels, reset_sessions, steer, tunnels_up
from netlab.controllers.tables import (
    Custom,
    Gateways,
    Healthy,
    Injected,
    Known,
    custom_routes,
    injected_by_route_servers,
    known_by_gateways,
    reconcile,
)
from netlab.errors import LabError
from netlab.plan.model import Plan
from netlab.plan.steering import Up, everything_up

_DEBOUNCE = 0.01
# Missed events are made up for by reading everything anew.
_PERIOD = 5.0

# What the controller has seen and acted upon.
Seen = tuple[Up, tuple[Known, Custom, Injected, Healthy]]


class Watch(Protocol):
    """Something to wait on for changes."""

    def wait(self, seconds: float) -> bool: ...

    def poke(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """What the controllers ask of the machine; ``watch`` listens to routes of namespaces and to SAs of charons."""

    gateways: Gateways
    routers: Routers
    sas: Sas
    sessions: Sessions
    members: Members
    watch: Callable[[Iterable[str], Iterable[str]], Watch]


class Orders(Protocol):
    """Orders of other processes: the controller reports that it is ready, with what wakes it, and its rounds."""

    def ready(self, poke: Callable[[], None]) -> None: ...

    def round(self) -> AbstractContextManager[None]: ...

    def replanned(self) -> bool: ...


def run(plan: Plan, ports: Ports, orders: Orders, begun: Callable[[], bool], before: Up | None = None) -> Up | None:
    """Keep the lab in step until there is another plan; the tunnels that are up then. Acts only when something is new.

    Until ``begun`` says that every tunnel has been initiated, all count as up. ``before`` are those that were up at the
    end of the plan before: what went or came since is new.
    """
    directories = [charon.directory for charon in of_tunnels(plan)]
    watch = ports.watch([*(v.netns for v in plan.gateways), *(v.netns for v in plan.route_servers)], directories)
    probing = Probing(plan, ports.members, watch.poke)
    last: Seen | None = None
    try:
        while not orders.replanned():
            # Of what goes away while it is looked at, the next look sees that it is gone.
            with orders.round(), contextlib.suppress(LabError, OSError):
                now = _look(plan, ports, probing.healthy, begun(), last, before)
                if last is None:
                    orders.ready(watch.poke)
                last, before = now, now[0]
            if watch.wait(_PERIOD):
                while watch.wait(_DEBOUNCE):
                    pass
    finally:
        probing.close()
        watch.close()
    return before


def _look(plan: Plan, ports: Ports, healthy: Healthy, begun: bool, last: Seen | None, before: Up | None) -> Seen:
    """Look at tunnels and gateways, and bring in step what depends on what is new there, or at members of pools."""
    up = tunnels_up(plan, ports.sas) if begun else everything_up(plan)
    if last is None or up != before:
        steer(plan, ports.routers, up)
        reset_sessions(plan, ports.sessions, up ^ before if before is not None else frozenset())
    known = known_by_gateways(plan, ports.gateways)
    now = (known, custom_routes(plan, ports.gateways), injected_by_route_servers(plan, ports.gateways), healthy)
    if last is None or now != last[1]:
        reconcile(plan, ports.gateways, known, now[2], healthy)
    return up, now
