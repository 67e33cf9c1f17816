"""Sockets inside the namespaces of a lab, opened by a thread that hops from one to the next."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from netlab.errors import MeasureError
from netlab.probe import bpf
from netlab.probe.packets import Tag
from netlab.probe.trace import Probe
from netlab.results.protocols import PORT

# Constants that Python 3.11 does not name, from linux/sched.h, asm-generic/socket.h, linux/net_tstamp.h,
# linux/if_ether.h, linux/in.h, linux/if_packet.h, linux/sockios.h and linux/filter.h.
CLONE_NEWNET = 0x40000000
SO_ATTACH_FILTER, SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_TIMESTAMPING = 26, 32, 33, 37
SOF_TIMESTAMPING_RX_SOFTWARE, SOF_TIMESTAMPING_SOFTWARE = 1 << 3, 1 << 4
ETH_P_ALL = 0x0003
IP_PKTINFO = 8
IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3
SOL_PACKET, PACKET_STATISTICS = 263, 6
SIOCGIFNAME = 0x8910
INSTRUCTION = 8
LIBC = ctypes.CDLL(None, use_errno=True)

BUFFER_SIZE = 32 << 20
"""An upper limit, not an allocation."""

TIMESTAMPS_DEADLINE, LOOPBACK_DEADLINE = 10.0, 1.0
"""In seconds: for timestamps to begin, and for a packet to come back from this machine's loopback."""

# linux/tcp.h, which the module `socket` of Python does not have.
_TCP_REPAIR, _TCP_REPAIR_QUEUE, _TCP_QUEUE_SEQ, _TCP_SEND_QUEUE = 19, 20, 21, 2
NETNS_DIRECTORY = Path("/run/netns")


@dataclass(frozen=True, slots=True)
class Sockets:
    """What a run has open in the namespaces, by node."""

    witnesses: dict[str, socket.socket] = field(default_factory=dict)
    interfaces: dict[str, dict[int, str]] = field(default_factory=dict)
    responders: dict[str, socket.socket] = field(default_factory=dict)
    senders: dict[str, socket.socket] = field(default_factory=dict)
    source_addresses: dict[tuple[str, str], str] = field(default_factory=dict)
    no_route: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run looks: the namespaces with a witness by node, the nodes that send and answer with their addresses,
    and the nodes of the underlay, with the ESP that is seen there."""

    namespaces: Mapping[str, str]
    addresses: Mapping[str, str]
    underlay: Collection[str]
    esp: bpf.Esp


def open_sockets(stack: ExitStack, places: Places, probes: Iterable[Probe], tag: Tag) -> Sockets:
    """Open a witness everywhere, and at the endpoints what sends and answers; the stack closes all."""
    sockets, addresses = Sockets(), places.addresses
    elsewhere, underlay = bpf.program(tag, "none"), bpf.program(tag, places.esp)
    targets: dict[str, dict[str, str]] = {node: {} for node in addresses}
    for probe in probes:
        targets[probe.source][probe.target] = probe.address or addresses[probe.target]

    def work(node: str) -> None:
        sockets.witnesses[node] = _witness(underlay if node in places.underlay else elsewhere)
        sockets.interfaces[node] = dict(socket.if_nameindex())
        if node in addresses:
            sockets.responders[node] = stack.enter_context(_responder())
            stack.enter_context(_listener())
            for port in (tag.port, tag.other_port):
                stack.enter_context(_swallower(port))
            sockets.senders[node] = stack.enter_context(_sender())
            for target, address in targets[node].items():
                _choose_source(sockets, node, target, address)

    stack.callback(_close_together, sockets.witnesses)
    _visit(places.namespaces, work)
    return sockets


def await_timestamps() -> None:
    """Return when packets carry timestamps, which begin some milliseconds after the first socket asked.

    The kernel switches them on in a work queue (net/core/dev.c, net_enable_timestamp), for all namespaces at
    once, so this machine's own loopback shows it. A busy machine may take a second for it. Without a loopback: too
    early at worst, which is noticed.
    """
    end = time.monotonic() + TIMESTAMPS_DEADLINE
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as loopback:
        _ask_for_timestamps(loopback)
        loopback.settimeout(LOOPBACK_DEADLINE)
        loopback.bind(("127.0.0.1", 0))
        while time.monotonic() < end:
            loopback.sendto(b"netlab", loopback.getsockname())
            ancillary = loopback.recvmsg(16, 128)[1]
            if any((level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPING) for level, kind, _ in ancillary):
                return
            # The work queue needs a processor: it is not taken from it.
            time.sleep(0.001)


def dropped(witness: socket.socket) -> int:
    """How many packets passed a witness unseen since it was last asked."""
    statistics = witness.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
    return int(struct.unpack("@II", statistics)[1])


def _visit(namespaces: Mapping[str, str], work: Callable[[str], None]) -> None:
    """Do the work for each node inside its namespace, in a thread which then ends."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="netns") as thread:
        thread.submit(_hop, namespaces, work).result()


def open_in(node: str, netns: str, make: Callable[[], socket.socket]) -> socket.socket:
    """A socket that is opened inside one namespace."""
    found: list[socket.socket] = []
    _visit({node: netns}, lambda _: found.append(make()))
    return found[0]


def _hop(namespaces: Mapping[str, str], work: Callable[[str], None]) -> None:
    for node, netns in namespaces.items():
        try:
            _enter(netns)
            work(node)
        except FileNotFoundError as error:
            raise MeasureError(f"node {node}: there is no namespace {netns}", "is the lab up?") from error
        except OSError as error:
            raise MeasureError(f"node {node}, namespace {netns}: {_say(error)}") from error


def _enter(netns: str) -> None:
    handle = os.open(NETNS_DIRECTORY / netns, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # os.setns needs Python 3.12.
        if LIBC.setns(handle, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"cannot enter: {os.strerror(number)}")
    finally:
        os.close(handle)


def _say(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {PORT} is taken; does another measurement run?"
    return error.strerror or str(error)


class Greeting(NamedTuple):
    """A connection to try: the probe that it is for, the addresses of both ends, and the number of its SYN."""

    number: int
    source: str
    target: str
    sequence: int


def connecting(
    namespaces: Mapping[str, str], greetings: Mapping[str, Collection[Greeting]]
) -> dict[int, socket.socket]:
    """Sockets that connect, by the probe that they are for; ``greetings`` are by the node that begins."""
    found: dict[int, socket.socket] = {}

    def work(node: str) -> None:
        for greeting in greetings[node]:
            found[greeting.number] = _connecting(greeting)

    _visit({node: namespaces[node] for node in greetings}, work)
    return found


def _connecting(greeting: Greeting) -> socket.socket:
    end = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    # Closed with a reset: nothing of it is left in a namespace.
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # tcp_v4_connect keeps a sequence number that is there (net/ipv4/tcp_ipv4.c): witnesses know the SYN by it.
    end.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, 1)
    end.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR_QUEUE, _TCP_SEND_QUEUE)
    end.setsockopt(socket.IPPROTO_TCP, _TCP_QUEUE_SEQ, struct.pack("@I", greeting.sequence))
    end.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, 0)
    end.bind((greeting.source, 0))
    end.connect_ex((greeting.target, PORT))
    return end


def interface_name(witness: socket.socket, index: int) -> str:
    """The name of an interface that came after the witness; empty if it is gone."""
    asked = struct.pack("@16si20x", b"", index)
    try:
        return fcntl.ioctl(witness, SIOCGIFNAME, asked)[:16].rstrip(b"\0").decode()
    except OSError:
        return ""


def _witness(program: bytes) -> socket.socket:
    """A socket that gets a copy of what the filter lets through, without its link header: a TUN looks like a veth."""
    # Without a protocol it sees nothing until it is bound: no packet passes before the filter is there.
    witness = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    _enlarge(witness, SO_RCVBUFFORCE, socket.SO_RCVBUF)
    _ask_for_timestamps(witness)
    instructions = ctypes.create_string_buffer(program, len(program))
    filtered = struct.pack("@HP", len(program) // INSTRUCTION, ctypes.addressof(instructions))
    witness.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, filtered)
    # socket.bind of Python wants the name of an interface: this is for all. struct sockaddr_ll, linux/if_packet.h.
    everywhere = struct.pack("=HHiHBB8x", socket.AF_PACKET, socket.htons(ETH_P_ALL), 0, 0, 0, 0)
    if LIBC.bind(witness.fileno(), everywhere, len(everywhere)) != 0:
        raise OSError(ctypes.get_errno(), "cannot see packets")
    witness.setblocking(False)
    return witness


def _close_together(witnesses: Mapping[str, socket.socket]) -> None:
    """Close at the same time: each close waits 15 ms for the kernel (packet_release, synchronize_net)."""
    with ThreadPoolExecutor(max_workers=len(witnesses) or 1) as threads:
        list(threads.map(socket.socket.close, witnesses.values()))


def _ask_for_timestamps(asker: socket.socket) -> None:
    # Not SO_TIMESTAMPNS: where a packet has no timestamp it invents one when the packet is read.
    flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE
    asker.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, flags)


def _responder() -> socket.socket:
    """The UDP socket that answers."""
    responder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    _enlarge(responder, SO_RCVBUFFORCE, socket.SO_RCVBUF)
    _enlarge(responder, SO_SNDBUFFORCE, socket.SO_SNDBUF)
    responder.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    _set_df(responder)
    responder.bind(("", PORT))
    responder.setblocking(False)
    return responder


def _swallower(port: int) -> socket.socket:
    """The UDP socket that gets the answers to this node, which the kernel would refuse; it reads none: witnesses do."""
    swallower = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    swallower.bind(("", port))
    return swallower


def _listener() -> socket.socket:
    """The TCP socket in whose name the kernel answers; it never accepts, for the source resets at once."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", PORT))
    listener.listen(4096)
    return listener


def _sender() -> socket.socket:
    sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    _enlarge(sender, SO_SNDBUFFORCE, socket.SO_SNDBUF)
    _set_df(sender)
    sender.setblocking(False)
    return sender


def _set_df(end: socket.socket) -> None:
    """Send with DF, and forget what earlier packets found out of the way: it would drop the next one at its sender."""
    end.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)


def _choose_source(sockets: Sockets, node: str, target: str, address: str) -> None:
    """Ask the kernel which address this namespace would use towards another, or why none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        try:
            asker.connect((address, PORT))
        except OSError as error:
            sockets.no_route[node, target] = error.errno or errno.EIO
        else:
            sockets.source_addresses[node, target] = asker.getsockname()[0]


def _enlarge(end: socket.socket, forced: int, limited: int) -> None:
    """Give a socket a large buffer; in a user namespace the host's limit holds (net.core.rmem_max, wmem_max)."""
    try:
        end.setsockopt(socket.SOL_SOCKET, forced, BUFFER_SIZE)
    except PermissionError:
        end.setsockopt(socket.SOL_SOCKET, limited, BUFFER_SIZE)
