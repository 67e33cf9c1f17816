"""What the SDN controller reads of gateways and Route Servers, and writes: tables of VNets, selectors of clients."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from netlab.machine import charon, flushing, frr, interfaces
from netlab.machine.bgp import answered
from netlab.machine.routes import RTPROT_NETLAB, KernelRoute, routes, set_routes
from netlab.plan import gateways as planned
from netlab.plan.edges import foothold
from netlab.plan.model import (
    CUSTOM_ROUTES_TABLE,
    MAIN_TABLE,
    GatewayView,
    Route,
    RouteServerView,
    Selector,
    Timers,
)
from netlab.plan.ports import P2S
from netlab.render import vici


def gateway_prefixes(view: GatewayView) -> tuple[tuple[str, bool, int], ...]:
    """The prefixes that a gateway sends into its tunnels, each with whether it is learned by BGP, and over how many AS.

    These are counted only where the view says where.
    """
    found = answered(lambda: frr.routes(view.directory)) if view.directory else None
    lengths = {route.prefix: route.as_path_length for route in found or () if route.best}
    return tuple(
        (route.prefix, route.by_bgp, lengths.get(route.prefix, 0) if route.by_bgp else 0)
        for route in routes(view.netns, MAIN_TABLE)
        if set(route.devices) & set(view.tunnels)
    )


def injected(view: RouteServerView) -> tuple[tuple[str, str, int], ...]:
    """What an instance of a Route Server learned from appliances: prefix, next hop, and over how many AS."""
    found = answered(lambda: frr.routes(view.directory)) or ()
    return tuple((r.prefix, r.next_hop, r.as_path_length) for r in found if r.peer and not r.inside)


def custom_routes(view: GatewayView) -> tuple[str, ...]:
    """The custom routes of a gateway."""
    return tuple(route.prefix for route in routes(view.netns, CUSTOM_ROUTES_TABLE))


def set_custom_routes(view: GatewayView, prefixes: Iterable[str]) -> None:
    """Give a gateway other custom routes; the SDN controller offers them to clients."""
    wanted, present = set(prefixes), set(custom_routes(view))
    add, delete = planned.custom_routes(wanted - present), planned.custom_routes(present - wanted)
    set_routes(view.netns, add, delete)


def tables(netns: str) -> tuple[Route, ...]:
    """The routes of every kernel table of a namespace but the local one."""
    return tuple(map(as_planned, routes(netns)))


def change_tables(netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None:
    """Add and delete routes of a VNet fabric, which translates addresses towards the Internet."""
    set_routes(netns, add, delete, RTPROT_NETLAB)
    flushing.forget_flows(netns)


def selectors(view: GatewayView) -> tuple[str, ...]:
    """The prefixes that a gateway offers to its point-to-site clients."""
    try:
        return charon.local_selectors(view.p2s_directory, P2S)
    except OSError:
        return ()


def load_selectors(view: GatewayView, prefixes: Iterable[str], timers: Timers) -> None:
    """Offer these prefixes to point-to-site clients from their next authentication on."""
    prefixes = tuple(prefixes)
    assert view.p2s_connection is not None
    if view.footholds:
        footholds = (foothold(prefix).removesuffix("/32") for prefix in prefixes)
        interfaces.add_loopback_addresses(view.p2s_edge_netns, footholds)
    connection = replace(view.p2s_connection, local_ts=Selector(prefixes))
    charon.load(view.p2s_directory, charon.Orders([vici.connection(connection, timers)]))


def as_planned(route: KernelRoute) -> Route:
    """A kernel route in the words of a plan."""
    several = len(route.devices) > 1
    vias = route.via or ("",) * len(route.devices)
    return Route(
        route.prefix,
        route.devices[0] if route.devices and not several else "",
        via=route.via[0] if route.via and not several else "",
        type=route.type,
        table=route.table,
        metric=route.metric,
        source=route.source,
        hops=tuple(sorted(zip(route.devices, vias, strict=True))) if several else (),
    )
