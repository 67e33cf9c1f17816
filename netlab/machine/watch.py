"""Watching for changes: of routes in namespaces, and of the SAs of IKE daemons."""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Iterable
from threading import Event, Thread

from netlab.machine import ike_daemons, namespaces

_RTMGRP_IPV4_ROUTE = 0x40


class RouteWatch:
    """Tells when IPv4 routes change in any of several namespaces."""

    def __init__(self, netns: Iterable[str]) -> None:
        self._selector = selectors.DefaultSelector()
        wakened, self._waker = socket.socketpair()
        wakened.setblocking(False)
        self._selector.register(wakened, selectors.EVENT_READ)
        for listener in namespaces.for_each(netns, lambda _: _route_listener()):
            self._selector.register(listener, selectors.EVENT_READ)

    def poke(self) -> None:
        """Tell of a change that is none of routes; from any thread."""
        self._waker.send(b"!")

    def close(self) -> None:
        """Close every socket."""
        for key in tuple(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._waker.close()
        self._selector.close()

    def wait(self, seconds: float) -> bool:
        """Wait for a change, at most so long; what came meanwhile is one change."""
        changed = self._selector.select(seconds)
        for key, _ in changed:
            listener = key.fileobj
            assert isinstance(listener, socket.socket)
            # A full buffer (ENOBUFS) is a change like any other: everything is read anew.
            with contextlib.suppress(OSError):
                while listener.recv(65536):
                    pass
        return bool(changed)


def _route_listener() -> socket.socket:
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    listener.bind((0, _RTMGRP_IPV4_ROUTE))
    listener.setblocking(False)
    return listener


class Watch:
    """Wakes a waiting thread when routes or SAs change."""

    def __init__(self, netns: Iterable[str], directories: Iterable[str]) -> None:
        self._routes = RouteWatch(netns)
        self._closed = Event()
        for directory in directories:
            listen = ike_daemons.of(directory).listen
            Thread(target=listen, args=(directory, self.poke, self._closed.is_set), daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait for a change, at most so long; what came meanwhile is one change."""
        return self._routes.wait(seconds)

    def poke(self) -> None:
        """Report a change; from any thread. Of one that is closed meanwhile nobody waits for it."""
        with contextlib.suppress(OSError):
            self._routes.poke()

    def close(self) -> None:
        """Listen no more."""
        self._closed.set()
        self._routes.close()
