"""What leads into tunnels besides BGP: static routes and BGP peers' host routes, given the tunnels that are up."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.plan.model import MAIN_TABLE, Plan, Route, Tunnel
from netlab.plan.ports import P2S

# The tunnels that are up, each by a router's node and its IKE connection.
Up = frozenset[tuple[str, str]]


def everything_up(plan: Plan) -> Up:
    """As if every tunnel were up."""
    return frozenset((tunnel.node, tunnel.connection) for tunnel in plan.tunnels)


def routes(plan: Plan, node: str, up: Up) -> frozenset[Route]:
    """The routes that a router has into its tunnels.

    A BGP peer's host route is there while its tunnel is up: without it BGP forgets what the peer told. Static routes
    have no liveness (R83); but where another tunnel of the connection is up, those into a dead one give way.
    """
    mine = plan.tunnels_of(node)
    hosts = (
        Route(prefix, tunnel.interface)
        for tunnel in mine
        for prefix in tunnel.host_routes
        if tunnel.connection == P2S or (node, tunnel.connection) in up
    )
    return frozenset((*hosts, *_statics(plan, mine, up)))


def _statics(plan: Plan, mine: tuple[Tunnel, ...], up: Up) -> Iterator[Route]:
    # Between equal prefixes what leads into the own VNet, or to the own hosts, wins: it was there first.
    there = (route for tunnel in mine[:1] for route in plan.node(tunnel.node).routes)
    inward = {route.prefix for route in there if not route.metric and route.table == MAIN_TABLE}
    leading: dict[str, list[str]] = {}
    for tunnel in mine:
        if (tunnel.node, tunnel.connection) in up or not any(_alive(plan, tunnel, up)):
            for prefix in (p for p in tunnel.statics if p not in inward):
                leading.setdefault(prefix, []).append(tunnel.interface)
    for prefix, interfaces in leading.items():
        several = tuple(sorted((name, "") for name in interfaces)) if len(interfaces) > 1 else ()
        yield Route(prefix, "" if several else interfaces[0], hops=several)


def _alive(plan: Plan, tunnel: Tunnel, up: Up) -> Iterator[bool]:
    """Whether each tunnel of the same connection at the same gateway or site is up."""
    owner = plan.node(tunnel.node).owner
    for other in plan.tunnels_over(tunnel.of):
        if plan.node(other.node).owner == owner:
            yield (other.node, other.connection) in up
