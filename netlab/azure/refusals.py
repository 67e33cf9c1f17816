"""Why a router has no BGP route to an address: sessions that are not established, what its peers keep from it, and what
it drops. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from netlab.azure.bgp.policy import policy
from netlab.azure.bgp.route_maps import clause_for
from netlab.azure.bgp.sessions import Announcements, Session, originated
from netlab.azure.bgp.settling import Path, UpdateGroup, may_pass, passed_on
from netlab.azure.state import State
from netlab.azure.unestablished import Unestablished, unestablished
from netlab.scenario.network import Router, Site

Kind = Literal[
    "loop",
    "import filter",
    "export filter",
    "no-advertise",
    "no-export",
    "site of origin",
    "route map in",
    "route map out",
    "own only",
    "no session",
    "originates",
]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A route that a peer of a router has and the router does not learn: ``as_path`` is what the peer advertises.

    ``missing`` is the session with the peer where that is not established.
    """

    kind: Kind
    router: Router
    peer: Router
    prefix: IPv4Network
    as_path: tuple[int, ...] = ()
    missing: Unestablished | None = None

    @property
    def sentence(self) -> str:
        """What happens to the route, in the words of BGP."""
        router, peer, prefix = self.router, self.peer, self.prefix
        path = " ".join(map(str, self.as_path))
        return {
            "loop": f"{router.node} drops the route to {prefix} that {peer.node} advertises: its AS path {path} holds "
            f"{router.node}'s own ASN {router.asn} (B31)",
            "import filter": f"{router.node} drops the route to {prefix} that {peer.node} advertises: the prefix is "
            f"one of its own network, or lies inside one (B19, B20, A18)",
            "export filter": f"{peer.node} does not advertise {prefix} to {router.node}: its export filter has the "
            f"prefix (A25)",
            "no-advertise": f"{peer.node} does not advertise {prefix} to {router.node}: the route carries NO_ADVERTISE "
            f"(A22)",
            "no-export": f"{peer.node} does not advertise {prefix} to {router.node}: the route covers a prefix of its "
            f"own network and stays in its AS (B17, B23, B24)",
            "route map in": f"{router.node} drops the route to {prefix} that {peer.node} advertises: it is set to "
            f"(route map)",
            "route map out": f"{peer.node} does not advertise {prefix} to {router.node}: it is set so (route map)",
            "own only": f"{peer.node} does not advertise {prefix} to {router.node}: it advertises only prefixes of its "
            f"own there",
            "no session": self.missing.sentence if self.missing is not None else "",
            "originates": f"{router.node} advertises {prefix} itself and prefers that to what its peers advertise; a "
            f"gateway drops what is in its own VNet (B19, B20)",
            "site of origin": f"{peer.node} does not advertise {prefix} to {router.node}: the route comes from there "
            f"by another way (R99)",
        }[self.kind]


def refusals(state: State, routers: Iterable[Router], address: IPv4Address) -> tuple[Refusal, ...]:
    """Where the routes to an address end on their way to routers that have none, the nearest first; nothing where one
    of the routers has one."""
    by_router: dict[str, list[tuple[Session, Unestablished | None]]] = {}
    for session in state.bgp_sessions:
        by_router.setdefault(session.router.node, []).append((session, None))
    for missing in unestablished(state):
        by_router.setdefault(missing.session.router.node, []).append((missing.session, missing))
    asked = tuple(routers)
    if any(True for router in asked for _ in _known(state, router, address)):
        return tuple(refusal for router in asked for refusal in _originated(state, router, address))
    seen = {router.node: None for router in asked}
    frontier, found = list(seen), list[Refusal]()
    while frontier:
        for session, lacking in by_router.get(frontier.pop(0), ()):
            known = tuple(_known(state, session.peer, address))
            found += filter(None, (_kept(state, session, lacking, path) for path in known))
            if not known and session.peer.node not in seen:
                seen[session.peer.node] = None
                frontier.append(session.peer.node)
    return tuple(dict.fromkeys(found))


def _originated(state: State, router: Router, address: IPv4Address) -> Iterator[Refusal]:
    """The prefixes around an address that are not a site's own, and that both it and a peer of it advertise."""
    if isinstance(router.end, Site) and not any(address in prefix for prefix in router.end.prefixes):
        peers = {session.peer.node: session.peer for session in state.bgp_sessions if session.router is router}
        theirs = (path for peer in peers.values() for path in _known(state, peer, address))
        offered = {path.prefix for path in theirs if path.neighbor != router.node}
        for prefix in originated(router, state.announced):
            if address in prefix and prefix in offered:
                yield Refusal("originates", router, router, prefix)


def _known(state: State, router: Router, address: IPv4Address) -> Iterator[Path]:
    """The routes that a router advertises for an address: its own, and the best of what it has learned; a default
    route is no route to a certain place."""
    announced: Announcements = state.announced
    own = tuple(prefix for prefix in originated(router, announced) if address in prefix and prefix.prefixlen)
    yield from (Path(prefix, "", (), "") for prefix in own)
    for prefix, paths in state.learned.get(router.node, {}).items():
        if address in prefix and prefix.prefixlen and prefix not in own:
            yield paths[0]


def _kept(state: State, session: Session, missing: Unestablished | None, path: Path) -> Refusal | None:
    """What keeps a peer's route from a router: there is no session, or what one of both sets; None where the route came
    from there."""
    if path.neighbor and state.topology.speakers[path.neighbor].end is session.router.end:
        return None
    refusal = _refusal(session, path)
    if missing is None:
        return refusal
    found = Refusal("no session", session.router, session.peer, path.prefix, missing=missing)
    return found if refusal is None else None


def _refusal(session: Session, path: Path) -> Refusal | None:
    """Why a router does not learn a route that its peer has; None where nothing keeps it."""
    router, peer = session.router, session.peer
    exports, imports = policy(peer, router).exports, policy(router, peer).imports
    group = UpdateGroup(*UpdateGroup.key(peer, router, exports, session.internal))
    prepended = exports.as_path_prepend + (exports.as_path_prepend_internal if path.internal else 0)
    own = () if session.internal else (peer.asn,) * (1 + prepended)
    as_path = (*own, *clause_for(exports.route_map, path.prefix).changed(passed_on(path.as_path, group), peer.asn))
    kind: Kind | None = None
    if path.prefix in exports.prefix_filter:
        kind = "export filter"
    elif not clause_for(exports.route_map, path.prefix).permit:
        kind = "route map out"
    elif path.neighbor and not may_pass(path, group):
        kind = _why_kept(path, session)
    elif path.neighbor and exports.own_only and path.as_path:
        kind = "own only"
    elif router.asn in as_path:
        kind = "loop"
    elif not clause_for(imports.route_map, path.prefix).permit:
        kind = "route map in"
    elif any(map(path.prefix.subnet_of, imports.prefix_filter)):
        kind = "import filter"
    return Refusal(kind, router, peer, path.prefix, as_path) if kind is not None else None


def _why_kept(path: Path, session: Session) -> Kind | None:
    if path.no_advertise:
        return "no-advertise"
    if path.no_export and not session.internal:
        return "no-export"
    return None if session.internal else "site of origin"
