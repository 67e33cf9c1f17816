"""Packets of RADIUS (RFC 2865) with EAP (RFC 3579): questions, and answers that are the server's own."""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

_HEADER = struct.Struct("!BBH16s")
_DIGEST = 16
# RFC 2548.
_MICROSOFT, _SEND_KEY, _RECEIVE_KEY = 311, 16, 17
# RFC 2865, section 5: of an attribute's value.
_MOST = 253


class Code(IntEnum):
    """RFC 2865, section 3."""

    REQUEST = 1
    ACCEPT = 2
    REJECT = 3
    CHALLENGE = 11


class Kind(IntEnum):
    """Attributes: RFC 2865, section 5, and RFC 3579, section 3."""

    USER_NAME = 1
    USER_PASSWORD = 2
    STATE = 24
    VENDOR = 26
    NAS_IDENTIFIER = 32
    EAP_MESSAGE = 79
    MESSAGE_AUTHENTICATOR = 80


Attribute = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answers: attributes in their order, of EAP the whole message."""

    code: int
    attributes: tuple[Attribute, ...]

    def values(self, kind: Kind) -> tuple[bytes, ...]:
        """The values of the attributes of a kind."""
        return tuple(value for each, value in self.attributes if each == kind)

    @property
    def eap(self) -> bytes:
        """The EAP packet (RFC 3579, section 3.1)."""
        return b"".join(self.values(Kind.EAP_MESSAGE))


def hidden(password: bytes, secret: bytes, authenticator: bytes) -> bytes:
    """A User-Password as it goes over the wire (RFC 2865, section 5.2)."""
    padded = password.ljust(max(1, -(-len(password) // _DIGEST)) * _DIGEST, b"\0")
    before, found = authenticator, b""
    for place in range(0, len(padded), _DIGEST):
        key = hashlib.md5(secret + before).digest()
        before = bytes(one ^ other for one, other in zip(padded[place : place + _DIGEST], key, strict=True))
        found += before
    return found


def eap_message(text: bytes) -> tuple[Attribute, ...]:
    """An EAP packet, in as many attributes as it needs."""
    return tuple((Kind.EAP_MESSAGE, text[place : place + _MOST]) for place in range(0, len(text), _MOST))


def request(identifier: int, authenticator: bytes, attributes: Iterable[Attribute], secret: bytes) -> bytes:
    """An Access-Request with a Message-Authenticator (RFC 3579, section 3.2), which stands first."""
    body = b"".join(map(_written, attributes))
    signed = _written((Kind.MESSAGE_AUTHENTICATOR, bytes(_DIGEST))) + body
    head = _HEADER.pack(Code.REQUEST, identifier, _HEADER.size + len(signed), authenticator)
    proof = hmac.new(secret, head + signed, "md5").digest()
    return head + _written((Kind.MESSAGE_AUTHENTICATOR, proof)) + body


def _written(attribute: Attribute) -> bytes:
    kind, value = attribute
    return bytes((kind, len(value) + 2)) + value


def answer(text: bytes, identifier: int, authenticator: bytes, secret: bytes) -> Answer | None:
    """The answer to a question; None for what is none, or not by one who has the secret (RFC 2865, section 3)."""
    if len(text) < _HEADER.size:
        return None
    code, number, length, proof = _HEADER.unpack_from(text)
    text = text[:length]
    expected = hashlib.md5(text[:4] + authenticator + text[_HEADER.size :] + secret).digest()
    if number != identifier or len(text) != length or not hmac.compare_digest(proof, expected):
        return None
    found = _attributes(text[_HEADER.size :])
    return Answer(code, found) if found is not None else None


def mppe_keys(accept: Answer, secret: bytes, authenticator: bytes) -> tuple[bytes, bytes]:
    """The keys with which a gateway receives and sends (RFC 2548, section 2.4); empty where there are none."""
    found = {}
    for value in accept.values(Kind.VENDOR):
        vendor, kind, length = struct.unpack_from("!IBB", value.ljust(6, b"\0"))
        if vendor == _MICROSOFT and kind in (_SEND_KEY, _RECEIVE_KEY):
            found[kind] = _shown(value[6 : 4 + length], secret, authenticator)
    return found.get(_RECEIVE_KEY, b""), found.get(_SEND_KEY, b"")


def _shown(text: bytes, secret: bytes, authenticator: bytes) -> bytes:
    """A key out of its hidden form: a salt, then a byte with its length, itself, and padding."""
    salt, before, found = text[:2], authenticator + text[:2], b""
    for place in range(len(salt), len(text), _DIGEST):
        block = text[place : place + _DIGEST]
        found += bytes(one ^ other for one, other in zip(block, hashlib.md5(secret + before).digest(), strict=False))
        before = block
    return found[1 : 1 + found[0]] if found else b""


def _attributes(text: bytes) -> tuple[Attribute, ...] | None:
    """The attributes of a packet; None where it is malformed."""
    found = []
    while text:
        if len(text) < 2 or not 2 <= text[1] <= len(text):
            return None
        found.append((text[0], text[2 : text[1]]))
        text = text[text[1] :]
    return tuple(found)
