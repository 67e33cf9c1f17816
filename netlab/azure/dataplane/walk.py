"""The walk of a packet through the nodes. It knows no kinds of nodes.

The stages of every node, in this order: translation of what comes in, delivery to the node itself, a stopped machine,
filters of the ingress, forwarding, the route, delivery to a NIC, filters between ingress and egress, the tunnel,
translation of what leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from netlab.azure.dataplane.nodes import FROM_SELF, Node
from netlab.azure.dataplane.packets import Packet, Session, Sessions
from netlab.azure.dataplane.tables import Hop, Route
from netlab.results.drops import Cause, DropType, cause

Nodes = Callable[[str], Node]


@dataclass(frozen=True, slots=True)
class Used:
    """The route that a node used: prefix, where the node has it from, and what it leads to, in words."""

    node: str
    prefix: str
    source: str
    leads_to: str


@dataclass(frozen=True, slots=True)
class Walk:
    """One way that a packet may take: the nodes it passes, the routes they use, and where and why it is dropped.

    ``dropped_at`` is empty for a packet that arrives; ``arrived`` is that packet as its receiver sees it, ``sessions``
    what stateful nodes remember of it.
    """

    nodes: tuple[str, ...]
    used: tuple[Used, ...] = ()
    dropped_at: str = ""
    cause: Cause | None = None
    arrived: Packet | None = None
    sessions: Sessions = ()

    @property
    def reason(self) -> str:
        """Why it is dropped, as a sentence; empty for a packet that arrives."""
        return self.cause.sentence(self.dropped_at) if self.cause is not None else ""


@dataclass(frozen=True, slots=True)
class _Step:
    """A packet at a node, and how it came there."""

    node: str
    ingress: str
    packet: Packet
    passed: tuple[str, ...]
    used: tuple[Used, ...]
    sessions: Sessions


def walks(nodes: Nodes, start: str, packet: Packet, sessions: Sessions = ()) -> Iterator[Walk]:
    """Every way that a packet may take from the node that makes it; ``sessions`` are those that its request left."""
    pending: list[_Step | Walk] = [_Step(start, FROM_SELF, packet, (), (), sessions)]
    while pending:
        step = pending.pop()
        if isinstance(step, Walk):
            yield step
        else:
            pending.extend(reversed(_at(nodes(step.node), step)))


def _at(node: Node, step: _Step) -> list[_Step | Walk]:
    """What becomes of a packet at a node: its walk ends here, or goes on by one or several next hops."""
    packet = _arriving(node, step)
    here = replace(step, packet=packet, passed=(*step.passed, node.name))
    if packet.destination in node.addresses and step.ingress != FROM_SELF:
        return [Walk(here.passed, here.used, arrived=packet, sessions=here.sessions)]
    why = _refused(node, here)
    if why is not None:
        return [_dropped(here, why)]
    routes = node.table_of(step.ingress).longest(packet.destination)
    if not routes:
        return [_dropped(here, cause(DropType.NO_ROUTE))]
    # Two routes with one next hop are one way.
    hops: dict[Hop, Route] = {}
    for route in routes:
        for hop in route.hops:
            hops.setdefault(hop, route)
    return [_take(node, here, route, hop) for hop, route in hops.items()]


def _arriving(node: Node, step: _Step) -> Packet:
    """The packet after translation of what comes in."""
    undone = (session.undo(step.packet) for session in reversed(step.sessions) if session.node == node.name)
    remembered = next((packet for packet in undone if packet is not None), None)
    if remembered is not None:
        return remembered
    translation = node.translations.get(step.ingress)
    return translation.inward(step.packet) if translation is not None else step.packet


def _refused(node: Node, here: _Step) -> Cause | None:
    """Why a node does not even look for a route; None if it does."""
    if node.stopped is not None:
        return node.stopped
    if here.ingress != FROM_SELF and not node.forwards:
        return cause(DropType.NOT_FORWARDING)
    return node.filtered(here.packet, here.ingress)


def _take(node: Node, here: _Step, route: Route, hop: Hop) -> _Step | Walk:
    """A packet on its way by one next hop of the route that the node chose."""
    used = Used(node.name, str(route.prefix), route.source, route.leads_to)
    here = replace(here, used=(*here.used, used))
    if hop.deliver:
        hop = node.deliveries.get(here.packet.destination, _NO_NIC)
    why = hop.drop or _barred(node, here, hop)
    if why is not None:
        return _dropped(here, why)
    packet, sessions = here.packet, here.sessions
    translation = node.translations.get(hop.link)
    if translation is not None:
        packet, remembered = translation.outward(packet)
        sessions = (*sessions, Session(node.name, here.packet, packet)) if remembered else sessions
    return _Step(hop.node, hop.ingress, packet, here.passed, here.used, sessions)


def _barred(node: Node, here: _Step, hop: Hop) -> Cause | None:
    """Why a packet does not leave by a hop; None if it does."""
    why = node.filtered_between(here.packet, here.ingress, hop.link)
    if why is None and hop.tunnel is not None:
        why = hop.tunnel.refusal(here.packet.source, here.packet.destination)
    if why is None and hop.node in here.passed and (node.name, hop.node) in pairwise(here.passed):
        why = cause(DropType.LOOP)
    return why


_NO_NIC = Hop(drop=cause(DropType.NO_NIC))


def _dropped(here: _Step, why: Cause) -> Walk:
    return Walk(here.passed, here.used, here.node, why.about(str(here.packet.destination)), sessions=here.sessions)
