"""What the kernel's filter lets through to a witness, and how a witness is read."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator

import pytest
from nets import Net, network
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.packet import Raw

from netlab.probe import batch, bpf
from netlab.probe import sockets as probe_sockets
from netlab.probe.batch import Batch, Seen
from netlab.probe.packets import Shot, Tag, build
from netlab.probe.sockets import dropped, interface_name, open_in
from netlab.results.protocols import PROTOCOLS

TAG = Tag(b"1a2b3c4d", 0xFFFFFFF0)
OTHER = Tag(b"ffff3c4d", 5)
A, B = "10.0.1.1", "10.0.1.2"
ETH_P_IP = 0x0800


@pytest.fixture
def net() -> Iterator[Net]:
    with network() as built:
        built.node("a", "b")
        built.link("a", "b", f"{A}/24", f"{B}/24")
        yield built


def _probes(tag: Tag = TAG) -> dict[str, bytes]:
    return dict(zip(PROTOCOLS, build(tag, [Shot(protocol, A, B) for protocol in PROTOCOLS]), strict=True))


def _witness(net: Net, node: str, esp: bpf.Esp = "none", tag: Tag = TAG) -> socket.socket:
    return open_in(node, net.nodes[node], lambda: probe_sockets._witness(bpf.program(tag, esp)))


def _send(net: Net, *packets: bytes) -> None:
    """Put packets onto the link from a to b, whatever they are."""
    with open_in("a", net.nodes["a"], lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)) as sender:
        for packet in packets:
            sender.sendto(packet, ("to-b", ETH_P_IP, 0, 0, b"\xff" * 6))


def _all(witness: socket.socket) -> list[Seen]:
    found: list[Seen] = []
    room = Batch()
    while read := list(room.read(witness)):
        found += read
    return found


def _passed(net: Net, packet: bytes, esp: bpf.Esp = "none", node: str = "b") -> bool:
    with _witness(net, node, esp) as witness:
        _send(net, packet)
        return bool(_all(witness))


PROBES = _probes()
SYN_ACK = bytes(IP(src=B, dst=A) / TCP(sport=7007, dport=10001, flags="SA"))
ESP = {
    "plain": bytes(IP(src=A, dst=B, proto=50) / Raw(bytes(range(1, 120)))),
    "in UDP": bytes(IP(src=A, dst=B) / UDP(sport=4500, dport=4500) / Raw(b"spi1" + bytes(80))),
    "from another port": bytes(IP(src=A, dst=B) / UDP(sport=1024, dport=4500) / Raw(b"spi1" + bytes(80))),
    "to another port": bytes(IP(src=A, dst=B) / UDP(sport=4500, dport=1024) / Raw(b"spi1" + bytes(80))),
}


@pytest.mark.parametrize(
    "packet",
    [
        *PROBES.values(),
        bytes(IP(src=B, dst=A) / ICMP(type=0) / Raw(TAG.question(7))),
        bytes(IP(src=B, dst=A) / UDP(sport=7007, dport=7007) / Raw(TAG.answer(TAG.question(7), "b") or b"")),
        SYN_ACK,
        bytes(IP(src=B, dst=A) / TCP(sport=7007, dport=10001, flags="RA")),
        bytes(IP(src=B, dst=A) / ICMP(type=3, code=1) / Raw(PROBES["tcp"][:28])),
        bytes(IP(src=B, dst=A) / ICMP(type=11) / Raw(PROBES["udp"])),
        bytes(IP(src=A, dst=B, options=[b"\x01" * 4]) / UDP(sport=7007, dport=7007) / Raw(TAG.question(7))),
    ],
)
@pytest.mark.parametrize("esp", ["none", "outgoing", "all"])
def test_what_belongs_to_the_run_passes(net: Net, packet: bytes, esp: bpf.Esp) -> None:
    assert _passed(net, packet, esp)


@pytest.mark.parametrize("inner", PROTOCOLS)
@pytest.mark.parametrize(
    "outer",
    [
        IP(src=A, dst=B, proto=4),
        IP(src=A, dst=B, proto=47) / Raw(bytes(4)),
        IP(src=A, dst=B, proto=50) / Raw(b"spi0" + bytes(4)),
        IP(src=A, dst=B) / UDP(sport=4500, dport=4500) / Raw(b"spi0" + bytes(13)),
        IP(src=A, dst=B) / UDP(sport=4789, dport=4789) / Raw(bytes(22)),
        IP(src=A, dst=B, frag=3) / Raw(bytes(1)),
        IP(src=A, dst=B) / TCP(sport=1194, dport=443, flags="PA") / Raw(bytes(20)),
        IP(src=A, dst=B, proto=4) / IP(src=A, dst=B, proto=4),
    ],
)
def test_what_hides_nothing_passes_wherever_the_tag_is(net: Net, outer: IP, inner: str) -> None:
    assert _passed(net, bytes(outer / Raw(PROBES[inner])))


@pytest.mark.parametrize("esp", ["none", "outgoing", "all"])
def test_a_filter_fits_into_the_room_that_linux_6_1_leaves_it(net: Net, esp: bpf.Esp) -> None:
    # Since Linux 6.8 each namespace has a limit of its own; before, all have this one.
    limit = "/proc/sys/net/core/optmem_max"
    subprocess.run(
        ["ip", "netns", "exec", net.nodes["b"], "sh", "-c", f"test ! -e {limit} || echo 20480 >{limit}"], check=True
    )
    assert _passed(net, PROBES["udp"], esp)


@pytest.mark.parametrize(
    "packet",
    [
        *_probes(OTHER).values(),
        bytes(IP(src=A, dst=B) / UDP(sport=9, dport=9) / Raw(b"x")),
        bytes(IP(src=A, dst=B) / UDP(sport=7007, dport=7007)),
        bytes(IP(src=A, dst=B) / TCP(sport=179, dport=30000, flags="A") / Raw(bytes(100))),
        # The source resets what was answered: of no leg.
        bytes(IP(src=A, dst=B) / TCP(sport=10001, dport=7007, flags="R")),
        bytes(IP(src=A, dst=B) / ICMP() / Raw(b"netlab-flow")),
        *ESP.values(),
    ],
)
def test_other_traffic_is_dropped(net: Net, packet: bytes) -> None:
    # Of another run a SYN passes, whose tag is its sequence number: Python reads that.
    syn = packet == _probes(OTHER)["tcp"]
    assert _passed(net, packet) is syn


@pytest.mark.parametrize("packet", ESP.values(), ids=ESP)
@pytest.mark.parametrize(
    ("esp", "node", "passes"),
    [("all", "b", True), ("all", "a", True), ("outgoing", "b", False), ("outgoing", "a", True)],
)
def test_esp_passes_where_it_is_counted(net: Net, packet: bytes, esp: bpf.Esp, node: str, passes: bool) -> None:
    assert _passed(net, packet, esp, node) is passes


@pytest.mark.parametrize(
    "packet",
    [
        bytes(IP(src=A, dst=B) / UDP(sport=4500, dport=4500) / Raw(bytes(4) + b"ike" * 20)),
        bytes(IP(src=A, dst=B) / UDP(sport=4500, dport=4500) / Raw(b"\xff")),
        bytes(IP(src=A, dst=B) / UDP(sport=500, dport=500) / Raw(b"spi1" + bytes(80))),
        bytes(IP(src=A, dst=B, proto=50, frag=10) / Raw(bytes(40))),
    ],
)
def test_ike_and_keepalives_are_no_esp(net: Net, packet: bytes) -> None:
    assert not _passed(net, packet, "all")


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3, batch.BATCH - 1, batch.BATCH, batch.BATCH + 1, 3 * batch.BATCH])
def test_every_packet_is_read_once_in_its_order(net: Net, count: int) -> None:
    packets = build(TAG, [Shot("udp", A, B)] * count)
    with _witness(net, "b") as witness:
        probe_sockets.await_timestamps()
        _send(net, *packets)
        found = _all(witness)

        assert [packet for *_, packet in found] == packets
        assert {(interface_name(witness, index), outgoing) for index, outgoing, *_ in found} == {("to-a", False)}
        times = [time_ns for _, _, time_ns, _ in found]
        assert times == sorted(times)
        assert 0 < times[-1] - times[0] < 60e9 or count == 1
        assert dropped(witness) == 0


def test_packets_go_out_at_one_end_and_come_in_at_the_other(net: Net) -> None:
    with _witness(net, "a") as at_a, _witness(net, "b") as at_b:
        _send(net, PROBES["icmp"])
        (out,), (come,) = _all(at_a), _all(at_b)

    assert (out[1], come[1]) == (True, False)
    assert out[3] == come[3] == PROBES["icmp"]


@pytest.mark.parametrize("length", [60, bpf.SNAP - 1, bpf.SNAP, bpf.SNAP + 1, 1400])
def test_of_a_long_packet_the_beginning_is_read(net: Net, length: int) -> None:
    (packet,) = build(TAG, [Shot("udp", A, B)], length - 28)
    with _witness(net, "b") as witness:
        _send(net, packet, PROBES["udp"])
        found = [read for *_, read in _all(witness)]

    assert found == [packet[: bpf.SNAP], PROBES["udp"]]


@pytest.mark.parametrize("packet", ESP.values(), ids=ESP)
def test_of_a_tunnels_packet_the_headers_are_read_and_all_if_it_hides_nothing(net: Net, packet: bytes) -> None:
    bare = packet + PROBES["udp"]
    with _witness(net, "b", "all") as witness:
        _send(net, packet + bytes(200), bare)
        found = [read for *_, read in _all(witness)]

    assert [len(read) for read in found] == [bpf.SEALED, len(bare)]


@pytest.mark.parametrize("count", [200, 1000])
def test_what_a_witness_lost_is_counted(net: Net, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(probe_sockets, "BUFFER_SIZE", 1 << 14)
    with _witness(net, "b") as witness:
        _send(net, *build(TAG, [Shot("udp", A, B)] * count))
        read = len(_all(witness))

        assert 0 < read < count
        assert dropped(witness) == count - read


def test_what_the_filter_drops_is_not_lost(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_sockets, "BUFFER_SIZE", 1 << 14)
    with _witness(net, "b") as witness:
        _send(net, *build(OTHER, [Shot("udp", A, B)] * 1000), PROBES["udp"])

        assert [packet for *_, packet in _all(witness)] == [PROBES["udp"]]
        assert dropped(witness) == 0


def test_a_witness_without_packets_is_empty(net: Net) -> None:
    with _witness(net, "b") as witness:
        assert _all(witness) == []
