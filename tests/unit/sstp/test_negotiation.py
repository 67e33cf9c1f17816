"""Option negotiation (RFC 1661): literal packets, and the automaton's states."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from netlab.sstp import ipcp, lcp
from netlab.sstp.frames import Malformed
from netlab.sstp.negotiation import Negotiation, Option, decoded, encoded, parse

MAGIC = bytes.fromhex("11223344")


def gateways() -> Negotiation:
    found = Negotiation(lcp.Gateway(MAGIC))
    found.request()
    assert sent(found) == ["01 01 000e 0304c227 050611223344"]
    return found


def sent(negotiation: Negotiation) -> list[str]:
    """What it sends, as code, identifier, length and options."""
    found = []
    for text in negotiation.out:
        words = [text[:1].hex(), text[1:2].hex(), text[2:4].hex()]
        words += (encoded([option]).hex() for option in decoded(text[4:]))
        found.append(" ".join(words))
    negotiation.out.clear()
    return found


def came(negotiation: Negotiation, text: str) -> list[str]:
    negotiation.receive(parse(bytes.fromhex(text)))
    return sent(negotiation)


def test_it_is_open_when_both_have_acknowledged_in_either_order() -> None:
    one = gateways()
    assert came(one, "02 01 000e 0304c227 050611223344") == []
    assert not one.opened
    assert came(one, "01 07 000a 050655667788") == ["02 07 000a 050655667788"]
    assert one.opened
    other = gateways()
    assert came(other, "01 07 000a 050655667788") == ["02 07 000a 050655667788"]
    assert not other.opened
    assert came(other, "02 01 000e 0304c227 050611223344") == []
    assert other.opened


def test_an_acknowledgement_of_another_request_is_none() -> None:
    found = gateways()
    came(found, "01 07 0004")
    assert came(found, "02 02 000e 0304c227 050611223344") == []
    assert not found.opened


def test_what_pppd_and_windows_ask_for_is_accepted_or_rejected_by_name() -> None:
    # pppd: MRU, ACCM, magic number, both compressions. Windows: also callback (13), multilink (17, 19).
    assert came(gateways(), "01 01 0018 01040578 020600000000 0506aabbccdd 0702 0802") == [
        "02 01 0018 01040578 020600000000 0506aabbccdd 0702 0802"
    ]
    assert came(gateways(), "01 02 0015 01040ffb 0506aabbccdd 0d0306 1104064e") == ["04 02 000b 0d0306 1104064e"]


def test_a_client_takes_eap_only() -> None:
    found = Negotiation(lcp.Client(MAGIC))
    assert came(found, "01 01 0009 0305c22381") == ["03 01 0008 0304c227"]
    assert came(found, "01 02 0008 0304c227") == ["02 02 0008 0304c227"]


def test_a_client_that_does_not_authenticate_is_hopeless() -> None:
    policy = lcp.Gateway(MAGIC)
    found = Negotiation(policy)
    found.request()
    found.receive(parse(bytes.fromhex("04 01 0008 0304c227")))
    assert policy.hopeless == "the client does not authenticate"


def test_a_client_gets_its_address_by_nak() -> None:
    gateway = Negotiation(ipcp.Gateway(IPv4Address("10.1.255.4"), IPv4Address("192.168.0.7")))
    policy = ipcp.Client()
    client = Negotiation(policy)
    client.request()
    assert sent(client) == ["01 01 000a 030600000000"]
    assert came(gateway, "01 01 000a 030600000000") == ["03 01 000a 0306c0a80007"]
    assert came(client, "03 01 000a 0306c0a80007") == ["01 02 000a 0306c0a80007"]
    assert came(gateway, "01 02 000a 0306c0a80007") == ["02 02 000a 0306c0a80007"]
    came(client, "02 02 000a 0306c0a80007")
    assert client.agreed
    assert policy.address == IPv4Address("192.168.0.7")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("01 01 0016 030600000000 810600000000 830600000000", "04 01 0010 810600000000 830600000000"),
        ("01 01 0010 030600000000 0206002d0f01", "04 01 000a 0206002d0f01"),
        ("01 01 000a 0306c0a80008", "03 01 000a 0306c0a80007"),
    ],
    ids=["name servers", "VJ compression", "another address"],
)
def test_the_gateway_gives_an_address_and_nothing_else(asked: str, answer: str) -> None:
    gateway = Negotiation(ipcp.Gateway(IPv4Address("10.1.255.4"), IPv4Address("192.168.0.7")))
    assert came(gateway, asked) == [answer]


def test_a_client_that_insists_on_another_address_is_rejected_in_the_end() -> None:
    gateway = Negotiation(ipcp.Gateway(IPv4Address("10.1.255.4"), IPv4Address("192.168.0.7")))
    naks = [came(gateway, f"01 {number:02x} 000a 0306c0a80008")[0][:2] for number in range(7)]
    assert naks == ["03", "03", "03", "03", "03", "04", "04"]


def test_a_new_request_of_the_other_end_begins_anew() -> None:
    found = gateways()
    came(found, "02 01 000e 0304c227 050611223344")
    came(found, "01 07 0004")
    assert found.opened
    assert came(found, "01 08 0004") == ["01 02 000e 0304c227 050611223344", "02 08 0004"]
    assert not found.opened
    came(found, "02 02 000e 0304c227 050611223344")
    assert found.opened


def test_a_terminate_request_is_acknowledged_and_ends_it() -> None:
    found = gateways()
    found.receive(parse(bytes.fromhex("05 09 0007 627965")))
    assert found.out == [bytes.fromhex("06 09 0004")]
    assert found.ended == "bye"


def test_an_unknown_code_is_rejected() -> None:
    found = gateways()
    found.receive(parse(bytes.fromhex("0e 09 0005 aa")))
    assert found.out == [bytes.fromhex("07 09 0009 0e090005aa")]


def test_it_ends_after_ten_requests_without_an_answer() -> None:
    found = gateways()
    for _ in range(9):
        found.request()
        assert not found.ended
    found.request()
    assert found.ended == "the other end does not answer"


@pytest.mark.parametrize("text", ["", "01", "010100", "01010003", "010100ff"])
def test_a_packet_with_a_wrong_length_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse(bytes.fromhex(text))


@pytest.mark.parametrize("text", ["03", "0301", "0300", "0306c0a8"])
def test_options_with_a_wrong_length_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        decoded(bytes.fromhex(text))


def test_padding_behind_a_packet_is_ignored() -> None:
    assert parse(bytes.fromhex("01 01 0006 0702 00000000")).body == bytes.fromhex("0702")
    assert decoded(bytes.fromhex("0702")) == (Option(7),)
