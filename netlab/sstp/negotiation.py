"""Option negotiation of PPP (RFC 1661, section 4): the automaton that LCP and IPCP share."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol

from netlab.sstp.frames import Malformed

_HEADER = struct.Struct("!BBH")
# RFC 1661, section 4.6: Max-Configure and Max-Failure.
_MOST_REQUESTS = 10
_MOST_NAKS = 5


class Code(IntEnum):
    """What a packet of LCP or IPCP is."""

    CONFIGURE_REQUEST = 1
    CONFIGURE_ACK = 2
    CONFIGURE_NAK = 3
    CONFIGURE_REJECT = 4
    TERMINATE_REQUEST = 5
    TERMINATE_ACK = 6
    CODE_REJECT = 7
    PROTOCOL_REJECT = 8
    ECHO_REQUEST = 9
    ECHO_REPLY = 10
    DISCARD_REQUEST = 11


class Option(NamedTuple):
    """A configuration option."""

    kind: int
    value: bytes = b""


def encoded(options: Iterable[Option]) -> bytes:
    """Options as they stand in a packet."""
    return b"".join(bytes([option.kind, 2 + len(option.value)]) + option.value for option in options)


def decoded(text: bytes) -> tuple[Option, ...]:
    """The options of a packet."""
    found, place = [], 0
    while place < len(text):
        length = text[place + 1] if place + 1 < len(text) else 0
        if not 2 <= length <= len(text) - place:
            raise Malformed(f"no options: {text.hex()}")
        found.append(Option(text[place], text[place + 2 : place + length]))
        place += length
    return tuple(found)


class Packet(NamedTuple):
    """A packet of LCP, IPCP or EAP: they begin alike."""

    code: int
    identifier: int
    body: bytes

    @property
    def text(self) -> bytes:
        """The packet as it is sent."""
        return _HEADER.pack(self.code, self.identifier, _HEADER.size + len(self.body)) + self.body


def parse(text: bytes) -> Packet:
    """A packet; what follows its length is padding."""
    if len(text) < _HEADER.size:
        raise Malformed(f"no packet: {text.hex()}")
    code, identifier, length = _HEADER.unpack_from(text)
    if not _HEADER.size <= length <= len(text):
        raise Malformed(f"a packet with a wrong length: {text.hex()}")
    return Packet(code, identifier, text[_HEADER.size : length])


class Policy(Protocol):
    """What an end asks for, and what it accepts."""

    def asks(self) -> tuple[Option, ...]:
        """The options of its next request."""

    def judge(self, option: Option) -> Option | None:
        """The option itself where it is acceptable, one with another value where that would be; None rejects it."""

    def told(self, better: Sequence[Option]) -> None:
        """The other end would take these values instead (Nak)."""

    def refused(self, options: Sequence[Option]) -> None:
        """The other end does not have these options (Reject)."""


class Negotiation:
    """One protocol's negotiation. ``agreed``: the other end took our request; ``accepted``: we took its request.

    ``opened`` is RFC 1661's state Opened, ``ended`` says why nothing comes of it any more. ``out`` are packets to send.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._identifier = 0
        self._requests = 0
        self._naks = 0
        self.agreed = self.accepted = False
        self.ended = ""
        self.out: list[bytes] = []

    @property
    def opened(self) -> bool:
        return self.agreed and self.accepted and not self.ended

    def request(self) -> None:
        """Send a Configure-Request: at the beginning, when the other end wants another one, and when nothing came."""
        self.agreed = False
        self._requests += 1
        if self._requests > _MOST_REQUESTS:
            self.ended = "the other end does not answer"
            return
        self._identifier = (self._identifier + 1) % 256
        self.send(Code.CONFIGURE_REQUEST, self._identifier, encoded(self._policy.asks()))

    def terminate(self, why: str) -> None:
        """Send a Terminate-Request."""
        if not self.ended:
            self.ended = why
            self._identifier = (self._identifier + 1) % 256
            self.send(Code.TERMINATE_REQUEST, self._identifier, why.encode())

    def receive(self, packet: Packet) -> None:
        """A packet with one of the codes up to Code-Reject came."""
        code, identifier, body = packet
        if code == Code.CONFIGURE_REQUEST:
            self._asked(identifier, decoded(body))
        elif code in (Code.CONFIGURE_ACK, Code.CONFIGURE_NAK, Code.CONFIGURE_REJECT):
            if identifier == self._identifier:
                self._answered(Code(code), decoded(body))
        elif code == Code.TERMINATE_REQUEST:
            self.send(Code.TERMINATE_ACK, identifier)
            self.ended = self.ended or body.decode("ascii", "replace") or "the other end ended it"
        elif code not in (Code.TERMINATE_ACK, Code.CODE_REJECT):
            self.send(Code.CODE_REJECT, identifier, packet.text)

    def send(self, code: Code, identifier: int, body: bytes = b"") -> None:
        """Send a packet."""
        self.out.append(Packet(code, identifier, body).text)

    def _asked(self, identifier: int, options: tuple[Option, ...]) -> None:
        """A Configure-Request: reject what is not known, else give better values, else accept."""
        if self.opened:  # the other end begins anew
            self._requests = 0
            self.request()
        judged = [(option, self._policy.judge(option)) for option in options]
        rejected = [option for option, verdict in judged if verdict is None]
        better = [verdict for option, verdict in judged if verdict not in (None, option)]
        self.accepted = not rejected and not better
        if rejected or (better and self._naks >= _MOST_NAKS):
            worst = rejected or [option for option, verdict in judged if verdict != option]
            self.send(Code.CONFIGURE_REJECT, identifier, encoded(worst))
        elif better:
            self._naks += 1
            self.send(Code.CONFIGURE_NAK, identifier, encoded(option for option in better if option is not None))
        else:
            self.send(Code.CONFIGURE_ACK, identifier, encoded(options))

    def _answered(self, code: Code, options: tuple[Option, ...]) -> None:
        if code == Code.CONFIGURE_ACK and not self.opened:
            self.agreed = True
            return
        if code == Code.CONFIGURE_NAK:
            self._policy.told(options)
        elif code == Code.CONFIGURE_REJECT:
            self._policy.refused(options)
        self.request()
