"""Connections that are tried through a real kernel after a SYN was answered, behind what keeps state."""

from __future__ import annotations

import pytest
from nets import ADDRESSES, TO_B, Net

from netlab.probe import Observation, Probe, Trace, last, observe, path
from netlab.probe.trace import Leg


def _by_protocol(observation: Observation) -> dict[str, Trace]:
    return {trace.probe.protocol: trace for trace in observation.traces}


@pytest.mark.parametrize(
    ("rule", "answered"),
    [
        ("", {"icmp": True, "udp": True, "tcp": True}),
        ("tcp dport 7007 tcp flags & (syn | ack | rst) == ack drop", {"icmp": True, "udp": True, "tcp": False}),
        ("tcp dport 7007 tcp flags & (psh | ack) == psh | ack drop", {"icmp": True, "udp": True, "tcp": False}),
    ],
)
def test_behind_a_stateful_node_the_text_of_a_connection_must_arrive(
    arb: Net, rule: str, answered: dict[str, bool]
) -> None:
    """The SYN and its answer pass in each case."""
    if rule:
        arb.filter("r", "forward", rule)

    traces = _by_protocol(observe(ADDRESSES, TO_B, arb.nodes, stateful=("r",), patience=0.5))

    assert {protocol: trace.answered for protocol, trace in traces.items()} == answered
    assert {protocol: trace.greeted for protocol, trace in traces.items()} == {
        "icmp": False,
        "udp": False,
        "tcp": True,
    }
    assert path(traces["tcp"], "third")[:2] == ("a", "r")
    assert ("b" in path(traces["tcp"], "third")) == answered["tcp"]


def test_no_connection_is_tried_where_no_packet_passed_a_stateful_node(arb: Net) -> None:
    arb.node("s")

    for trace in observe(ADDRESSES, TO_B, arb.nodes, stateful=("s",)).traces:
        assert trace.answered
        assert not trace.greeted
        assert path(trace, "third") == ()


@pytest.mark.parametrize(
    ("flags", "leg", "forward"), [("syn", "forward", ("a", "r")), ("syn | ack", "reverse", ("a", "r", "b"))]
)
def test_a_connection_that_does_not_come_about_is_traced_instead_of_the_syn_that_was_answered(
    arb: Net, flags: str, leg: Leg, forward: tuple[str, ...]
) -> None:
    """Its port is another one, so it may take another way."""
    port = "sport" if leg == "forward" else "dport"
    arb.filter("r", "forward", f"tcp {port} 32768-60999 tcp flags & (syn | ack | rst) == ({flags}) drop")

    (trace,) = observe(ADDRESSES, [Probe("a", "b", "tcp")], arb.nodes, stateful=("r",), patience=0.5).traces

    assert trace.greeted
    assert not trace.answered
    assert path(trace, "forward") == forward
    died = last(trace, leg)
    assert died is not None
    assert (died.node, died.outgoing) == ("r", False)
