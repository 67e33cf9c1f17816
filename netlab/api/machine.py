"""Linux: its modules, each in the port of its subject."""

from __future__ import annotations

import sys

from netlab.api import controller
from netlab.lab.machine import Machine
from netlab.machine import (
    bgp,
    clients,
    daemons,
    filters,
    gateways,
    ike,
    inventory,
    labs,
    links,
    members,
    packets,
    routers,
    routes,
    sas,
    tunnels,
)

LINUX = Machine(
    labs,
    links,
    tunnels,
    filters,
    routes,
    inventory,
    packets,
    daemons,
    ike,
    sas,
    clients,
    bgp,
    gateways,
    routers,
    members,
    (sys.executable, "-m", controller.__name__),
)
