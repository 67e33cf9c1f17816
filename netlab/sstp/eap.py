"""EAP (RFC 3748): both ends, whatever the method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Protocol

from netlab.sstp.negotiation import Packet

IDENTITY, NOTIFICATION, NAK = 1, 2, 3


class Code(IntEnum):
    """What a packet of EAP is."""

    REQUEST = 1
    RESPONSE = 2
    SUCCESS = 3
    FAILURE = 4


class Refusal(Enum):
    """Why a gateway does not authenticate a client."""

    REVOKED = "its certificate is revoked"
    UNTRUSTED = "no trusted root issued its certificate"
    WRONG_PASSWORD = "its password is wrong"
    NO_RADIUS = "its RADIUS server does not answer"
    NO_METHOD = "it does not authenticate as the gateway wants it"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes of an authentication: whose it is, why it is refused if it is, and the key that both ends have."""

    user: str
    refusal: Refusal | None = None
    key: bytes = b""


class Authenticating(Protocol):
    """A method, at the gateway."""

    verdict: Verdict | None

    @property
    def kind(self) -> int:
        """Its type."""

    def begin(self) -> bytes:
        """The first request."""

    def answered(self, response: bytes) -> bytes | None:
        """The next request; None where nothing is left to ask, and ``verdict`` is there."""


class Proving(Protocol):
    """A method, at the client."""

    kind: int
    key: bytes

    def answer(self, request: bytes) -> bytes:
        """The response."""


class Gateway:
    """The gateway's end. ``verdict`` is there as soon as it is certain, ``over`` says that all is said."""

    def __init__(self, method: Callable[[str], Authenticating]) -> None:
        self._make = method
        self._method: Authenticating | None = None
        self._identifier = 0
        self._last = b""
        self._verdict: Verdict | None = None
        self.over = False
        self.out: list[bytes] = []

    @property
    def verdict(self) -> Verdict | None:
        return self._verdict or (self._method.verdict if self._method is not None else None)

    def begin(self) -> None:
        """Ask who it is."""
        self._ask(bytes([IDENTITY]))

    def resend(self) -> None:
        """Nothing came: ask again."""
        if not self.over:
            self.out.append(self._last)

    def receive(self, packet: Packet) -> None:
        """A packet came; whatever is no response to the last request is nothing (RFC 3748, section 4.1)."""
        if packet.code != Code.RESPONSE or packet.identifier != self._identifier or not packet.body or self.over:
            return
        kind, response = packet.body[0], packet.body[1:]
        if self._method is None and kind == IDENTITY:
            self._method = self._make(response.decode("utf-8", "replace"))
            # A server that is asked by the name alone may refuse it.
            if self._method.verdict is not None:
                self._end()
            else:
                self._ask(bytes([self._method.kind]) + self._method.begin())
        elif self._method is not None and kind == self._method.kind:
            request = self._method.answered(response)
            if request is None:
                self._end()
            else:
                self._ask(bytes([kind]) + request)
        elif kind == NAK:
            self._verdict = Verdict("", Refusal.NO_METHOD)
            self._end()

    def _ask(self, body: bytes) -> None:
        self._identifier = (self._identifier + 1) % 256
        self._last = Packet(Code.REQUEST, self._identifier, body).text
        self.out.append(self._last)

    def _end(self) -> None:
        self.over = True
        accepted = self.verdict is not None and self.verdict.refusal is None
        self.out.append(Packet(Code.SUCCESS if accepted else Code.FAILURE, self._identifier, b"").text)


class Client:
    """The client's end: it answers. ``key`` is there after success, ``refused`` is whether the gateway failed it."""

    def __init__(self, identity: str, methods: Mapping[int, Proving]) -> None:
        self._identity = identity
        self._methods = methods
        self._method: Proving | None = None
        self._last: tuple[int, bytes] = (-1, b"")
        self.succeeded = self.refused = False
        self.out: list[bytes] = []

    @property
    def key(self) -> bytes:
        return self._method.key if self._method is not None else b""

    def receive(self, packet: Packet) -> None:
        """A packet came."""
        if packet.code == Code.SUCCESS:
            # Who has no key did not authenticate the gateway, and believes no success.
            self.succeeded = bool(self.key)
        elif packet.code == Code.FAILURE:
            self.refused = True
        elif packet.code == Code.REQUEST and packet.body:
            if packet.identifier != self._last[0]:
                self._last = (packet.identifier, self._answer(packet.body[0], packet.body[1:]))
            self.out.append(Packet(Code.RESPONSE, *self._last).text)

    def _answer(self, kind: int, request: bytes) -> bytes:
        if kind == IDENTITY:
            return bytes([IDENTITY]) + self._identity.encode()
        if kind == NOTIFICATION:
            return bytes([NOTIFICATION])
        if kind not in self._methods:
            return bytes([NAK, *self._methods])
        self._method = self._methods[kind]
        return bytes([kind]) + self._method.answer(request)
