"""EAP-TLS: who is let in, why others are not, and how messages are cut into pieces."""

from __future__ import annotations

import pytest
from pems import Root

from netlab.sstp import eap_tls
from netlab.sstp.eap import Refusal, Verdict
from netlab.sstp.eap_tls import Client, Credentials, Fragments, Gateway, context
from netlab.sstp.frames import Malformed

CLIENTS, STRANGERS, SERVERS = Root("clients"), Root("strangers"), Root("servers")


def exchange(gateway: Gateway, client: Client) -> list[bytes]:
    """All that both say, up to the end."""
    said: list[bytes] = []
    request: bytes | None = gateway.begin()
    while request is not None:
        response = client.answer(request)
        said += (request, response)
        request = gateway.answered(response)
    return said


def gateway(*revoked: str, issued_by: Root = SERVERS) -> Gateway:
    certificate, key = issued_by.issue("gateway")
    for name in revoked:
        CLIENTS.issue(name)
    return Gateway(context(Credentials(certificate, key, [CLIENTS.certificate], [CLIENTS.revocations(*revoked)])))


def client(name: str, issued_by: Root = CLIENTS) -> Client:
    return Client(context(Credentials(*issued_by.issue(name), [SERVERS.certificate])))


def test_a_client_of_a_trusted_root_is_let_in_and_both_have_one_key() -> None:
    there, here = gateway("carol"), client("alice")
    exchange(there, here)
    assert there.verdict == Verdict("alice", key=here.key)
    assert len(here.key) == 64


@pytest.mark.parametrize(
    ("name", "issued_by", "why"),
    [
        ("carol", CLIENTS, Refusal.REVOKED),
        ("mallory", STRANGERS, Refusal.UNTRUSTED),
        ("eve", SERVERS, Refusal.UNTRUSTED),
    ],
    ids=["revoked", "stranger's root", "the gateway's own root"],
)
def test_others_are_refused_with_their_names(name: str, issued_by: Root, why: Refusal) -> None:
    there, here = gateway("carol"), client(name, issued_by)
    exchange(there, here)
    assert there.verdict == Verdict(name, why)
    assert here.key == b""


def test_a_client_gives_no_key_to_a_gateway_of_another_root() -> None:
    there, here = gateway(issued_by=STRANGERS), client("alice")
    exchange(there, here)
    assert there.verdict is not None
    assert there.verdict.refusal is Refusal.UNTRUSTED
    assert here.key == b""


def test_it_begins_with_a_start_and_ends_with_an_acknowledgement() -> None:
    said = exchange(gateway(), client("alice"))
    assert said[0] == b"\x20"
    assert said[-1] == b"\x00"
    # The message with the gateway's certificate has its length before it (RFC 5216, section 3.1).
    assert said[2][0] & 0x80


def test_a_long_message_goes_in_pieces_that_are_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eap_tls, "_FRAGMENT", 300)
    there, here = gateway(), client("alice")
    said = exchange(there, here)
    assert there.verdict == Verdict("alice", key=here.key)
    assert max(map(len, said)) <= 305
    pieces = [text for text in said if text[0] & 0x40]
    assert len(pieces) >= 4


def test_the_length_stands_before_the_first_piece_only() -> None:
    fragments = Fragments()
    message = bytes(2500)
    first, second, third = fragments.send(message), fragments.next(), fragments.next()
    assert first == b"\xc0" + (2500).to_bytes(4, "big") + bytes(1200)
    assert second == b"\x40" + bytes(1200)
    assert third == b"\x00" + bytes(100)
    assert not fragments.left


def test_pieces_are_put_together() -> None:
    fragments = Fragments()
    assert fragments.collect(bytes.fromhex("c0 00000004 0102")) is None
    assert fragments.collect(bytes.fromhex("00 0304")) == bytes.fromhex("01020304")
    assert fragments.collect(bytes.fromhex("00")) == b""


def test_a_message_without_an_end_is_refused() -> None:
    fragments = Fragments()
    for _ in range(65):
        assert fragments.collect(b"\x40" + bytes(1000)) is None
    with pytest.raises(Malformed):
        fragments.collect(b"\x40" + bytes(1000))
    with pytest.raises(Malformed):
        fragments.collect(b"")
