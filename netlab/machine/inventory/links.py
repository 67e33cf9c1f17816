"""Interfaces as the kernel has them."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

from netlab.machine.rtnetlink import attributes, dump, number, text

# linux/rtnetlink.h, linux/if_link.h
_RTM_GETLINK = 18
_INFO = struct.Struct("=BxHiII")
_ADDRESS, _NAME, _MTU, _LINK, _MASTER, _LINKINFO, _AF_SPEC, _EXT_MASK, _XDP = 1, 3, 4, 5, 10, 18, 26, 29, 43
_INFO_KIND, _INET_CONF, _XDP_ATTACHED = 1, 1, 2
_SKIP_STATS = 1 << 3
# linux/if.h
_UP, _LOOPBACK, _NOARP, _PROMISC, _ALLMULTI = 1, 8, 1 << 7, 1 << 8, 1 << 9


@dataclass(frozen=True, slots=True)
class Link:
    """An interface: ``peer`` is the number of a veth's other end in its own namespace, ``settings`` are those of IPv4
    in the kernel's order; ``words`` say what it is and does."""

    index: int
    name: str
    words: str
    hardware: str
    peer: int
    settings: tuple[int, ...]
    mtu: int


def links(kernel: socket.socket) -> tuple[Link, ...]:
    """The interfaces of the namespace in which a socket was opened."""
    asked = _INFO.pack(socket.AF_UNSPEC, 0, 0, 0, 0) + struct.pack("=HHI", 8, _EXT_MASK, _SKIP_STATS)
    return tuple(_link(body) for body in dump(kernel, _RTM_GETLINK, asked))


def _link(body: bytes) -> Link:
    _, _, index, flags, _ = _INFO.unpack_from(body)
    found = attributes(body, _INFO.size, len(body))
    kind = _kind(found.get(_LINKINFO, b""), flags)
    return Link(
        index,
        text(found[_NAME]),
        _words(kind, flags, found),
        found.get(_ADDRESS, b"").hex(":"),
        number(found.get(_LINK)) if kind == "veth" else 0,
        _settings(found.get(_AF_SPEC, b"")),
        number(found.get(_MTU)),
    )


def _kind(data: bytes, flags: int) -> str:
    if flags & _LOOPBACK:
        return "loopback"
    return text(attributes(data, 0, len(data)).get(_INFO_KIND, b"other"))


def _words(kind: str, flags: int, found: dict[int, bytes]) -> str:
    said = [kind, "up" if flags & _UP else "down", f"mtu {number(found.get(_MTU))}"]
    # Interfaces of tunnels never resolve addresses.
    said += ["without ARP"] if flags & _NOARP and kind not in ("tun", "xfrm") else []
    said += ["promiscuous"] if flags & _PROMISC else []
    said += ["all multicast"] if flags & _ALLMULTI else []
    said += [f"a port of interface {number(found[_MASTER])}"] if _MASTER in found else []
    xdp = found.get(_XDP, b"")
    said += ["with an XDP program"] if any(attributes(xdp, 0, len(xdp)).get(_XDP_ATTACHED, b"")) else []
    return ", ".join(said)


def _settings(data: bytes) -> tuple[int, ...]:
    of_inet = attributes(data, 0, len(data)).get(socket.AF_INET, b"")
    values = attributes(of_inet, 0, len(of_inet)).get(_INET_CONF, b"")
    return struct.unpack(f"={len(values) // 4}i", values)
