"""What leads into tunnels besides BGP: static routes and BGP peers' host routes, given the tunnels that are up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netlab.plan.model import MAIN_TABLE, Plan, Route, Tunnel
from netlab.plan.underlay import AFTER_BGP

# The tunnels that are up, each by a router's node and its IKE connection.
Up = frozenset[tuple[str, str]]


def everything_up(plan: Plan) -> Up:
    """As if every tunnel were up."""
    return frozenset((tunnel.node, tunnel.connection) for tunnel in plan.tunnels)


def steered_nodes(plan: Plan) -> tuple[str, ...]:
    """The routers whose routes depend on the tunnels that are up: at their ends, and before several devices."""
    before = (tunnel.before.node for tunnel in plan.tunnels if tunnel.before is not None)
    return tuple(dict.fromkeys((*(tunnel.node for tunnel in plan.tunnels), *before)))


def routes(plan: Plan, node: str, up: Up) -> frozenset[Route]:
    """The routes that a router has into its tunnels, or to the devices behind it.

    A BGP peer's host route is there while its tunnel is up: without it BGP forgets what the peer told. Static routes
    have no liveness (R83); but where another tunnel with the same prefix is up, those into a dead one give way.
    """
    mine = plan.tunnels_of(node)
    hosts = (
        Route(prefix, tunnel.interface)
        for tunnel in mine
        for prefix in tunnel.host_routes
        if tunnel.to_clients or (node, tunnel.connection) in up
    )
    return frozenset((*hosts, *_statics(plan, mine, up), *_to_devices(plan, node, up)))


def _statics(plan: Plan, mine: tuple[Tunnel, ...], up: Up) -> Iterator[Route]:
    # Between equal prefixes what leads into the own VNet, or to the own hosts, wins: it was there first.
    there = (route for tunnel in mine[:1] for route in plan.node(tunnel.node).routes)
    inward = {route.prefix for route in there if not route.metric and route.table == MAIN_TABLE}
    for prefix, tunnels in _by_prefix(mine).items():
        interfaces = [tunnel.interface for tunnel in _leading(plan, tunnels, up)]
        if interfaces and prefix not in inward:
            several = tuple(sorted((name, "") for name in interfaces)) if len(interfaces) > 1 else ()
            yield Route(prefix, "" if several else interfaces[0], hops=several)


def _by_prefix(tunnels: Iterable[Tunnel]) -> dict[str, list[Tunnel]]:
    found: dict[str, list[Tunnel]] = {}
    for tunnel in tunnels:
        for prefix in tunnel.statics:
            found.setdefault(prefix, []).append(tunnel)
    return found


def _leading(plan: Plan, tunnels: list[Tunnel], up: Up) -> Iterator[Tunnel]:
    """Of a router's tunnels with one static prefix those that it uses: of the first connection that is up here (B46,
    B47). Where none is up here, but at another instance, there is none; where all are dead, the first connection's."""
    alive = [tunnel for tunnel in tunnels if (tunnel.node, tunnel.connection) in up]
    usable = alive or ([] if any(_elsewhere(plan, tunnel, up) for tunnel in tunnels) else tunnels)
    return (tunnel for tunnel in usable if tunnel.of == usable[0].of)


def _elsewhere(plan: Plan, tunnel: Tunnel, up: Up) -> bool:
    """Whether another tunnel of the same connection at the same gateway or site is up."""
    owner = plan.node(tunnel.node).owner
    others = (other for other in plan.tunnels_over(tunnel.of) if plan.node(other.node).owner == owner)
    return any((other.node, other.connection) in up for other in others)


def _to_devices(plan: Plan, node: str, up: Up) -> Iterator[Route]:
    """From the router before several devices: each static prefix to the first device whose tunnel is up. What it
    learned by BGP comes first."""
    for prefix, tunnels in _by_prefix(plan.tunnels_behind(node)).items():
        alive = (tunnel for tunnel in tunnels if (tunnel.node, tunnel.connection) in up)
        before = next(alive, tunnels[0]).before
        if before is not None:
            yield Route(prefix, before.interface, via=before.via, metric=AFTER_BGP)
