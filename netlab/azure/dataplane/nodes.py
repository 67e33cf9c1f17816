"""Nodes: everything that a network namespace does with packets, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.dataplane.filters import AnyFilter, Term, within
from netlab.azure.dataplane.packets import Packet, Session, Sessions
from netlab.azure.dataplane.tables import Hop, Table
from netlab.results.drops import Cause, DropType, cause
from netlab.results.protocols import Protocol
from netlab.scenario.addresses import PRIVATE_PREFIXES
from netlab.scenario.models import NatRule
from netlab.scenario.models.nat_rule import restored, translated
from netlab.scenario.network import SharedAddress

# The ingress of packets that a node makes itself.
FROM_SELF = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """Address translation (NAT) of what leaves by a link and, undone, of what comes in there.

    ``pairs`` are translated one to one without state; every other source becomes ``masquerade``. What prefixes have
    ``shared`` addresses for gets these before all that, unless it answers. The node remembers what it forwards: answers
    are translated back, and no others. Packets for the destinations ``kept`` keep their source.
    """

    link: str
    pairs: Mapping[IPv4Address, IPv4Address] = field(default_factory=dict)
    masquerade: IPv4Address | None = None
    kept: tuple[IPv4Network, ...] = ()
    shared: tuple[SharedAddress, ...] = ()

    def outward(self, packet: Packet, *, answers: bool, sessions: Sessions) -> Packet:
        """A packet that leaves by the link; one that answers what the node remembers is not masqueraded."""
        del sessions
        if within(packet.destination, self.kept):
            return packet
        for item in self.shared if not answers else ():
            if packet.protocol in item.protocols and packet.source in item.prefix:
                return packet.sent_from(item.address)
        paired = self.pairs.get(packet.source)
        if paired is not None:
            return packet.sent_from(paired)
        return packet if self.masquerade is None or answers else packet.sent_from(self.masquerade)

    def opened(self, node: str, before: Packet, after: Packet) -> Sessions:
        """What is remembered of a packet that was translated: several sources become one, and answers need it."""
        source = after.source
        shared = source == self.masquerade or any(source == item.address for item in self.shared)
        return (Session(node, before, after),) if shared and source != before.source else ()

    def remembers(self, packet: Packet) -> bool:
        """Whether a node remembers a packet that it forwards: one whose answer it would masquerade else, and that is no
        private destination, which the Internet drops."""
        return self.masquerade is not None and not within(packet.source, PRIVATE_PREFIXES)

    def inward(self, packet: Packet, sessions: Sessions) -> Packet:
        """A packet that comes in by the link."""
        del sessions
        private = next((own for own, public in self.pairs.items() if public == packet.destination), None)
        return packet.sent_to(private) if private is not None else packet


@dataclass(frozen=True, slots=True)
class PrefixTranslation:
    """Translation of whole prefixes at a link (T5, T24).

    ``own`` are the rules for addresses on this side of the link, ``others`` those for addresses beyond it. Static ones
    have no state; what dynamic ones translate is remembered under ``memory``, and only its answers are translated back.
    """

    memory: str
    own: tuple[NatRule, ...]
    others: tuple[NatRule, ...]

    def outward(self, packet: Packet, *, answers: bool, sessions: Sessions) -> Packet:
        """A packet that leaves by the link."""
        del answers
        return _undone(packet, self.memory, sessions) or _between(packet, self.own, self.others)

    def inward(self, packet: Packet, sessions: Sessions) -> Packet:
        """A packet that comes in by the link."""
        return _undone(packet, self.memory, sessions) or _between(packet, self.others, self.own)

    def opened(self, node: str, before: Packet, after: Packet) -> Sessions:
        """What is remembered of a packet that was translated."""
        del node
        dynamic = (rule for rule in (*self.own, *self.others) if rule.dynamic)
        pooled = any(before.source in rule.internal and after.source in rule.external for rule in dynamic)
        return (Session(self.memory, before, after),) if pooled else ()

    def remembers(self, packet: Packet) -> bool:
        """Whether a node remembers a packet that it forwards by any link: it does not."""
        del packet
        return False


def _undone(packet: Packet, memory: str, sessions: Sessions) -> Packet | None:
    """A packet that answers a translated one, as it was before; None if what is remembered says nothing of it."""
    mine = (item.undo(packet) for item in reversed(sessions) if item.node == memory)
    return next((found for found in mine if found is not None), None)


def _between(packet: Packet, sources: Iterable[NatRule], destinations: Iterable[NatRule]) -> Packet:
    found = packet.sent_to(restored(packet.destination, destinations))
    return found.sent_from(translated(packet.source, sources))


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where packets are sent that a term is for: to another address, and to another port where it has one (DNAT)."""

    term: Term
    address: IPv4Address
    port: int | None = None


@dataclass(frozen=True, slots=True)
class FirewallTranslation:
    """Translation of a firewall (F10, F14): what leaves gets its ``address``, except for the destinations ``kept``, and
    the first of ``redirects`` that is for a packet which comes in sends it on. It remembers these under ``memory``, and
    translates their source, too, wherever they go.
    """

    memory: str
    address: IPv4Address
    kept: tuple[IPv4Network, ...] = ()
    redirects: tuple[Redirect, ...] = ()

    def outward(self, packet: Packet, *, answers: bool, sessions: Sessions) -> Packet:
        """A packet that leaves by the link."""
        undone = _undone(packet, self.memory, sessions)
        if undone is not None:
            return undone
        mine = (item.after for item in sessions if item.node == self.memory)
        redirected = any(replace(after, turn=packet.turn) == packet for after in mine)
        kept = not redirected and within(packet.destination, self.kept)
        return packet if answers or kept else packet.sent_from(self.address)

    def inward(self, packet: Packet, sessions: Sessions) -> Packet:
        """A packet that comes in by the link."""
        del sessions
        found = next((item for item in self.redirects if item.term.matches(packet)), None)
        return packet.sent_to(found.address, found.port) if found is not None else packet

    def opened(self, node: str, before: Packet, after: Packet) -> Sessions:
        """What is remembered of a packet that was translated."""
        if after.destination != before.destination:
            return (Session(self.memory, before, after),)
        return (Session(node, before, after),) if after.source != before.source else ()

    def remembers(self, packet: Packet) -> bool:
        """Whether a node remembers a packet that it forwards: one whose answer would get its address else."""
        return not within(packet.source, self.kept)


AnyTranslation = Translation | PrefixTranslation | FirewallTranslation


# The protocol and the port of packets; None for every port.
Service = tuple[Protocol, int | None]


@dataclass(frozen=True, slots=True)
class Frontend:
    """An address in whose place others answer: the hops to them by protocol and port, and why all else is dropped."""

    services: Mapping[Service, tuple[Hop, ...]]
    refusal: Cause

    def hops(self, packet: Packet) -> tuple[Hop, ...]:
        """The hops that a packet may take."""
        keys: tuple[Service, ...] = ((packet.protocol, packet.destination_port), (packet.protocol, None))
        return next((self.services[key] for key in keys if key in self.services), (Hop(drop=self.refusal),))


@dataclass(frozen=True)
class Node:
    """A node at a moment.

    ``addresses`` are its own: what is for them has arrived. ``tables`` are by ingress link, ``table`` is for every
    other ingress. ``deliveries`` are the links to the NICs of a VNet by address, ``frontends`` its load balancers'.
    """

    name: str
    table: Table
    tables: Mapping[str, Table] = field(default_factory=dict)
    addresses: frozenset[IPv4Address] = frozenset()
    deliveries: Mapping[IPv4Address, Hop] = field(default_factory=dict)
    frontends: Mapping[IPv4Address, Frontend] = field(default_factory=dict)
    filters: tuple[AnyFilter, ...] = ()
    translations: Mapping[str, AnyTranslation] = field(default_factory=dict)
    forwards: bool = True
    stopped: Cause | None = None

    def table_of(self, ingress: str) -> Table:
        """The table for packets that come in by a link."""
        return self.tables.get(ingress, self.table)

    def delivered(self, packet: Packet) -> tuple[Hop, ...]:
        """The hops that a packet may take that its route leaves to the deliveries."""
        frontend = self.frontends.get(packet.destination)
        return frontend.hops(packet) if frontend is not None else (self.deliveries.get(packet.destination, _NO_NIC),)

    def filtered(self, packet: Packet, ingress: str, sessions: Sessions) -> Cause | Sessions:
        """Why a filter drops a packet as it comes in, before it is routed; or what filters remember of it."""
        forwarded = self._anywhere if ingress != FROM_SELF else ()
        return _filtered((*forwarded, *self._by_ingress.get(ingress, ())), packet, ingress, "", sessions)

    def own(self, packet: Packet) -> Sessions:
        """What filters for all that the node forwards remember of a packet that it makes or receives itself."""
        return tuple(session for item in self._anywhere for session in item.remembered(packet))

    def filtered_between(self, packet: Packet, ingress: str, egress: str, sessions: Sessions) -> Cause | Sessions:
        """Why a filter drops a packet between two links; or what filters remember of it."""
        return _filtered(self._by_egress.get(egress, ()), packet, ingress, egress, sessions)

    @cached_property
    def reads_protocols(self) -> bool:
        """Whether what becomes of a packet here depends on its protocol."""
        return bool(self.frontends) or any(item.reads_protocols for item in self.filters)

    @cached_property
    def _anywhere(self) -> tuple[AnyFilter, ...]:
        return tuple(item for item in self.filters if not item.ingress and not item.egress)

    @cached_property
    def _by_ingress(self) -> Mapping[str, tuple[AnyFilter, ...]]:
        return _by_link((link, item) for item in self.filters if not item.egress for link in item.ingress)

    @cached_property
    def _by_egress(self) -> Mapping[str, tuple[AnyFilter, ...]]:
        return _by_link((link, item) for item in self.filters for link in item.egress)


_NO_NIC = Hop(drop=cause(DropType.NO_NIC))


def _filtered(
    filters: Iterable[AnyFilter], packet: Packet, ingress: str, egress: str, sessions: Sessions
) -> Cause | Sessions:
    found: Sessions = ()
    for item in filters:
        why = item.refusal(packet, ingress, egress, sessions)
        if why is not None:
            return why
        found += item.remembered(packet)
    return found


def _by_link(found: Iterable[tuple[str, AnyFilter]]) -> Mapping[str, tuple[AnyFilter, ...]]:
    filters: dict[str, list[AnyFilter]] = {}
    for link, item in found:
        filters.setdefault(link, []).append(item)
    return {link: tuple(items) for link, items in filters.items()}
