"""A filter drops the same packets in the model and in the kernel, through the template of a VNet's fabric."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

import pytest
from nets import Net, line, network

from netlab.azure.dataplane.filters import Filter
from netlab.azure.dataplane.packets import Packet
from netlab.errors import LabError
from netlab.machine import filters
from netlab.plan.model import AzureTraffic, Barrier, FabricRules
from netlab.probe import Probe, observe
from netlab.render.nftables import text
from netlab.results.drops import DropType, cause
from netlab.results.protocols import PROTOCOLS, Protocol

A, B, NEITHER = (IPv4Network(prefix) for prefix in ("10.0.1.10/32", "10.0.2.10/32", "10.9.0.0/16"))
WHY = cause(DropType.IP_FORWARDING_IN, nic="b")
INTO, OUT = frozenset(("to-a",)), frozenset(("to-b",))


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with network() as built:
        yield line(built)


@pytest.mark.parametrize(
    ("item", "dropped"),
    [
        (Filter(WHY, INTO), {"icmp", "udp", "tcp"}),
        (Filter(WHY, frozenset(("to-c",))), set()),
        (Filter(WHY, INTO, OUT, frozenset(("tcp",))), {"tcp"}),
        (Filter(WHY, INTO, OUT, frozenset(("udp", "icmp"))), {"udp", "icmp"}),
        (Filter(WHY, INTO, sources=(NEITHER,)), {"icmp", "udp", "tcp"}),
        (Filter(WHY, INTO, sources=(A, NEITHER)), set()),
        (Filter(WHY, INTO, sources=(NEITHER,), destinations=(B,)), set()),
        (Filter(WHY, INTO, sources=(NEITHER,), destinations=(NEITHER,)), {"icmp", "udp", "tcp"}),
        (Filter(WHY, INTO, protocols=frozenset(("tcp",)), destinations=(B,)), set()),
    ],
)
def test_model_and_kernel_drop_the_same_requests(net: Net, item: Filter, dropped: set[Protocol]) -> None:
    requests = {p: Packet(IPv4Address(A[0]), IPv4Address(B[0]), p) for p in PROTOCOLS}
    assert {p for p, packet in requests.items() if item.drops(packet, "to-a", "to-b")} == dropped

    barrier = Barrier(
        item.cause,
        tuple(item.ingress),
        tuple(item.egress),
        tuple(item.protocols),
        tuple(map(str, item.sources)),
        tuple(map(str, item.destinations)),
    )
    ruleset = text((FabricRules("wan", "203.0.113.1", barriers=(barrier,)),))
    net.run("r", "nft", "-f", "-", stdin=f"flush ruleset\n{ruleset}")
    probes = [Probe("a", "b", protocol) for protocol in PROTOCOLS]
    traces = observe({"a": str(A[0]), "b": str(B[0])}, probes, net.nodes, expected=()).traces
    assert {trace.probe.protocol for trace in traces if not trace.answered} == dropped


@pytest.mark.parametrize(("addresses", "counts"), [((A, B), True), ((A, NEITHER), False), ((NEITHER,), False)])
def test_the_underlay_counts_what_is_between_two_addresses_of_azure(
    net: Net, addresses: tuple[IPv4Network, ...], counts: bool
) -> None:
    witness = AzureTraffic(tuple(str(prefix[0]) for prefix in addresses))
    net.run("r", "nft", "-f", "-", stdin=f"flush ruleset\n{text((witness,))}")
    probes = [Probe("a", "b", protocol) for protocol in PROTOCOLS]
    traces = observe({"a": str(A[0]), "b": str(B[0])}, probes, net.nodes).traces
    assert all(trace.answered for trace in traces)
    # A request and an answer of each protocol, and TCP's reset of what was answered.
    assert (filters.azure_traffic(net.nodes["r"]) >= 2 * len(PROTOCOLS)) == counts
    assert counts or filters.azure_traffic(net.nodes["r"]) == 0


def test_what_does_not_count_is_no_zero(net: Net) -> None:
    net.run("r", "nft", "flush", "ruleset")
    with pytest.raises(LabError, match="does not count"):
        filters.azure_traffic(net.nodes["r"])
