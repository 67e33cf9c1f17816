"""Packets of RADIUS, with the literal ones of RFC 2865, section 7.1; and what is no answer of the server."""

from __future__ import annotations

import hashlib
import hmac
import struct

import pytest

from netlab.radius.packets import Answer, Code, Kind, answer, eap_message, hidden, mppe_keys, request

SECRET = b"xyzzy5461"
AUTHENTICATOR = bytes.fromhex("0f403f9473978057bd83d5cb98f4227a")
ACCEPT = bytes.fromhex("0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103")


@pytest.mark.parametrize(
    ("password", "wanted"),
    [
        (b"arctangent", "0dbe708d93d413ce3196e43f782a0aee"),
        # An empty one is padded, too: MD5 of secret and authenticator.
        (b"", hashlib.md5(SECRET + AUTHENTICATOR).hexdigest()),
    ],
)
def test_a_password_is_hidden_as_the_rfc_says(password: bytes, wanted: str) -> None:
    assert hidden(password, SECRET, AUTHENTICATOR).hex() == wanted


def test_of_a_long_password_each_part_depends_on_the_one_before() -> None:
    found = hidden(b"a" * 20, SECRET, AUTHENTICATOR)
    assert len(found) == 32
    key = hashlib.md5(SECRET + found[:16]).digest()
    assert bytes(one ^ other for one, other in zip(found[16:], key, strict=True)) == b"a" * 4 + bytes(12)


def test_the_answer_of_the_rfc_is_the_servers() -> None:
    found = answer(ACCEPT, 0, AUTHENTICATOR, SECRET)
    assert found == Answer(Code.ACCEPT, ((6, bytes((0, 0, 0, 1))), (15, bytes(4)), (14, bytes((192, 168, 1, 3)))))


@pytest.mark.parametrize(
    ("text", "identifier", "secret"),
    [
        (ACCEPT, 0, b"another"),
        (ACCEPT, 1, SECRET),
        (ACCEPT[:-1], 0, SECRET),
        (ACCEPT[:19], 0, SECRET),
        (b"", 0, SECRET),
        (ACCEPT[:-1] + b"\x04", 0, SECRET),
        (bytes([Code.REJECT]) + ACCEPT[1:], 0, SECRET),
    ],
    ids=["another secret", "another question", "cut off", "no header", "nothing", "changed", "another code"],
)
def test_what_is_not_by_one_who_has_the_secret_is_no_answer(text: bytes, identifier: int, secret: bytes) -> None:
    assert answer(text, identifier, AUTHENTICATOR, secret) is None


@pytest.mark.parametrize("body", [b"\x01", b"\x01\x01", b"\x01\x00", b"\x01\x03"])
def test_a_malformed_attribute_makes_no_answer(body: bytes) -> None:
    head = struct.pack("!BBH", Code.ACCEPT, 0, 20 + len(body))
    proof = hashlib.md5(head + AUTHENTICATOR + body + SECRET).digest()
    assert answer(head + proof + body, 0, AUTHENTICATOR, SECRET) is None


def test_a_question_proves_that_its_sender_has_the_secret() -> None:
    text = request(7, AUTHENTICATOR, ((Kind.USER_NAME, b"nemo"),), SECRET)
    assert text[:4] == bytes((1, 7, 0, len(text)))
    assert text[4:20] == AUTHENTICATOR
    assert text[20:22] == bytes((Kind.MESSAGE_AUTHENTICATOR, 18))
    assert text[38:] == b"\x01\x06nemo"
    blank = text[:22] + bytes(16) + text[38:]
    assert text[22:38] == hmac.new(SECRET, blank, "md5").digest()


@pytest.mark.parametrize("length", [0, 1, 253, 254, 1000])
def test_an_eap_packet_is_whole_again_whatever_its_length(length: int) -> None:
    text = bytes(number % 251 for number in range(length))
    parts = eap_message(text)
    assert all(len(value) <= 253 for _, value in parts)
    assert Answer(Code.CHALLENGE, parts).eap == text


def salted(key: bytes, salt: bytes) -> bytes:
    """RFC 2548, section 2.4.2, from the server's side."""
    plain, found, before = bytes([len(key)]) + key, b"", AUTHENTICATOR + salt
    plain = plain.ljust(-(-len(plain) // 16) * 16, b"\0")
    for place in range(0, len(plain), 16):
        pad = hashlib.md5(SECRET + before).digest()
        before = bytes(one ^ other for one, other in zip(plain[place : place + 16], pad, strict=True))
        found += before
    return salt + found


@pytest.mark.parametrize("size", [16, 32, 15])
def test_keys_are_read_as_the_server_hid_them(size: int) -> None:
    send, receive = bytes(range(size)), bytes(range(100, 100 + size))
    values = ((16, salted(send, b"\x80\x01")), (17, salted(receive, b"\x80\x02")))
    found = tuple((int(Kind.VENDOR), struct.pack("!IBB", 311, kind, len(text) + 2) + text) for kind, text in values)
    other = (int(Kind.VENDOR), struct.pack("!IBB", 9, 16, 3) + b"x")
    assert mppe_keys(Answer(Code.ACCEPT, (other, *found)), SECRET, AUTHENTICATOR) == (receive, send)


def test_without_keys_there_are_none() -> None:
    assert mppe_keys(Answer(Code.ACCEPT, ((Kind.VENDOR, b"\x00"),)), SECRET, AUTHENTICATOR) == (b"", b"")
