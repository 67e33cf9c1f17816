"""Namespaces and what is configured in them: interfaces, routes, rules."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from netlab.plan.model.nftables import Ruleset, StatefulForwarding

Kind = Literal[
    "internet",
    "backbone",
    "vnet",
    "vm",
    "private endpoint",
    "firewall",
    "gateway",
    "route server",
    "edge router",
    "provider edge",
    "edge",
    "access network",
    "site",
    "host",
    "client",
]

MAIN_TABLE = 254
# The last table that the kernel asks.
DEFAULT_TABLE = 253
# Where the kernel has what it derives from addresses.
LOCAL_TABLE = 255
# Where a client's charon installs its routes: strongSwan's default table.
CHARON_TABLE = 220
# Where a gateway's routing namespace holds its custom routes: no packet is routed by it, the SDN controller reads it.
CUSTOM_ROUTES_TABLE = 77
# What a gateway's routing namespace does with packets that come out of tunnels and have no other route.
OUT_OF_TUNNELS_TABLE = 78


@dataclass(frozen=True, slots=True)
class Route:
    """A kernel route. ``type`` is the kernel's: unicast, blackhole, unreachable or throw (see the next table).

    ``hops`` are device and gateway of several next hops that share the load; then ``device`` and ``via`` are empty.
    They are sorted, but for those to the members of a pool: the kernel's hash of a flow chooses by their order.
    """

    prefix: str
    device: str = ""
    via: str = ""
    type: str = "unicast"
    table: int = MAIN_TABLE
    metric: int = 0
    source: str = ""
    hops: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy routing rule: what comes in by ``iif`` or from ``source`` to ``destination``, and has the number
    ``protocol`` if that is not 0, uses ``table``."""

    priority: int
    table: int
    iif: str = ""
    source: str = ""
    destination: str = ""
    protocol: int = 0


@dataclass(frozen=True, slots=True)
class Interface:
    """One end of a link. ``name`` is the kernel's, at most 15 characters; ``altname`` the full one."""

    node: str
    name: str
    altname: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A veth pair without ARP; ``underlay`` where it carries the public Internet."""

    a: Interface
    b: Interface
    underlay: bool = False

    @property
    def hardware(self) -> str:
        """The hardware address of both ends: without ARP the kernel sends to the one that the interface itself has."""
        digest = hashlib.sha256(f"{self.a.node} {self.a.name}".encode()).digest()
        # 02: locally administered (IEEE 802).
        return f"02:{digest[:5].hex(':')}"


@dataclass(frozen=True, slots=True)
class Node:
    """A network namespace and what is configured in it. ``owner`` is the Azure name it belongs to."""

    name: str
    kind: Kind
    netns: str
    owner: str
    loopback: tuple[str, ...] = ()
    bridges: tuple[tuple[str, str], ...] = ()
    routes: tuple[Route, ...] = ()
    rules: tuple[Rule, ...] = ()
    forwarding: bool = True
    answers_ping: bool = True
    nftables: tuple[Ruleset, ...] = ()

    @property
    def stateful(self) -> bool:
        """Whether it forwards only what belongs to a connection or opens one."""
        return any(isinstance(ruleset, StatefulForwarding) for ruleset in self.nftables)
