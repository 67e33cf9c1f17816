"""What cannot be measured is refused, other traffic is in nobody's way, and nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from nets import ADDRESSES, ALL, Net

from netlab.errors import MeasureError
from netlab.probe import Probe, observe
from netlab.probe import observe as _observe_function
from netlab.probe import sockets as probe_sockets

observe_module = sys.modules[_observe_function.__module__]


def test_a_missing_namespace_is_named(arb: Net) -> None:
    with pytest.raises(MeasureError, match=r"node ghost: there is no namespace nlt-ghost"):
        observe(ADDRESSES, ALL, {**arb.nodes, "ghost": "nlt-ghost"})


def test_a_taken_port_is_named(arb: Net) -> None:
    with (
        _holding_the_port(arb),
        pytest.raises(MeasureError, match=r"node b.*port 7007 is taken"),
    ):
        observe(ADDRESSES, ALL, arb.nodes)


def _holding_the_port(net: Net) -> subprocess.Popen[str]:
    code = "import socket; s = socket.socket(2, 2); s.bind(('', 7007)); print('ready', flush=True); input()"
    command = ["ip", "netns", "exec", net.nodes["b"], sys.executable, "-c", code]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    holder.stdout.readline()
    return holder


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        (Probe("a", "a", "icmp"), "node a cannot probe itself"),
        (Probe("a", "r", "icmp"), "node r has no address"),
    ],
)
def test_what_cannot_be_measured_is_refused(arb: Net, probe: Probe, message: str) -> None:
    with pytest.raises(MeasureError, match=message):
        observe(ADDRESSES, [probe], arb.nodes)


def test_an_endpoint_without_a_witness_is_refused(arb: Net) -> None:
    with pytest.raises(MeasureError, match="node b has no witness"):
        observe(ADDRESSES, ALL, {"a": arb.nodes["a"]})


def test_a_witness_that_lost_packets_stops_the_verdict(arb: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_sockets, "BUFFER_SIZE", 1)
    monkeypatch.setattr(observe_module, "WINDOW", 1000)

    with pytest.raises(MeasureError, match=r"the witness at \w+ lost \d+ packets"):
        observe(ADDRESSES, [Probe("a", "b", "icmp")] * 200, arb.nodes, quiet=0.05, patience=0.05)


@pytest.mark.filterwarnings("error::ResourceWarning", "error::pytest.PytestUnraisableExceptionWarning")
def test_nothing_is_left_behind(arb: Net) -> None:
    def held() -> tuple[int, int, int]:
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        return os.stat("/proc/self/ns/net").st_ino, descriptors, threading.active_count()

    before = held()
    observe(ADDRESSES, ALL, arb.nodes)
    with pytest.raises(MeasureError):
        observe(ADDRESSES, ALL, {**arb.nodes, "ghost": "nlt-ghost"})

    assert held() == before
    for node in ADDRESSES:
        sockets = subprocess.run(
            ["ip", "netns", "exec", arb.nodes[node], "ss", "-Hant"], capture_output=True, text=True, check=True
        )
        assert sockets.stdout == ""


def _flood(net: Net, packet: str) -> subprocess.Popen[str]:
    """a sends a packet again and again; r drops it."""
    net.ip("a", "route add 10.0.3.0/24 via 10.0.1.1")
    net.ip("r", "route add blackhole 10.0.3.0/24")
    flood = subprocess.Popen(
        ["ip", "netns", "exec", net.nodes["a"], sys.executable, "-c", FLOOD, packet], stdout=subprocess.PIPE, text=True
    )
    assert flood.stdout is not None
    assert flood.stdout.readline() == "begun\n"
    return flood


FLOOD = """
import socket, sys
from scapy.layers.inet import ICMP, IP, TCP, UDP
packet = bytes(eval(sys.argv[1]))
sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
print("begun", flush=True)
while True:
    sender.sendto(packet, ("10.0.3.1", 0))
"""


@pytest.mark.parametrize(
    "packet", ["UDP(sport=9, dport=9)/b'x'", "TCP(sport=9, dport=179)", "ICMP()/b'netlab-probe 00000000 000000 '"]
)
def test_other_traffic_is_not_even_read(arb: Net, monkeypatch: pytest.MonkeyPatch, packet: str) -> None:
    monkeypatch.setattr(observe_module, "KEEP_UP", 0.3)
    monkeypatch.setattr(probe_sockets, "BUFFER_SIZE", 1 << 17)
    flood = _flood(arb, f"IP(dst='10.0.3.1')/{packet}")
    try:
        observation = observe(ADDRESSES, ALL, arb.nodes)
    finally:
        flood.kill()
        flood.wait()

    assert all(trace.answered for trace in observation.traces)


@pytest.mark.parametrize(
    ("packet", "named"),
    [
        ("IP(dst='10.0.3.1', proto=50)/bytes(64)", r"ESP packets from 10\.0\.1\.10 to 10\.0\.3\.1 at a"),
        ("IP(dst='10.0.3.1')/UDP(sport=4500, dport=4500)/(b'spi0' + bytes(64))", r"ESP packets from .* at a"),
        ("IP(dst='10.0.3.1')/TCP(sport=7007, dport=9, flags='SA')", r"packets at (a|r)"),
    ],
)
def test_what_the_filter_lets_through_is_named_with_its_node(
    arb: Net, monkeypatch: pytest.MonkeyPatch, packet: str, named: str
) -> None:
    monkeypatch.setattr(probe_sockets, "BUFFER_SIZE", 1)
    flood = _flood(arb, packet)
    try:
        with pytest.raises(MeasureError, match=rf"lost \d+ packets, beside \d+ {named} that belong to no probe"):
            observe(ADDRESSES, ALL, arb.nodes, underlay=("a",), quiet=1.0)
    finally:
        flood.kill()
        flood.wait()
