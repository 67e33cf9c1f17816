"""SSTP packets ([MS-SSTP], section 2.2): data and control messages with attributes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

_VERSION = 0x10
_HEADER = struct.Struct("!BBH")
_MESSAGE = struct.Struct("!HH")
_ATTRIBUTE = struct.Struct("!BBH")
# The length has 12 bits; four are reserved.
_LENGTH_MASK = 0x0FFF
MOST_PAYLOAD = _LENGTH_MASK - _HEADER.size


class Malformed(Exception):
    """What came is not of the protocol."""


class Message(IntEnum):
    """Control messages (2.2.2)."""

    CALL_CONNECT_REQUEST = 1
    CALL_CONNECT_ACK = 2
    CALL_CONNECT_NAK = 3
    CALL_CONNECTED = 4
    CALL_ABORT = 5
    CALL_DISCONNECT = 6
    CALL_DISCONNECT_ACK = 7
    ECHO_REQUEST = 8
    ECHO_RESPONSE = 9


class Kind(IntEnum):
    """Attributes (2.2.4)."""

    NO_ERROR = 0
    ENCAPSULATED_PROTOCOL = 1
    STATUS_INFO = 2
    CRYPTO_BINDING = 3
    CRYPTO_BINDING_REQUEST = 4


class Status(IntEnum):
    """What a status attribute says (2.2.8)."""

    NO_ERROR = 0
    VALUE_NOT_SUPPORTED = 4
    INVALID_FRAME_RECEIVED = 7
    REQUIRED_ATTRIBUTE_MISSING = 10


PPP = b"\x00\x01"
"""The encapsulated protocol (2.2.6)."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control message: its attributes by their kinds."""

    message: int
    attributes: dict[int, bytes]


def data(payload: bytes) -> bytes:
    """A data packet, with a PPP frame in it."""
    return _HEADER.pack(_VERSION, 0, _HEADER.size + len(payload)) + payload


def control(message: Message, *attributes: tuple[Kind, bytes]) -> bytes:
    """A control packet."""
    texts = (_ATTRIBUTE.pack(0, kind, _ATTRIBUTE.size + len(value)) + value for kind, value in attributes)
    body = _MESSAGE.pack(message, len(attributes)) + b"".join(texts)
    return _HEADER.pack(_VERSION, 1, _HEADER.size + len(body)) + body


def status(status: Status, about: Kind = Kind.NO_ERROR) -> tuple[Kind, bytes]:
    """The attribute that says why a call ends."""
    return Kind.STATUS_INFO, struct.pack("!3xBI", about, status)


def split(buffer: bytearray) -> Iterator[tuple[bool, bytes]]:
    """Take the whole packets from a buffer: whether each is a control message, and its payload."""
    start, end = 0, len(buffer)
    try:
        while end - start >= _HEADER.size:
            version, kind, length = _HEADER.unpack_from(buffer, start)
            length &= _LENGTH_MASK
            if version != _VERSION or length < _HEADER.size:
                raise Malformed(f"no SSTP packet begins with {buffer[start : start + 4].hex()}")
            if end - start < length:
                break
            payload = bytes(buffer[start + _HEADER.size : start + length])
            start += length
            yield bool(kind & 1), payload
    finally:
        del buffer[:start]


def parse(body: bytes) -> Control:
    """A control message, from the payload of its packet."""
    try:
        message, count = _MESSAGE.unpack_from(body)
        attributes, place = {}, _MESSAGE.size
        for _ in range(count):
            _, kind, length = _ATTRIBUTE.unpack_from(body, place)
            length &= _LENGTH_MASK
            if not _ATTRIBUTE.size <= length <= len(body) - place:
                raise Malformed(f"an attribute of {length} bytes in {body.hex()}")
            attributes[kind] = body[place + _ATTRIBUTE.size : place + length]
            place += length
    except struct.error:
        raise Malformed(f"no control message: {body.hex()}") from None
    return Control(message, attributes)
