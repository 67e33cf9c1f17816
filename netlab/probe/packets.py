"""The bytes of a probe: how it is built and tagged, and how a passing packet is recognised. Pure."""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from socket import IPPROTO_ESP, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, inet_aton, inet_ntoa
from typing import NamedTuple

from netlab.probe.trace import Leg, Rejection
from netlab.results.protocols import PORT, SOURCE_PORTS, Protocol

MAX_PROBES = 1 << 16
SEQUENCE_STEP = 1 << 16
"""The TCP sequence numbers of a run are far apart: a reset acknowledges the SYN and the text behind it."""
HANDSHAKE_AT = SEQUENCE_STEP // 2
"""So far behind that of its probe is the number of the SYN of the connection that is tried after it."""

NUMBERS = {"icmp": IPPROTO_ICMP, "udp": IPPROTO_UDP, "tcp": IPPROTO_TCP}
CHECKSUM_AT = {"icmp": 22, "udp": 26, "tcp": 36}
TEXT_AT = {"icmp": 28, "udp": 28, "tcp": 52}

QUESTION, ANSWER = b"netlab-probe ", b"netlab-answer "
"""What the texts of probes and of UDP answers begin with; behind it the run's number, and the probe's."""

ECHO_REPLY, UNREACHABLE, ECHO_REQUEST, TIME_EXCEEDED = 0, 3, 8, 11
ICMP_ERRORS = {
    (UNREACHABLE, 0): "network unreachable",
    (UNREACHABLE, 1): "host unreachable",
    (UNREACHABLE, 3): "port unreachable",
    (UNREACHABLE, 4): "fragmentation needed",
    (UNREACHABLE, 9): "network prohibited",
    (UNREACHABLE, 10): "host prohibited",
    (UNREACHABLE, 13): "communication prohibited",
    (TIME_EXCEEDED, 0): "time to live exceeded",
}
SYN, RST, ACK = 0x02, 0x04, 0x10
END_OF_OPTIONS, NO_OPERATION, TIMESTAMP = 0, 1, 8

IPSEC_NAT_PORT = 4500
TLS_PORT = 443
"""Of OpenVPN and SSTP; no probe has it."""
NON_ESP_MARKER = bytes(4)


class Shot(NamedTuple):
    """A probe as it is sent: protocol and addresses."""

    protocol: Protocol
    source: str
    target: str
    translated: bool = False


class Esp(NamedTuple):
    """What an ESP packet shows: its outer addresses, whether it travels in UDP, and its place in its SA."""

    source: str
    target: str
    in_udp: bool
    spi: int
    sequence: int


class Tls(NamedTuple):
    """What a segment of a TLS tunnel shows: its outer addresses, its place in the connection, and its bytes."""

    source: str
    target: str
    sequence: int
    size: int


class Reading(NamedTuple):
    """What a packet tells: it belongs to that probe, on that leg.

    ``packet`` is the same wherever this packet passes, and another one for a packet that the kernel sends again.
    """

    number: int
    leg: Leg
    ttl: int
    answerer: str = ""
    rejection: Rejection | None = None
    packet: int = 0
    handshake: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """What marks every packet of one run: a random number, as text and in the TCP sequence numbers."""

    nonce: bytes = field(default_factory=lambda: os.urandom(4).hex().encode())
    first_sequence: int = field(default_factory=lambda: int.from_bytes(os.urandom(4), "big"))

    @property
    def port(self) -> int:
        """From which port UDP probes come: another one than in earlier runs, whose flows a filter may remember."""
        return SOURCE_PORTS[self.first_sequence % len(SOURCE_PORTS)]

    @property
    def other_port(self) -> int:
        """The same of probes that others answer: translated, one may be bound for where another one goes directly."""
        return SOURCE_PORTS[(self.first_sequence + 1) % len(SOURCE_PORTS)]

    def question(self, number: int) -> bytes:
        """The text of a probe, of the same length for every number."""
        return b"%s%s %06d " % (QUESTION, self.nonce, number)

    def answer(self, question: bytes, node: str) -> bytes | None:
        """The text with which a node answers, not shorter than the question; None to anything else."""
        number = self._number(question, QUESTION)
        if number is None:
            return None
        return (b"%s%s %06d %s " % (ANSWER, self.nonce, number, node.encode())).ljust(len(question), b".")

    def sequence(self, number: int) -> int:
        """The TCP sequence number of a probe."""
        return (self.first_sequence + number * SEQUENCE_STEP) % (1 << 32)

    def handshake(self, number: int) -> int:
        """The TCP sequence number of the connection that is tried after a probe."""
        return (self.sequence(number) + HANDSHAKE_AT) % (1 << 32)

    def read(self, packet: bytes) -> Reading | None:
        """Recognise a probe of this run, an answer to it, or an error about either."""
        start = _payload_start(packet)
        reading = self._read(packet, start) if start else None
        return reading._replace(packet=_identity(packet, start)) if reading is not None else None

    def _read(self, packet: bytes, start: int) -> Reading | None:
        if packet[9] == IPPROTO_ICMP:
            return self._read_icmp(packet, start)
        reading = None
        if packet[9] == IPPROTO_UDP:
            reading = self._read_udp(packet, start)
        elif packet[9] == IPPROTO_TCP:
            reading = self._read_tcp(packet, start)
        return reading or self._read_encapsulated(packet)

    def _read_icmp(self, packet: bytes, start: int) -> Reading | None:
        kind = packet[start]
        if kind in (UNREACHABLE, TIME_EXCEEDED):
            return self._read_icmp_error(packet, start)
        number = self._number(packet[start + 8 :], QUESTION)
        if number is None or kind not in (ECHO_REQUEST, ECHO_REPLY):
            return None
        return Reading(number, "forward" if kind == ECHO_REQUEST else "reverse", packet[8])

    def _read_icmp_error(self, packet: bytes, start: int) -> Reading | None:
        quoted = self.read(packet[start + 8 :])
        if quoted is None or (quoted.leg != "forward" and quoted.leg != "reverse"):
            return None
        kind, code = packet[start : start + 2]
        reason = f"icmp {kind}/{code} {ICMP_ERRORS.get((kind, code), '')}".rstrip()
        rejection = Rejection(quoted.leg, _source(packet), reason)
        return Reading(quoted.number, "error", packet[8], "", rejection, handshake=quoted.handshake)

    def _read_udp(self, packet: bytes, start: int) -> Reading | None:
        text = packet[start + 8 :]
        if (number := self._number(text, QUESTION)) is not None:
            return Reading(number, "forward", packet[8])
        if (number := self._number(text, ANSWER)) is not None:
            return Reading(number, "reverse", packet[8], text.split(b" ", 4)[3].decode(errors="replace"))
        return None

    def _read_tcp(self, packet: bytes, start: int) -> Reading | None:
        if len(packet) < start + 14:
            return None
        source, target, sequence, acknowledged = struct.unpack_from("!HHII", packet, start)
        flags = packet[start + 13] & (SYN | RST | ACK)
        if flags == SYN and target == PORT:
            number, handshake, rest = self._at(sequence)
            return None if rest else Reading(number, "forward", packet[8], handshake=handshake)
        if target == PORT:
            third = self._number(packet[start + (packet[start + 12] >> 4) * 4 :], QUESTION)
            return Reading(third, "third", packet[8]) if third is not None else None
        if source != PORT:
            return None
        number, handshake, rest = self._at(acknowledged - 1)
        if flags == SYN | ACK and rest == 0:
            return Reading(number, "reverse", packet[8], handshake=handshake)
        if flags == RST | ACK and rest < 2048:
            rejection = Rejection("forward", _source(packet), "tcp reset")
            return Reading(number, "error", packet[8], "", rejection, handshake=handshake)
        return None

    def _read_encapsulated(self, packet: bytes) -> Reading | None:
        at = packet.find(b" %s " % self.nonce)
        number = packet[at + 10 : at + 16]
        return Reading(int(number), "encapsulated", packet[8]) if at >= 0 and number.isdigit() else None

    def _number(self, text: bytes, word: bytes) -> int | None:
        start = b"%s%s " % (word, self.nonce)
        number = text[len(start) : len(start) + 6]
        return int(number) if text.startswith(start) and number.isdigit() else None

    def _at(self, sequence: int) -> tuple[int, bool, int]:
        """The probe that a sequence number belongs to, whether to its handshake, and how far behind the SYN it is."""
        number, rest = divmod((sequence - self.first_sequence) % (1 << 32), SEQUENCE_STEP)
        return number, rest >= HANDSHAKE_AT, rest % HANDSHAKE_AT


def build(tag: Tag, shots: Sequence[Shot], size: int = 0) -> list[bytes]:
    """Build the probes, all but SYNs of so many bytes: scapy makes one packet of each protocol, the others are patched
    copies."""
    templates, checksum = _templates(tag, size)
    return [
        _patch(bytearray(templates[shot.protocol]), tag, number, shot, checksum) for number, shot in enumerate(shots)
    ]


def is_esp(packet: bytes) -> bool:
    """Whether a packet is ESP, plain or in UDP, and neither IKE nor a keepalive."""
    return _esp_start(packet) > 0


def ends(packet: bytes) -> tuple[str, str]:
    """The source and the destination of a packet."""
    return _source(packet), inet_ntoa(packet[16:20])


def read_esp(packet: bytes) -> Esp | None:
    """An ESP packet, plain or in UDP, with what its headers say; None for IKE and keepalives."""
    start = _esp_start(packet)
    if not start:
        return None
    spi, sequence = struct.unpack_from("!II", packet, start)
    return Esp(*ends(packet), packet[9] == IPPROTO_UDP, spi, sequence)


def is_tls(packet: bytes) -> bool:
    """Whether a packet is a TCP segment from or to the port of TLS tunnels."""
    start = _payload_start(packet)
    if not start or packet[9] != IPPROTO_TCP or len(packet) < start + 20:
        return False
    return TLS_PORT in struct.unpack_from("!HH", packet, start)


def read_tls(packet: bytes) -> Tls | None:
    """Such a segment, with what its headers say; None where it has no text."""
    if not is_tls(packet):
        return None
    start = _payload_start(packet)
    (length,), (sequence,) = struct.unpack_from("!H", packet, 2), struct.unpack_from("!I", packet, start + 4)
    size = length - start - (packet[start + 12] >> 4) * 4
    return Tls(*ends(packet), sequence, size) if size > 0 else None


def _esp_start(packet: bytes) -> int:
    """Where the ESP header begins; 0 where there is none."""
    start = _payload_start(packet)
    if not start or packet[9] not in (IPPROTO_ESP, IPPROTO_UDP):
        return 0
    if packet[9] == IPPROTO_ESP:
        return start
    payload = packet[start + 8 :]
    if IPSEC_NAT_PORT not in struct.unpack_from("!HH", packet, start):
        return 0
    return start + 8 if len(payload) >= 8 and not payload.startswith(NON_ESP_MARKER) else 0


def _templates(tag: Tag, size: int) -> tuple[dict[Protocol, bytes], Callable[[bytes], int]]:
    logging.getLogger("scapy").setLevel(logging.ERROR)
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.packet import Raw
    from scapy.utils import checksum

    ip = IP(src="0.0.0.0", dst="0.0.0.0", flags="DF")
    question = tag.question(0)
    text = Raw(question.ljust(size - TEXT_AT["udp"], b"."))
    # The answer to a SYN with a timestamp has one, too: with each retransmission another one (RFC 7323).
    options = [("NOP", None), ("NOP", None), ("Timestamp", (1, 0))]
    templates: dict[Protocol, bytes] = {
        "icmp": bytes(ip / ICMP(type="echo-request", id=int(tag.nonce[:4], 16)) / text),
        "udp": bytes(ip / UDP(sport=PORT, dport=PORT) / text),
        "tcp": bytes(ip / TCP(dport=PORT, flags="S", options=options) / Raw(question)),
    }
    return templates, checksum


def _patch(packet: bytearray, tag: Tag, number: int, shot: Shot, checksum: Callable[[bytes], int]) -> bytes:
    """Fill in a template, all but the IP header's checksum: the kernel adds that (raw(7), IP_HDRINCL)."""
    packet[12:20] = inet_aton(shot.source) + inet_aton(shot.target)
    text, text_at = tag.question(number), TEXT_AT[shot.protocol]
    packet[text_at : text_at + len(text)] = text
    if shot.protocol == "icmp":
        struct.pack_into("!H", packet, 26, number)
    if shot.protocol == "udp":
        struct.pack_into("!H", packet, 20, tag.other_port if shot.translated else tag.port)
    if shot.protocol == "tcp":
        # Each probe has its own port, lest a half-open connection of another one answer for it.
        struct.pack_into("!H", packet, 20, SOURCE_PORTS[(tag.first_sequence + number) % len(SOURCE_PORTS)])
        struct.pack_into("!I", packet, 24, tag.sequence(number))
    pseudo_header = packet[12:20] + struct.pack("!HH", NUMBERS[shot.protocol], len(packet) - 20)
    checksum_at = CHECKSUM_AT[shot.protocol]
    struct.pack_into("!H", packet, checksum_at, 0)
    summed = packet[20:] if shot.protocol == "icmp" else pseudo_header + packet[20:]
    struct.pack_into("!H", packet, checksum_at, checksum(bytes(summed)) or 0xFFFF)
    return bytes(packet)


def _payload_start(packet: bytes) -> int:
    """The length of an IPv4 header; 0 if it is none, is cut off, or belongs to a later fragment."""
    if len(packet) < 28 or packet[0] >> 4 != 4 or packet[6] & 0x1F or packet[7]:
        return 0
    start = (packet[0] & 0x0F) * 4
    return start if 20 <= start <= len(packet) - 8 else 0


def _identity(packet: bytes, start: int) -> int:
    """What forwarding leaves as it is and a retransmission changes: the IP header's identification and TCP's timestamp.

    Linux gives every SYN-ACK the identification 0 (ip_build_and_send_pkt), so its timestamp is needed.
    """
    (identification,) = struct.unpack_from("!H", packet, 4)
    return int(identification) << 32 | (_tcp_timestamp(packet, start) if packet[9] == IPPROTO_TCP else 0)


def _tcp_timestamp(packet: bytes, start: int) -> int:
    """When a TCP segment was sent, by its sender's clock; 0 where it does not say so."""
    if len(packet) < start + 20:
        return 0
    at, end = start + 20, min(len(packet), start + (packet[start + 12] >> 4) * 4)
    while at + 1 < end and packet[at] != END_OF_OPTIONS:
        if packet[at] == TIMESTAMP and at + 6 <= end:
            return int.from_bytes(packet[at + 2 : at + 6], "big")
        at += 1 if packet[at] == NO_OPERATION else max(packet[at + 1], 2)
    return 0


def _source(packet: bytes) -> str:
    return inet_ntoa(packet[12:16])
