"""BGP speakers and their neighbors."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from netlab.azure.bgp.policy import PeerPolicy

BgpProgram = Literal["frr", "bird"]
# The process that translates prefixes between a bgpd and its peers; a process name has 15 characters at most.
TRANSLATOR = "bgp-translator"


@dataclass(frozen=True, slots=True)
class Translator:
    """Between a bgpd and a ``peer`` that it connects to: prefixes in BGP messages become others, exactly these.

    It connects to the peer from ``local``, and bgpd's connection is redirected to ``port``.
    """

    peer: str
    local: str
    port: int
    learned: tuple[tuple[str, str], ...] = ()
    advertised: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BgpNeighbor:
    """A BGP peer: over the tunnel of an IKE connection, or of another kind of ``connection``, or ``internal`` (iBGP).

    ``interface`` leads to it. Exactly one side is ``passive``. ``communities`` are the numbers that stand for the site
    of origin in the policy; ``timers`` are keepalive and hold time where they are shorter than the speaker's; ``local``
    is the speaker's address towards it, where that is not its own. A session may be ``shut`` down.
    """

    connection: str
    node: str
    address: str
    interface: str
    asn: int
    passive: bool
    policy: PeerPolicy
    internal: bool = False
    communities: tuple[int, ...] = ()
    timers: tuple[int, int] | None = None
    local: str = ""
    shut: bool = False

    @property
    def changes_exports(self) -> bool:
        """Whether the policy changes or filters what the speaker advertises to it."""
        exports = self.policy.exports
        sets = exports.as_path_prepend or exports.next_hop or exports.no_advertise or exports.as_path_prepend_internal
        drops = exports.prefix_filter or exports.site_of_origin or exports.own_only
        return bool(sets or drops or exports.route_map)

    @property
    def keeps_next_hop(self) -> bool:
        """Whether the next hop of a route from another AS stays as it is, where BGP would replace it."""
        return self.policy.exports.next_hop_unchanged and not self.internal

    @property
    def has_import_map(self) -> bool:
        """Whether a route map of its own changes what the speaker learns from it."""
        imports = self.policy.imports
        sets = imports.med or imports.local_preference or imports.as_path_exclude or imports.site_of_origin
        return bool(sets or imports.route_map)


@dataclass(frozen=True, slots=True)
class BgpSpeaker:
    """One FRR (zebra and bgpd, and bfdd where it watches a neighbor by BFD) or one BIRD in a namespace.

    It drops routes for a prefix in ``own_prefixes``, the VNet's and its transit spokes', or inside one. It sets
    NO_EXPORT on routes for one in ``covering``: their strict supersets, 0.0.0.0/0 included. ``bfd_interval`` is in
    milliseconds. ``next_hops`` are addresses that neighbors advertise as next hops and are not theirs, each with the
    interface that leads there.
    """

    node: str
    directory: str
    asn: int
    address: str
    networks: tuple[str, ...]
    neighbors: tuple[BgpNeighbor, ...]
    keepalive: int
    hold: int
    bfd_interval: int
    own_prefixes: tuple[str, ...] = ()
    covering: tuple[str, ...] = ()
    program: BgpProgram = "frr"
    translators: tuple[Translator, ...] = ()
    next_hops: tuple[tuple[str, str], ...] = ()

    @property
    def interfaces(self) -> dict[str, str]:
        """The interface that leads to each neighbor, by its node, and to each next hop that is none, by its address."""
        return {neighbor.node: neighbor.interface for neighbor in self.neighbors} | dict(self.next_hops)

    @property
    def communities(self) -> tuple[int, ...]:
        """The communities that it sets for a site of origin."""
        return tuple(sorted({number for neighbor in self.neighbors for number in neighbor.communities}))

    @property
    def inside(self) -> tuple[str, ...]:
        """The addresses of its iBGP peers, where it leaves next hops of other AS as they are."""
        keeps = any(neighbor.keeps_next_hop for neighbor in self.neighbors)
        return tuple(neighbor.address for neighbor in self.neighbors if neighbor.internal and keeps)

    def has_export_map(self, neighbor: BgpNeighbor) -> bool:
        """Whether a route map changes or filters what it advertises to a neighbor."""
        return neighbor.changes_exports or (neighbor.keeps_next_hop and bool(self.inside))

    @property
    def export_maps(self) -> dict[str, str]:
        """The export map of each neighbor that has one, by addresses: neighbors of one policy share that of the first.

        bgpd takes time for every line that grows with the lines before it (FRR's northbound: a transaction a line).
        """
        first: dict[Hashable, str] = {}
        mapped = (neighbor for neighbor in self.neighbors if self.has_export_map(neighbor))
        return {n.address: first.setdefault(_exports(n), n.connection) for n in mapped}

    @property
    def tags_internal(self) -> bool:
        """Whether it sets a community on what it learns by iBGP, for the export maps that prepend its ASN to that."""
        return any(neighbor.policy.exports.as_path_prepend_internal for neighbor in self.neighbors)

    @property
    def keeps_learned(self) -> bool:
        """Whether it advertises to a neighbor nothing that it learned."""
        return any(neighbor.policy.exports.own_only for neighbor in self.neighbors)

    @property
    def compares_med(self) -> bool:
        """Whether it compares the MED of all routes, also of those from different AS."""
        return any(neighbor.policy.imports.med for neighbor in self.neighbors)

    @property
    def watches(self) -> bool:
        """Whether it watches a neighbor by BFD."""
        return any(neighbor.policy.session.bfd for neighbor in self.neighbors)

    @property
    def daemons(self) -> tuple[str, ...]:
        """The daemons of its program, in the order in which they start; the last one speaks BGP."""
        if self.program == "bird":
            return ("bird",)
        translator = (TRANSLATOR,) if self.translators else ()
        return ("zebra", *translator, *(("bfdd",) if self.watches else ()), "bgpd")


def _exports(neighbor: BgpNeighbor) -> Hashable:
    """What an export map is made of."""
    return neighbor.policy.exports, neighbor.communities, neighbor.keeps_next_hop
