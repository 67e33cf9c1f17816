"""The translator between two ends of a BGP session."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from threading import Thread

from bgp_messages import ATTRIBUTES, message, update

from netlab.machine.translator.relay import Peer, peers, relay

LINES = """# vnet1-gw-0: written by netlab
peer 192.168.1.1 10.0.1.254 17900
learned 10.0.1.0/24 100.0.2.0/24
advertised 10.0.1.0/24 100.0.1.0/24
peer 192.168.2.1 10.0.1.254 17901
learned 10.4.0.0/16 100.0.4.0/28
"""


def test_its_configuration_is_read() -> None:
    inside = IPv4Network("10.0.1.0/24")
    assert peers(LINES.splitlines()) == [
        Peer(
            "192.168.1.1",
            "10.0.1.254",
            17900,
            {inside: IPv4Network("100.0.2.0/24")},
            {inside: IPv4Network("100.0.1.0/24")},
        ),
        Peer("192.168.2.1", "10.0.1.254", 17901, {IPv4Network("10.4.0.0/16"): IPv4Network("100.0.4.0/28")}),
    ]


@contextmanager
def running() -> Iterator[tuple[socket.socket, socket.socket, Thread]]:
    """The ends of bgpd and of its first peer, with a relay between them."""
    bgpd, here = socket.socketpair()
    peer, there = socket.socketpair()
    with bgpd, here, peer, there:
        thread = Thread(target=relay, args=(here, there, peers(LINES.splitlines())[0]), daemon=True)
        thread.start()
        bgpd.settimeout(10)
        peer.settimeout(10)
        yield bgpd, peer, thread


def received(end: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        found += end.recv(length - len(found))
    return found


def test_each_way_has_its_own_translations() -> None:
    inside = update(attributes=ATTRIBUTES, announced=bytes.fromhex("18 0a0001"))
    learned = update(attributes=ATTRIBUTES, announced=bytes.fromhex("18 640002"))
    advertised = update(attributes=ATTRIBUTES, announced=bytes.fromhex("18 640001"))
    with running() as (bgpd, peer, _):
        peer.sendall(message(4, b"") + inside[:25])
        assert received(bgpd, 19) == message(4, b"")
        peer.sendall(inside[25:])
        assert received(bgpd, len(learned)) == learned
        bgpd.sendall(inside)
        assert received(peer, len(advertised)) == advertised


def test_it_ends_with_one_of_its_ends() -> None:
    with running() as (bgpd, _, thread):
        bgpd.close()
        thread.join(10)
        assert not thread.is_alive()
    with running() as (_, peer, thread):
        peer.close()
        thread.join(10)
        assert not thread.is_alive()
