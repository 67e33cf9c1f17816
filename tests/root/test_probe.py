"""Probes through real namespaces: what is answered, where it dies, who answers instead."""

from __future__ import annotations

import errno
import threading

import pytest
from nets import ADDRESSES, ALL, TO_B, Net

from netlab.probe import Observation, Probe, Trace, all_pairs, last, looping, observe, packets, path


def _by_protocol(observation: Observation) -> dict[str, Trace]:
    return {trace.probe.protocol: trace for trace in observation.traces}


def test_every_protocol_is_answered_over_the_same_path(arb: Net) -> None:
    observation = observe(ADDRESSES, ALL, arb.nodes)

    assert [trace.probe for trace in observation.traces] == list(ALL)
    for trace in observation.traces:
        source, target = trace.probe.source, trace.probe.target
        assert trace.answered
        assert trace.answered_by == (target,)
        assert trace.unsent == 0
        assert (trace.source_address, trace.target_address) == (ADDRESSES[source], ADDRESSES[target])
        assert path(trace, "forward") == (source, "r", target)
        assert path(trace, "reverse") == (target, "r", source)
        assert trace.rtt_ms is not None
        assert 0 < trace.rtt_ms < 1000
        assert looping(trace, "forward") is None
        # Out of the source, into and out of the router, into the target: nothing twice, and nothing but the probe.
        assert [len([s for s in trace.sightings if s.leg == leg]) for leg in ("forward", "reverse")] == [4, 4]
        assert len(trace.sightings) == 8


def test_sightings_name_the_interface_and_the_direction(arb: Net) -> None:
    (trace,) = observe(ADDRESSES, [Probe("a", "b", "udp")], arb.nodes).traces

    places = [(s.node, s.interface, s.outgoing, s.ttl) for s in trace.sightings if s.leg == "forward"]
    assert places == [
        ("a", "to-r", True, 64),
        ("r", "to-a", False, 64),
        ("r", "to-b", True, 63),
        ("b", "to-r", False, 63),
    ]
    assert {s.answerer for s in trace.sightings if s.leg == "reverse"} == {"b"}


def test_a_request_dies_on_a_blackhole(arb: Net) -> None:
    arb.ip("r", "route add blackhole 10.0.2.10/32")

    for trace in observe(ADDRESSES, TO_B, arb.nodes, expected=()).traces:
        assert not trace.answered
        assert trace.rtt_ms is None
        assert trace.answered_by == ()
        died = last(trace, "forward")
        assert died is not None
        assert (died.node, died.interface, died.outgoing) == ("r", "to-a", False)
        assert path(trace, "reverse") == ()
        assert last(trace, "reverse") is None


def test_a_reply_dies_on_its_way_back(arb: Net) -> None:
    arb.ip("r", "rule add iif to-b to 10.0.1.0/24 blackhole")

    for trace in observe(ADDRESSES, TO_B, arb.nodes, expected=()).traces:
        assert not trace.answered
        assert trace.answered_by == ("b",)
        assert path(trace, "forward") == ("a", "r", "b")
        assert path(trace, "reverse") == ("b", "r")


def test_a_target_without_a_way_back_stays_silent(arb: Net) -> None:
    arb.ip("b", "route delete default")

    for trace in observe(ADDRESSES, TO_B, arb.nodes, expected=()).traces:
        assert not trace.answered
        assert path(trace, "forward") == ("a", "r", "b")
        assert path(trace, "reverse") == ()


def test_an_icmp_error_is_evidence(arb: Net) -> None:
    arb.ip("r", "route add unreachable 10.0.2.10/32")

    (trace,) = observe(ADDRESSES, [Probe("a", "b", "udp")], arb.nodes, expected=()).traces

    assert not trace.answered
    assert path(trace, "error") == ("r", "a")
    rejection = trace.sightings[-1].rejection
    assert rejection is not None
    assert (rejection.about, rejection.sender) == ("forward", "10.0.1.1")
    assert rejection.reason == "icmp 3/1 host unreachable"


def test_a_filter_drops_tcp_only(arb: Net) -> None:
    arb.filter("r", "forward", "meta l4proto tcp drop")

    traces = _by_protocol(observe(ADDRESSES, TO_B, arb.nodes, expected=TO_B[:2]))

    assert {protocol: trace.answered for protocol, trace in traces.items()} == {
        "icmp": True,
        "udp": True,
        "tcp": False,
    }
    assert path(traces["tcp"], "forward") == ("a", "r")


def test_a_tcp_reset_is_no_answer(arb: Net) -> None:
    arb.filter("r", "forward", "meta l4proto tcp reject with tcp reset")

    (trace,) = observe(ADDRESSES, [Probe("a", "b", "tcp")], arb.nodes, expected=()).traces

    assert not trace.answered
    assert trace.answered_by == ()
    assert path(trace, "error") == ("r", "a")
    assert {s.rejection.reason for s in trace.sightings if s.rejection} == {"tcp reset"}


@pytest.mark.parametrize(
    ("route", "number"),
    [
        ("", errno.ENETUNREACH),
        ("unreachable 10.0.2.0/24", errno.EHOSTUNREACH),
        ("prohibit 10.0.2.0/24", errno.EACCES),
        ("blackhole 10.0.2.0/24", errno.EINVAL),
    ],
)
def test_a_source_without_a_route_says_so(arb: Net, route: str, number: int) -> None:
    arb.ip("a", "route delete default")
    if route:
        arb.ip("a", f"route add {route}")

    for trace in observe(ADDRESSES, TO_B, arb.nodes).traces:
        assert trace.unsent == number
        assert not trace.answered
        assert trace.source_address == ""
        assert trace.sightings == ()


def test_a_source_that_filters_its_own_packets_says_so(arb: Net) -> None:
    arb.filter("a", "output", "meta l4proto icmp drop")

    traces = _by_protocol(observe(ADDRESSES, TO_B, arb.nodes))

    assert traces["icmp"].unsent == errno.EPERM
    assert traces["udp"].answered


def test_an_impostor_is_named(arb: Net) -> None:
    arb.node("x")
    arb.link("x", "r", "10.0.3.10/24", "10.0.3.1/24")
    arb.ip("x", "route add default via 10.0.3.1", "address add 10.0.2.10/32 dev lo")
    arb.ip("r", "route add 10.0.2.10/32 via 10.0.3.10")

    for trace in observe({**ADDRESSES, "x": "10.0.3.10"}, TO_B, arb.nodes, expected=()).traces:
        assert not trace.answered
        assert trace.rtt_ms is None
        assert trace.answered_by == ("x",)
        assert path(trace, "forward") == ("a", "r", "x")
        assert path(trace, "reverse") == ("x", "r", "a")


def test_a_source_that_holds_the_address_itself_is_an_impostor(arb: Net) -> None:
    arb.ip("a", "address add 10.0.2.10/32 dev lo")

    for trace in observe(ADDRESSES, TO_B, arb.nodes, expected=()).traces:
        assert not trace.answered
        assert trace.answered_by == ("a",)
        assert [(seen.node, seen.interface, seen.leg) for seen in trace.sightings] == [
            ("a", "lo", "forward"),
            ("a", "lo", "reverse"),
        ]


def test_a_loop_is_seen(arb: Net) -> None:
    arb.node("s")
    arb.link("s", "r", "10.0.4.2/24", "10.0.4.1/24")
    arb.ip("r", "route add 10.0.2.10/32 via 10.0.4.2")
    arb.ip("s", "route add default via 10.0.4.1")

    (trace,) = observe(ADDRESSES, [Probe("a", "b", "icmp")], arb.nodes, expected=()).traces

    assert not trace.answered
    assert path(trace, "forward") == ("a", "r", "s", "r")
    again = looping(trace, "forward")
    assert again is not None
    assert (again.node, again.interface, again.ttl) == ("r", "to-s", 61)
    assert "icmp 11/0 time to live exceeded" in {s.rejection.reason for s in trace.sightings if s.rejection}


def _small_link(net: Net) -> None:
    """Two nodes with a router between them, whose link to the second one takes 1,000 bytes."""
    net.node("a", "r", "b")
    net.link("a", "r", "10.0.1.10/24", "10.0.1.1/24")
    net.link("b", "r", "10.0.2.10/24", "10.0.2.1/24", mtu=1000)
    net.ip("a", "route add default via 10.0.1.1")
    net.ip("b", "route add default via 10.0.2.1")


def test_a_large_packet_meets_a_small_link(net: Net) -> None:
    _small_link(net)
    probes = [Probe("a", "b", "icmp")]

    (fits,) = observe(ADDRESSES, probes, net.nodes, size=1000).traces
    (large,) = observe(ADDRESSES, probes, net.nodes, size=1001, expected=()).traces
    (again,) = observe(ADDRESSES, probes, net.nodes, size=1001, expected=()).traces

    assert fits.answered
    assert not large.answered
    rejections = {s.rejection.reason for s in large.sightings if s.rejection}
    assert rejections == {"icmp 3/4 fragmentation needed"}
    # What the sender found out of the way is of no account: the packet dies at the router again.
    assert path(again, "forward") == path(large, "forward") == ("a", "r")


def test_the_text_of_a_tcp_connection_is_as_big_as_is_asked_for_and_comes_in_smaller_segments(net: Net) -> None:
    _small_link(net)

    (trace,) = observe(ADDRESSES, [Probe("a", "b", "tcp")], net.nodes, size=1500).traces

    assert trace.greeted
    assert trace.answered


def test_a_syn_ack_that_is_sent_again_over_another_way_is_another_packet(net: Net) -> None:
    """b sends every other packet over r2; a does not reset, so that b sends its SYN-ACK again after a second."""
    net.node("a", "r1", "r2", "b")
    for number, router in enumerate(("r1", "r2"), 1):
        net.link("a", router, f"10.0.{number}.10/24", f"10.0.{number}.1/24")
        net.link("b", router, f"10.0.{number}0.10/24", f"10.0.{number}0.1/24")
        net.ip(router, f"route add 10.9.0.1/32 via 10.0.{number}.10", f"route add 10.9.0.2/32 via 10.0.{number}0.10")
    net.ip("a", "address add 10.9.0.1/32 dev lo", "route add 10.9.0.2/32 via 10.0.1.1 src 10.9.0.1")
    net.ip("b", "address add 10.9.0.2/32 dev lo", "route add 10.9.0.1/32 via 10.0.10.1 src 10.9.0.2")
    net.ip("b", "route add 10.9.0.1/32 via 10.0.20.1 src 10.9.0.2 table 7", "rule add fwmark 1 lookup 7")
    net.run("b", "nft", "add table ip t; add chain ip t c { type route hook output priority 0; }")
    net.run("b", "nft", "add rule ip t c ip daddr 10.9.0.1 meta mark set numgen inc mod 2")
    net.filter("a", "output", "tcp flags & rst == rst drop")

    (trace,) = observe({"a": "10.9.0.1", "b": "10.9.0.2"}, [Probe("a", "b", "tcp")], net.nodes, quiet=1.5).traces

    ways = [tuple(dict.fromkeys(s.node for s in packet)) for packet in packets(trace, "reverse")]
    assert ways[:2] == [("b", "r1", "a"), ("b", "r2", "a")]
    assert trace.answered
    assert path(trace, "forward") == ("a", "r1", "b")
    assert path(trace, "reverse") == ("b", "r1", "a")
    assert looping(trace, "reverse") is None


# Waits for a probe to leave a namespace, then sends each of the scapy packets named on the command line.
def test_a_full_mesh_of_twenty_nodes(net: Net) -> None:
    names = [f"n{number}" for number in range(20)]
    addresses = {name: f"10.1.{number}.2" for number, name in enumerate(names)}
    net.node("hub", *names)
    for number, name in enumerate(names):
        net.link(name, "hub", f"10.1.{number}.2/24", f"10.1.{number}.1/24")
        net.ip(name, f"route add default via 10.1.{number}.1")

    observation = observe(addresses, all_pairs(names), net.nodes)

    assert len(observation.traces) == 20 * 19 * 3
    assert [trace for trace in observation.traces if not trace.answered] == []
    assert {path(trace, "forward")[1] for trace in observation.traces} == {"hub"}


def test_one_measurement_after_the_other(arb: Net) -> None:
    """Half-open connections and cached errors of one run do not disturb the next."""
    arb.ip("r", "rule add iif to-b to 10.0.1.0/24 blackhole")
    observe(ADDRESSES, TO_B, arb.nodes, expected=())
    arb.ip("r", "rule delete iif to-b to 10.0.1.0/24 blackhole")

    for _ in range(3):
        assert all(trace.answered for trace in observe(ADDRESSES, ALL, arb.nodes).traces)


def test_a_late_answer_is_awaited_if_expected(arb: Net) -> None:
    """The way back opens after `quiet` and before `patience`: the kernel's second SYN-ACK comes through."""
    arb.ip("r", "rule add iif to-b to 10.0.1.0/24 blackhole")
    repair = threading.Timer(0.6, arb.ip, ["r", "rule delete iif to-b to 10.0.1.0/24 blackhole"])
    repair.start()

    (trace,) = observe(ADDRESSES, [Probe("a", "b", "tcp")], arb.nodes, quiet=0.1, patience=2.0).traces
    repair.join()

    assert trace.answered
    assert trace.rtt_ms is not None
    assert trace.rtt_ms > 900
    assert path(trace, "reverse") == ("b", "r", "a")
