"""The bytes of probes and what is read from them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.packet import Packet, Raw

from netlab.probe.packets import PORT, Esp, Shot, Tag, Tls, build, ends, is_esp, read_esp, read_tls
from netlab.probe.trace import Rejection
from netlab.results.protocols import PROTOCOLS, Protocol

TAG = Tag(b"1a2b3c4d", 0xFFFFFFF0)


def _shots(protocol: Protocol, count: int = 3) -> list[Shot]:
    return [Shot(protocol, "10.0.1.10", f"10.0.2.{number}") for number in range(count)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("size", [0, 100, 1001, 1500])
def test_a_probe_is_a_correct_packet(protocol: Protocol, size: int) -> None:
    packet = IP(build(TAG, _shots(protocol), size)[2])

    assert (packet.src, packet.dst, packet.flags) == ("10.0.1.10", "10.0.2.2", "DF")
    assert packet[Raw].load.startswith(b"netlab-probe 1a2b3c4d 000002 ")
    # A SYN is small, however big the segments are that follow it.
    assert len(packet) == (81 if protocol == "tcp" else max(size, 57))
    again = IP(bytes(packet))
    del again.payload.chksum
    assert IP(bytes(again)).payload.chksum in (packet.payload.chksum, packet.payload.chksum ^ 0xFFFF)


def test_a_syn_has_a_port_of_its_own() -> None:
    ports = [IP(packet).sport for packet in build(TAG, _shots("tcp") + _shots("tcp"))]

    assert len(set(ports)) == 6
    assert 10000 <= min(ports) < max(ports) < 30000


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_probe_is_recognised(protocol: Protocol) -> None:
    readings = [TAG.read(packet) for packet in build(TAG, _shots(protocol))]

    assert [(r.number, r.leg, r.ttl) for r in readings if r] == [(n, "forward", 64) for n in range(3)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_probe_of_another_run_is_not(protocol: Protocol) -> None:
    other = Tag(b"00000000", 5)

    assert [other.read(packet) for packet in build(TAG, _shots(protocol))] == [None] * 3


def test_answers_are_recognised() -> None:
    ip = IP(src="10.0.2.1", dst="10.0.1.10", ttl=61)
    answer = TAG.answer(TAG.question(7), "vnet1-vm1")
    assert answer is not None
    echo = TAG.read(bytes(ip / ICMP(type=0) / TAG.question(7)))
    udp = TAG.read(bytes(ip / UDP(sport=PORT, dport=PORT) / answer))
    tcp = TAG.read(bytes(ip / TCP(sport=PORT, dport=12345, flags="SA", ack=TAG.sequence(7) + 1)))

    for reading, answerer in ((echo, ""), (udp, "vnet1-vm1"), (tcp, "")):
        assert reading is not None
        assert (reading.number, reading.leg, reading.ttl, reading.answerer) == (7, "reverse", 61, answerer)


def _syn_ack(sent: int, *, identification: int = 0, ttl: int = 64, options: bool = True) -> int:
    """The identity of an answer to a SYN, sent at some time of its sender's clock."""
    timestamp = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (sent, 1))] if options else [("MSS", 1460)]
    segment = TCP(sport=PORT, dport=12345, flags="SA", ack=TAG.sequence(7) + 1, options=timestamp)
    reading = TAG.read(bytes(IP(src="10.0.2.1", dst="10.0.1.10", ttl=ttl, id=identification) / segment))
    assert reading is not None
    assert (reading.number, reading.leg) == (7, "reverse")
    return reading.packet


def test_a_retransmission_is_another_packet_and_a_hop_is_none() -> None:
    assert _syn_ack(1000) == _syn_ack(1000, ttl=61)
    assert _syn_ack(1000) != _syn_ack(2000)
    assert _syn_ack(1000, identification=1) != _syn_ack(1000, identification=2)
    assert _syn_ack(1000, options=False) == _syn_ack(2000, options=False)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_probe_is_one_packet_on_every_hop(protocol: Protocol) -> None:
    packet = bytearray(build(TAG, _shots(protocol))[0])
    first = TAG.read(bytes(packet))
    packet[8] -= 1
    second = TAG.read(bytes(packet))
    assert first is not None
    assert second is not None
    assert first.packet == second.packet
    packet[4:6] = b"\x12\x34"
    other = TAG.read(bytes(packet))
    assert other is not None
    assert other.packet != first.packet


def test_only_questions_of_the_run_are_answered() -> None:
    question = TAG.question(3).ljust(200, b".")
    answer = TAG.answer(question, "b")

    assert answer is not None
    assert len(answer) == len(question)
    assert TAG.answer(answer, "a") is None
    assert TAG.answer(b"", "a") is None
    assert Tag(b"00000000", 0).answer(question, "b") is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_icmp_error_quotes_a_probe(protocol: Protocol) -> None:
    quoted = build(TAG, _shots(protocol))[1]
    error = bytes(IP(src="10.0.1.1", dst="10.0.1.10") / ICMP(type=3, code=13) / quoted)

    reading = TAG.read(error)

    assert reading is not None
    assert (reading.number, reading.leg) == (1, "error")
    assert reading.rejection == Rejection("forward", "10.0.1.1", "icmp 3/13 communication prohibited")


def test_an_icmp_error_quotes_an_answer() -> None:
    quoted = bytes(IP(src="10.0.2.1", dst="10.0.1.10") / ICMP(type=0) / TAG.question(4))

    reading = TAG.read(bytes(IP(src="10.0.2.9", dst="10.0.2.1") / ICMP(type=11) / quoted))

    assert reading is not None
    assert reading.rejection == Rejection("reverse", "10.0.2.9", "icmp 11/0 time to live exceeded")


@pytest.mark.parametrize("text", [0, 29, 1400])
def test_a_reset_may_acknowledge_the_text(text: int) -> None:
    acknowledged = (TAG.sequence(9) + 1 + text) % (1 << 32)
    reset = IP(src="10.0.2.1") / TCP(sport=PORT, dport=12345, flags="RA", ack=acknowledged)

    reading = TAG.read(bytes(reset))

    assert reading is not None
    assert (reading.number, reading.rejection) == (9, Rejection("forward", "10.0.2.1", "tcp reset"))


def test_the_source_resetting_a_half_open_connection_is_not_a_sighting() -> None:
    reset = IP(dst="10.0.2.1") / TCP(sport=12345, dport=PORT, flags="R", seq=TAG.sequence(9) + 1)

    assert TAG.read(bytes(reset)) is None


def test_a_probe_inside_another_packet_is_encapsulated() -> None:
    inner = build(TAG, _shots("udp"))[2]

    reading = TAG.read(bytes(IP(proto=50) / Raw(b"spi0" + bytes(4) + inner)))

    assert reading is not None
    assert (reading.number, reading.leg) == (2, "encapsulated")


@given(st.binary(max_size=120))
@example(b"\x4f" + bytes(8) + b"\x01" + bytes(18))
@example(b"\x45" + bytes(8) + b"\x06" + bytes(18))
def test_no_packet_upsets_the_reader(packet: bytes) -> None:
    assert TAG.read(packet) is None
    is_esp(packet)
    read_esp(packet)
    read_tls(packet)


@given(st.sampled_from(PROTOCOLS), st.integers(0, 60), st.integers(0, 255))
def test_no_damaged_probe_upsets_the_reader(protocol: Protocol, at: int, value: int) -> None:
    packet = bytearray(build(TAG, _shots(protocol, 1))[0])
    packet[at % len(packet)] = value
    TAG.read(bytes(packet))
    TAG.read(bytes(packet[:at]))
    TAG.read(bytes(IP() / ICMP(type=3) / bytes(packet[:at])))


@pytest.mark.parametrize(
    ("packet", "counts"),
    [
        (IP(proto=50) / Raw(bytes(40)), True),
        (IP() / UDP(sport=4500, dport=4500) / Raw(b"spi0" + bytes(36)), True),
        (IP() / UDP(sport=1024, dport=4500) / Raw(b"spi0" + bytes(36)), True),
        (IP() / UDP(sport=4500, dport=1024) / Raw(b"spi0" + bytes(36)), True),
        (IP() / UDP(sport=4500, dport=4500) / Raw(bytes(4) + b"ike" * 20), False),
        (IP() / UDP(sport=4500, dport=4500) / Raw(b"\xff"), False),
        (IP() / UDP(sport=500, dport=500) / Raw(b"spi0" + bytes(36)), False),
        (IP() / TCP(sport=4500, dport=4500) / Raw(b"spi0" + bytes(36)), False),
        (IP(proto=50, frag=10) / Raw(bytes(40)), False),
    ],
)
def test_esp(packet: IP, counts: bool) -> None:
    packet.src, packet.dst = "203.0.113.1", "203.0.113.2"

    assert is_esp(bytes(packet)) == counts
    assert ends(bytes(packet)) == ("203.0.113.1", "203.0.113.2")
    assert (read_esp(bytes(packet)) is not None) == counts


@pytest.mark.parametrize("in_udp", [True, False])
def test_what_esp_shows_of_itself(in_udp: bool) -> None:
    header = Raw(bytes.fromhex("c5524545 00000067") + bytes(36))
    packet = (IP() / UDP(sport=4500, dport=4500) if in_udp else IP(proto=50)) / header
    packet.src, packet.dst = "203.0.113.1", "203.0.113.2"

    assert read_esp(bytes(packet)) == Esp("203.0.113.1", "203.0.113.2", in_udp, 0xC5524545, 103)


TLS = Tls("203.0.113.1", "203.0.113.2", 9, 4)


@pytest.mark.parametrize(
    ("packet", "found"),
    [
        (TCP(sport=40000, dport=443, seq=9) / b"text", TLS),
        (TCP(sport=443, dport=40000, seq=9, options=[("NOP", None)] * 4) / b"text", TLS),
        (TCP(sport=40000, dport=443, flags="S"), None),
        (TCP(sport=40000, dport=8443) / b"text", None),
        (UDP(sport=40000, dport=443) / b"a text that is long enough", None),
    ],
)
def test_what_a_tls_tunnel_shows_of_itself(packet: Packet, found: Tls | None) -> None:
    assert read_tls(bytes(IP(src="203.0.113.1", dst="203.0.113.2") / packet)) == found
