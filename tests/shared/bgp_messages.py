"""BGP messages, made by hand (RFC 4271, section 4)."""

from __future__ import annotations

import struct

ATTRIBUTES = bytes.fromhex("40010100400206020100fe4d400304c0a80101")


def message(kind: int, body: bytes) -> bytes:
    return b"\xff" * 16 + struct.pack("!HB", 19 + len(body), kind) + body


def update(withdrawn: bytes = b"", attributes: bytes = b"", announced: bytes = b"") -> bytes:
    return message(
        2, struct.pack("!H", len(withdrawn)) + withdrawn + struct.pack("!H", len(attributes)) + attributes + announced
    )
