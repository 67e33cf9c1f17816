"""Tunnels on demand: the packet that finds no security association brings it up (R22, R50).

kernel-libipsec has no acquires, so on both data planes a thread watches what enters the tunnel's interface. That
first packet itself is lost.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Protocol

from netlab.errors import LabError
from netlab.plan.model import Child, IkeConnection, Plan

# Under traffic, the tunnel is looked at this often.
_PAUSE = 0.05
# An interface that is gone may come back.
_PERIOD = 1.0

# Where a packet comes from and goes to.
Packet = tuple[str, str]


class Tap(Protocol):
    """Something to wait on for packets that enter an interface."""

    def wait(self) -> frozenset[Packet]: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """What bringing up tunnels asks of the ports.

    ``tap`` listens at an interface of a namespace. The others take a charon's directory and a connection: ``children``
    are its CHILD SAs; ``connecting`` says whether it is about to make an IKE SA; ``initiate_child`` brings up one more.
    """

    tap: Callable[[str, str], Tap]
    children: Callable[[str, str], Iterable[Child]]
    connecting: Callable[[str, str], bool]
    initiate_child: Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True)
class Demand:
    """Where packets for a connection enter, whose charon brings it up for them, and the charons of both its ends."""

    netns: str
    interface: str
    directory: str
    connection: IkeConnection
    ends: tuple[str, ...] = ()


def demands(plan: Plan) -> Iterator[Demand]:
    """The tunnel interfaces of a lab that must be watched."""
    charons = {charon.node: charon for charon in plan.charons}
    for tunnel in (tunnel for tunnel in plan.tunnels if not tunnel.to_clients):
        charon = charons[tunnel.edge]
        for connection in charon.connections:
            if connection.name == tunnel.connection and connection.on_demand:
                ends = tuple(charons[end.edge].directory for end in plan.tunnels if end.connection == tunnel.connection)
                yield Demand(plan.netns(tunnel.node), tunnel.interface, charon.directory, connection, ends)


def lacking(connection: IkeConnection, in_use: Collection[Child], packets: Collection[Packet]) -> tuple[str, ...]:
    """The CHILD SAs to bring up for packets that none in use takes; one that the peer has narrowed is in use."""
    names = {child.name for child in in_use}
    homeless = [packet for packet in packets if not any(takes(child, packet) for child in in_use)]
    return tuple(
        child.name
        for child in connection.children
        if child.name not in names and any(takes(child, packet) for packet in homeless)
    )


def takes(child: Child, packet: Packet) -> bool:
    """Whether the selectors of a CHILD SA cover a packet that its end sends."""
    return all(
        any(IPv4Address(address) in IPv4Network(prefix) for prefix in side.prefixes)
        for side, address in ((child.local_ts, packet[0]), (child.remote_ts, packet[1]))
    )


def start(plan: Plan, ports: Ports, watched: frozenset[Demand] = frozenset()) -> frozenset[Demand]:
    """Watch every interface that wants it and is not, each in a thread that ends with the process; all that are now.

    Returns when each of them is watched, or was not there.
    """
    fresh = frozenset(demands(plan)) - watched
    tried = [threading.Event() for _ in fresh]
    locks: dict[str, threading.Lock] = {}
    for demand, event in zip(fresh, tried, strict=True):
        lock = locks.setdefault(demand.connection.name, threading.Lock())
        arguments = (demand, ports, lock, threading.Event().wait, event.set)
        threading.Thread(target=_watch, args=arguments, daemon=True).start()
    for event in tried:
        event.wait()
    return watched | fresh


Pause = Callable[[float], object]


def _watch(demand: Demand, ports: Ports, lock: threading.Lock, pause: Pause, tried: Callable[[], None]) -> None:
    while True:
        try:
            try:
                tap = ports.tap(demand.netns, demand.interface)
            finally:
                tried()
            while True:
                packets = tap.wait()
                with lock:
                    serve(demand, ports, packets, pause)
                pause(_PAUSE)
        except (LabError, OSError):
            pause(_PERIOD)


def serve(demand: Demand, ports: Ports, packets: Collection[Packet], pause: Pause) -> None:
    """Bring up what packets lack; a peer that refuses is asked again by the next packet.

    Two IKE SAs that both ends make at once replace each other, and take CHILD SAs with them: of the two ends of a
    connection one begins, and only when nothing else is under way.
    """
    name = demand.connection.name
    while any(ports.connecting(directory, name) for directory in demand.ends):
        pause(_PAUSE)
    for child in lacking(demand.connection, tuple(ports.children(demand.directory, name)), packets):
        with contextlib.suppress(LabError):
            ports.initiate_child(demand.directory, name, child)
