"""SSTP calls: both ends with each other in memory, and each with literal bytes of the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

import pytest
from pems import Root

from netlab.sstp import eap, eap_tls, link, mschapv2
from netlab.sstp.call import Call, ClientCall, GatewayCall
from netlab.sstp.eap import Refusal
from netlab.sstp.frames import Kind, Message, control, data, split

CERTIFICATE, NONCE = bytes(range(32)), bytes(range(100, 132))
OWN, GIVEN = IPv4Address("10.1.255.4"), IPv4Address("192.168.0.129")
CLIENTS, STRANGERS, SERVERS = Root("clients"), Root("strangers"), Root("servers")
HTTP = b"SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\n"
PING = bytes.fromhex("4500001c00000000400100000a0100040a010005") + bytes(8)


@dataclass
class Ends:
    """Both ends of a call, and of its link."""

    gateway: GatewayCall
    client: ClientCall
    there: link.Gateway
    here: link.Client

    def talk(self, until: Callable[[], bool] = lambda: False) -> None:
        """Carry what they say to each other, until nothing is left to say."""
        while (self.gateway.out or self.client.out) and not until():
            assert self.gateway.receive(said(self.client)) == []
            assert self.client.receive(said(self.gateway)) == []


def said(call: Call) -> bytes:
    found = bytes(call.out)
    call.out.clear()
    return found


def ends(
    password: str = "secret",
    method: Callable[[str], eap.Authenticating] = lambda user: mschapv2.Gateway(user, "secret", bytes(16)),
    proof: eap.Proving | None = None,
    given: IPv4Address | None = GIVEN,
    certificate: bytes = CERTIFICATE,
) -> Ends:
    there = link.Gateway(b"gate", method, OWN, lambda user: given)
    proof = proof or mschapv2.Client("alice", password, bytes(16))
    here = link.Client(b"clie", eap.Client("alice", {proof.kind: proof}))
    return Ends(GatewayCall(there, CERTIFICATE, NONCE), ClientCall(here, "192.0.2.1", certificate, "{0}"), there, here)


def test_a_call_comes_up_and_carries_packets_both_ways() -> None:
    both = ends()
    both.talk()
    assert both.gateway.up
    assert both.client.up
    assert both.here.address == both.there.address == GIVEN
    both.client.send([PING, PING])
    assert both.gateway.receive(said(both.client)) == [PING, PING]
    both.gateway.send([PING])
    assert both.client.receive(said(both.gateway)) == [PING]


def test_a_packet_is_framed_as_the_documents_say() -> None:
    both = ends()
    both.talk()
    both.client.send([PING])
    assert said(both.client) == bytes.fromhex("10000024 ff030021") + PING


def test_compressed_frames_are_read() -> None:
    both = ends()
    both.talk()
    for head in ("ff0321", "0021", "21"):
        assert both.gateway.receive(data(bytes.fromhex(head) + PING)) == [PING]


def test_it_comes_up_however_the_stream_is_cut() -> None:
    both = ends()
    while both.gateway.out or both.client.out:
        for byte in said(both.client):
            both.gateway.receive(bytes([byte]))
        for byte in said(both.gateway):
            both.client.receive(bytes([byte]))
    assert both.gateway.up
    assert both.client.up


def test_the_opening_is_that_of_the_documents() -> None:
    both = ends()
    assert said(both.client) == (
        HTTP + b"Host: 192.0.2.1\r\nContent-Length: 18446744073709551615\r\nSSTPCORRELATIONID: {0}\r\n\r\n"
    )
    both.gateway.receive(HTTP + b"Content-Length: 18446744073709551615\r\n\r\n")
    answer = said(both.gateway)
    assert answer.startswith(b"HTTP/1.1 200\r\nContent-Length: 18446744073709551615\r\n")
    both.client.receive(answer)
    assert said(both.client) == bytes.fromhex("1001000e 0001 0001 0001 0006 0001")
    both.gateway.receive(bytes.fromhex("1001000e 0001 0001 0001 0006 0001"))
    assert said(both.gateway).startswith(bytes.fromhex("10010030 0002 0001 0004 0028 00000002") + NONCE)


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.1\r\n\r\n", b"SSTP_DUPLEX_POST /other HTTP/1.1\r\n\r\n", b"\r\n\r\n"]
)
def test_who_is_no_sstp_client_gets_a_404(request_: bytes) -> None:
    gateway = ends().gateway
    gateway.receive(request_)
    assert said(gateway).startswith(b"HTTP/1.1 404")
    assert gateway.ended


@pytest.mark.parametrize(
    ("name", "root", "why"),
    [
        ("alice", CLIENTS, None),
        ("carol", CLIENTS, Refusal.REVOKED),
        ("mallory", STRANGERS, Refusal.UNTRUSTED),
    ],
)
def test_certificates_decide_with_eap_tls(name: str, root: Root, why: Refusal | None) -> None:
    CLIENTS.issue("carol")
    credentials = eap_tls.Credentials(*SERVERS.issue("gateway"), [CLIENTS.certificate], [CLIENTS.revocations("carol")])
    made = eap_tls.context(credentials)
    mine = eap_tls.context(eap_tls.Credentials(*root.issue(name), [SERVERS.certificate]))
    both = ends(method=lambda user: eap_tls.Gateway(made), proof=eap_tls.Client(mine))
    both.talk()
    assert both.there.verdict is not None
    assert (both.there.verdict.user, both.there.verdict.refusal) == (name, why)
    assert both.gateway.up == both.client.up == (why is None)
    assert both.client.ended == ("" if why is None else "the gateway refused the authentication")


def test_a_wrong_password_ends_the_call_at_both_ends() -> None:
    both = ends("wrong")
    both.talk()
    assert both.gateway.ended == "its password is wrong"
    assert both.client.ended == "the gateway refused the authentication"
    assert not both.gateway.up
    assert not both.client.up


def test_without_an_address_the_gateway_ends_the_call() -> None:
    both = ends(given=None)
    both.talk()
    assert both.gateway.ended == both.client.ended == "no address is left"


def test_a_man_in_the_middle_with_another_certificate_is_refused() -> None:
    both = ends(certificate=bytes(32))
    both.talk()
    assert both.gateway.ended == "the crypto binding is wrong"
    assert both.client.ended == "the other end aborted the call"


def test_no_packet_passes_before_the_binding() -> None:
    both = ends()
    both.talk(lambda: both.here.up)
    both.gateway.bound = False
    assert both.gateway.receive(data(bytes.fromhex("ff030021") + PING)) == []
    assert not both.gateway.up


def test_a_call_connected_before_the_authentication_is_refused() -> None:
    gateway = ends().gateway
    gateway.receive(HTTP + b"\r\n" + bytes.fromhex("1001000e 0001 0001 0001 0006 0001"))
    gateway.receive(control(Message.CALL_CONNECTED, (Kind.CRYPTO_BINDING, bytes(100))))
    assert gateway.ended == "the crypto binding is wrong"


@pytest.mark.parametrize(
    "text",
    [b"garbage!", data(b""), data(bytes.fromhex("ff03c0210101000a")), control(Message.ECHO_REQUEST)[:-4] + b"\0\1"],
)
def test_what_is_no_sstp_aborts_the_call(text: bytes) -> None:
    both = ends()
    both.talk()
    both.gateway.receive(text if len(text) > 6 else text + data(b"x"))
    assert both.gateway.ended
    packets = list(split(bytearray(said(both.gateway))))
    assert packets[-1] == (True, bytes.fromhex("0005 0001 0002 000c 000000 00 00000007"))


def test_either_end_disconnects_in_order() -> None:
    for first in ("gateway", "client"):
        both = ends()
        both.talk()
        (both.gateway if first == "gateway" else both.client).disconnect("enough")
        both.talk()
        assert both.gateway.ended
        assert both.client.ended
        assert not both.gateway.up
        assert not both.client.up


def test_an_echo_is_answered_and_silence_ends_the_call() -> None:
    both = ends()
    both.talk()
    both.client.ask()
    assert bytes(both.client.out) == bytes.fromhex("10010008 0008 0000")
    both.talk()
    both.client.ask()
    both.talk()
    assert not both.client.ended
    both.client.ask()
    both.client.ask()
    assert both.client.ended == "the other end is silent"


def test_what_was_lost_before_pppd_was_ready_is_sent_again() -> None:
    both = ends()
    both.gateway.receive(said(both.client) + bytes.fromhex("1001000e 0001 0001 0001 0006 0001"))
    lost = list(split(bytearray(said(both.gateway).partition(b"\r\n\r\n")[2])))
    assert [is_control for is_control, _ in lost] == [True, False]
    both.gateway.resend()
    (again,) = split(bytearray(said(both.gateway)))
    assert again[1][:5] == bytes.fromhex("ff03c02101")


def test_other_protocols_of_ppp_are_rejected() -> None:
    both = ends()
    both.talk()
    # CCP and IPV6CP, which pppd and Windows begin by themselves.
    for protocol in ("80fd", "8057"):
        both.gateway.receive(data(bytes.fromhex(f"ff03{protocol}01010004")))
        ((_, payload),) = split(bytearray(said(both.gateway)))
        assert payload[:5] == bytes.fromhex("ff03c02108")
        assert payload[8:10].hex() == protocol
    assert both.gateway.up
