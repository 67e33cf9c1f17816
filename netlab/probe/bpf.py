"""The filter of a witness, run by the kernel (classic BPF): it copies what belongs to a run, and nothing else. Pure.

A program sees a packet from its IP header on. What it lets through is read once more in Python.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from socket import IPPROTO_ESP, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, PACKET_OUTGOING
from typing import Literal

from netlab.probe.packets import (
    ACK,
    ANSWER,
    IPSEC_NAT_PORT,
    QUESTION,
    RST,
    SYN,
    TIME_EXCEEDED,
    TLS_PORT,
    UNREACHABLE,
    Tag,
)
from netlab.results.protocols import PORT

SNAP = 512
"""So many bytes of a packet are copied: the headers, the tag, and what an ICMP error quotes."""

SEALED = 76
"""So many bytes of a tunnel's packet: up to ESP's numbers in UDP, behind the longest header of IP, and TCP's without
options. No more: a witness's copy may share a page with the packet, which the tunnel's end decrypts in place before the
copy is read, if NAT has copied the headers meanwhile (net/ipv4/esp4.c, esp_input: skb_cloned knows the headers only).
"""

DEEPEST = 256
"""A tag in clear inside another packet is looked for up to here: behind two outer headers, ESP's and the inner ones."""

# linux/bpf_common.h: loads of a word, half or byte at an offset (_X: behind the IP header), and the packet's length.
_LD_W, _LD_H, _LD_B, _LD_W_X, _LD_H_X, _LD_B_X, _LD_LEN = 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x80
_LDX_MSH, _AND, _JA, _JEQ, _JGE, _RET = 0xB1, 0x54, 0x05, 0x15, 0x35, 0x06
# linux/filter.h: what the kernel has of a packet besides its bytes.
_PROTOCOL, _PACKET_TYPE, _INTERFACE = (0xFFFFF000 + offset for offset in (0, 4, 8))
_ETH_P_IP = 0x0800
# net/core/dev.c: the loopback interface is the first one of every namespace.
_LOOPBACK = 1
_FRAGMENT_OFFSET = 0x1FFF
_WORD = 4


@dataclass(frozen=True, slots=True)
class _Unless:
    """A test of what was loaded: where it fails, the program goes on at a label."""

    test: int
    value: int
    label: str


@dataclass(frozen=True, slots=True)
class _Among:
    """Accept a packet if what was loaded is one of these values."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Label:
    """A place in the program."""

    name: str


# A code and its operand, a test, or a place.
_Line = tuple[int, int] | _Unless | _Among | _Label


Esp = Literal["none", "outgoing", "all"]


def program(tag: Tag, esp: Esp) -> bytes:
    """The filter for the packets of a run, and for tunnels' that go out or for all: an array of struct sock_filter."""
    return _assembled(tuple(_lines(tag, esp)))


def _lines(tag: Tag, esp: Esp) -> Iterator[_Line]:
    yield from ((_LD_W, _PROTOCOL), _Unless(_JEQ, _ETH_P_IP, "drop"))
    # The loopback interface shows every packet twice, going out and coming in.
    yield from ((_LD_W, _INTERFACE), _Unless(_JEQ, _LOOPBACK, "once"))
    yield from ((_LD_W, _PACKET_TYPE), _Unless(_JEQ, PACKET_OUTGOING, "drop"), _Label("once"))
    # A later fragment has no header behind IP's.
    yield from ((_LD_H, 6), (_AND, _FRAGMENT_OFFSET), _Unless(_JEQ, 0, "inside"), (_LDX_MSH, 0))
    yield from ((_LD_B, 9), _Unless(_JEQ, IPPROTO_ICMP, "udp"))
    for kind in (UNREACHABLE, TIME_EXCEEDED):
        yield from _accepted((_LD_B_X, 0), _Unless(_JEQ, kind, f"icmp {kind}"))
    yield from (*_tagged(tag, _LD_W_X, 8 + len(QUESTION), "inside"), _Label("udp"))
    yield from ((_LD_B, 9), _Unless(_JEQ, IPPROTO_UDP, "tcp"))
    yield from (*_tagged(tag, _LD_W_X, 8 + len(QUESTION), "answer"), _Label("answer"))
    yield from (*_tagged(tag, _LD_W_X, 8 + len(ANSWER), "inside"), _Label("tcp"))
    yield from ((_LD_B, 9), _Unless(_JEQ, IPPROTO_TCP, "inside"))
    yield from _accepted((_LD_H_X, 0), _Unless(_JEQ, PORT, "not from the port"))
    yield from ((_LD_H_X, 2), _Unless(_JEQ, PORT, "inside"))
    # The source resets what was answered: its reset belongs to no leg, and has no tag inside.
    yield from ((_LD_B_X, 13), (_AND, SYN | RST | ACK), _Unless(_JEQ, SYN, "inside"), (_RET, SNAP), _Label("inside"))
    yield from (*_inside(tag), _Label("esp"))
    yield from _esp(esp) if esp != "none" else ()
    yield from (_Label("drop"), (_RET, 0))


def _accepted(*condition: _Line, size: int = SNAP) -> Iterator[_Line]:
    """Accept so many bytes of a packet, where this is so."""
    test = condition[-1]
    assert isinstance(test, _Unless)
    yield from (*condition, (_RET, size), _Label(test.label))


def _tagged(tag: Tag, load: int, at: int, otherwise: str) -> Iterator[_Line]:
    """Accept a packet that has the run's number at an offset."""
    for place, word in enumerate(struct.unpack("!II", tag.nonce)):
        yield from ((load, at + 4 * place), _Unless(_JEQ, word, otherwise))
    yield (_RET, SNAP)


def _inside(tag: Tag) -> Iterator[_Line]:
    """Accept a packet that has half of the run's number anywhere: a tunnel that hides nothing.

    Wherever the number begins, an aligned word lies in it whole. A load at every byte would need more than the 20,480
    bytes that net.core.optmem_max of Linux 6.1 leaves a filter: the kernel makes some ten instructions of each.
    """
    words = _Among(tuple(struct.unpack_from("!I", tag.nonce, shift)[0] for shift in range(_WORD)))
    for at in range(20, DEEPEST, _WORD):
        # A load behind the end drops the packet.
        yield from ((_LD_LEN, 0), _Unless(_JGE, at + _WORD, "esp"), (_LD_W, at), words)


def _esp(esp: Esp) -> Iterator[_Line]:
    """Accept ESP, plain or in UDP, but neither IKE nor keepalives; and segments of TLS tunnels."""
    if esp == "outgoing":
        yield from ((_LD_W, _PACKET_TYPE), _Unless(_JEQ, PACKET_OUTGOING, "drop"))
    yield from ((_LD_H, 6), (_AND, _FRAGMENT_OFFSET), _Unless(_JEQ, 0, "drop"), (_LDX_MSH, 0))
    yield from _accepted((_LD_B, 9), _Unless(_JEQ, IPPROTO_ESP, "in udp"), size=SEALED)
    yield from ((_LD_B, 9), _Unless(_JEQ, IPPROTO_UDP, "tls"))
    yield from _not_ike((_LD_H_X, 0), _Unless(_JEQ, IPSEC_NAT_PORT, "to the port"))
    yield from _not_ike((_LD_H_X, 2), _Unless(_JEQ, IPSEC_NAT_PORT, "another port"))
    yield from ((_RET, 0), _Label("tls"), (_LD_B, 9), _Unless(_JEQ, IPPROTO_TCP, "drop"))
    yield from _accepted((_LD_H_X, 0), _Unless(_JEQ, TLS_PORT, "not from tls"), size=SEALED)
    yield from _accepted((_LD_H_X, 2), _Unless(_JEQ, TLS_PORT, "not to tls"), size=SEALED)


def _not_ike(load: tuple[int, int], port: _Unless) -> Iterator[_Line]:
    here = f"esp: {port.label}"
    yield from (load, port, (_LD_W_X, 8), _Unless(_JEQ, 0, here), (_RET, 0), _Label(here), (_RET, SEALED))
    yield _Label(port.label)


def _assembled(lines: tuple[_Line, ...]) -> bytes:
    """The instructions; all labels are further down."""
    places: dict[str, int] = {}
    length = 0
    for line in lines:
        if isinstance(line, _Label):
            places.setdefault(line.name, length)
        else:
            length += _length(line)
    return b"".join(struct.pack("=HBBI", *each) for each in _instructions(lines, places))


def _length(line: _Line) -> int:
    match line:
        case _Among(values):
            return len(values) + 1
        case _Unless():
            return 2
        case _Label():
            return 0
    return 1


def _instructions(lines: Iterable[_Line], places: dict[str, int]) -> Iterator[tuple[int, int, int, int]]:
    at = 0
    for line in lines:
        at += _length(line)
        match line:
            case _Unless(test, value, label):
                # Where it holds, the instruction that jumps is passed over.
                yield (test, 1, 0, value)
                yield (_JA, 0, 0, places[label] - at)
            case _Among(values):
                for left, value in zip(reversed(range(len(values))), values, strict=True):
                    yield (_JEQ, left, 0 if left else 1, value)
                yield (_RET, 0, 0, SNAP)
            case (code, operand):
                yield (code, 0, 0, operand)
