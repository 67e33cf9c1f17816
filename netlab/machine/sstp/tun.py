"""A TUN, without blocking, read in batches."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from collections.abc import Iterable

_DEVICE = "/dev/net/tun"
# linux/if_tun.h
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_BATCH = 64
_MOST_BYTES = 65536


class Tun:
    """A TUN of a name; it goes with the process, also where it was moved into another namespace."""

    def __init__(self, interface: str) -> None:
        self._descriptor = os.open(_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(self._descriptor, _TUNSETIFF, struct.pack("16sH22x", interface.encode(), _IFF_TUN | _IFF_NO_PI))

    def fileno(self) -> int:
        """The descriptor, for selectors."""
        return self._descriptor

    def read(self) -> list[bytes]:
        """The IPv4 packets that wait, some of them."""
        packets: list[bytes] = []
        # Nothing waits, or it is down.
        with contextlib.suppress(OSError):
            for _ in range(_BATCH):
                packet = os.read(self._descriptor, _MOST_BYTES)
                if packet[0] >> 4 == 4:
                    packets.append(packet)
        return packets

    def write(self, packets: Iterable[bytes]) -> None:
        """Hand packets to the kernel; one that is no IP it does not take."""
        for packet in packets:
            with contextlib.suppress(OSError):
                os.write(self._descriptor, packet)
