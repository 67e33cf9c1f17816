"""The translator's process, started in the directory that has its configuration: a thread for each peer.

It listens for bgpd only while it is connected to the peer, so that bgpd is refused as long as the peer does not answer.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from threading import Thread

from netlab.machine.translator import CONFIGURATION
from netlab.machine.translator.messages import split, translated
from netlab.plan.model import TRANSLATOR

# The mark of its own connections, which are not redirected: see templates/nftables/bgp-redirect.j2.
MARK = 0x6E6C
_BGP = 179
_LOOPBACK = "127.0.0.1"
_CONNECT_SECONDS = 2.0
_RETRY_SECONDS = 0.5
_CHUNK = 65_536
_Prefixes = dict[IPv4Network, IPv4Network]


@dataclass(frozen=True)
class Peer:
    """A peer, the address from which it is connected to, the port for bgpd, and what becomes of prefixes."""

    address: str
    local: str
    port: int
    learned: _Prefixes = field(default_factory=dict)
    advertised: _Prefixes = field(default_factory=dict)


def peers(lines: Iterable[str]) -> list[Peer]:
    """The peers of a configuration."""
    found: list[Peer] = []
    for line in lines:
        match line.split():
            case ["peer", address, local, port]:
                found.append(Peer(address, local, int(port)))
            case ["learned", before, after]:
                found[-1].learned[IPv4Network(before)] = IPv4Network(after)
            case ["advertised", before, after]:
                found[-1].advertised[IPv4Network(before)] = IPv4Network(after)
    return found


def _serve(peer: Peer) -> None:
    while True:
        with contextlib.suppress(OSError, ValueError), _connected(peer) as there:
            here = _accepted(peer, there)
            if here is not None:
                with here:
                    relay(here, there, peer)
        time.sleep(_RETRY_SECONDS)


def _connected(peer: Peer) -> socket.socket:
    there = socket.socket()
    try:
        there.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
        there.settimeout(_CONNECT_SECONDS)
        there.bind((peer.local, 0))
        there.connect((peer.address, _BGP))
    except OSError:
        there.close()
        raise
    there.settimeout(None)
    return there


def _accepted(peer: Peer, there: socket.socket) -> socket.socket | None:
    """The connection of bgpd; None if the peer closes its own one before."""
    with socket.create_server((_LOOPBACK, peer.port)) as listener, selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(there, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if listener in ready:
                return listener.accept()[0]
            if not there.recv(1, socket.MSG_PEEK):
                return None
            # What the peer says first waits for bgpd.
            selector.unregister(there)


def relay(here: socket.socket, there: socket.socket, peer: Peer) -> None:
    """Pass messages on, translated, until one of both ends closes its connection."""
    rest = {here: b"", there: b""}
    ways = {here: (there, peer.advertised), there: (here, peer.learned)}
    with selectors.DefaultSelector() as selector:
        for end in ways:
            selector.register(end, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                end = here if key.fileobj is here else there
                received = end.recv(_CHUNK)
                if not received:
                    return
                messages, rest[end] = split(rest[end] + received)
                other, translations = ways[end]
                other.sendall(b"".join(translated(message, translations) for message in messages))


def main() -> None:
    """Serve every peer until somebody ends the process."""
    found = peers(Path(CONFIGURATION).read_text().splitlines())
    threads = [Thread(target=_serve, args=(peer,), daemon=True) for peer in found]
    for thread in threads:
        thread.start()
    Path("/proc/self/comm").write_text(TRANSLATOR)
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
