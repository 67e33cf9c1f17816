"""The difference of two plans of one lab: what changes, and what of it is taken away and made anew. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from netlab.plan.model import (
    AnyServer,
    BgpSpeaker,
    Charon,
    Client,
    Credentials,
    HttpProxy,
    IkeConnection,
    IkeServer,
    Link,
    Node,
    OpenVpnServer,
    Plan,
    RadiusClient,
    RadiusServer,
    Selector,
    SstpServer,
)
from netlab.plan.ports import P2S

# What a plan holds, of which kind.
Kind = Literal[
    "namespace", "link", "IKE daemon", "tunnel", "BGP speaker", "VNet tables", "gateway", "Route Server", "client",
    "uplink", "secret", "certificate", "point-to-site server", "HTTP proxy", "RADIUS server", "TLS key", "setting",
]  # fmt: skip
Key = tuple[Kind, str]
# A daemon that stands alone at its node.
_AtNode = HttpProxy | RadiusServer


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that two plans do not have alike; None where a plan lacks it."""

    kind: Kind
    name: str
    before: Any
    after: Any


def items(plan: Plan) -> dict[Key, Any]:
    """All that a plan says, each thing by its kind and name."""
    found: dict[Kind, Mapping[str, Any]] = {
        "setting": {"data plane": plan.data_plane, "timers": plan.timers, "scenario": plan.scenario},
        "namespace": {node.name: node for node in plan.nodes},
        "link": {_ends(link): link for link in plan.links},
        "IKE daemon": {charon.directory: charon for charon in plan.charons},
        "tunnel": {f"{tunnel.node} {tunnel.interface}": tunnel for tunnel in plan.tunnels},
        "BGP speaker": {speaker.node: speaker for speaker in plan.speakers},
        "VNet tables": {fabric.node: fabric for fabric in plan.fabrics},
        "gateway": {view.node: view for view in plan.gateways},
        "Route Server": {view.node: view for view in plan.route_servers},
        "client": {client.name: client for client in plan.clients},
        "uplink": {uplink.name: uplink for uplink in plan.uplinks},
        "secret": {name: name for name in plan.secrets},
        "certificate": {item.name: item for item in plan.certificates},
        "point-to-site server": {server.directory: server for server in plan.servers},
        "HTTP proxy": {proxy.node: proxy for proxy in plan.proxies},
        "RADIUS server": {server.node: server for server in plan.radius_servers},
        "TLS key": {name: name for name in plan.tls_keys},
    }
    return {(kind, name): item for kind, named in found.items() for name, item in named.items()}


def compare(old: Plan, new: Plan) -> tuple[Change, ...]:
    """Everything that two plans do not have alike."""
    before, after = items(old), items(new)
    keys = (key for key in dict.fromkeys((*before, *after)) if before.get(key) != after.get(key))
    return tuple(Change(*key, before.get(key), after.get(key)) for key in keys)


@dataclass(frozen=True)
class Difference:
    """The difference of two plans of one lab.

    ``gone`` is the old plan with only what must be taken away, ``came`` the new plan with only what must be made: what
    cannot be changed where it is stands in both. ``renewed`` are the secrets and certificates with another content.
    """

    old: Plan
    new: Plan
    renewed: frozenset[str] = frozenset()

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Everything that the plans do not have alike."""
        return compare(self.old, self.new)

    @cached_property
    def gone(self) -> Plan:
        """What is taken away."""
        return self._part(self.old, self.new)

    @cached_property
    def came(self) -> Plan:
        """What is made."""
        return self._part(self.new, self.old)

    @cached_property
    def gone_nodes(self) -> tuple[Node, ...]:
        """The namespaces that are taken away."""
        return tuple(node for node in self.old.nodes if node.name not in self._staying)

    @cached_property
    def came_nodes(self) -> tuple[Node, ...]:
        """The namespaces that are made."""
        return tuple(node for node in self.new.nodes if node.name not in self._staying)

    @cached_property
    def changed_nodes(self) -> tuple[tuple[Node, Node, frozenset[str]], ...]:
        """The namespaces that stay and are configured otherwise, before and after, each with its new interfaces."""
        fresh = _interfaces(self.came.links)
        pairs = ((self.old.node(name), self.new.node(name), fresh.get(name, frozenset())) for name in self._staying)
        return tuple(pair for pair in pairs if pair[0] != pair[1] or pair[2])

    @cached_property
    def changed_keys(self) -> tuple[tuple[Charon, Charon], ...]:
        """The IKE daemons that go on and have other keys, before and after."""
        before = {charon.directory: charon for charon in self.old.charons if charon.node not in self._edges}
        pairs = ((before[charon.directory], charon) for charon in self.new.charons if charon.directory in before)
        return tuple(pair for pair in pairs if pair[0].secrets != pair[1].secrets)

    @cached_property
    def changed_speakers(self) -> tuple[tuple[BgpSpeaker, BgpSpeaker], ...]:
        """The BGP speakers that go on and are configured otherwise, before and after."""
        before = {speaker.directory: speaker for speaker in self.old.speakers if not self._is_touched(speaker.node)}
        pairs = ((before[new.directory], new) for new in self.new.speakers if new.directory in before)
        return tuple((old, new) for old, new in pairs if old != new and _without_policy(old) == _without_policy(new))

    @property
    def restarts(self) -> bool:
        """Whether anything is taken away or made: else namespaces are only configured otherwise."""
        made = ("links", "charons", "tunnels", "speakers", "servers", "proxies", "radius_servers", "clients")
        parts = any(getattr(part, name) for part in (self.gone, self.came) for name in made)
        return parts or bool(self.gone_nodes or self.came_nodes)

    @cached_property
    def stale_certificates(self) -> frozenset[str]:
        """The certificates that must be issued: new ones, changed ones, and those of such an issuer."""
        known = {item.name: item for item in self.old.certificates}
        found = {item.name for item in self.new.certificates if known.get(item.name) != item}
        found |= {item.name for item in self.new.certificates if item.issuer in found}
        lists = (item for item in self.new.certificates if found.intersection(item.revokes or ()))
        return frozenset(found | {item.name for item in lists})

    # --- what stays -------------------------------------------------------------------------------------------------

    @cached_property
    def _staying(self) -> tuple[str, ...]:
        """The namespaces that are in both plans and can be configured otherwise."""
        known = {node.name: (node.kind, node.netns, node.bridges) for node in self.new.nodes}
        return tuple(n.name for n in self.old.nodes if known.get(n.name) == (n.kind, n.netns, n.bridges))

    def _stays(self, link: Link) -> bool:
        return link in self._common_links and {link.a.node, link.b.node} <= set(self._staying)

    @cached_property
    def _common_links(self) -> frozenset[Link]:
        return frozenset(self.old.links) & frozenset(self.new.links)

    @cached_property
    def _touched(self) -> frozenset[str]:
        """The namespaces that are made anew, or that lose an interface and get another one in its place: daemons there
        do not follow."""
        lost, fresh = (
            _interfaces(link for link in plan.links if not self._stays(link)) for plan in (self.old, self.new)
        )
        exchanged = (name for name in lost if lost[name] & fresh.get(name, frozenset()))
        gone = (node.name for node in self.old.nodes if node.name not in self._staying)
        return frozenset((*exchanged, *gone, *self.interrupted))

    @cached_property
    def interrupted(self) -> frozenset[str]:
        """The namespaces of gateways that are in both plans and whose VNet gets or loses a Route Server (A35)."""
        one, other = ({view.vnet for view in plan.route_servers} for plan in (self.old, self.new))
        there = {node.name for node in self.old.nodes}
        gateways = (node for node in self.new.nodes if node.kind in ("gateway", "edge") and node.owner in one ^ other)
        return frozenset(node.name for node in gateways if node.name in there)

    @property
    def _is_new_everywhere(self) -> bool:
        """Whether every daemon must start anew."""
        return (self.old.timers, self.old.data_plane) != (self.new.timers, self.new.data_plane)

    @cached_property
    def _renewed(self) -> frozenset[str]:
        return self.renewed | self.stale_certificates

    # --- what is taken away and made anew ---------------------------------------------------------------------------

    def _part(self, plan: Plan, other: Plan) -> Plan:
        """A plan with only what the other one has not, or has in such a way that it must be made anew."""
        going_on = {speaker for pair in self.changed_speakers for speaker in pair}
        return replace(
            plan,
            links=tuple(link for link in plan.links if not self._stays(link)),
            charons=tuple(charon for charon in plan.charons if charon.node in self._edges),
            tunnels=tuple(tunnel for tunnel in plan.tunnels if tunnel.edge in self._edges),
            speakers=tuple(
                s for s in plan.speakers if s not in {*other.speakers, *going_on} or self._is_touched(s.node)
            ),
            servers=tuple(server for server in plan.servers if server.edge in self._edges),
            proxies=tuple(proxy for proxy in plan.proxies if proxy.node in self._stale_proxies),
            radius_servers=tuple(s for s in plan.radius_servers if s.node in self._stale_radius_servers),
            clients=tuple(client for client in plan.clients if client.name in self._stale_clients),
        )

    def _is_touched(self, *nodes: str) -> bool:
        return self._is_new_everywhere or not self._touched.isdisjoint(nodes)

    @cached_property
    def _edges(self) -> frozenset[str]:
        """The namespaces whose daemons and tunnels are made anew: what works in one belongs together."""
        one, other = (_at_edges(plan) for plan in (self.old, self.new))
        found = {edge for edge in one.keys() | other.keys() if one.get(edge) != other.get(edge)}
        for plan in (self.old, self.new):
            found |= {charon.node for charon in plan.charons if _uses(charon) & self._renewed}
            found |= {server.edge for server in plan.servers if _uses(server) & self._renewed}
            found |= {tunnel.edge for tunnel in plan.tunnels if tunnel.node not in self._staying}
        return frozenset(edge for edge in one.keys() | other.keys() if edge in found or self._is_touched(edge))

    @cached_property
    def _stale_proxies(self) -> frozenset[str]:
        """The nodes of the HTTP proxies that are made anew."""
        return self._stale(self.old.proxies, self.new.proxies)

    @cached_property
    def _stale_radius_servers(self) -> frozenset[str]:
        """The nodes of the RADIUS servers that are made anew."""
        return self._stale(self.old.radius_servers, self.new.radius_servers)

    def _stale(self, old: Sequence[_AtNode], new: Sequence[_AtNode]) -> frozenset[str]:
        """The nodes of daemons that differ, or that use or stand on what is made anew."""
        differ = {daemon.node for daemon in set(old) ^ set(new)}
        stale = (d.node for d in (*old, *new) if self._is_touched(d.node) or _uses(d) & self._renewed)
        return frozenset((*differ, *stale))

    @cached_property
    def _stale_clients(self) -> frozenset[str]:
        """The tunnels of clients that must connect anew."""
        found = {client.name for client in set(self.old.clients) ^ set(self.new.clients)}
        for plan in (self.old, self.new):
            behind = {f"{proxy.address}:{proxy.port}" for proxy in plan.proxies if proxy.node in self._stale_proxies}
            for client in plan.clients:
                server = plan.server_of(client)
                gone = server is None or server.edge in self._edges
                if (
                    _uses(client) & self._renewed
                    or gone
                    or client.proxy in behind
                    or self._is_touched(client.node)
                    or client.node in self._edges
                ):
                    found.add(client.name)
        return frozenset(found)


def directories(part: Plan) -> frozenset[str]:
    """The directories of the daemons of a part of a plan."""
    of_clients = (client.directory for client in part.clients)
    of_servers = (server.directory for server in part.servers if server.program)
    found = (*(c.directory for c in part.charons), *(s.directory for s in part.speakers), *of_servers, *of_clients)
    found = (*found, *(proxy.directory for proxy in part.proxies), *(r.directory for r in part.radius_servers))
    return frozenset(found)


def _ends(link: Link) -> str:
    return f"{link.a.node}:{link.a.name} to {link.b.node}:{link.b.name}"


def _interfaces(links: Iterable[Link]) -> dict[str, frozenset[str]]:
    """The interfaces of links, by node."""
    found: dict[str, set[str]] = {}
    for end in (end for link in links for end in (link.a, link.b)):
        found.setdefault(end.node, set()).add(end.name)
    return {node: frozenset(names) for node, names in found.items()}


def _names(credentials: Credentials) -> set[str]:
    return {*credentials.own, *credentials.trusted, *credentials.revoked}


def _uses(daemon: Charon | AnyServer | _AtNode | Client) -> set[str]:
    """The secrets and certificates of a daemon; those of an IKE server are its charon's."""
    match daemon:
        case Charon():
            own = {secret.name for secret in daemon.secrets}
            return _names(daemon.credentials) | own | _asks_with(daemon.radius)
        case OpenVpnServer():
            return _names(daemon.credentials) | {daemon.tls_key} | _asks_with(daemon.radius)
        case SstpServer():
            own = {name for _, name in daemon.users}
            return _names(daemon.credentials) | own | _asks_with(daemon.radius)
        case HttpProxy():
            return {daemon.password}
        case RadiusServer():
            return {peer.secret for peer in daemon.peers} | {name for _, name in daemon.users}
        case Client():
            return _names(daemon.credentials) | {daemon.password}
    return set()


def _asks_with(radius: Iterable[RadiusClient]) -> set[str]:
    return {server.secret for server in radius}


# --- what changes while daemons run: what the SDN controller does, and keys -----------------------------------------


def _at_edges(plan: Plan) -> dict[str, frozenset[Hashable]]:
    """What daemons and tunnels are in each edge and at each client, without what can be changed while they run."""
    found: dict[str, set[Hashable]] = {}
    for charon in plan.charons:
        found.setdefault(charon.node, set()).add(_fixed_charon(charon))
    for tunnel in plan.tunnels:
        found.setdefault(tunnel.edge, set()).add(replace(tunnel, statics=(), host_routes=(), before=None))
    for server in plan.servers:
        found.setdefault(server.edge, set()).add(_fixed_server(server))
    return {node: frozenset(held) for node, held in found.items()}


def _without_policy(speaker: BgpSpeaker) -> tuple[Hashable, ...]:
    """What a speaker cannot change while its sessions stay up; BIRD nothing at all."""
    fixed = replace(speaker, networks=(), neighbors=(), own_prefixes=(), covering=())
    return fixed, speaker.daemons, speaker if speaker.program == "bird" else None


def _fixed_charon(charon: Charon) -> Charon:
    return replace(charon, secrets=(), connections=tuple(map(_without_offer, charon.connections)))


def _fixed_server(server: AnyServer) -> AnyServer:
    if isinstance(server, IkeServer):
        return replace(server, static=(), connection=_without_offer(server.connection))
    return replace(server, static=())


def _without_offer(connection: IkeConnection) -> IkeConnection:
    return replace(connection, local_ts=Selector()) if connection.name == P2S else connection
