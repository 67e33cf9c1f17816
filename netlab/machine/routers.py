"""What the agent of VPN devices reads and writes: the routes of routers into their tunnels."""

from __future__ import annotations

from collections.abc import Iterable

from netlab.machine import interfaces
from netlab.machine.routes import RTPROT_NETLAB, as_planned, routes, set_routes
from netlab.plan.model import MAIN_TABLE, Route


def own_routes(netns: str) -> tuple[Route, ...]:
    """The routes in the main table of a namespace that the lab's agents put there."""
    return tuple(as_planned(route) for route in routes(netns, MAIN_TABLE) if route.protocol == RTPROT_NETLAB)


def steer(netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None:
    """Add and delete routes of a router into its tunnels; those whose interface is gone with its charon are not."""
    live = {*interfaces.interface_names(netns), ""}
    there = (r for r in add if {r.device, *(device for device, _ in r.hops)} <= live)
    set_routes(netns, there, delete, RTPROT_NETLAB)
