"""Packets, and what stateful nodes remember of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from netlab.results.protocols import Protocol


@dataclass(frozen=True, slots=True)
class Packet:
    """An IPv4 packet: addresses, protocol and, where it has them, ports.

    ``turn`` is its place in the talk: 0 asks (SYN, echo request), 1 answers (SYN-ACK, echo reply), 2 is TCP's third.
    """

    source: IPv4Address
    destination: IPv4Address
    protocol: Protocol = "icmp"
    source_port: int = 0
    destination_port: int = 0
    turn: int = 0

    @property
    def answer(self) -> Packet:
        """The packet that its receiver sends back."""
        return Packet(
            self.destination, self.source, self.protocol, self.destination_port, self.source_port, self.turn + 1
        )

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
        return self.before.answer if packet == self.after.answer else None


Sessions = tuple[Session, ...]
