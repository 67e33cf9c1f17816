"""Routing tables: routes by prefix length, and where each leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.dataplane.packets import Packet
from netlab.azure.selectors import ANY_TO_ANY, Selectors
from netlab.azure.sizes import ETHERNET_MTU, TCP_HEADERS
from netlab.results.drops import Cause, DropType, cause

ANY = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class TunnelEnd:
    """The near end of an IPsec tunnel: its name, why it carries nothing, if so, and what its SAs select."""

    name: str
    down: Cause | None = None
    selectors: tuple[Selectors, ...] = ()

    @cached_property
    def _selects_everything(self) -> bool:
        return ANY_TO_ANY in self.selectors

    def refusal(self, source: IPv4Address, destination: IPv4Address) -> Cause | None:
        """Why the tunnel does not carry a packet; None if it does."""
        if self.down is not None or self._selects_everything:
            return self.down
        for selectors in self.selectors:
            if selectors.cover(source, destination):
                return None
        towards = [item for item in self.selectors if any(destination in prefix for prefix in item.remote)]
        address = source if towards else destination
        selected = {p for item in towards or self.selectors for p in (item.local if towards else item.remote)}
        return cause(
            DropType.NOT_SELECTED, tunnel=self.name, address=address, selectors=", ".join(map(str, sorted(selected)))
        )


@dataclass(frozen=True, slots=True)
class Hop:
    """Where a route leads: over a ``link`` of this node to the next ``node``, into a ``tunnel`` or not; or a drop.

    ``ingress`` is what the next node calls the link. A hop with ``deliver`` looks the destination up among the node's
    deliveries: the NICs of a VNet. ``choice`` is the name under which the choice of this one of several hops is kept:
    what belongs to a flow that took it takes it too, whichever node chooses. What it carries becomes a packet for
    ``destination``, if there is one. ``mtu`` are the bytes of the biggest packet that it carries, ``mss`` is what it
    lowers the maximum segment size of TCP packets to.
    """

    node: str = ""
    link: str = ""
    ingress: str = ""
    tunnel: TunnelEnd | None = None
    drop: Cause | None = None
    deliver: bool = False
    choice: str = ""
    destination: IPv4Address | None = None
    mtu: int = ETHERNET_MTU
    mss: int = ETHERNET_MTU - TCP_HEADERS

    def too_big(self, packet: Packet) -> Cause | None:
        """Why a packet does not fit; None if it does, or may be broken up."""
        if packet.size <= self.mtu or packet.fragments:
            return None
        link = self.tunnel.name if self.tunnel is not None else self.link
        return cause(DropType.TOO_BIG, size=packet.size, link=link, mtu=self.mtu)


@dataclass(frozen=True, slots=True)
class Route:
    """A route: its prefix, where the node has it from and what it leads to, in words, and its next hops."""

    prefix: IPv4Network
    source: str
    leads_to: str
    hops: tuple[Hop, ...]


@dataclass(frozen=True)
class Table:
    """A routing table. Several routes to one prefix share the load, and so do the hops of one route."""

    routes: tuple[Route, ...]
    _by_length: tuple[tuple[int, Mapping[int, tuple[Route, ...]]], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[int, dict[int, tuple[Route, ...]]] = {}
        for route in self.routes:
            same = found.setdefault(route.prefix.prefixlen, {})
            key = int(route.prefix.network_address)
            same[key] = (*same.get(key, ()), route)
        by_length = tuple((32 - length, found[length]) for length in sorted(found, reverse=True))
        object.__setattr__(self, "_by_length", by_length)

    def longest(self, destination: IPv4Address) -> tuple[Route, ...]:
        """The routes with the longest prefix that covers a destination."""
        number = int(destination)
        for shift, routes in self._by_length:
            found = routes.get(number >> shift << shift)
            if found is not None:
                return found
        return ()


def table(*parts: Iterable[Route]) -> Table:
    """A table of routes in the order of precedence: of a prefix that several parts have, the first part's count."""
    chosen: dict[IPv4Network, list[Route]] = {}
    for part in parts:
        mine: dict[IPv4Network, list[Route]] = {}
        for route in part:
            mine.setdefault(route.prefix, []).append(route)
        for prefix, routes in mine.items():
            chosen.setdefault(prefix, routes)
    return Table(tuple(route for routes in chosen.values() for route in routes))
