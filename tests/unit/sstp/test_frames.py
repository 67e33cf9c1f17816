"""SSTP packets: literal bytes of [MS-SSTP], section 4."""

from __future__ import annotations

import pytest

from netlab.sstp.frames import (
    PPP,
    Control,
    Kind,
    Malformed,
    Message,
    Status,
    control,
    data,
    parse,
    split,
    status,
)

CONNECT_REQUEST = bytes.fromhex("1001000e 0001 0001 0001 0006 0001")


def test_call_connect_request_is_that_of_section_4_7() -> None:
    assert control(Message.CALL_CONNECT_REQUEST, (Kind.ENCAPSULATED_PROTOCOL, PPP)) == CONNECT_REQUEST


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (control(Message.ECHO_REQUEST), "10010008 0008 0000"),
        (control(Message.CALL_DISCONNECT_ACK), "10010008 0007 0000"),
        (
            control(Message.CALL_ABORT, status(Status.INVALID_FRAME_RECEIVED)),
            "10010014 0005 0001 0002 000c 000000 00 00000007",
        ),
        (data(bytes.fromhex("ff030021")), "10000008 ff030021"),
    ],
    ids=["echo", "disconnect-ack", "abort", "data"],
)
def test_packets_as_they_are_sent(packet: bytes, expected: str) -> None:
    assert packet == bytes.fromhex(expected)


def test_packets_are_taken_from_a_stream_however_it_is_cut() -> None:
    stream = CONNECT_REQUEST + data(b"one") + control(Message.ECHO_RESPONSE) + data(b"")
    for size in (1, 3, 7, len(stream)):
        buffer, found = bytearray(), []
        for place in range(0, len(stream), size):
            buffer += stream[place : place + size]
            found += split(buffer)
        assert found == [(True, CONNECT_REQUEST[4:]), (False, b"one"), (True, b"\0\x09\0\0"), (False, b"")]
        assert not buffer


def test_the_four_reserved_bits_of_a_length_are_ignored() -> None:
    assert list(split(bytearray.fromhex("1000f007 616263"))) == [(False, b"abc")]


@pytest.mark.parametrize("text", ["1100000400", "47455420", "10000003"], ids=["version 1.1", "HTTP", "too short"])
def test_what_is_no_sstp_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        list(split(bytearray.fromhex(text)))


def test_a_control_message_is_read() -> None:
    assert parse(CONNECT_REQUEST[4:]) == Control(Message.CALL_CONNECT_REQUEST, {Kind.ENCAPSULATED_PROTOCOL: PPP})


@pytest.mark.parametrize(
    "body", ["00", "0001 0001", "0001 0001 0001 0003", "0001 0001 0001 0009 0001"], ids=["no", "none", "small", "long"]
)
def test_a_control_message_with_wrong_lengths_is_refused(body: str) -> None:
    with pytest.raises(Malformed):
        parse(bytes.fromhex(body))
