"""Packets, and what stateful nodes remember of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

from netlab.azure.sizes import ETHERNET_MTU, TCP_HEADERS
from netlab.results.protocols import Protocol


@dataclass(frozen=True, slots=True)
class Packet:
    """An IPv4 packet: addresses, protocol and, where it has them, ports.

    ``turn`` is its place in the talk: 0 asks (SYN, echo request), 1 answers (SYN-ACK, echo reply), 2 is TCP's third.
    ``size`` are its bytes, 0 of one that fits everywhere; ``fragments`` says that routers may break it up. ``mss`` is
    the most text that the sender of a TCP packet takes in one, as nodes on the way have lowered it.
    """

    source: IPv4Address
    destination: IPv4Address
    protocol: Protocol = "icmp"
    source_port: int = 0
    destination_port: int = 0
    turn: int = 0
    size: int = field(default=0, compare=False)
    fragments: bool = field(default=False, compare=False)
    mss: int = field(default=ETHERNET_MTU - TCP_HEADERS, compare=False)

    @property
    def answer(self) -> Packet:
        """The packet that its receiver sends back."""
        ends = self.destination, self.source, self.protocol, self.destination_port, self.source_port
        # Linux answers a ping without DF (net/ipv4/icmp.c, icmp_sk_init).
        return Packet(*ends, self.turn + 1, self.size, fragments=self.protocol == "icmp")

    def made_for(self, mtu: int) -> Packet:
        """The packet as its maker sends it by a link: TCP makes none that is too big for its own link."""
        if self.protocol != "tcp" or (self.size <= mtu and self.mss <= mtu - TCP_HEADERS):
            return self
        return replace(self, size=min(self.size, mtu), mss=min(self.mss, mtu - TCP_HEADERS))

    def clamped(self, mss: int) -> Packet:
        """The packet with another maximum segment size where it has a greater one."""
        return self if self.mss <= mss else replace(self, mss=mss)

    def sized_as(self, other: Packet) -> Packet:
        """The packet as big as another one."""
        return replace(self, size=other.size, fragments=other.fragments, mss=other.mss)

    def sent_from(self, source: IPv4Address) -> Packet:
        """The packet with another source address."""
        return replace(self, source=source)

    def sent_to(self, destination: IPv4Address, port: int | None = None) -> Packet:
        """The packet with another destination address, and with another port where one is given."""
        return replace(self, destination=destination, destination_port=self.destination_port if port is None else port)


@dataclass(frozen=True, slots=True)
class Session:
    """A packet that a stateful node forwarded: as it came in and as it went out. Answers are translated back."""

    node: str
    before: Packet
    after: Packet

    def is_of(self, packet: Packet) -> bool:
        """Whether a packet belongs to the same flow: it answers the one that came in, or is such a one itself."""
        return self.before.answer == packet or self.before == packet

    def undo(self, packet: Packet) -> Packet | None:
        """An answer to the translated packet as the node sends it on; None for any other packet."""
        return self.before.answer.sized_as(packet) if packet == self.after.answer else None


Sessions = tuple[Session, ...]
