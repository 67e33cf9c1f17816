"""The kernel's ARP table, which is one for all namespaces of the machine: how often it had no room."""

from __future__ import annotations

import socket
import struct

from netlab.machine.rtnetlink import attributes, dump

# linux/rtnetlink.h, linux/neighbour.h
_RTM_GETNEIGHTBL = 66
_NAME, _STATS = 1, 7
# struct ndt_stats: its eleventh number; kernels have only added others behind it.
_TABLE_FULLS = struct.Struct("=80xQ")


def overflows() -> int:
    """How often a packet disappeared since the machine started because the table had no room for its next hop.

    Every namespace shows it, where /proc/net/stat/arp_cache is in the first one only.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        for body in dump(kernel, _RTM_GETNEIGHTBL, struct.pack("=Bxxx", socket.AF_INET)):
            found = attributes(body, 4, len(body))
            if found.get(_NAME) == b"arp_cache\0" and _STATS in found:
                return int(_TABLE_FULLS.unpack_from(found[_STATS])[0])
    return 0
