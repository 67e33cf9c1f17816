"""Whom a gateway lets in of its point-to-site clients, and whom it does not, as its daemons say it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Refusal(Enum):
    """Why a gateway refused a client, as its daemon says it, or the HTTP proxy on the way."""

    REVOKED = auto()
    UNTRUSTED = auto()
    WRONG_PASSWORD = auto()
    NO_ADDRESS = auto()
    PROXY_PORT = auto()
    PROXY_PASSWORD = auto()
    NO_RADIUS = auto()
    WRONG_SECRET = auto()


@dataclass(frozen=True, slots=True)
class Connected:
    """A client that a gateway has a tunnel with; ``identifier`` is the tunnel's, ``user`` the client's name there.

    ``received`` and ``sent`` are bytes and packets, None where nobody counts these; ``seconds`` how long it is there.
    """

    identifier: str
    user: str
    public: str
    address: str
    seconds: int
    received: tuple[int, int | None]
    sent: tuple[int, int | None]
