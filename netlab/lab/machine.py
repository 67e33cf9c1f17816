"""The machine that a lab is built on: its ports, each of one subject. ``api`` puts Linux' modules into them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from netlab.controllers.probing import Members
from netlab.controllers.steering import Routers
from netlab.controllers.tables import Gateways as Read
from netlab.machine.ports import (
    Bgp,
    Clients,
    Daemons,
    Filters,
    Ike,
    Inventory,
    Labs,
    Links,
    Packets,
    Routes,
    Sas,
    Tunnels,
)


class Gateways(Read, Protocol):
    """What the SDN controller reads and writes, and what a story changes of it."""

    def set_custom_routes(self, netns: str, prefixes: Iterable[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Machine:
    """Ports, by subject. What needs one of them takes that one, what needs several takes them all."""

    labs: Labs
    links: Links
    tunnels: Tunnels
    filters: Filters
    routes: Routes
    inventory: Inventory
    packets: Packets
    daemons: Daemons
    ike: Ike
    sas: Sas
    clients: Clients
    bgp: Bgp
    gateways: Gateways
    routers: Routers
    members: Members
    # The command of the process that runs the controllers of a lab, without the lab's name.
    controller: tuple[str, ...]

    def controllers(self, lab: str) -> tuple[str, ...]:
        """The command of the process that runs a lab's controllers."""
        return *self.controller, lab
