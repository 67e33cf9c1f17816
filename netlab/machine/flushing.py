"""State that is flushed from the kernel: SAs with their policies, and flows that it translates."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterable

from netlab.errors import BuildError
from netlab.machine import namespaces

# linux/xfrm.h
_NETLINK_XFRM = 6
_XFRM_MSG_FLUSHSA, _XFRM_MSG_FLUSHPOLICY = 0x1C, 0x1D
_IPSEC_PROTO_ANY = 255
# linux/netfilter/nfnetlink.h: NFNL_SUBSYS_CTNETLINK, and IPCTNL_MSG_CT_DELETE of it.
_NETLINK_NETFILTER = 12
_CT_DELETE = 1 << 8 | 2
# linux/netlink.h
_NLM_F_REQUEST_ACK = 1 | 4


def flush_ipsec(netns: str) -> None:
    """Take every SA and policy out of a namespace: a killed charon leaves them there, and they go on working."""
    orders = ((_XFRM_MSG_FLUSHSA, bytes([_IPSEC_PROTO_ANY])), (_XFRM_MSG_FLUSHPOLICY, b""))
    with contextlib.suppress(_NoSuchFamily):
        _order(netns, "flush SAs and policies", _NETLINK_XFRM, orders)


def forget_flows(netns: str) -> None:
    """Flush the flows that a namespace translates (NAT): where routes changed they go elsewhere now.

    The kernel drops the next packet of a masqueraded flow that leaves by another interface (nf_nat_oif_changed).
    """
    _order(netns, "forget flows", _NETLINK_NETFILTER, ((_CT_DELETE, bytes(4)),))


class _NoSuchFamily(BuildError):
    """The kernel lacks what an order is for."""


def _order(netns: str, what: str, family: int, orders: Iterable[tuple[int, bytes]]) -> None:
    """Give the kernel orders of a netlink family that pyroute2 does not speak; each is answered with a code."""

    def give() -> None:
        try:
            kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
        except OSError as error:
            if error.errno == errno.EPROTONOSUPPORT:
                raise _NoSuchFamily(f"{netns}: {what}: {os.strerror(error.errno)}") from error
            raise
        with kernel:
            for kind, body in orders:
                kernel.send(struct.pack("=IHHII", 16 + len(body), kind, _NLM_F_REQUEST_ACK, 1, 0) + body)
                (code,) = struct.unpack_from("=i", kernel.recv(4096), 16)
                if code:
                    raise BuildError(f"{netns}: {what}: {os.strerror(-code)}")

    namespaces.run_in(netns, give)
