"""The walk of a packet through the nodes. It knows no kinds of nodes.

The stages of every node, in this order: translation of what comes in, drop of what the node has sent itself, delivery
to the node itself, a stopped machine, filters of the ingress, forwarding, the route, delivery to a NIC, the way back of
what a hop redirected, filters between ingress and egress, translation of what leaves, the tunnel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from netlab.azure.dataplane.nodes import FROM_SELF, Node
from netlab.azure.dataplane.packets import Packet, Session, Sessions
from netlab.azure.dataplane.tables import Hop, Route
from netlab.results.drops import Cause, DropType, cause

Nodes = Callable[[str], Node]
# The nodes of a way and the route that each chose.
Chosen = tuple[tuple[str, Route], ...]


@dataclass(frozen=True, slots=True)
class Used:
    """The route that a node used: prefix, where the node has it from, and what it leads to, in words."""

    node: str
    prefix: str
    source: str
    leads_to: str

    @property
    def sentence(self) -> str:
        """What the node decided."""
        return f"{self.node}: {self.prefix}, from {self.source}, leads to {self.leads_to}"


@dataclass(frozen=True, slots=True)
class Walk:
    """One way that a packet may take: the nodes it passes, the routes they chose, and where and why it is dropped.

    ``chosen`` are nodes with their routes; a node that receives or drops the packet may have none. ``dropped_at`` is
    empty for a packet that arrives; ``arrived`` is that packet as its receiver sees it, ``sessions`` what stateful
    nodes remember of it.
    """

    nodes: tuple[str, ...]
    chosen: Chosen = ()
    dropped_at: str = ""
    cause: Cause | None = None
    arrived: Packet | None = None
    sessions: Sessions = ()

    @property
    def reason(self) -> str:
        """Why it is dropped, as a sentence; empty for a packet that arrives."""
        return self.cause.sentence(self.dropped_at) if self.cause is not None else ""

    @property
    def used(self) -> tuple[Used, ...]:
        """The routes in words."""
        return tuple(Used(node, str(route.prefix), route.source, route.leads_to) for node, route in self.chosen)


def telling(ways: Sequence[Walk]) -> Walk | None:
    """Of ways that share the load the first that is dropped, else the first one."""
    return next((walk for walk in ways if walk.dropped_at), ways[0] if ways else None)


@dataclass(frozen=True, slots=True)
class _Step:
    """A packet that comes to a node by a link, and what it passed before."""

    node: str
    ingress: str
    packet: Packet
    passed: tuple[str, ...] = ()
    chosen: Chosen = ()
    sessions: Sessions = ()

    def dropped(self, why: Cause) -> Walk:
        """The walk that ends here."""
        nodes = (*self.passed, self.node)
        return Walk(nodes, self.chosen, self.node, why.about(str(self.packet.destination)), sessions=self.sessions)


def walks(nodes: Nodes, start: str, packet: Packet, sessions: Sessions = ()) -> Iterator[Walk]:
    """Every way that a packet may take from the node that makes it; ``sessions`` are those that its request left."""
    pending: list[_Step | Walk] = [_Step(start, FROM_SELF, packet, sessions=sessions)]
    while pending:
        step = pending.pop()
        if isinstance(step, Walk):
            yield step
        else:
            pending.extend(reversed(_at(nodes(step.node), step)))


def _at(node: Node, step: _Step) -> list[_Step | Walk]:
    """What becomes of a packet at a node: its walk ends here, or goes on by one or several next hops."""
    packet, sessions = _arriving(node, step)
    if packet is not step.packet:
        step = _Step(step.node, step.ingress, packet, step.passed, step.chosen, sessions)
    if step.ingress != FROM_SELF and packet.source in node.addresses:
        return [step.dropped(cause(DropType.LOOP))]
    arrives = step.ingress != FROM_SELF and packet.destination in node.addresses
    if arrives or step.ingress == FROM_SELF:
        step = _remembering(step, node.own(packet))
    if arrives:
        return [Walk((*step.passed, node.name), step.chosen, arrived=packet, sessions=step.sessions)]
    passed = _refused(node, step)
    if isinstance(passed, Cause):
        return [step.dropped(passed)]
    step = _remembering(step, passed)
    routes = node.table_of(step.ingress).longest(packet.destination)
    if not routes:
        return [step.dropped(cause(DropType.NO_ROUTE))]
    return [_take(node, step, route, hop) for hop, route in _ways(node, step, routes)]


def _ways(node: Node, step: _Step, routes: tuple[Route, ...]) -> Iterable[tuple[Hop, Route]]:
    """The next hops of routes that share the load: one that the packet's flow has taken before, or all of them."""
    # Two routes with one next hop are one way.
    hops: dict[Hop, Route] = {}
    for route in routes:
        for hop in route.hops:
            for end in node.delivered(step.packet) if hop.deliver else (hop,):
                hops.setdefault(end, route)
    if len(hops) == 1:
        return hops.items()
    taken = {item.node for item in step.sessions if item.is_of(step.packet)}
    return [item for item in hops.items() if item[0].choice in taken] or hops.items()


def _turned_back(node: Node, step: _Step) -> _Step:
    """The step with an answer to what a hop of the node redirected as it answers the packet before: filters of the
    ingress and the choice of a hop have read it as its maker sent it."""
    memory = _redirections(node)
    undone = (item.undo(step.packet) for item in reversed(step.sessions) if item.node == memory)
    found = next((packet for packet in undone if packet is not None), None)
    return replace(step, packet=found) if found is not None else step


def _redirections(node: Node) -> str:
    """Under which name a node remembers what its hops redirect."""
    return f"{node.name}: redirected"


def _remembering(step: _Step, fresh: Sessions) -> _Step:
    """The step with more that stateful nodes remember."""
    return replace(step, sessions=(*step.sessions, *fresh)) if fresh else step


def _arriving(node: Node, step: _Step) -> tuple[Packet, Sessions]:
    """The packet after translation of what comes in, and what is remembered of it."""
    before, sessions = step.packet, step.sessions
    for session in reversed(sessions):
        undone = session.undo(before) if session.node == node.name else None
        if undone is not None:
            return undone, sessions
    translation = node.translations.get(step.ingress)
    if translation is None:
        return before, sessions
    after = translation.inward(before, sessions)
    return after, (*sessions, *translation.opened(node.name, before, after))


def _refused(node: Node, step: _Step) -> Cause | Sessions:
    """Why a node does not even look for a route; or what its filters remember of the packet."""
    if node.stopped is not None:
        return node.stopped
    if not node.forwards and step.ingress != FROM_SELF:
        return cause(DropType.NOT_FORWARDING)
    return node.filtered(step.packet, step.ingress, step.sessions)


def _take(node: Node, step: _Step, route: Route, hop: Hop) -> _Step | Walk:
    """A packet on its way by one next hop of the route that the node chose."""
    passed, chosen = (*step.passed, node.name), (*step.chosen, (node.name, route))
    step = _redirected(node, step, hop)
    packet, sessions = step.packet, step.sessions
    if step.ingress == FROM_SELF:
        packet = packet.made_for(hop.mtu)
    # Linux looks at the size before it filters what it forwards (net/ipv4/ip_forward.c).
    barred = hop.drop or hop.too_big(packet) or node.filtered_between(packet, step.ingress, hop.link, sessions)
    if isinstance(barred, Cause):
        return _Step(step.node, step.ingress, packet, step.passed, chosen, sessions).dropped(barred)
    if node.translations:
        packet, sessions = _leaving(node, replace(step, packet=packet), hop)
    refused = _refused_by_hop(node, step, hop, packet)
    if refused is not None:
        return _Step(step.node, step.ingress, packet, step.passed, chosen, step.sessions).dropped(refused)
    if barred:
        sessions = (*sessions, *barred)
    return _Step(hop.node, hop.ingress, packet.clamped(hop.mss), passed, chosen, sessions)


def _redirected(node: Node, step: _Step, hop: Hop) -> _Step:
    """The step with what is remembered of the choice of a hop, and with the destination that the hop gives it."""
    if hop.choice:
        step = _remembering(step, (Session(hop.choice, step.packet, step.packet),))
    step = _turned_back(node, step)
    if hop.destination is None:
        return step
    sent = step.packet.sent_to(hop.destination)
    return replace(step, packet=sent, sessions=(*step.sessions, Session(_redirections(node), step.packet, sent)))


def _leaving(node: Node, step: _Step, hop: Hop) -> tuple[Packet, Sessions]:
    """The packet after translation of what leaves, and what is remembered of it."""
    before, sessions = step.packet, step.sessions
    answers = any(item.node == node.name and item.before.answer == before for item in sessions)
    translation = node.translations.get(hop.link)
    if translation is not None:
        after = translation.outward(before, answers=answers, sessions=sessions)
        opened = translation.opened(node.name, before, after)
        if opened:
            return after, (*sessions, *opened)
    else:
        after = before
    if not answers and any(item.remembers(before) for item in node.translations.values()):
        return after, (*sessions, Session(node.name, before, after))
    return after, sessions


def _refused_by_hop(node: Node, step: _Step, hop: Hop, packet: Packet) -> Cause | None:
    """Why a packet does not leave by a hop, as it is after translation."""
    why = hop.tunnel.refusal(packet.source, packet.destination) if hop.tunnel is not None else None
    if why is None and hop.node in step.passed and (node.name, hop.node) in pairwise((*step.passed, node.name)):
        return cause(DropType.LOOP)
    return why
