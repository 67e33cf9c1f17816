"""Packets of tunnels beside the probes: what is counted and kept of them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from nets import ADDRESSES, Net

from netlab.probe import EspSighting, Observation, Probe, observe, path

BYSTANDER = """
import socket, sys
from scapy.layers.inet import IP, UDP
from scapy.packet import Raw
witness = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
print("ready", flush=True)
while b"netlab-probe" not in (probe := witness.recv(2048)):
    pass
for packet in eval(sys.argv[1]):
    sender.sendto(bytes(packet), (packet.dst, 0))
"""


def _beside(net: Net, packets: str, underlay: tuple[str, ...] = (), keep_sealed: bool = False) -> Observation:
    """Observe one probe from a to b while a also sends these packets."""
    command = ["ip", "netns", "exec", net.nodes["a"], sys.executable, "-c", BYSTANDER, packets]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bystander:
        try:
            assert bystander.stdout is not None
            assert bystander.stdout.readline() == "ready\n"
            probes = [Probe("a", "b", "icmp")]
            observation = observe(ADDRESSES, probes, net.nodes, underlay, quiet=1.0, keep_sealed=keep_sealed)
            assert bystander.wait(timeout=5) == 0
        finally:
            bystander.kill()
    return observation


ESP_IN_UDP = "[IP(dst='10.0.2.10')/UDP(sport=4500, dport=4500)/Raw(b'spi1' + bytes(40))] * 5"
FROM_ANOTHER_PORT = "[IP(dst='10.0.2.11')/UDP(sport=40000, dport=4500)/Raw(b'spi2' + bytes(40))] * 2"
PLAIN_ESP = "[IP(dst='10.0.2.12', proto=50)/Raw(b'spi3' + bytes(40))] * 3"
IKE = "[IP(dst='10.0.2.13')/UDP(sport=4500, dport=4500)/Raw(bytes(4) + b'ike' * 20)]"
KEEPALIVE = "[IP(dst='10.0.2.14')/UDP(sport=4500, dport=4500)/Raw(b'\\xff')]"
OTHER = "[IP(dst='10.0.2.15')/UDP(sport=4501, dport=4501)/Raw(b'spi4' + bytes(40))]"


def test_esp_is_counted_and_ike_is_not(arb: Net) -> None:
    packets = " + ".join((ESP_IN_UDP, FROM_ANOTHER_PORT, PLAIN_ESP, IKE, KEEPALIVE, OTHER))

    observation = _beside(arb, packets, underlay=("a", "r"))

    assert dict(observation.esp) == {
        ("10.0.1.10", "10.0.2.10"): 5,
        ("10.0.1.10", "10.0.2.11"): 2,
        ("10.0.1.10", "10.0.2.12"): 3,
    }


@pytest.mark.parametrize(
    ("underlay", "counted"),
    [
        (("a",), {"10.0.2.10": 5, "10.0.3.11": 3}),
        (("r",), {"10.0.2.10": 5}),
        (("a", "r"), {"10.0.2.10": 5, "10.0.3.11": 3}),
        (("b",), {}),
        ((), {}),
    ],
)
def test_esp_is_counted_where_it_goes_out_on_the_underlay(
    arb: Net, underlay: tuple[str, ...], counted: dict[str, int]
) -> None:
    """r drops what is for 10.0.3.11."""
    observation = _beside(arb, f"{ESP_IN_UDP} + {PLAIN_ESP.replace('10.0.2.12', '10.0.3.11')}", underlay=underlay)

    assert dict(observation.esp) == {("10.0.1.10", target): count for target, count in counted.items()}


def test_esp_packets_are_kept_one_by_one_where_asked_for(arb: Net) -> None:
    observation = _beside(arb, f"{ESP_IN_UDP} + {PLAIN_ESP} + {IKE}", underlay=("r",), keep_sealed=True)

    inside = [s for s in observation.sealed if (s.interface, s.outgoing) == ("to-a", False)]
    assert [(s.node, s.target, s.in_udp, s.spi) for s in inside if isinstance(s, EspSighting)] == [
        *[("r", "10.0.2.10", True, int.from_bytes(b"spi1", "big"))] * 5,
        *[("r", "10.0.2.12", False, int.from_bytes(b"spi3", "big"))] * 3,
    ]
    (trace,) = observation.traces
    assert trace.sightings[0].time_ns < inside[0].time_ns
    assert _beside(arb, ESP_IN_UDP, underlay=("r",)).sealed == ()


def test_esp_that_hides_nothing_is_seen(arb: Net) -> None:
    observation = _beside(arb, "[IP(dst='10.0.2.10', proto=50)/Raw(b'spi0' + bytes(4) + probe)]")

    (trace,) = observation.traces
    assert trace.answered
    assert path(trace, "encapsulated") == ("a", "r", "b")
    assert path(trace, "forward") == ("a", "r", "b")
