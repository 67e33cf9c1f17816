"""What a BGP daemon says of its routes, its peers and its configuration, in the same words whichever program it is."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Protocol, TypeVar

from netlab.errors import LabError
from netlab.machine import processes
from netlab.plan.model import BgpSpeaker

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BgpRoute:
    """A route of a BGP daemon: its peer (empty: it is the daemon's own), the next hop, and whether it is a best one.

    Of several best ones the ``first`` is advertised.
    """

    prefix: str
    peer: str = ""
    next_hop: str = ""
    as_path: str = ""
    inside: bool = False
    best: bool = True
    first: bool = True

    @property
    def as_path_length(self) -> int:
        """How many AS it came over."""
        return len(self.as_path.split())


@dataclass(frozen=True, slots=True)
class BgpPeer:
    """A peer of a BGP daemon, and how its session is; messages are not counted by every program."""

    address: str
    asn: int
    state: str
    up_milliseconds: int = 0
    received: int = 0
    messages_sent: int | None = None
    messages_received: int | None = None


Drift = tuple[frozenset[str], frozenset[str]]


class Runs(Protocol):
    """A daemon of a BGP speaker: how it is started, and whether it runs as it should."""

    def start(self, netns: str, speaker: BgpSpeaker, daemon: str) -> processes.Process: ...

    def ready(self, directory: str, daemon: str, seconds: float = ...) -> bool: ...

    def logs(self, daemon: str) -> tuple[str, ...]: ...

    def remember(self, speaker: BgpSpeaker, daemon: str) -> None: ...

    def drift(self, speaker: BgpSpeaker, daemon: str, networks: Collection[str], shut: Collection[str]) -> Drift: ...


class Program(Runs, Protocol):
    """A program that speaks BGP: how it is asked and ordered. LabError or OSError if it does not answer."""

    def peers(self, speaker: BgpSpeaker) -> tuple[BgpPeer, ...]: ...

    def routes(self, speaker: BgpSpeaker) -> tuple[BgpRoute, ...]: ...

    def advertised(self, speaker: BgpSpeaker, peer: str) -> tuple[BgpRoute, ...]: ...

    def bfd_states(self, speaker: BgpSpeaker) -> dict[str, str]: ...

    def shut_down(self, speaker: BgpSpeaker, address: str) -> None: ...

    def reopen(self, speaker: BgpSpeaker, address: str) -> None: ...

    def reset_session(self, speaker: BgpSpeaker, address: str) -> None: ...

    def refresh(self, speaker: BgpSpeaker, address: str) -> None: ...

    def announce(self, speaker: BgpSpeaker, add: Iterable[str], delete: Iterable[str]) -> None: ...


@contextlib.contextmanager
def asking(directory: str, daemon: str, name: str, seconds: float) -> Iterator[socket.socket]:
    """A connection to a daemon's socket of this name in its directory; LabError if a signal has stopped the daemon."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        connection.connect(f"{directory}/{name}")
        listening = processes.peer(connection)
        if listening is not None and listening.stopped:
            raise LabError(f"{daemon} in {directory} is stopped by a signal", "kill -CONT lets it go on")
        yield connection


def answered(ask: Callable[[], T]) -> T | None:
    """What a daemon answers; None where it does not."""
    try:
        return ask()
    except (OSError, LabError):
        return None


def in_order(found: Iterable[BgpRoute]) -> tuple[BgpRoute, ...]:
    """Routes as they are listed: a speaker's own first, then by prefix and peer."""
    return tuple(sorted(found, key=lambda route: (route.peer != "", IPv4Network(route.prefix), route.peer)))


def lines(configuration: str, comment: str) -> frozenset[str]:
    """The lines of a configuration, each after the lines that it stands under."""
    found: list[str] = []
    contexts: list[tuple[int, str]] = []
    for line in configuration.splitlines():
        words, depth = line.strip(), len(line) - len(line.lstrip())
        if words and not words.startswith(comment):
            contexts = [*(context for context in contexts if context[0] < depth), (depth, words)]
            found.append(" / ".join(context for _, context in contexts))
    return frozenset(found)
