"""EAP-MSCHAPv2: the vectors of RFC 2759, section 9.2, and RFC 3079, section 3.5.3, and both ends with each other."""

from __future__ import annotations

from netlab.sstp import mschapv2
from netlab.sstp.eap import Refusal, Verdict
from netlab.sstp.mschapv2 import Client, Gateway

USER, PASSWORD = "User", "clientPass"
AUTHENTICATOR = bytes.fromhex("5b5d7c7d7b3f2f3e3c2c602132262628")
PEER = bytes.fromhex("21402324255e262a28295f2b3a337c7e")
RESPONSE = bytes.fromhex("82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df")


def test_the_vectors_of_rfc_2759() -> None:
    assert mschapv2.challenge_hash(PEER, AUTHENTICATOR, USER).hex() == "d02e4386bce91226"
    assert mschapv2.password_hash(PASSWORD).hex() == "44ebba8d5312b8d611474411f56989ae"
    assert mschapv2.nt_response(AUTHENTICATOR, PEER, USER, PASSWORD) == RESPONSE
    proof = mschapv2.authenticator_response(PASSWORD, RESPONSE, PEER, AUTHENTICATOR, USER)
    assert proof == "S=407A5589115FD0D6209F510FE9C04566932CDA56"


def test_a_domain_before_the_name_does_not_count() -> None:
    assert mschapv2.challenge_hash(PEER, AUTHENTICATOR, "BIGCO\\User").hex() == "d02e4386bce91226"


def test_the_clients_receiving_key_is_the_sending_key_of_rfc_3079() -> None:
    assert mschapv2.master_keys(PASSWORD, RESPONSE)[16:].hex() == "8b7cdc149b993a1ba118cb153f56dccb"


def test_a_challenge_and_its_response_are_those_of_the_draft() -> None:
    assert Gateway(USER, PASSWORD, AUTHENTICATOR).begin() == (
        bytes.fromhex("01 01 001b 10") + AUTHENTICATOR + b"netlab"
    )
    response = Client(USER, PASSWORD, PEER).answer(Gateway(USER, PASSWORD, AUTHENTICATOR).begin())
    assert response == bytes.fromhex("02 01 003a 31") + PEER + bytes(8) + RESPONSE + b"\0" + b"User"


def exchange(gateway: Gateway, client: Client) -> None:
    request: bytes | None = gateway.begin()
    while request is not None:
        request = gateway.answered(client.answer(request))


def test_both_ends_have_the_same_key_with_the_right_password() -> None:
    gateway, client = Gateway(USER, PASSWORD, AUTHENTICATOR), Client(USER, PASSWORD, PEER)
    exchange(gateway, client)
    assert gateway.verdict == Verdict(USER, key=client.key)
    assert client.key == mschapv2.master_keys(PASSWORD, RESPONSE)


def test_a_wrong_password_is_refused_and_gives_no_key() -> None:
    for right in (PASSWORD, None):
        gateway, client = Gateway(USER, right, AUTHENTICATOR), Client(USER, "another", PEER)
        exchange(gateway, client)
        assert gateway.verdict == Verdict(USER, Refusal.WRONG_PASSWORD)
        assert client.key == b""


def test_a_gateway_without_the_password_convinces_no_client() -> None:
    client = Client(USER, PASSWORD, PEER)
    client.answer(Gateway(USER, "another", AUTHENTICATOR).begin())
    assert client.answer(b"\x03\x01\x00\x2fS=" + b"0" * 40) == b"\x04"
    assert client.key == b""


def test_a_success_without_a_challenge_convinces_no_client() -> None:
    client = Client(USER, PASSWORD, PEER)
    assert client.answer(b"\x03\x01\x00\x04") == b"\x04"
    assert client.key == b""
