"""The crypto binding: the example of [MS-SSTP], section 4.7, byte by byte."""

from __future__ import annotations

import pytest

from netlab.sstp import binding
from netlab.sstp.frames import Kind, Message, control, parse

NONCE = bytes.fromhex("412b489aebd7ecc7d08966f26be7cd72b231a0e9210d7c91b308862b0344c435")
CERTIFICATE = bytes.fromhex("7993ef314c493dace9f02d60e7e61c84b6690aafe9d7aeea92cbbe8ad599422d")
KEY = bytes.fromhex("2a1bb40d55ab0f5ef32f06f2b3cc73c4 8fd3fac41d7a1315a19228d9024ca164")
MAC = bytes.fromhex("52a68efd8cffbf52770b8f0fe8ec73716583af6d611eb6d179b3b20840985449")


def test_the_gateways_request_is_that_of_the_example() -> None:
    packet = control(Message.CALL_CONNECT_ACK, (Kind.CRYPTO_BINDING_REQUEST, binding.request(NONCE)))
    assert packet == bytes.fromhex("10010030 0002 0001 0004 0028 00000002") + NONCE


def test_the_clients_message_is_that_of_the_example() -> None:
    head = bytes.fromhex("10010070 0004 0001 0003 0068 00000002")
    assert binding.call_connected(KEY, NONCE, CERTIFICATE) == head + NONCE + CERTIFICATE + MAC


def test_the_gateway_takes_the_example_and_nothing_else() -> None:
    attribute = parse(binding.call_connected(KEY, NONCE, CERTIFICATE)[4:]).attributes[Kind.CRYPTO_BINDING]
    assert binding.binds(attribute, KEY, NONCE, CERTIFICATE)
    assert not binding.binds(attribute, KEY[::-1], NONCE, CERTIFICATE)
    assert not binding.binds(attribute, KEY, NONCE[::-1], CERTIFICATE)
    assert not binding.binds(attribute, KEY, NONCE, CERTIFICATE[::-1])
    assert not binding.binds(attribute[:-1] + b"\0", KEY, NONCE, CERTIFICATE)
    assert not binding.binds(b"", KEY, NONCE, CERTIFICATE)


def test_both_keys_that_clients_make_of_eap_tls_are_taken() -> None:
    both = bytes(range(64))
    for key in (both[:32], both[:16] + both[32:48]):
        attribute = parse(binding.call_connected(key, NONCE, CERTIFICATE)[4:]).attributes[Kind.CRYPTO_BINDING]
        assert binding.binds(attribute, both, NONCE, CERTIFICATE)
    for key in (both[32:], both[16:48], b""):
        attribute = parse(binding.call_connected(key, NONCE, CERTIFICATE)[4:]).attributes[Kind.CRYPTO_BINDING]
        assert not binding.binds(attribute, both, NONCE, CERTIFICATE)


def test_of_a_longer_key_the_first_32_bytes_count_and_a_shorter_one_is_filled_up() -> None:
    message = b"anything"
    assert binding.compound_mac(KEY + b"more", message) == binding.compound_mac(KEY, message)
    assert binding.compound_mac(b"", message) == binding.compound_mac(bytes(32), message)


@pytest.mark.parametrize(
    ("request_", "nonce"),
    [
        (binding.request(NONCE), NONCE),
        (bytes([0, 0, 0, 3]) + NONCE, NONCE),
        (bytes([0, 0, 0, 1]) + NONCE, b""),
        (binding.request(NONCE[1:]), b""),
        (b"", b""),
    ],
    ids=["SHA-256", "both", "SHA-1 only", "short", "empty"],
)
def test_the_client_takes_requests_with_sha_256(request_: bytes, nonce: bytes) -> None:
    assert binding.nonce_of(request_) == nonce
