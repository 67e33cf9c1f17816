"""Filters: what a node drops between two of its links, for model and lab alike.

The model applies them in the walk; the plan gives the links' names those of interfaces and nftables does the same.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.dataplane.packets import Packet, Session, Sessions
from netlab.results.drops import Cause, DropType, cause
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.scenario.models import TunnelPort
from netlab.scenario.names import INTERNET
from netlab.scenario.network import (
    AccessNetwork,
    Firewall,
    Nic,
    Peering,
    PrivateEndpoint,
    VNet,
    balanced_out,
    without_default_access,
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Drops packets from one of the ``ingress`` links to one of the ``egress`` links. It names at least one link; none
    of a direction means any.

    Of these it drops the packets of ``protocols`` whose source is outside of ``sources`` and whose destination is
    outside of ``destinations`` and not one of ``ports``, which are a protocol's; what is empty is not read.
    """

    cause: Cause
    ingress: frozenset[str] = frozenset()
    egress: frozenset[str] = frozenset()
    protocols: frozenset[Protocol] = frozenset()
    sources: tuple[IPv4Network, ...] = ()
    destinations: tuple[IPv4Network, ...] = ()
    ports: tuple[tuple[Protocol, int], ...] = ()

    @property
    def reads_protocols(self) -> bool:
        """Whether it drops some protocols and not others."""
        return bool(self.protocols or self.ports)

    def refusal(self, packet: Packet, ingress: str, egress: str, sessions: Sessions) -> Cause | None:
        """Why it drops a packet between two links; None if it does not. It remembers nothing."""
        return self.cause if self.drops(packet, ingress, egress) else None

    def remembered(self, packet: Packet) -> Sessions:
        """What it remembers of a packet that passed: nothing."""
        return ()

    def drops(self, packet: Packet, ingress: str, egress: str) -> bool:
        """Whether it drops a packet between two links."""
        if (self.ingress and ingress not in self.ingress) or (self.egress and egress not in self.egress):
            return False
        if self.protocols and packet.protocol not in self.protocols:
            return False
        if (packet.protocol, packet.destination_port) in self.ports:
            return False
        return not (within(packet.source, self.sources) or within(packet.destination, self.destinations))


@dataclass(frozen=True)
class Addresses:
    """A set of addresses under the name that a rule gives it; its prefixes are in order and do not overlap.

    ``tag`` is the service tag that it is, if it is one.
    """

    name: str
    prefixes: tuple[IPv4Network, ...]
    tag: str = ""

    @cached_property
    def _starts(self) -> list[int]:
        return [int(prefix.network_address) for prefix in self.prefixes]

    def __contains__(self, address: IPv4Address) -> bool:
        place = bisect(self._starts, int(address))
        return place > 0 and address in self.prefixes[place - 1]


# First and last port.
Ports = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Term:
    """A rule of a list: the packets that it is for, and why it drops them; it accepts them without a cause.

    None of ``protocols`` and of ports, and no set of addresses, mean any. With ports it is for TCP and UDP alone.
    """

    name: str
    cause: Cause | None = None
    protocols: frozenset[str] = frozenset()
    sources: Addresses | None = None
    source_ports: tuple[Ports, ...] = ()
    destinations: Addresses | None = None
    destination_ports: tuple[Ports, ...] = ()

    def matches(self, packet: Packet) -> bool:
        """Whether it is for a packet."""
        if self.protocols and packet.protocol not in self.protocols:
            return False
        if not (_among(packet.source, self.sources) and _among(packet.destination, self.destinations)):
            return False
        if packet.protocol == "icmp":
            return not self.source_ports and not self.destination_ports
        return _in(packet.source_port, self.source_ports) and _in(packet.destination_port, self.destination_ports)


def _among(address: IPv4Address, addresses: Addresses | None) -> bool:
    return addresses is None or address in addresses


def _in(port: int, ranges: tuple[Ports, ...]) -> bool:
    return not ranges or any(first <= port <= last for first, last in ranges)


@dataclass(frozen=True, slots=True)
class RuleList:
    """Rules in their order: the first that is for a packet decides. The last one is for every packet."""

    name: str
    terms: tuple[Term, ...]

    def refusal(self, packet: Packet, *, last: bool = True) -> Cause | None:
        """Why it drops a packet; None if it accepts it, or if only the last rule is for it and does not count."""
        terms = self.terms if last else self.terms[:-1]
        return next((term.cause for term in terms if term.matches(packet)), None)


@dataclass(frozen=True, slots=True)
class StatefulFilter:
    """Lists of rules at a link, all of which must accept the first packet of a flow; what belongs to the flow passes.

    It is for packets that come in by ``ingress``, before they are routed, or for those that leave by ``egress``: one of
    both is empty. ``memory`` is where it remembers the flows that it accepted, ``opposite`` where the filter of the
    other direction does.
    """

    memory: str
    opposite: str
    lists: tuple[RuleList, ...]
    ingress: frozenset[str] = frozenset()
    egress: frozenset[str] = frozenset()

    @property
    def reads_protocols(self) -> bool:
        """Whether it drops some protocols and not others."""
        return any(term.protocols or term.source_ports or term.destination_ports for term in self._terms)

    @property
    def _terms(self) -> Iterator[Term]:
        return (term for one in self.lists for term in one.terms)

    def refusal(self, packet: Packet, ingress: str, egress: str, sessions: Sessions) -> Cause | None:
        """Why it drops a packet; None if its rules accept it, or if it answers what passed the other way."""
        if any(item.node == self.opposite and item.before.answer == packet for item in sessions):
            return None
        return next((why for one in self.lists if (why := one.refusal(packet)) is not None), None)

    def remembered(self, packet: Packet) -> Sessions:
        """What it remembers of a packet that passed."""
        return (Session(self.memory, packet, packet),)


# What a stateful firewall sees, and what it should have seen before, by protocol and turn (F20, F21).
_ALONE: dict[tuple[Protocol, int], tuple[str, str]] = {
    ("icmp", 1): ("echo reply", "echo request"),
    ("tcp", 1): ("SYN-ACK", "SYN"),
    ("tcp", 2): ("ACK", "SYN-ACK"),
}


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """The connection tracking of a stateful appliance, for all that it forwards: what belongs to no session and opens
    none is invalid (F20, F21, F25). ``loose``: an ACK in the middle of a connection opens one, too. ``rules`` decide of
    the packets that open sessions; without any all of them may. Of those that the node redirected, as it remembers by
    the name ``redirects``, they decide only where one of them is for the packet (F8).
    """

    memory: str
    loose: bool = False
    rules: RuleList | None = None
    redirects: str = ""
    ingress: frozenset[str] = frozenset()
    egress: frozenset[str] = frozenset()

    @property
    def reads_protocols(self) -> bool:
        """Whether it drops some protocols and not others: a UDP answer opens a session as its request does."""
        return True

    def refusal(self, packet: Packet, ingress: str, egress: str, sessions: Sessions) -> Cause | None:
        """Why it drops a packet; None if it belongs to a session or opens one."""
        mine = [item.before for item in sessions if item.node == self.memory]
        if any(before.answer == packet for before in mine):
            return None
        redirected = any(item.node == self.redirects and item.after == packet for item in sessions)
        found = _ALONE.get((packet.protocol, packet.turn))
        if found is None or (self.loose and packet.turn == 2 and not mine):
            return self.rules.refusal(packet, last=not redirected) if self.rules is not None else None
        return cause(DropType.INVALID_STATE, packet=found[0], before=found[1])

    def remembered(self, packet: Packet) -> Sessions:
        """What it remembers of a packet that passed."""
        return (Session(self.memory, packet, packet),)


@dataclass(frozen=True, slots=True)
class PoolFilter:
    """A dynamic NAT rule: packets to its internal side belong to a session that this side opened, or are dropped (T7).

    ``memory`` is where the translation remembers its sessions; ``prefixes`` are the internal and the external one. It
    is for packets that come in by ``ingress``, after translation, or for those that leave by ``egress``, before it.
    """

    cause: Cause
    memory: str
    prefixes: tuple[IPv4Network, ...]
    ingress: frozenset[str] = frozenset()
    egress: frozenset[str] = frozenset()

    @property
    def reads_protocols(self) -> bool:
        """Whether it drops some protocols and not others: it does not."""
        return False

    def refusal(self, packet: Packet, ingress: str, egress: str, sessions: Sessions) -> Cause | None:
        """Why it drops a packet; None if it answers what a session has, or is for another address."""
        if not within(packet.destination, self.prefixes):
            return None
        known = (item for item in sessions if item.node == self.memory)
        return None if any(packet in (item.before.answer, item.after.answer) for item in known) else self.cause

    def remembered(self, packet: Packet) -> Sessions:
        """What it remembers of a packet that passed: nothing."""
        return ()


AnyFilter = Filter | StatefulFilter | SessionFilter | PoolFilter


def within(address: IPv4Address, prefixes: Iterable[IPv4Network]) -> bool:
    """Whether an address is in one of some prefixes."""
    return any(address in prefix for prefix in prefixes)


def link_to_appliance(vnet: VNet, nic: Nic | Firewall) -> str:
    """The link of a VNet that carries packets for an appliance of a peer; at the peer, where they come in.

    Over the peering itself nothing tells packets for the appliance from packets for the machines behind it.
    """
    return f"{vnet.node} for {nic.label}"


def of_vnet(vnet: VNet) -> Iterator[Filter]:
    """The filters of a VNet's fabric."""
    for nic in vnet.nics:
        if not nic.ip_forwarding:
            yield from _own_packets_only(nic)
    forwarding = frozenset(nic.link for nic in vnet.nics if nic.machine.forwards)
    forwarding |= {firewall.link for firewall in vnet.firewalls}
    for peering in vnet.peerings:
        if forwarding and peering.theirs is not None and not peering.theirs.spec.allow_forwarded_traffic:
            yield _originating_only(peering, forwarding)
    for peering in vnet.peerings:
        if not peering.spec.peer_complete_vnets:
            yield _from_peered_subnets(peering)
    for endpoint in vnet.private_endpoints:
        yield from _of_private_endpoint(endpoint)
    yield _own_sources_only(vnet)
    yield from _ways_out(vnet)


def _from_peered_subnets(peering: Peering) -> Filter:
    """A peering of subnets: what other subnets of the remote VNet send over it does not come in (U14)."""
    remote, vnet = peering.remote, peering.vnet
    links = (remote.node, *(link_to_appliance(remote, nic) for nic in vnet.next_hops))
    others = [IPv4Network("0.0.0.0/0")]
    for space in remote.address_space:
        others = [rest for prefix in others for rest in _without(prefix, space)]
    why = cause(DropType.NOT_A_PEERED_SUBNET, vnet=vnet.name, remote=remote.name)
    return Filter(why, ingress=frozenset(links), sources=tuple(sorted((*others, *peering.prefixes))))


def _without(prefix: IPv4Network, hole: IPv4Network) -> Iterable[IPv4Network]:
    if not prefix.overlaps(hole):
        return (prefix,)
    return prefix.address_exclude(hole) if hole.subnet_of(prefix) else ()


def _of_private_endpoint(endpoint: PrivateEndpoint) -> Iterator[Filter]:
    """What a private endpoint does not take: ping, and everything while its connection is not approved (E12)."""
    link, ping = frozenset((endpoint.node,)), frozenset[Protocol](("icmp",))
    yield Filter(cause(DropType.NOT_THE_SERVICE, endpoint=endpoint.node), egress=link, protocols=ping)
    if endpoint.spec.status != "Approved":
        why = cause(DropType.NOT_APPROVED, endpoint=endpoint.node, status=endpoint.spec.status)
        yield Filter(why, egress=link)


def _own_sources_only(vnet: VNet) -> Filter:
    """The way to the Internet, which only the VNet's own addresses have: not what comes out of a tunnel (P20, P21)."""
    why = cause(DropType.NOT_FROM_A_NIC, vnet=vnet.name)
    return Filter(why, egress=frozenset((INTERNET,)), sources=vnet.address_space)


def _ways_out(vnet: VNet) -> Iterator[Filter]:
    """What does not leave for the Internet: packets from private subnets without a way out (E24, E25), and ping from
    those with a NAT gateway (E22) or a public load balancer (L24), and all from members of an internal one that have
    nothing else (L25). A NIC's public address is a way out for both; so is a service endpoint."""
    # Differs from Azure: Default outbound access passes ping; Azure's does not (E23).
    # Differs from Azure: A subnet is private only where default_outbound_access is false; Azure's new ones are (E24).
    # Differs from Azure: Ping from a NIC with a public address and a NAT gateway leaves under the public address; no
    # document says what Azure does with it.
    out, ping = frozenset((INTERNET,)), frozenset[Protocol](("icmp",))
    for name, subnet in vnet.subnets.items():
        nics = [nic for nic in vnet.nics if nic.subnet is subnet and nic.link not in vnet.network.public.machines]
        others = [nic for nic in nics if nic not in balanced_out(vnet)]
        links = frozenset(nic.link for nic in others)
        members = frozenset(nic.link for nic in others if nic in without_default_access(vnet))
        services = tuple(prefix for _, prefix in subnet.services)
        yield from _not_balanced(vnet, [nic for nic in nics if nic in balanced_out(vnet)], services)
        if members and subnet.has_way_out and subnet.nat_address is None:
            why = cause(DropType.NO_DEFAULT_ACCESS, vnet=vnet.name)
            yield Filter(why, members, out, destinations=services)
        if links and not subnet.has_way_out:
            why = cause(DropType.NO_OUTBOUND_METHOD, vnet=vnet.name, subnet=name)
            yield Filter(why, links, out, destinations=services)
        if links and subnet.nat_address is not None:
            why = cause(DropType.NOT_TRANSLATED, vnet=vnet.name, subnet=name)
            yield Filter(why, links, out, ping, destinations=services)


def _not_balanced(vnet: VNet, nics: Iterable[Nic], services: tuple[IPv4Network, ...]) -> Iterator[Filter]:
    """What public load balancers do not translate of members that they give an address: ping, and what no rule is for
    (L24)."""
    out, by_protocols = frozenset((INTERNET,)), dict[frozenset[Protocol], list[str]]()
    for nic in nics:
        by_protocols.setdefault(frozenset(balanced_out(vnet)[nic]), []).append(nic.link)
    for protocols, links in by_protocols.items():
        taken = " and ".join(protocol.upper() for protocol in sorted(protocols))
        why = cause(DropType.NOT_BALANCED, vnet=vnet.name, protocols=taken)
        yield Filter(why, frozenset(links), out, frozenset(PROTOCOLS) - protocols, destinations=services)


def _own_packets_only(nic: Nic) -> Iterator[Filter]:
    """A NIC without IP forwarding (R116)."""
    link, own = frozenset((nic.link,)), tuple(map(IPv4Network, nic.addresses))
    yield Filter(cause(DropType.IP_FORWARDING_IN, nic=nic.label), egress=link, destinations=own)
    yield Filter(cause(DropType.IP_FORWARDING_OUT, nic=nic.label), ingress=link, sources=own)


def _originating_only(peering: Peering, forwarding: frozenset[str]) -> Filter:
    """A peering whose other side has no AllowForwardedTraffic: it stops appliances, not gateways (R107)."""
    remote, vnet = peering.remote, peering.vnet
    links = (remote.node, *(link_to_appliance(remote, nic) for nic in remote.next_hops))
    why = cause(DropType.FORWARDED_TRAFFIC, vnet=remote.name, remote=vnet.name)
    return Filter(why, forwarding, frozenset(links), sources=vnet.address_space)


def of_access(access: AccessNetwork) -> Iterator[Filter]:
    """The firewall of an access network: what it does not let out to the Internet (P6)."""
    if not access.spec.is_open:
        out = access.spec.ports_out
        why = cause(DropType.FIREWALL, network=access.name, ports=f"only {' and '.join(out)}" if out else "nothing")
        yield Filter(why, egress=frozenset((INTERNET,)), ports=tuple(map(_port, out)))


def _port(written: TunnelPort) -> tuple[Protocol, int]:
    protocol, _, number = written.partition("/")
    return ("tcp" if protocol == "tcp" else "udp"), int(number)
