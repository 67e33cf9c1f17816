"""What BGP converges to: the model of bgpd, which evaluates the policy of each pair of routers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from itertools import chain

from netlab.azure.bgp.policy import ExportPolicy, PeerPolicy, policy, translated
from netlab.azure.bgp.sessions import Announcements, Session, originated, sessions
from netlab.azure.bgp.settling import Path, Peering, Peerings, Settling, Update, UpdateGroup, ambiguous, unsettled
from netlab.errors import ScenarioError
from netlab.scenario.network import Router, Topology

Paths = dict[IPv4Network, tuple[Path, ...]]
_Origins = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """A route as a router received it from a peer; ``used`` says that it is the one that the router advertises."""

    prefix: IPv4Network
    session: Session
    update: Update
    used: bool


@dataclass(frozen=True, slots=True)
class Converged:
    """BGP at rest: the sessions that are established, each at both of its routers, and what every router has learned.

    ``paths`` are the best paths of each prefix, by the router's node; the first is the one that it advertises.
    ``exceeded`` are the sessions that are closed: one of the routers advertised more prefixes than the other accepts
    (B16, A8, R98). ``received`` and ``sent`` say what passed over the sessions.
    """

    sessions: tuple[Session, ...]
    paths: Mapping[str, Paths]
    exceeded: tuple[Session, ...]
    moment: _Moment = field(repr=False, compare=False)

    def received(self, node: str) -> tuple[Heard, ...]:
        """The routes that a router has accepted of its peers, whether it uses them or not."""
        return tuple(self.moment.received(node))

    def sent(self, node: str, peer: str, tunnel: str) -> tuple[tuple[IPv4Network, Update], ...]:
        """What a router advertises to a peer, over a tunnel if any, if they have a session."""
        return tuple(self.moment.sent(node, peer, tunnel))


def converge(
    topology: Topology,
    tunnels_up: frozenset[str],
    announced: Announcements,
    is_stopped: Callable[[Session], bool] = lambda _: False,
) -> Converged:
    """What BGP converges to while these tunnels are up, without the sessions that something stops.

    Raises ScenarioError where it never settles.
    """
    found = (session for session in sessions(topology, tunnels_up) if not is_stopped(session))
    everything, origins = _peerings(found), _origins(topology, announced)
    # What exceeds a maximum at once is advertised no further.
    at = _Moment(everything, origins)
    at.originate()
    left = at.within_limits()
    while True:
        at = _settled(topology, left, origins)
        stay = at.within_limits()
        if stay == left:
            break
        left = stay
    there = set(left)
    return Converged(
        tuple(peering.session for peering in left),
        {node: at.paths(node) for node in topology.speakers},
        tuple(peering.session for peering in everything if peering not in there),
        at,
    )


def _settled(topology: Topology, peerings: tuple[Peering, ...], origins: Mapping[IPv4Network, _Origins]) -> _Moment:
    moment = _Moment(peerings, origins)
    # Only a weight or a local preference makes a longer AS path win, and only removed ASNs make one shorter: else there
    # is one solution.
    several = any(map(_has_several_solutions, peerings))
    try:
        moment.settle()
        if several:
            other = _Moment(peerings[::-1], {prefix: nodes[::-1] for prefix, nodes in origins.items()})
            other.settle()
            moment.compare(other)
    except ScenarioError as error:
        raise ScenarioError(f"{topology.network.scenario.name}: {error}", hint=error.hint) from None
    return moment


def _has_several_solutions(peering: Peering) -> bool:
    """Whether BGP may settle in several ways by this peering: it prefers others than the shortest AS path, or makes AS
    paths shorter."""
    imports, exports = peering.imports, peering.group.exports
    shortened = any(clause.as_path_exclude for clause in (*imports.route_map, *exports.route_map))
    return bool(imports.weight or imports.local_preference or exports.remove_private_as or shortened)


def _origins(topology: Topology, announced: Announcements) -> dict[IPv4Network, _Origins]:
    """The nodes of the routers that originate each prefix."""
    found: dict[IPv4Network, list[str]] = {}
    for router in topology.speakers.values():
        for prefix in originated(router, announced):
            found.setdefault(prefix, []).append(router.node)
    return {prefix: tuple(dict.fromkeys(nodes)) for prefix, nodes in sorted(found.items())}


def _peerings(found: Iterable[Session]) -> tuple[Peering, ...]:
    """The sessions with what both routers set; the policy of a pair of routers is computed once."""
    policies: dict[tuple[Router, Router], PeerPolicy] = {}
    groups: dict[tuple[Router, ExportPolicy, bool, int], UpdateGroup] = {}

    def of(router: Router, peer: Router) -> PeerPolicy:
        pair = router, peer
        if pair not in policies:
            policies[pair] = policy(router, peer)
        return policies[pair]

    def peering(session: Session) -> Peering:
        router, peer = session.router, session.peer
        exports = of(peer, router).exports
        key = UpdateGroup.key(peer, router, exports, session.internal)
        group = groups.setdefault(key, UpdateGroup(*key))
        tunnel = session.tunnel.name if session.tunnel is not None else ""
        return Peering(session, of(router, peer).imports, group, router.node, tunnel)

    return tuple(map(peering, found))


class _Moment:
    """The state of BGP with some peerings, by classes of prefixes that settle alike."""

    def __init__(self, peerings: tuple[Peering, ...], origins: Mapping[IPv4Network, _Origins]) -> None:
        self._peerings = peerings
        ordered, every = Peerings(peerings), _with_translated(peerings, origins)
        self._classes = [(Settling(alike[0], every[alike[0]], ordered), alike) for alike in _alike(peerings, every)]
        self._translating = tuple(peering for peering in peerings if peering.translates)
        self._alone = {state.prefix: state for state, prefixes in self._classes if len(prefixes) == 1}
        self._count = len(every)

    def originate(self) -> None:
        """Have every router advertise what it originates, and nothing else."""
        for state, _ in self._classes:
            state.originate()

    def settle(self) -> None:
        """Have every prefix settle; one depends on another one only where a router translates it.

        Raises ScenarioError when translations never come to rest.
        """
        for state, _ in self._classes:
            state.settle()
        patience = len(self._classes) + 1
        while changed := [prefix for peering in self._translating for prefix in self._translate(peering)]:
            patience -= 1
            if patience < 0:
                raise unsettled(changed[0], sorted(peering.node for peering in self._translating))

    def _translate(self, peering: Peering) -> Iterator[IPv4Network]:
        """Deliver what a router advertises to a peer under another prefix; yields those of which something changes."""
        for before in peering.translates:
            after = peering.delivered(before)
            # A class of one prefix each: see ``_alike``.
            if before != after and self._alone[after].receive(peering, self._alone[before].advertised(peering)):
                yield after

    def compare(self, other: _Moment) -> None:
        """Refuse what settles otherwise when routers advertise in another order: chance would decide in the lab."""
        for (state, _), (theirs, _) in zip(self._classes, other._classes, strict=True):
            nodes = sorted({*state.best, *theirs.best})
            differing = [node for node in nodes if state.best.get(node, ()) != theirs.best.get(node, ())]
            if differing:
                raise ambiguous(state.prefix, differing)

    def paths(self, node: str) -> Paths:
        """What a router has learned."""
        found: Paths = {}
        for state, prefixes in self._classes:
            best = state.best.get(node, ())
            for prefix in prefixes if best else ():
                same = prefix == state.prefix
                found[prefix] = best if same else tuple(replace(path, prefix=prefix) for path in best)
        return found

    def received(self, node: str) -> Iterator[Heard]:
        """The routes that a router has accepted of its peers."""
        for state, prefixes in self._classes:
            for peering, update in state.accepted(node):
                used = state.uses(peering)
                yield from (Heard(prefix, peering.session, update, used) for prefix in prefixes)

    def sent(self, node: str, peer: str, tunnel: str) -> Iterator[tuple[IPv4Network, Update]]:
        """What a router advertises to a peer, whether that accepts it or not."""
        both = ((p, p.session.peer.node) for p in self._peerings if p.node == peer and p.tunnel == tunnel)
        peerings = [peering for peering, sender in both if sender == node]
        for state, prefixes in self._classes if peerings else ():
            update = state.advertised(peerings[0])
            if update is not None:
                changes = peerings[0].group.exports.translations
                yield from ((translated(prefix, changes), update) for prefix in prefixes)

    def within_limits(self) -> tuple[Peering, ...]:
        """The peerings without those of the routers of which one accepts more prefixes than its maximum.

        Where these were advertised further, only the sessions by which they came in are closed: the other routers then
        learn them no more.
        """
        over = {
            (peering.node, peering.session.peer.node): peering
            for peering in self._peerings
            if 0 < (most := peering.imports.maximum_prefix) < self._count and self._accepted(peering) > most
        }
        first = {
            pair
            for pair, peering in over.items()
            if self._accepted(peering, over.keys() - {pair}) > peering.imports.maximum_prefix
        }
        closed = {frozenset(pair) for pair in first or over}
        return tuple(p for p in self._peerings if frozenset((p.node, p.session.peer.node)) not in closed)

    def _accepted(self, peering: Peering, but_by: Collection[tuple[str, str]] = ()) -> int:
        """How many prefixes a router accepts of its peer, without those that the peer has by some other sessions."""
        peer = peering.session.peer.node
        return sum(
            len(prefixes)
            for state, prefixes in self._classes
            if state.accepts(peering) and not (but_by and state.came_in_by(but_by, peer))
        )


def _with_translated(
    peerings: Iterable[Peering], origins: Mapping[IPv4Network, _Origins]
) -> Mapping[IPv4Network, _Origins]:
    """The prefixes that some router originates, and those that translations make of them, which none may originate."""
    found = dict(origins)
    pairs = {pair for p in peerings for pair in (*p.group.exports.translations, *p.imports.translations)}
    found.update({prefix: () for prefix in sorted({*chain(*pairs)}) if prefix not in found})
    return found


def _alike(peerings: Iterable[Peering], origins: Mapping[IPv4Network, _Origins]) -> list[list[IPv4Network]]:
    """Classes of prefixes: the same routers originate them, and the same filters match them."""
    inside, exactly = set(), set()
    for peering in peerings:
        imports, exports = peering.imports, peering.group.exports
        inside |= {imports.prefix_filter, imports.no_export}
        exactly |= {imports.as_path_exclude, exports.prefix_filter, exports.no_advertise, exports.next_hop_prefixes}
        exactly |= {clause.prefixes for clause in (*imports.route_map, *exports.route_map)}
        exactly |= {(prefix,) for pair in (*imports.translations, *exports.translations) for prefix in pair}
    found: dict[object, list[IPv4Network]] = {}
    for prefix, nodes in origins.items():
        around = (any(map(prefix.subnet_of, prefixes)) for prefixes in inside)
        covered = (any(own.subnet_of(prefix) for own in prefixes) for prefixes in inside)
        named = (prefix in prefixes for prefixes in exactly)
        found.setdefault((nodes, *around, *covered, *named), []).append(prefix)
    return list(found.values())
