"""A kernel made by hand: it holds the routes and rules of a plan."""

from __future__ import annotations

from netlab.machine.routes import KernelRoute
from netlab.plan.model import Route


def as_read(route: Route) -> KernelRoute:
    """A route of a plan as the kernel shows it."""
    hops = route.hops or ((route.device, route.via),)
    devices, via = (tuple(filter(None, names)) for names in zip(*hops, strict=True))
    return KernelRoute(route.prefix, route.type, route.table, 0, route.metric, devices, via, route.source)
