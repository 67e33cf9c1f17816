"""BGP messages in which other prefixes stand (RFC 4271, section 4.3), byte by byte."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from bgp_messages import ATTRIBUTES, message, update

from netlab.machine.translator.messages import split, translated

INSIDE, OUTSIDE, POOL = (IPv4Network(p) for p in ("10.0.1.0/24", "100.0.2.0/24", "100.9.0.16/28"))


@pytest.mark.parametrize(
    ("before", "after", "translations"),
    [
        ("18 0a0001", "18 640002", {INSIDE: OUTSIDE}),
        ("18 0a0001", "1c 64090010", {INSIDE: POOL}),  # the number of bytes grows
        ("1c 64090010", "18 0a0001", {POOL: INSIDE}),
        ("18 0a0001 10 0a03", "18 640002 10 0a03", {INSIDE: OUTSIDE}),
        ("00 18 0a0001", "00 18 640002", {INSIDE: OUTSIDE}),
        # T19: only exactly the prefix
        ("19 0a000100", "19 0a000100", {INSIDE: OUTSIDE}),
        ("17 0a0000", "17 0a0000", {INSIDE: OUTSIDE}),
        ("20 0a00010a", "20 0a00010a", {INSIDE: OUTSIDE}),
        ("18 0a0001", "18 0a0001", {}),
    ],
)
def test_announced_and_withdrawn_prefixes_are_translated(
    before: str, after: str, translations: dict[IPv4Network, IPv4Network]
) -> None:
    old, new = bytes.fromhex(before), bytes.fromhex(after)
    assert translated(update(announced=old, attributes=ATTRIBUTES), translations) == update(b"", ATTRIBUTES, new)
    assert translated(update(withdrawn=old), translations) == update(withdrawn=new)


@pytest.mark.parametrize("kind", [1, 3, 4, 5])
def test_other_messages_stay(kind: int) -> None:
    whole = message(kind, bytes.fromhex("18 0a0001"))
    assert translated(whole, {INSIDE: OUTSIDE}) == whole


def test_the_end_of_rib_stays() -> None:
    assert translated(update(), {INSIDE: OUTSIDE}) == update()


def test_a_message_that_grows_too_long_becomes_several() -> None:
    filler = b"".join(bytes([24, 10, 5 + i // 256, i % 256]) for i in range(1000))
    long = update(announced=filler + bytes.fromhex("18 0a0001") * 8, attributes=ATTRIBUTES)
    assert len(long) <= 4096
    found, rest = split(translated(long, {INSIDE: POOL}))
    assert rest == b""
    assert len(found) == (2 if len(long) + 8 > 4096 else 1)
    assert all(len(each) <= 4096 for each in found)
    assert b"".join(found).count(bytes.fromhex("1c 64090010")) == 8


@pytest.mark.parametrize("cut", [0, 1, 18, 19, 23, 30])
def test_messages_are_cut_where_they_end(cut: int) -> None:
    stream = message(4, b"") + update(announced=bytes.fromhex("18 0a0001"), attributes=ATTRIBUTES) + message(4, b"")
    first, rest = split(stream[:cut])
    second, left = split(rest + stream[cut:])
    assert (b"".join(first + second), left, len(first + second)) == (stream, b"", 3)


@pytest.mark.parametrize(
    "broken",
    [
        update(announced=bytes.fromhex("21 0a000100 00")),
        update(announced=bytes.fromhex("18 0a00")),
        message(2, bytes.fromhex("00ff 0000")),
    ],
)
def test_what_is_no_update_ends_the_session(broken: bytes) -> None:
    with pytest.raises(ValueError, match="UPDATE"):
        translated(broken, {INSIDE: OUTSIDE})
