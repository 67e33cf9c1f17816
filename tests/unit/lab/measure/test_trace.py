"""From sightings to the passings of a trace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netlab.lab.measure.trace import Passing, crossings, passings, tunnel_ends
from netlab.plan.planner import plan
from netlab.probe.trace import EspSighting, Leg, Probe, Rejection, Sighting, Trace
from netlab.scenario.loader import load

ENDS = {
    ("lin", "ipsec0"): ("192.0.2.130", "203.0.113.1"),
    ("gw", "p2s"): ("203.0.113.1", ""),
    ("gw", "t-site"): ("203.0.113.1", "198.51.100.1"),
    ("site", "t-gw"): ("198.51.100.1", "203.0.113.1"),
}


def seen(time_ns: int, node: str, interface: str, outgoing: bool, leg: Leg = "forward") -> Sighting:
    return Sighting(time_ns, node, interface, outgoing, leg, 64)


def trace(*sightings: Sighting) -> Trace:
    return Trace(Probe("lin", "host", "icmp"), "192.168.0.2", "10.101.0.10", 0, sightings, (), False, None)


def esp(time_ns: int, source: str, target: str, sequence: int = 1) -> EspSighting:
    return EspSighting(time_ns, "internet", "wan", True, source, target, True, 0xABC, sequence)


def shown(found: tuple[Passing, ...]) -> list[tuple[float, str, str]]:
    return [(item.time_us, item.leg, item.form) for item in found]


def test_esp_belongs_to_a_probe_while_it_is_in_the_tunnel() -> None:
    through = trace(seen(1_000, "lin", "ipsec0", True), seen(9_000, "gw", "p2s", False))
    packets = [
        esp(500, "192.0.2.130", "203.0.113.1"),
        esp(2_000, "192.0.2.130", "203.0.113.1"),
        esp(3_000, "203.0.113.1", "192.0.2.130"),
        esp(4_000, "192.0.2.129", "203.0.113.1"),
        esp(9_500, "192.0.2.130", "203.0.113.1"),
    ]
    assert shown(passings(through, packets, ENDS)) == [
        (0, "forward", "clear"),
        (1, "forward", "ESP in UDP"),
        (8, "forward", "clear"),
    ]


def test_a_gateway_sends_to_the_client_that_saw_the_packet() -> None:
    (back,) = crossings(trace(seen(1, "gw", "p2s", True, "reverse"), seen(2, "lin", "ipsec0", False, "reverse")), ENDS)
    assert (back.leg, back.source, back.target) == ("reverse", "203.0.113.1", "192.0.2.130")
    (lost,) = crossings(trace(seen(1, "gw", "p2s", True, "reverse")), ENDS)
    assert (lost.target, lost.end) == ("", None)
    assert lost.contains(esp(10**9, "203.0.113.1", "192.0.2.129"))


def test_a_probe_that_comes_out_of_another_tunnel_was_lost_in_the_first() -> None:
    """The next sighting is that of a copy: nothing of the first tunnel ends with it."""
    first, second = crossings(trace(seen(1, "lin", "ipsec0", True), seen(5, "gw", "t-site", True)), ENDS)
    assert (first.end, second.end) == (None, None)
    assert (second.source, second.target) == ("203.0.113.1", "198.51.100.1")


def test_an_answer_that_is_sent_again_crosses_a_tunnel_of_its_own() -> None:
    """The first one is still in its tunnel when the second one enters the same or another one."""
    first = (seen(1, "gw", "p2s", True, "reverse"), seen(9, "lin", "ipsec0", False, "reverse"))
    again = (seen(5, "gw", "t-site", True, "reverse"), seen(7, "site", "t-gw", False, "reverse"))
    mixed = (first[0], *(replace(item, packet=2) for item in again), first[1])
    found = [(item.begin, item.end, item.target) for item in crossings(trace(*mixed), ENDS)]
    assert found == [(1, 9, "192.0.2.130"), (5, 7, "198.51.100.1")]


def test_errors_cross_tunnels_too_and_say_what_they_say() -> None:
    rejection = Rejection("forward", "10.1.0.1", "icmp 3/1 host unreachable")
    out = replace(seen(1_000, "gw", "p2s", True, "error"), rejection=rejection)
    found = passings(
        trace(out, seen(3_000, "lin", "ipsec0", False, "error")), [esp(2_000, "203.0.113.1", "192.0.2.130")], ENDS
    )
    assert [item.form for item in found] == ["clear", "ESP in UDP", "clear"]
    assert found[0].remark == "10.1.0.1 says of the forward leg: icmp 3/1 host unreachable"
    assert {item.leg for item in found} == {"error"}


def test_a_probe_that_was_never_seen() -> None:
    assert passings(trace(), [esp(1, "192.0.2.130", "203.0.113.1")], ENDS) == ()


@pytest.mark.parametrize("plane", ["userspace", "kernel"])
def test_the_ends_of_all_tunnels_are_known(plane: str) -> None:
    lab = plan(load("p2s-branch-bgp").scenario, "lab", "kernel" if plane == "kernel" else "userspace")
    ends = tunnel_ends(lab)
    assert {(end.node, end.interface) for end in (*lab.tunnels, *lab.clients)} == ends.keys()
    public = {connection.local_address for charon in lab.charons for connection in charon.connections}
    assert {address for pair in ends.values() for address in pair} == {*public, ""}
