"""BGP messages (RFC 4271, section 4) with other prefixes in them. Pure: bytes in, bytes out."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network

Translations = Mapping[IPv4Network, IPv4Network]

_MARKER = b"\xff" * 16
_HEADER = 19
_UPDATE = 2
_LARGEST = 4096


def split(received: bytes) -> tuple[list[bytes], bytes]:
    """The whole messages at the beginning of what was received, and the rest."""
    found = []
    while len(received) >= _HEADER:
        length = struct.unpack_from("!H", received, 16)[0]
        if length < _HEADER:
            raise ValueError(f"a BGP message of {length} bytes")
        if len(received) < length:
            break
        found.append(received[:length])
        received = received[length:]
    return found, received


def translated(message: bytes, translations: Translations) -> bytes:
    """A message with other prefixes in the place of exactly these: an UPDATE, or several where one gets too long."""
    if message[18] != _UPDATE or not translations:
        return message
    withdrawn, attributes, announced = _parts(message)
    before = (*_prefixes(withdrawn), *_prefixes(announced))
    if not any(prefix in translations for prefix in before):
        return message
    gone, came = (_bytes(_prefixes(part), translations) for part in (withdrawn, announced))
    whole = _update(b"".join(gone), attributes, b"".join(came))
    if len(whole) <= _LARGEST:
        return whole
    # Each half of the longest UPDATE has room, whatever the lengths of its prefixes become.
    halves = (came[: len(came) // 2], came[len(came) // 2 :])
    return b"".join(
        (
            *(_update(b"".join(part), b"", b"") for part in (gone[: len(gone) // 2], gone[len(gone) // 2 :]) if part),
            *(_update(b"", attributes, b"".join(part)) for part in halves if part),
        )
    )


def _parts(message: bytes) -> tuple[bytes, bytes, bytes]:
    """The withdrawn routes, the path attributes and the announced ones of an UPDATE (section 4.3)."""
    body = message[_HEADER:]
    withdrawn, rest = _counted(body)
    attributes, announced = _counted(rest)
    return withdrawn, attributes, announced


def _counted(body: bytes) -> tuple[bytes, bytes]:
    """A field after its length, and what follows it."""
    end = 2 + int(struct.unpack_from("!H", body)[0])
    if end > len(body):
        raise ValueError("a field of an UPDATE is longer than the message")
    return body[2:end], body[end:]


def _prefixes(field: bytes) -> Iterator[IPv4Network]:
    """The prefixes of a field: a length in bits, and as many bytes as that needs."""
    place = 0
    while place < len(field):
        length, size = field[place], (field[place] + 7) // 8
        address = field[place + 1 : place + 1 + size]
        if length > 32 or len(address) < size:
            raise ValueError("a prefix of an UPDATE is longer than an address")
        yield IPv4Network((address.ljust(4, b"\0"), length), strict=False)
        place += 1 + size


def _bytes(prefixes: Iterable[IPv4Network], translations: Translations) -> list[bytes]:
    after = (translations.get(prefix, prefix) for prefix in prefixes)
    return [bytes([p.prefixlen]) + p.network_address.packed[: (p.prefixlen + 7) // 8] for p in after]


def _update(withdrawn: bytes, attributes: bytes, announced: bytes) -> bytes:
    counted = (struct.pack("!H", len(field)) + field for field in (withdrawn, attributes))
    body = b"".join((*counted, announced))
    return _MARKER + struct.pack("!HB", _HEADER + len(body), _UPDATE) + body
