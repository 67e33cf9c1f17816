"""What the SDN controller reads of gateways and Route Servers, and writes: tables of VNets, offers to clients."""

from __future__ import annotations

from collections.abc import Iterable

from netlab.machine import filters, flushing, frr
from netlab.machine.p2s.types import tunnel_type
from netlab.machine.routes import RTPROT_NETLAB, as_planned, routes, set_routes
from netlab.machine.speaking import answered
from netlab.plan import gateways as planned
from netlab.plan.model import CUSTOM_ROUTES_TABLE, MAIN_TABLE, GatewayView, Route, RouteServerView, Server, Timers


def gateway_prefixes(view: GatewayView) -> tuple[tuple[str, bool, int], ...]:
    """The prefixes that a gateway sends into its tunnels, each with whether it is learned by BGP, and over how many AS.

    These are counted only where the view says where.
    """
    found = answered(lambda: frr.routes_in(view.directory)) if view.directory else None
    lengths = {route.prefix: route.as_path_length for route in found or () if route.best}
    return tuple(
        (route.prefix, route.by_bgp, lengths.get(route.prefix, 0) if route.by_bgp else 0)
        for route in routes(view.netns, MAIN_TABLE)
        if set(route.devices) & set(view.tunnels)
    )


def injected(view: RouteServerView) -> tuple[tuple[str, str, int], ...]:
    """The best routes of an instance of a Route Server that it has from appliances: prefix, next hop, how many AS."""
    found = answered(lambda: frr.routes_in(view.directory)) or ()
    return tuple((r.prefix, r.next_hop, r.as_path_length) for r in found if r.peer and r.best and not r.inside)


def custom_routes(netns: str) -> tuple[str, ...]:
    """The custom routes of a gateway, by an instance's routing namespace."""
    return tuple(route.prefix for route in routes(netns, CUSTOM_ROUTES_TABLE))


def set_custom_routes(netns: str, prefixes: Iterable[str]) -> None:
    """Give a gateway other custom routes; the SDN controller offers them to clients."""
    wanted, present = set(prefixes), set(custom_routes(netns))
    add, delete = planned.custom_routes(wanted - present), planned.custom_routes(present - wanted)
    set_routes(netns, add, delete)


def tables(netns: str) -> tuple[Route, ...]:
    """The routes of every kernel table of a namespace but the local one."""
    return tuple(map(as_planned, routes(netns)))


def change_tables(netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None:
    """Add and delete routes of a VNet fabric, which translates addresses towards the Internet."""
    set_routes(netns, add, delete, RTPROT_NETLAB)
    flushing.forget_flows(netns)


def set_members(netns: str, name: str) -> tuple[str, ...]:
    """The prefixes of a set of network security groups."""
    return filters.members(netns, name)


def change_set(netns: str, name: str, prefixes: Iterable[str]) -> None:
    """Give a set of network security groups these prefixes, all at once."""
    filters.change_set(netns, name, prefixes)


def offered(server: Server) -> tuple[str, ...]:
    """The prefixes that a gateway offers to clients that connect now."""
    return tunnel_type(server).offered(server)


def offer(server: Server, prefixes: Iterable[str], timers: Timers) -> None:
    """Offer these prefixes to point-to-site clients from their next connection on."""
    tunnel_type(server).offer(server, tuple(prefixes), timers)
