"""Packets at an interface: to see what leaves by it, and to send one into it."""

from __future__ import annotations

import contextlib
import select
import socket
import struct

from netlab.machine import namespaces

_ETH_P_ALL = 0x0003
_DISCARD = 9
# Packets read at once: under more traffic, the rest waits for the next turn.
_TAPPED = 256


class PacketTap:
    """Tells of IPv4 packets that leave by an interface, be it into a tunnel."""

    def __init__(self, netns: str, interface: str) -> None:
        self._socket = namespaces.run_in(netns, lambda: _packet_socket(interface))

    def wait(self) -> frozenset[tuple[str, str]]:
        """Wait for packets; where those that came come from and go to."""
        select.select([self._socket], [], [])
        found: set[tuple[str, str]] = set()
        with contextlib.suppress(BlockingIOError):
            for _ in range(_TAPPED):
                packet, (_, _, kind, *_) = self._socket.recvfrom(20)
                if kind == socket.PACKET_OUTGOING and len(packet) == 20 and packet[0] >> 4 == 4:
                    found.add((socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])))
        return frozenset(found)


def _packet_socket(interface: str) -> socket.socket:
    # packet(7): only who asks for all protocols sees what goes out; until it is bound, it sees nothing.
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    tap.bind((interface, _ETH_P_ALL))
    tap.setblocking(False)
    return tap


def knock(netns: str, interface: str, source: str, destination: str) -> None:
    """Send an empty UDP datagram to the discard port into an interface, from whatever address."""
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    # ip(7), raw(7): the kernel fills in length and checksum.
    header = struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_UDP, 0) + addresses
    datagram = struct.pack("!HHHH", _DISCARD, _DISCARD, 8, 0)

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            sender.sendto(header + datagram, (destination, 0))

    namespaces.run_in(netns, send)
