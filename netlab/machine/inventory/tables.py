"""Addresses, policy rules, routes, neighbours and queues as the kernel has them, as facts."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from netlab.machine.routes import RTPROT_BGP, RTPROT_BIRD
from netlab.machine.rtnetlink import address, attributes, dump, next_hops, number, text
from netlab.plan.model.held import Fact

# linux/rtnetlink.h
_RTM_GETADDR, _RTM_GETROUTE, _RTM_GETNEIGH, _RTM_GETRULE, _RTM_GETQDISC = 22, 26, 30, 34, 38
_UNSPEC, _UNICAST = 0, 1
_TYPES = {1: "unicast", 2: "local", 3: "broadcast", 5: "multicast", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
_TYPES |= {9: "throw"}
_CLONED = 0x200
# The kernel's own.
RTPROT_KERNEL = 2
# linux/fib_rules.h
_INVERT = 2
_ACTIONS = {1: "lookup", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
# linux/neighbour.h
_INCOMPLETE, _FAILED, _PERMANENT, _PROXY = 0x01, 0x20, 0x80, 0x08
_PROXIED, UNRESOLVED = "answered as a proxy", "unresolved"
_STATES = {_INCOMPLETE | _FAILED: UNRESOLVED, _PERMANENT: "permanent"}

Names = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Which hardware address an interface uses for an address; ``words`` say how it has that, if in no usual way."""

    interface: str
    address: str
    hardware: str
    words: str


def addresses(kernel: socket.socket, names: Names) -> Iterator[Fact]:
    """The IPv4 addresses of interfaces."""
    for body in dump(kernel, _RTM_GETADDR, struct.pack("=BBBBi", socket.AF_INET, 0, 0, 0, 0)):
        _, length, _, _, index = struct.unpack_from("=BBBBi", body)
        found = attributes(body, 8, len(body))
        own, peer = address(found.get(2)), address(found.get(1))
        value = f"peer {peer}" if peer != own else ""
        yield Fact("address", address_of(names.get(index, ""), f"{own}/{length}"), value)


def address_of(interface: str, text: str) -> str:
    """An address of an interface, as the object of a fact."""
    return f"{text} at {interface}"


def rules(kernel: socket.socket) -> Iterator[Fact]:
    """The IPv4 policy rules."""
    for body in dump(kernel, _RTM_GETRULE, struct.pack("=12B", socket.AF_INET, *(0,) * 11)):
        _, to_length, from_length, tos, table, _, _, action, flags = struct.unpack_from("=BBBBBBBBI", body)
        found = attributes(body, 12, len(body))
        more = [f"not {flags}"] if flags & _INVERT else []
        more += [f"tos {tos}"] if tos else []
        more += [f"attribute {kind} {found[kind].hex()}" for kind in sorted(found.keys() - _USUAL_OF_RULES)]
        suppress = number(found.get(14))
        more += [f"suppress {suppress}"] if suppress not in (0, 0xFFFFFFFF) else []
        selector = rule_of(
            number(found.get(6)),
            f"{address(found.get(2))}/{from_length}" if from_length else "",
            f"{address(found.get(1))}/{to_length}" if to_length else "",
            text(found.get(3)),
            found[22][0] if 22 in found else 0,
        )
        yield Fact(
            "rule", " ".join((selector, *more)), f"{_ACTIONS.get(action, action)} {number(found.get(15)) or table}"
        )


# Destination, source, interface, priority, suppressors, table, protocols of routing and of IP.
_USUAL_OF_RULES = {1, 2, 3, 6, 13, 14, 15, 21, 22}


def rule_of(priority: int, source: str = "", destination: str = "", iif: str = "", protocol: int = 0) -> str:
    """A policy rule, as the object of a fact."""
    said = [f"{priority}: from {source or 'all'}"]
    said += [f"to {destination}"] if destination else []
    said += [f"iif {iif}"] if iif else []
    said += [f"ipproto {protocol}"] if protocol else []
    return " ".join(said)


# Destination, outgoing interface, gateway, priority, source, several hops, cache information, table, preference.
_USUAL_OF_ROUTES = {1, 4, 5, 6, 7, 9, 12, 15, 20}


def routes(kernel: socket.socket, names: Names) -> Iterator[Fact]:
    """The IPv4 routes of all tables."""
    for body in dump(kernel, _RTM_GETROUTE, struct.pack("=B11x", socket.AF_INET)):
        _, length, _, tos, table, protocol, _, kind, flags = struct.unpack_from("=8BI", body)
        if flags & _CLONED:
            continue
        found = attributes(body, 12, len(body))
        several = found.get(9)
        hops = tuple(next_hops(several)) if several else ((number(found.get(4)), address(found.get(5))),)
        more = [f"tos {tos}"] if tos else []
        more += [f"attribute {each} {found[each].hex()}" for each in sorted(found.keys() - _USUAL_OF_ROUTES)]
        place = route_of(
            f"{address(found.get(1)) or '0.0.0.0'}/{length}", number(found.get(15)) or table, number(found.get(6))
        )
        by_bgp = protocol in (RTPROT_BGP, RTPROT_BIRD)
        value = way_of(
            _TYPES.get(kind, str(kind)),
            # Of zebra's and BIRD's routes the next hops say only how they reach BGP's.
            ((names.get(index, ""), "" if by_bgp else via) for index, via in hops if index or via),
            # The kernel names the source of what it makes itself, by its own choice.
            address(found.get(7)) if protocol != RTPROT_KERNEL else "",
            protocol,
        )
        yield Fact("route", " ".join((place, *more)), value)


def route_of(prefix: str, table: int, metric: int) -> str:
    """A route, as the object of a fact."""
    return f"{prefix} table {table}" + (f" metric {metric}" if metric else "")


def way_of(kind: str, hops: Iterable[tuple[str, str]], source: str, protocol: int) -> str:
    """Where a route leads, in words: its type, its next hops, the source it gives, and who made it."""
    ways = [f"dev {device}" + (f" via {via}" if via else "") for device, via in sorted(set(hops))]
    said = [kind, *ways] + ([f"src {source}"] if source else [])
    return " ".join((*said, f"proto {protocol}"))


def neighbours(kernel: socket.socket, names: Names) -> Iterator[Neighbour]:
    """Which hardware addresses interfaces use for addresses, and for which addresses they answer in another's place."""
    plain, proxies = (struct.pack("=BxHiHBB", socket.AF_INET, 0, 0, 0, flags, 0) for flags in (0, _PROXY))
    for body in (*dump(kernel, _RTM_GETNEIGH, plain), *dump(kernel, _RTM_GETNEIGH, proxies)):
        _, index, state, flags, kind = struct.unpack_from("=BxxxiHBB", body)
        found = attributes(body, 12, len(body))
        if kind in (_UNSPEC, _UNICAST):
            words = _PROXIED if flags & _PROXY else next((w for bits, w in _STATES.items() if state & bits), "")
            yield Neighbour(names.get(index, ""), address(found.get(1)), found.get(2, b"").hex(":"), words)


def queues(kernel: socket.socket, names: Names) -> Iterator[Fact]:
    """The queues of interfaces."""
    for body in dump(kernel, _RTM_GETQDISC, struct.pack("=BxxxiIII", socket.AF_UNSPEC, 0, 0, 0, 0)):
        _, index, _, parent, _ = struct.unpack_from("=BxxxiIII", body)
        found = attributes(body, 20, len(body))
        where = "root" if parent == 0xFFFFFFFF else f"parent {parent:x}"
        yield Fact("queue", f"{names.get(index, '')} {where}", text(found.get(1)))
