"""A machine for the controllers, written by hand: what it is told it does, and it remembers every change."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from netlab.controllers import loop
from netlab.plan import steering
from netlab.plan.model import BgpSpeaker, GatewayView, IkeServer, Plan, Route, Server, Timers
from netlab.plan.planner import plan
from netlab.scenario.loader import load


@cache
def lab(name: str = "p2s-branch-bgp") -> Plan:
    return plan(load(name).scenario, "lab")


def server(name: str = "p2s-branch-bgp") -> Server:
    """The gateway's end of IKEv2."""
    (found,) = (each for each in lab(name).servers if isinstance(each, IkeServer))
    return found


class Stop(Exception):
    """Ends the controller's loop."""


@dataclass
class Machine:
    """Tables, routes into tunnels and selectors, what the gateways know, dead tunnels, and every change made."""

    known: dict[str, tuple[tuple[str, bool, int], ...]]
    routes: dict[str, set[Route]]
    offers: dict[Server, tuple[str, ...]]
    custom: tuple[str, ...] = ()
    dead: set[tuple[str, str]] = field(default_factory=set)
    changes: list[Any] = field(default_factory=list)
    sets: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    looks: int = 0
    events: Iterator[bool] = field(default_factory=lambda: iter(()))
    closed: bool = False

    def gateway_prefixes(self, view: GatewayView) -> tuple[tuple[str, bool, int], ...]:
        return self.known[view.node]

    def custom_routes(self, netns: str) -> tuple[str, ...]:
        return self.custom

    def tables(self, netns: str) -> tuple[Route, ...]:
        self.looks += 1
        return tuple(self.routes[netns])

    def change_tables(self, netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None:
        add, delete = set(add), set(delete)
        assert delete <= self.routes[netns], "deletes what is not there"
        assert not add & self.routes[netns], "adds what is there"
        self.routes[netns] = self.routes[netns] - delete | add
        self.changes.append((netns, add, delete))

    def set_members(self, netns: str, name: str) -> tuple[str, ...]:
        return self.sets.get((netns, name), ())

    def change_set(self, netns: str, name: str, prefixes: Iterable[str]) -> None:
        self.sets[netns, name] = tuple(prefixes)
        self.changes.append((name, self.sets[netns, name]))

    def offered(self, server: Server) -> tuple[str, ...]:
        return self.offers[server]

    def offer(self, server: Server, prefixes: Iterable[str], timers: Timers) -> None:
        self.offers[server] = tuple(prefixes)
        self.changes.append(("offer", self.offers[server]))

    def steer(self, netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None:
        self.change_tables(netns, add, delete)

    def reset_session(self, speaker: BgpSpeaker, address: str) -> None:
        self.changes.append(("reset", speaker.node, address))

    def poke(self) -> None: ...

    def close(self) -> None:
        self.closed = True

    def own_routes(self, netns: str) -> tuple[Route, ...]:
        return tuple(self.routes[netns])

    def installed(self, directory: str) -> frozenset[str]:
        everything = (c for item in lab().charons if item.directory == directory for c in item.connections)
        return frozenset(c.name for c in everything if (directory, c.name) not in self.dead)

    @property
    def ports(self) -> loop.Ports:
        nobody: Any = None
        return loop.Ports(self, self, self, self, nobody, self.watch)

    def watch(self, netns: Iterable[str], directories: Iterable[str]) -> Machine:
        assert set(netns) == {view.netns for view in lab().gateways}
        assert set(directories) == {charon.directory for charon in lab().charons if "-edge" in charon.node}
        return self

    def wait(self, seconds: float) -> bool:
        try:
            return next(self.events)
        except StopIteration:
            raise Stop from None


@dataclass
class Orders:
    """What others want of the controller: another plan, when it asks for the last time."""

    when_ready: Callable[[], object] = lambda: None
    asked: int = 1000

    def ready(self, poke: Callable[[], None]) -> None:
        self.when_ready()

    def round(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def replanned(self) -> bool:
        self.asked -= 1
        return self.asked < 0


def machine(*known: tuple[str, bool, int], name: str = "p2s-branch-bgp") -> Machine:
    """A machine as `up` left it, whose gateways know something."""
    built = {fabric.netns: set(lab(name).node(fabric.node).routes) for fabric in lab(name).fabrics}
    up = steering.everything_up(lab(name))
    built |= {lab(name).netns(t.node): set(steering.routes(lab(name), t.node, up)) for t in lab(name).tunnels}
    offers = {each: each.static for each in lab(name).servers}
    return Machine({item.node: known for item in lab(name).gateways}, built, offers)
