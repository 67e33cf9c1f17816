"""EAP (RFC 3748): literal packets of both ends, with MS-CHAPv2 as the method."""

from __future__ import annotations

from netlab.sstp import eap, mschapv2
from netlab.sstp.eap import Client, Gateway, Refusal, Verdict
from netlab.sstp.negotiation import parse

IDENTITY = bytes.fromhex("01 01 0005 01")
ALICE = bytes.fromhex("02 01 000a 01") + b"alice"


def gateway(password: str = "secret") -> Gateway:
    return Gateway(lambda user: mschapv2.Gateway(user, password, bytes(16)))


def client(password: str = "secret") -> Client:
    return Client("alice", {mschapv2.KIND: mschapv2.Client("alice", password, bytes(16))})


def take(end: Gateway | Client) -> list[bytes]:
    found, end.out = end.out, []
    return found


def exchange(one: Gateway, other: Client) -> list[bytes]:
    one.begin()
    said = []
    while packets := take(one):
        said += packets
        for packet in packets:
            other.receive(parse(packet))
        answers = take(other)
        said += answers
        for packet in answers:
            one.receive(parse(packet))
    return said


def test_it_begins_with_the_identity() -> None:
    one, other = gateway(), client()
    one.begin()
    assert take(one) == [IDENTITY]
    other.receive(parse(IDENTITY))
    assert take(other) == [ALICE]


def test_success_and_failure_end_it() -> None:
    one, other = gateway(), client()
    assert exchange(one, other)[-1] == bytes.fromhex("03 03 0004")
    assert one.over
    assert one.verdict == Verdict("alice", key=other.key)
    assert other.succeeded
    one, other = gateway(), client("wrong")
    assert exchange(one, other)[-1] == bytes.fromhex("04 03 0004")
    assert one.verdict == Verdict("alice", Refusal.WRONG_PASSWORD)
    assert other.refused
    assert not other.succeeded


def test_a_client_without_the_method_names_its_own_and_is_refused() -> None:
    one, other = gateway(), Client("alice", {13: mschapv2.Client("alice", "", bytes(16))})
    said = exchange(one, other)
    assert said[3:] == [bytes.fromhex("02 02 0006 03 0d"), bytes.fromhex("04 02 0004")]
    assert one.verdict == Verdict("", Refusal.NO_METHOD)


def test_a_response_to_another_request_is_none() -> None:
    one = gateway()
    one.begin()
    take(one)
    one.receive(parse(bytes.fromhex("02 07 0006 01 61")))
    assert take(one) == []
    one.resend()
    assert take(one) == [IDENTITY]


def test_a_request_that_comes_again_gets_the_same_response() -> None:
    other = client()
    other.receive(parse(IDENTITY))
    other.receive(parse(IDENTITY))
    assert take(other) == [ALICE, ALICE]


def test_a_success_without_any_method_convinces_no_client() -> None:
    other = client()
    other.receive(parse(bytes.fromhex("03 01 0004")))
    assert not other.succeeded


def test_a_notification_is_answered() -> None:
    other = client()
    other.receive(parse(bytes.fromhex("01 05 0006 02 68")))
    assert take(other) == [bytes.fromhex("02 05 0005 02")]


def test_kinds_are_those_of_the_registry() -> None:
    assert (eap.IDENTITY, eap.NAK, mschapv2.KIND) == (1, 3, 26)
