"""MD4 (RFC 1320), which OpenSSL 3 no longer has by default: the hash of passwords in MS-CHAPv2."""

from __future__ import annotations

import struct

_MASK = 0xFFFFFFFF
_BEGIN = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
# Of each round: the order of the words, the shifts, the constant.
_ROUNDS = (
    (tuple(range(16)), (3, 7, 11, 19), 0),
    (tuple(range(0, 16, 4)) + tuple(range(1, 16, 4)) + tuple(range(2, 16, 4)) + tuple(range(3, 16, 4)), (3, 5, 9, 13),
     0x5A827999),
    ((0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15), 0x6ED9EBA1),
)  # fmt: skip


def md4(text: bytes) -> bytes:
    """The hash of a text."""
    padded = text + b"\x80" + bytes(-(len(text) + 9) % 64) + struct.pack("<Q", len(text) * 8)
    state: tuple[int, ...] = _BEGIN
    for start in range(0, len(padded), 64):
        state = _block(state, struct.unpack_from("<16I", padded, start))
    return struct.pack("<4I", *state)


def _block(state: tuple[int, ...], words: tuple[int, ...]) -> tuple[int, ...]:
    a, b, c, d = state
    for number, (order, shifts, constant) in enumerate(_ROUNDS):
        for place, word in enumerate(order):
            mixed = (a + _mixed(number, b, c, d) + words[word] + constant) & _MASK
            shift = shifts[place % 4]
            a, b, c, d = d, (mixed << shift | mixed >> (32 - shift)) & _MASK, b, c
    return tuple((old + new) & _MASK for old, new in zip(state, (a, b, c, d), strict=True))


def _mixed(number: int, b: int, c: int, d: int) -> int:
    if number == 0:
        return (b & c) | (~b & d)
    return (b & c) | (b & d) | (c & d) if number == 1 else b ^ c ^ d
