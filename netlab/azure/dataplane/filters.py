"""Filters: what a node drops between two of its links, for model and lab alike.

The model applies them in the walk; the plan gives the links' names those of interfaces and nftables does the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.dataplane.packets import Packet
from netlab.results.drops import Cause, DropType, cause
from netlab.results.protocols import Protocol
from netlab.scenario.models import TunnelPort
from netlab.scenario.names import INTERNET
from netlab.scenario.network import AccessNetwork, Nic, Peering, VNet


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

    def drops(self, packet: Packet, ingress: str, egress: str) -> bool:
        """Whether it drops a packet between two links."""
        if (self.ingress and ingress not in self.ingress) or (self.egress and egress not in self.egress):
            return False
        if self.protocols and packet.protocol not in self.protocols:
            return False
        if (packet.protocol, packet.destination_port) in self.ports:
            return False
        return not (_within(packet.source, self.sources) or _within(packet.destination, self.destinations))


def _within(address: IPv4Address, prefixes: Collection[IPv4Network]) -> bool:
    return any(address in prefix for prefix in prefixes)


def link_to_appliance(vnet: VNet, nic: Nic) -> str:
    """The link of a VNet that carries packets for an appliance of a peer; at the peer, where they come in.

    Over the peering itself nothing tells packets for the appliance from packets for the machines behind it.
    """
    return f"{vnet.node} for {nic.node}"


def of_vnet(vnet: VNet) -> Iterator[Filter]:
    """The filters of a VNet's fabric."""
    for nic in vnet.nics:
        if not nic.ip_forwarding:
            yield from _own_packets_only(nic)
    forwarding = frozenset(nic.node for nic in vnet.nics if nic.appliance is not None)
    for peering in vnet.peerings:
        if forwarding and peering.theirs is not None and not peering.theirs.spec.allow_forwarded_traffic:
            yield _originating_only(peering, forwarding)
    yield _own_sources_only(vnet)


def _own_sources_only(vnet: VNet) -> Filter:
    """The way to the Internet, which only the VNet's own addresses have: not what comes out of a tunnel (P20, P21)."""
    why = cause(DropType.NOT_FROM_A_NIC, vnet=vnet.name)
    return Filter(why, egress=frozenset((INTERNET,)), sources=vnet.address_space)


def _own_packets_only(nic: Nic) -> Iterator[Filter]:
    """A NIC without IP forwarding (R116)."""
    link, own = frozenset((nic.node,)), (IPv4Network(nic.address),)
    yield Filter(cause(DropType.IP_FORWARDING_IN, nic=nic.node), egress=link, destinations=own)
    yield Filter(cause(DropType.IP_FORWARDING_OUT, nic=nic.node), ingress=link, sources=own)


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
