"""What nftables and its predecessor hold in a namespace: a fact for each table, chain and set."""

from __future__ import annotations

import hashlib
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from netlab.machine.rtnetlink import aligned, attribute, attributes, dump, request, text
from netlab.plan.model.held import Fact

# linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
_NETLINK_NETFILTER, _NFTABLES = 12, 10 << 8
_GETTABLE, _GETCHAIN, _GETRULE, _GETSET, _GETSETELEM, _GETGEN = (_NFTABLES | n for n in (1, 4, 7, 10, 13, 16))
_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_HEADER = struct.Struct("=BBH")
_ANY = _HEADER.pack(socket.AF_UNSPEC, 0, 0)
# What makes a table, a chain, a rule and a set what they are; handles, counts of users and counters do not.
_OF_TABLES, _OF_CHAINS, _OF_RULES, _OF_SETS = (2,), (4, 5, 7, 10), (4,), (3, 4, 5, 6, 7, 8, 9, 11, 17)
# The flag of a set whose elements packets make.
_FILLED_BY_PACKETS = 1 << 5


# asm-generic/socket.h: a number that no other namespace has or had; the inodes of namespaces are used again.
_SO_NETNS_COOKIE = 71
# What was read of a namespace, by its cookie, in which generation of its rulesets: each change makes another one.
_known: dict[bytes, tuple[int, tuple[Fact, ...]]] = {}


def filters() -> tuple[Fact, ...]:
    """The tables, chains and sets of the namespace of the calling thread; a chain with its rules in their order."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as kernel:
        return (*_of_nftables(kernel), *_of_iptables())


def filters_of_a_lab() -> tuple[Fact, ...]:
    """The same of a namespace that has a name, read anew only where something has changed since it was read last."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as kernel:
        namespace, generation = kernel.getsockopt(socket.SOL_SOCKET, _SO_NETNS_COOKIE, 8), _generation(kernel)
        if _known.get(namespace, (None, ()))[0] != generation:
            _known[namespace] = generation, tuple(_of_nftables(kernel))
    return (*_known[namespace][1], *_of_iptables())


def _generation(kernel: socket.socket) -> int:
    return int.from_bytes(_attributes(request(kernel, _GETGEN, _ANY))[1], "big")


def _of_nftables(kernel: socket.socket) -> Iterator[Fact]:
    for body in dump(kernel, _GETTABLE, _ANY):
        found = _attributes(body)
        yield Fact("filter", f"table {_family(body)} {text(found[1])}", _content(found, _OF_TABLES))
    rules = _rules(kernel)
    for body in dump(kernel, _GETCHAIN, _ANY):
        found = _attributes(body)
        place = _family(body), text(found[1]), text(found[3])
        content = _content(found, _OF_CHAINS) + "".join(rules.get(place, ()))
        yield Fact("filter", "table {} {} chain {}".format(*place), _short(content))
    for body in dump(kernel, _GETSET, _ANY):
        found = _attributes(body)
        made_by_packets = int.from_bytes(found.get(3, b""), "big") & _FILLED_BY_PACKETS
        elements = () if made_by_packets else sorted(_elements(kernel, body, found))
        content = _content(found, _OF_SETS) + "".join(elements)
        yield Fact("filter", f"table {_family(body)} {text(found[1])} set {text(found[2])}", _short(content))


def _rules(kernel: socket.socket) -> dict[tuple[str, str, str], list[str]]:
    rules: dict[tuple[str, str, str], list[str]] = {}
    for body in dump(kernel, _GETRULE, _ANY):
        found = _attributes(body)
        place = _family(body), text(found[1]), text(found[2])
        rules.setdefault(place, []).append(_content(found, _OF_RULES))
    return rules


def _elements(kernel: socket.socket, body: bytes, found: dict[int, bytes]) -> Iterator[str]:
    asked = _HEADER.pack(body[0], 0, 0) + attribute(1, found[1]) + attribute(2, found[2])
    for part in dump(kernel, _GETSETELEM, asked):
        elements = _attributes(part).get(3, b"")
        at = 0
        while at < len(elements):
            (length,) = struct.unpack_from("=H", elements, at)
            yield elements[at + 4 : at + length].hex()
            at += aligned(length)


def _of_iptables() -> Iterator[Fact]:
    """The tables of iptables' old kernel part."""
    for file, program in (("ip_tables_names", "iptables"), ("arp_tables_names", "arptables")):
        try:
            names = Path("/proc/thread-self/net", file).read_text().split()
        except OSError:
            continue
        yield from (Fact("filter", f"{program} table {name}") for name in names)


def _attributes(body: bytes) -> dict[int, bytes]:
    return attributes(body, _HEADER.size, len(body))


def _content(found: dict[int, bytes], kinds: tuple[int, ...]) -> str:
    return " ".join(f"{kind}:{found[kind].hex()}" for kind in kinds if kind in found)


def _short(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _family(body: bytes) -> str:
    return _FAMILIES.get(body[0], str(body[0]))
