"""The kernel's own policies and SAs of IPsec, without their keys."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator

from netlab.machine.rtnetlink import attributes, dump, number
from netlab.plan.model.held import Fact

# linux/xfrm.h
_NETLINK_XFRM, _GETSA, _GETPOLICY = 6, 0x12, 0x15
_SELECTOR = struct.Struct("=16s16sHHHHHBBBxxxiI")
_SA = struct.Struct("=56s16s4sB3x16s")
_SA_SIZE, _POLICY_SIZE = 224, 168
# After selector, limits and counters: priority, index, direction, action.
_POLICY = struct.Struct("=IIBB")
_POLICY_AT = 56 + 64 + 32
_AUTH, _CRYPT, _AEAD, _AUTH_TRUNCATED, _IF_ID = 1, 2, 18, 20, 31
_DIRECTIONS = ("in", "out", "fwd")
_ACTIONS = ("allow", "block")


def policies_and_sas() -> Iterator[Fact]:
    """The policies and SAs of the namespace of the calling thread; none where the kernel has no IPsec."""
    try:
        kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_XFRM)
    except OSError as error:
        if error.errno == errno.EPROTONOSUPPORT:
            return
        raise
    with kernel:
        for body in dump(kernel, _GETPOLICY, bytes(64)):
            # A socket has policies of its own, by which charon's pass the others: with directions of their own.
            if _POLICY.unpack_from(body, _POLICY_AT)[2] < len(_DIRECTIONS):
                yield _policy(body)
        for body in dump(kernel, _GETSA, bytes(24)):
            yield _sa(body)


def _policy(body: bytes) -> Fact:
    _, _, direction, action = _POLICY.unpack_from(body, _POLICY_AT)
    found = attributes(body, _POLICY_SIZE, len(body))
    return Fact(
        "policy",
        policy_of(_DIRECTIONS[direction], *_prefixes(body), number(found.get(_IF_ID))),
        _ACTIONS[action] if action < len(_ACTIONS) else str(action),
    )


def policy_of(direction: str, source: str, destination: str, if_id: int) -> str:
    """A policy, as the object of a fact."""
    return f"{direction} from {source} to {destination} if_id {if_id}"


def _prefixes(body: bytes) -> tuple[str, str]:
    to, source, *_, family, to_length, from_length, _, _, _ = _SELECTOR.unpack_from(body)
    if family == socket.AF_INET6:
        return f"{socket.inet_ntop(family, source)}/{from_length}", f"{socket.inet_ntop(family, to)}/{to_length}"
    return f"{socket.inet_ntoa(source[:4])}/{from_length}", f"{socket.inet_ntoa(to[:4])}/{to_length}"


def _sa(body: bytes) -> Fact:
    _, to, spi, protocol, source = _SA.unpack_from(body)
    found = attributes(body, _SA_SIZE, len(body))
    kind = {socket.IPPROTO_ESP: "esp", socket.IPPROTO_AH: "ah"}.get(protocol, str(protocol))
    names = (found[each][:64].rstrip(b"\0").decode() for each in (_AEAD, _CRYPT, _AUTH_TRUNCATED) if each in found)
    return Fact(
        "sa",
        sa_of(socket.inet_ntoa(source[:4]), socket.inet_ntoa(to[:4]), spi.hex()),
        f"{kind} if_id {number(found.get(_IF_ID))} {' '.join(names)}",
    )


def sa_of(source: str, destination: str, spi: str) -> str:
    """An SA of the kernel, as the object of a fact."""
    return f"from {source} to {destination} spi {spi}"
