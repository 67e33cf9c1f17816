"""The members of load balancers' pools: what answers probes there, and what asks them."""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from collections.abc import Callable, Iterator

from netlab.machine import namespaces
from netlab.plan.load_balancers import PROBING

# More probes than ever come between two looks.
_BACKLOG = 64
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@contextlib.contextmanager
def answering(netns: str, address: str, port: int) -> Iterator[Callable[[], None]]:
    """Let a machine answer at a TCP port; what it yields takes the connections that have come, and drops them.

    Where something listens already, such as the machine's BGP daemon or the probes of another pool, that answers.
    """

    def listen(listener: socket.socket) -> None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        try:
            listener.bind((address, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise

    def take() -> None:
        # One that does not listen has no connections.
        with contextlib.suppress(OSError):
            while True:
                listener.accept()[0].close()

    with namespaces.run_in(netns, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as listener:
        listen(listener)
        yield take


def answers(netns: str, address: str, port: int, seconds: float) -> bool:
    """Whether a machine answers a TCP connection from a namespace under the address of probes, within a time."""

    def ask() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as asker:
            asker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            asker.settimeout(seconds)
            try:
                asker.bind((PROBING.removesuffix("/32"), 0))
                asker.connect((address, port))
            except OSError:
                return False
            return True

    try:
        return namespaces.run_in(netns, ask)
    except namespaces.Missing:
        return False
