"""The BGP policy of a router towards a peer, in the words of the RFCs, made of the rows of the table.

Only the policy is shared. The model evaluates it in ``fixpoint``; FRR evaluates its own configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from typing import Any, get_args

from netlab.azure.bgp.route_maps import RouteMap
from netlab.azure.bgp.rows import Row
from netlab.azure.bgp.table import TABLE
from netlab.scenario.network import Role, Router

Prefixes = tuple[IPv4Network, ...]
# Of prefixes: that before, and that after.
Translations = tuple[tuple[IPv4Network, IPv4Network], ...]


@dataclass(frozen=True, slots=True)
class ImportPolicy:
    """What a router does with the routes that a peer advertises to it.

    First it puts another prefix in the place of exactly those in ``translations``. ``route_map`` comes after the loop
    check and before the rest. The router drops routes for a prefix in
    ``prefix_filter`` or inside one. It sets NO_EXPORT on those for a strict superset of one in ``no_export``. For the
    prefixes in ``as_path_exclude`` it removes the peer's ASN from the AS path. It closes the session when it accepts
    more than ``maximum_prefix`` prefixes; 0 is no limit. ``local_preference`` is 0 where it is the default.
    """

    prefix_filter: Prefixes = ()
    no_export: Prefixes = ()
    as_path_exclude: Prefixes = ()
    weight: int = 0
    local_preference: int = 0
    med: int = 0
    site_of_origin: tuple[str, ...] = ()
    maximum_prefix: int = 0
    route_map: RouteMap = ()
    translations: Translations = ()


@dataclass(frozen=True, slots=True)
class ExportPolicy:
    """What a router does with the routes that it advertises to a peer.

    It advertises nothing but what it originates where it is ``own_only``; ``route_map`` comes before the rest. It does
    not advertise exactly the prefixes in ``prefix_filter``, nor routes with a site of origin in ``site_of_origin``. It
    sets NO_ADVERTISE on the prefixes in ``no_advertise``. The next hop is the router itself, unless it is given, if
    there are some for exactly the prefixes in ``next_hop_prefixes``, or stays unchanged where the route comes from
    another AS. Last it puts another prefix in the place of exactly those in ``translations``.
    ``as_path_prepend_internal`` is how often more it puts its ASN before what it learned by iBGP; where it removes
    private ASNs, it keeps that of the peer.
    """

    prefix_filter: Prefixes = ()
    site_of_origin: tuple[str, ...] = ()
    no_advertise: Prefixes = ()
    as_path_prepend: int = 0
    as_path_prepend_internal: int = 0
    as_override: bool = False
    remove_private_as: bool = False
    next_hop: IPv4Address | None = None
    next_hop_prefixes: Prefixes = ()
    next_hop_unchanged: bool = False
    route_map: RouteMap = ()
    own_only: bool = False
    translations: Translations = ()

    def next_hop_of(self, prefix: IPv4Network) -> IPv4Address | None:
        """The next hop that is given for a prefix, if any."""
        return self.next_hop if not self.next_hop_prefixes or prefix in self.next_hop_prefixes else None


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How a router keeps its session with a peer; ``hold_time``, in Azure's seconds, where it is not the default."""

    bfd: bool = False
    hold_time: int | None = None


@dataclass(frozen=True, slots=True)
class PeerPolicy:
    """The whole policy of a router towards a peer."""

    imports: ImportPolicy = ImportPolicy()
    exports: ExportPolicy = ExportPolicy()
    session: SessionPolicy = SessionPolicy()


def translated(prefix: IPv4Network, translations: Translations) -> IPv4Network:
    """A prefix after translation; one that is not exactly among them stays."""
    for before, after in translations:
        if before == prefix:
            return after
    return prefix


def policy(speaker: Router, peer: Router) -> PeerPolicy:
    """The policy of a router towards a peer."""
    found: dict[str, dict[str, Any]] = {"imports": {}, "exports": {}, "session": {}}
    for row in rows(speaker.role, peer.role):
        value = row.value(speaker, peer)
        if value:
            for part in row.parts:
                found[part][row.attribute] = value
    return PeerPolicy(
        ImportPolicy(**found["imports"]), ExportPolicy(**found["exports"]), SessionPolicy(**found["session"])
    )


@cache
def rows(speaker: Role, peer: Role) -> tuple[Row, ...]:
    """The rows for a pair of roles."""
    return tuple(row for row in TABLE if speaker in row.speakers and peer in row.peers)


def documented() -> Iterator[tuple[str, str, str, str, str]]:
    """The table for the documents: roles, what it sets, the value, the rule of Azure, and the sentence."""
    for row in TABLE:
        yield f"{_listed(row.speakers)} → {_listed(row.peers)}", row.what, row.shown, row.rule, row.sentence


def _listed(roles: tuple[Role, ...]) -> str:
    return "any" if len(roles) == len(get_args(Role)) else ", ".join(roles)


def why_exceeded(router: Router, peer: Router) -> str:
    """Why a router has lost its session with a peer: one of them advertises more prefixes than the other accepts."""
    for one, other in ((router, peer), (peer, router)):
        if one.role == "public edge":
            return (
                f"the Microsoft peering takes no more than {policy(one, other).imports.maximum_prefix} prefixes (R125)"
            )
        if one.role == "edge router":
            most = policy(one, other).imports.maximum_prefix
            whence = "Azure (R98, A37)" if other.role == "expressroute" else "on-premises (R98)"
            return f"the circuit takes no more than {most:,} prefixes from {whence}"
    most = policy(router, peer).imports.maximum_prefix
    what = f"the peer tells more than {most:,} prefixes" if most else "the peer takes no more prefixes"
    return f"{what} (B16, A8)"
