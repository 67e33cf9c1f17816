"""How BGP settles for one prefix: routers advertise one at a time, and only what has changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.bgp.policy import ExportPolicy, ImportPolicy, translated
from netlab.azure.bgp.route_maps import clause_for
from netlab.azure.bgp.sessions import Session
from netlab.errors import ScenarioError
from netlab.scenario.network import Router

PRIVATE_ASNS = range(64512, 65535)
# The less, the better: weight, local preference, length of the AS path, MED, external rather than internal.
Rank = tuple[int, int, int, int, bool]


@dataclass(frozen=True, slots=True)
class Path:
    """A route that a router has learned by BGP: from which neighbor, over which tunnel, if any, with its attributes.

    ``weight`` and ``local_preference`` are compared before the length of AS paths, ``med`` after it. A route with
    ``no_advertise`` is advertised to no router, one with ``no_export`` to none of another AS.
    """

    prefix: IPv4Network
    tunnel: str
    as_path: tuple[int, ...]
    neighbor: str
    internal: bool = False
    next_hop: IPv4Address | None = None
    no_advertise: bool = False
    weight: int = 0
    med: int = 0
    site_of_origin: tuple[str, ...] = ()
    no_export: bool = False
    local_preference: int = 0


@dataclass(frozen=True, slots=True)
class Update:
    """What a router advertises of a prefix to the peers of an update group; ``learned_from`` is its own neighbor."""

    as_path: tuple[int, ...]
    next_hop: IPv4Address
    learned_from: str = ""
    no_advertise: bool = False
    site_of_origin: tuple[str, ...] = ()
    no_export: bool = False
    local_preference: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class UpdateGroup:
    """The peers to which a router advertises the same, as in FRR; ``named`` is their ASN where it replaces it, or keeps
    it while it removes private ones; else 0."""

    router: Router
    exports: ExportPolicy
    internal: bool
    named: int

    @classmethod
    def key(
        cls, router: Router, peer: Router, exports: ExportPolicy, internal: bool
    ) -> tuple[Router, ExportPolicy, bool, int]:
        """What the group of a router is made of that a peer is in."""
        return router, exports, internal, peer.asn if exports.as_override or exports.remove_private_as else 0


@dataclass(frozen=True, eq=False, slots=True)
class Peering:
    """A session of a router with its import policy, and the peer's update group that the router belongs to."""

    session: Session
    imports: ImportPolicy
    group: UpdateGroup
    node: str
    tunnel: str

    @property
    def translates(self) -> tuple[IPv4Network, ...]:
        """The prefixes for which one of the two routers puts others."""
        return tuple(before for before, _ in (*self.group.exports.translations, *self.imports.translations))

    def delivered(self, prefix: IPv4Network) -> IPv4Network:
        """The prefix under which the router learns what its peer advertises of this one."""
        return translated(translated(prefix, self.group.exports.translations), self.imports.translations)


@dataclass(frozen=True, eq=False)
class Peerings:
    """Peerings in an order that stays, by the router that receives and by the update group that sends."""

    items: tuple[Peering, ...]

    @cached_property
    def of(self) -> dict[str, tuple[Peering, ...]]:
        """The peerings of each router."""
        found: dict[str, list[Peering]] = {}
        for peering in self.items:
            found.setdefault(peering.node, []).append(peering)
        return {node: tuple(items) for node, items in found.items()}

    @cached_property
    def groups(self) -> dict[str, dict[UpdateGroup, list[Peering]]]:
        """The update groups of each router, with the peerings of their members."""
        found: dict[str, dict[UpdateGroup, list[Peering]]] = {}
        for peering in self.items:
            found.setdefault(peering.group.router.node, {}).setdefault(peering.group, []).append(peering)
        return found


class Settling:
    """The state of BGP for one prefix: the best paths of each router, and what each has advertised last."""

    def __init__(self, prefix: IPv4Network, origins: tuple[str, ...], peerings: Peerings) -> None:
        self.prefix, self.origins, self._peerings = prefix, origins, peerings
        self.best: dict[str, tuple[Path, ...]] = {}
        self._chosen: dict[str, tuple[Peering, ...]] = {}
        self._rank: dict[str, Rank] = {}
        self._advertised: dict[UpdateGroup, Update | None] = {}
        self._translated: dict[Peering, Update] = {}
        self._waiting: deque[str] = deque()

    # --- one router after the other ---------------------------------------------------------------------------------

    def originate(self) -> None:
        """Have the routers that originate the prefix advertise it, while the others learn nothing yet."""
        for node in self.origins:
            for group in self._peerings.groups.get(node, ()):
                self._advertised[group] = self._update(group)

    def settle(self) -> None:
        """Have routers advertise what changed, until nothing changes any more.

        Raises ScenarioError when it comes back to a state in which it has been.
        """
        changes: list[str] = []
        seen: dict[object, int] = {}
        self._waiting.extend(self.origins)
        patience = 100 * (len(self._peerings.of) + 1)
        while self._waiting:
            changes += self._advertise(self._waiting.popleft())
            patience -= 1
            if patience < 0:
                since = seen.setdefault(self._state, len(changes))
                if since < len(changes):
                    raise unsettled(self.prefix, sorted({*changes[since:]}))

    @property
    def _state(self) -> object:
        return tuple(self._waiting), frozenset(self.best.items()), frozenset(self._advertised.items())

    def _advertise(self, node: str) -> Iterator[str]:
        """Send what a router advertises now; yields the routers whose best paths change by that."""
        for group, members in self._peerings.groups.get(node, {}).items():
            update = self._update(group)
            if update == self._advertised.get(group):
                continue
            self._advertised[group] = update
            for peering in members:
                if self._matters(peering, self._received(peering)) and self._select(peering.node):
                    yield peering.node
                    if peering.node not in self._waiting:
                        self._waiting.append(peering.node)

    def receive(self, peering: Peering, update: Update | None) -> bool:
        """Have a router learn under this prefix what its peer advertises under another one, which a translation puts it
        in the place of; whether that is new."""
        if self._translated.get(peering) == update:
            return False
        self._translated.pop(peering, None)
        if update is not None:
            self._translated[peering] = update
        if peering.node not in self.origins and self._select(peering.node):
            self._waiting.append(peering.node)
            self.settle()
        return True

    def _received(self, peering: Peering) -> Update | None:
        """What a router has received last of its peer under this prefix."""
        found = self._translated.get(peering)
        if found is not None:
            return found
        sent = self._advertised.get(peering.group)
        return sent if sent is not None and peering.delivered(self.prefix) == self.prefix else None

    def _matters(self, peering: Peering, update: Update | None) -> bool:
        """Whether an update can change the best paths of the router that receives it."""
        rank = self._rank.get(peering.node)
        if rank is None:
            return update is not None and peering.node not in self.origins
        if peering in self._chosen[peering.node]:
            return True
        return update is not None and self._ranked(peering, update) <= rank

    def _select(self, node: str) -> bool:
        """Choose the best paths of a router again: those with the lowest rank, all of them (B27, B28).

        First the one that is advertised: that of the lowest router ID (RFC 4271, section 9.1.2.2). Returns whether
        they have changed.
        """
        heard = [(peering, update) for peering, update in self.accepted(node)]
        best = min((self._ranked(*item) for item in heard), default=None)
        equal = [item for item in heard if self._ranked(*item) == best]
        # Differs from Azure: Of equal AS paths a router advertises the one from the lowest address; on Azure it is the
        # oldest, which depends on when sessions came up.
        equal.sort(key=lambda item: (item[0].session.peer.bgp_address, item[0].tunnel))
        before, paths = self.best.get(node, ()), tuple(self._path(*item) for item in equal)
        self.best[node], self._chosen[node] = paths, tuple(peering for peering, _ in equal)
        if best is None:
            self._rank.pop(node, None)
        else:
            self._rank[node] = best
        return paths != before

    def came_in_by(self, pairs: Collection[tuple[str, str]], node: str) -> bool:
        """Whether a router has the prefix by one of these pairs of a router and the peer that advertised it."""
        while node not in self.origins and self.best.get(node):
            neighbor = self.best[node][0].neighbor
            if (node, neighbor) in pairs:
                return True
            node = neighbor
        return False

    # --- import -----------------------------------------------------------------------------------------------------

    def accepted(self, node: str) -> Iterator[tuple[Peering, Update]]:
        """What a router accepts of what its peers have advertised last."""
        for peering in self._peerings.of.get(node, ()):
            update = self._received(peering)
            if update is not None and self._accepts(peering, update):
                yield peering, update

    def advertised(self, peering: Peering) -> Update | None:
        """What the peer of a router has advertised to it last, before translation."""
        return self._advertised.get(peering.group)

    def uses(self, peering: Peering) -> bool:
        """Whether the route that a router advertises further is the one from this peering."""
        return self._chosen.get(peering.node, ())[:1] == (peering,)

    def accepts(self, peering: Peering) -> bool:
        """Whether a router accepts what its peer has advertised last."""
        update = self._received(peering)
        return update is not None and self._accepts(peering, update)

    def _accepts(self, peering: Peering, update: Update) -> bool:
        router = peering.session.router
        looped = router.asn in update.as_path  # B31
        # RFC 4271, section 5.1.3: no router takes a route whose next hop is the router itself (A14).
        looped = looped or update.next_hop == router.bgp_address
        back = update.learned_from == peering.node
        denied = not clause_for(peering.imports.route_map, self.prefix).permit
        own = any(map(self.prefix.subnet_of, peering.imports.prefix_filter))
        return not (looped or back or denied or own)

    def _ranked(self, peering: Peering, update: Update) -> Rank:
        imports = peering.imports
        changed = imports.as_path_exclude or imports.route_map
        length = len(self._as_path(peering, update) if changed else update.as_path)
        preference = imports.local_preference or update.local_preference
        return -imports.weight, -preference, length, imports.med, peering.session.internal

    def _as_path(self, peering: Peering, update: Update) -> tuple[int, ...]:
        clause, excluded = clause_for(peering.imports.route_map, self.prefix), peering.session.peer.asn
        as_path = clause.changed(update.as_path, peering.session.router.asn)
        if self.prefix not in peering.imports.as_path_exclude:
            return as_path
        return tuple(asn for asn in as_path if asn != excluded)

    def _path(self, peering: Peering, update: Update) -> Path:
        imports, session = peering.imports, peering.session
        return Path(
            self.prefix,
            peering.tunnel,
            self._as_path(peering, update),
            session.peer.node,
            session.internal,
            update.next_hop,
            update.no_advertise,
            imports.weight,
            imports.med,
            (*update.site_of_origin, *imports.site_of_origin),
            update.no_export or _is_inside(imports.no_export, self.prefix),
            imports.local_preference or update.local_preference,
        )

    # --- export -----------------------------------------------------------------------------------------------------

    def _update(self, group: UpdateGroup) -> Update | None:
        """What a router advertises to an update group now."""
        router, exports = group.router, group.exports
        clause = clause_for(exports.route_map, self.prefix)
        if self.prefix in exports.prefix_filter or not clause.permit:
            return None
        own = () if group.internal else (router.asn,) * (1 + exports.as_path_prepend)
        no_advertise = self.prefix in exports.no_advertise
        if router.node in self.origins:
            own = (*own, *clause.changed((), router.asn))
            return Update(own, exports.next_hop_of(self.prefix) or router.bgp_address, no_advertise=no_advertise)
        chosen = next(iter(self.best.get(router.node, ())), None)
        if chosen is None or not may_pass(chosen, group) or (exports.own_only and chosen.as_path):
            return None
        unchanged = chosen.next_hop if exports.next_hop_unchanged and not chosen.internal else None
        further = (router.asn,) * (exports.as_path_prepend_internal if chosen.internal else 0)
        return Update(
            (*own, *further, *clause.changed(passed_on(chosen.as_path, group), router.asn)),
            unchanged or exports.next_hop_of(self.prefix) or router.bgp_address,
            chosen.neighbor,
            no_advertise,
            chosen.site_of_origin if group.internal else (),
            chosen.no_export and group.internal,
            chosen.local_preference if group.internal else 0,
        )


_HINT = "what they prefer is advertised only while they do not use it: remove one of the ways, or what prefers it"


def unsettled(prefix: IPv4Network, nodes: Collection[str]) -> ScenarioError:
    """BGP that never settles: some routers prefer a route that is only advertised while they do not use it."""
    what = f"{', '.join(nodes)} take one way to {prefix}, then another one, and so on"
    return ScenarioError(f"BGP never settles: {what}", hint=_HINT)


def ambiguous(prefix: IPv4Network, nodes: Collection[str]) -> ScenarioError:
    """BGP with several solutions: what routers use depends on which route reaches them first."""
    what = f"{', '.join(nodes)} take one way to {prefix} or another one, whichever they learn first"
    return ScenarioError(f"BGP settles in more than one way: {what}", hint=_HINT)


def may_pass(path: Path, group: UpdateGroup) -> bool:
    """Whether a learned route may be advertised: one that is internal goes to other AS only (RFC 4271, 9.2.1)."""
    stays = path.internal if group.internal else path.no_export
    return not (path.no_advertise or stays or set(path.site_of_origin) & set(group.exports.site_of_origin))


def passed_on(as_path: tuple[int, ...], group: UpdateGroup) -> tuple[int, ...]:
    """The AS path that a router puts its own ASN before when it advertises a learned route."""
    if group.exports.remove_private_as:
        as_path = tuple(asn for asn in as_path if asn not in PRIVATE_ASNS or asn == group.named)
    if group.exports.as_override:
        as_path = tuple(group.router.asn if asn == group.named else asn for asn in as_path)
    return as_path


def _is_inside(prefixes: Collection[IPv4Network], wide: IPv4Network) -> bool:
    """Whether a prefix covers one of others; those themselves a router that has them for its own never accepts."""
    return any(prefix.subnet_of(wide) for prefix in prefixes)
