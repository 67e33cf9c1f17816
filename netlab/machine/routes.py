"""Routes and policy rules of namespaces, through netlink."""

from __future__ import annotations

import errno
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from itertools import chain
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from netlab.errors import BuildError
from netlab.machine import namespaces, rtnetlink
from netlab.machine.interfaces import explained, indexes, with_netlink
from netlab.plan.model import DEFAULT_TABLE, LOCAL_TABLE, MAIN_TABLE, Route, Rule

# linux/rtnetlink.h
_RTNH_F_ONLINK = 4
# To delete a route, whatever its scope.
_RT_SCOPE_NOWHERE = 255
_RTN = {"unicast": 1, "blackhole": 6, "unreachable": 7, "prohibit": 8, "throw": 9}
_RTN_NAMES = {number: name for name, number in _RTN.items()}
# linux/rtnetlink.h: how zebra marks what bgpd learned, and how BIRD marks what it learned.
RTPROT_BGP, RTPROT_BIRD = 186, 12
# An unused number in /etc/iproute2/rt_protos: what the lab's SDN controller wrote.
RTPROT_NETLAB = 199


@dataclass(frozen=True, slots=True)
class KernelRoute:
    """A route as the kernel has it; ``devices`` holds every next hop's interface."""

    prefix: str
    type: str
    table: int
    protocol: int
    metric: int
    devices: tuple[str, ...]
    via: tuple[str, ...]
    source: str

    @property
    def by_bgp(self) -> bool:
        """Whether zebra put it there for bgpd, or BIRD did."""
        return self.protocol in (RTPROT_BGP, RTPROT_BIRD)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet that comes into a namespace by an interface."""

    netns: str
    interface: str
    source: str
    target: str


def as_planned(route: KernelRoute) -> Route:
    """A kernel route in the words of a plan."""
    several = len(route.devices) > 1
    hops = tuple(zip(route.devices, route.via or ("",) * len(route.devices), strict=True))
    return Route(
        route.prefix,
        route.devices[0] if route.devices and not several else "",
        via=route.via[0] if route.via and not several else "",
        type=route.type,
        table=route.table,
        metric=route.metric,
        source=route.source,
        # zebra and BIRD write next hops in an order of their own.
        hops=(tuple(sorted(hops)) if route.by_bgp else hops) if several else (),
    )


def longest_match(found: Iterable[KernelRoute], destination: str, *tables: int) -> KernelRoute | None:
    """The route that the kernel uses for a destination: of the first of these tables, or of main, that has one."""
    address = IPv4Address(destination)
    order = {table: place for place, table in enumerate(tables or (MAIN_TABLE,))}
    covering = [r for r in found if r.table in order and address in _network(r.prefix)]
    return min(covering, key=lambda r: (order[r.table], -_network(r.prefix).prefixlen, r.metric), default=None)


@cache
def _network(prefix: str) -> IPv4Network:
    """A prefix that is read once: after 10,000 probes it is asked for a million times."""
    return IPv4Network(prefix)


def change_route(ipr: IPRoute, verb: str, route: Route, index: dict[str, int], protocol: int | None = None) -> None:
    """Add, replace or delete a route. A next hop is taken for on-link, whatever the addresses say."""
    arguments: dict[str, Any] = {"dst": route.prefix, "table": route.table, "type": _RTN[route.type]}
    if route.metric:
        arguments["priority"] = route.metric
    if route.source:
        arguments["prefsrc"] = route.source
    if protocol is not None:
        arguments["proto"] = protocol
    if route.device:
        arguments["oif"] = index[route.device]
    if route.hops:
        arguments["multipath"] = [_hop(device, via, index) for device, via in route.hops]
    elif route.via:
        arguments |= {"gateway": route.via, "flags": _RTNH_F_ONLINK}
    elif route.type == "unicast":
        arguments["scope"] = "link"
    ipr.route(verb, **arguments)


def _hop(device: str, via: str, index: dict[str, int]) -> dict[str, Any]:
    hop: dict[str, Any] = {"oif": index[device], "hops": 0}
    return hop | ({"gateway": via, "flags": _RTNH_F_ONLINK} if via else {})


def change_rule(ipr: IPRoute, verb: str, rule: Rule) -> None:
    """Add or delete a policy rule."""
    arguments: dict[str, Any] = {"priority": rule.priority, "table": rule.table}
    if rule.iif:
        arguments["iifname"] = rule.iif
    if rule.source:
        network = IPv4Network(rule.source)
        arguments |= {"src": str(network.network_address), "src_len": network.prefixlen}
    if rule.destination:
        network = IPv4Network(rule.destination)
        arguments |= {"dst": str(network.network_address), "dst_len": network.prefixlen}
    if rule.protocol:
        arguments["ip_proto"] = rule.protocol
    ipr.rule(verb, **arguments)


def routes(netns: str, table: int | None = None) -> tuple[KernelRoute, ...]:
    """The IPv4 routes of a namespace, of one table or of all but the local one; none where it is not there."""

    def read() -> tuple[KernelRoute, ...]:
        names = {number: name for name, number in indexes().items()}
        found = (r for r in rtnetlink.routes() if r.table != LOCAL_TABLE and table in (None, r.table))
        return tuple(_named(route, names) for route in found)

    try:
        return namespaces.run_in(netns, read)
    except namespaces.Missing:
        return ()


def chosen(arrivals: Iterable[Arrival]) -> dict[Arrival, KernelRoute | None]:
    """The route that the kernel takes for each packet, whichever table it is in; None where nothing comes in or on."""
    of: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        of.setdefault(arrival.netns, []).append(arrival)

    def read(netns: str) -> Iterator[tuple[Arrival, KernelRoute | None]]:
        index = indexes()
        names = {number: name for name, number in index.items()}
        here = [arrival for arrival in of[netns] if arrival.interface in index]
        found = rtnetlink.chosen((index[a.interface], a.source, a.target) for a in here)
        return zip(here, (None if route is None else _named(route, names) for route in found), strict=True)

    there = (netns for netns in of if namespaces.inode(netns))
    return dict.fromkeys(chain(*of.values())) | dict(chain(*namespaces.for_each(there, read)))


def _named(route: rtnetlink.RawRoute, names: dict[int, str]) -> KernelRoute:
    return KernelRoute(
        prefix=route.prefix,
        type=_RTN_NAMES.get(route.type, str(route.type)),
        table=route.table,
        protocol=route.protocol,
        metric=route.metric,
        devices=tuple(names.get(index, "") for index, _ in route.hops if index),
        via=tuple(via for _, via in route.hops if via),
        source=route.source,
    )


def rules(netns: str) -> tuple[tuple[str, int], ...]:
    """The ingress interface and the table of each policy rule of a namespace, in order of priority; none where it is
    not there."""

    def read(ipr: IPRoute) -> tuple[tuple[str, int], ...]:
        found = sorted(ipr.get_rules(family=2), key=lambda message: message.get("priority") or 0)
        return tuple((m.get("iifname") or "", m.get("table") or m["table"]) for m in found)

    try:
        result: tuple[tuple[str, int], ...] = with_netlink(netns, read)
    except namespaces.Missing:
        return ()
    return result


def set_routes(netns: str, add: Iterable[Route], delete: Iterable[Route], protocol: int | None = None) -> None:
    """Add and delete routes; one that is already as wanted is no error."""
    add, delete = tuple(add), tuple(delete)
    changed = {_key(route) for route in add} & {_key(route) for route in delete}

    def change(ipr: IPRoute) -> None:
        index = indexes()
        for route in add:
            _set(ipr, netns, "replace" if _key(route) in changed else "add", route, index, protocol)
        for route in delete:
            if _key(route) not in changed:
                # A route is deleted whatever its protocol: 0 matches all.
                _set(ipr, netns, "del", route, index, 0)

    with_netlink(netns, change)


def flush(netns: str, tables: Collection[int]) -> None:
    """Delete every route of these tables, whatever put it there."""
    found = routes(netns) if tables else ()
    set_routes(netns, (), [as_planned(route) for route in found if route.table in tables])


def forget_bgp(netns: str) -> None:
    """Take out what a zebra or a BIRD that was killed has left of BGP's routes.

    Each goes by its key, without next hops: the kernel compares several in the order in which zebra wrote them.
    """
    left = tuple((*_key(route), route.protocol) for route in routes(netns, MAIN_TABLE) if route.by_bgp)

    def forget(ipr: IPRoute) -> None:
        for prefix, table, metric, protocol in left:
            with explained(netns, f"BGP's route to {prefix}"):
                ipr.route(
                    "del", dst=prefix, table=table, priority=metric, proto=protocol, scope=_RT_SCOPE_NOWHERE, type=0
                )

    if left:
        with_netlink(netns, forget)


def _set(ipr: IPRoute, netns: str, verb: str, route: Route, index: dict[str, int], protocol: int | None) -> None:
    missing = [name for name in (route.device, *(hop[0] for hop in route.hops)) if name not in (*index, "")]
    if missing:
        # With its interface a route is gone too.
        if verb == "del":
            return
        raise BuildError(f"{netns}: add {route.prefix}: there is no interface {missing[0]}")
    try:
        change_route(ipr, verb, route, index, protocol)
    except NetlinkError as error:
        if error.code != (errno.ESRCH if verb == "del" else errno.EEXIST):
            raise BuildError(f"{netns}: {verb} {route}: {error}") from error


def _key(route: Route | KernelRoute) -> tuple[str, int, int]:
    """What makes two routes the same for the kernel, besides TOS: one of the same key replaces another."""
    return route.prefix, route.table, route.metric


def tables_of(netns: str, interface: str) -> tuple[int, ...]:
    """The routing tables that a namespace asks one after the other for what comes in by an interface, or for what it
    sends itself (no interface): those for this ingress, and the kernel's own."""
    own = (MAIN_TABLE, DEFAULT_TABLE)
    return tuple(table for iif, table in rules(netns) if iif == interface != "" or (not iif and table in own))
