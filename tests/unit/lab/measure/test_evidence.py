"""Whether what crossed tunnels was seen inside them on the underlay."""

from __future__ import annotations

import pytest

from netlab.azure.dataplane.walk import Walk
from netlab.azure.prediction import Predicted
from netlab.lab.measure.checks.encryption import check
from netlab.lab.measure.evidence import Evidence, in_public
from netlab.plan.model import Outer
from netlab.probe.trace import Leg, Observation, Probe, Sighting, Trace

LIN, GATEWAY = "192.0.2.130", "203.0.113.1"
PUBLICS: dict[tuple[str, str], tuple[str, Outer]] = {
    ("lin", "tun0"): (LIN, "TLS"),
    ("gw", "p2s-openvpn"): (GATEWAY, "TLS"),
    ("old", "ipsec0"): (LIN, "ESP"),
    ("gw", "p2s"): (GATEWAY, "ESP"),
}
FLOW, BACK = (LIN, GATEWAY), (GATEWAY, LIN)


def seen(time_ns: int, node: str, interface: str, outgoing: bool, leg: Leg = "forward") -> Sighting:
    return Sighting(time_ns, node, interface, outgoing, leg, 64)


def trace(client: str, into: str, out: str, *more: Sighting) -> Trace:
    """A probe that went through a client's tunnel and was answered through it."""
    sightings = (
        seen(1, client, into, True),
        seen(2, "gw", out, False),
        seen(3, "gw", out, True, "reverse"),
        seen(4, client, into, False, "reverse"),
        *more,
    )
    return Trace(Probe(client, "vm", "icmp"), "192.168.0.2", "10.1.0.4", 0, sightings, ("vm",), True, 1.0)


def evidence(one: Trace, esp: dict[tuple[str, str], int], tls: dict[tuple[str, str], int]) -> Evidence:
    return Evidence(Observation((one,), esp, tls), PUBLICS, {"internet"}, frozenset())


@pytest.mark.parametrize(
    ("tls", "proven"),
    [
        ({FLOW: 106, BACK: 106}, True),
        ({FLOW: 106}, False),
        ({FLOW: 106, BACK: 39}, False),
        ({}, False),
        ({(LIN, "203.0.113.2"): 106, BACK: 106}, False),
    ],
)
def test_a_tls_tunnel_is_proven_by_its_bytes(tls: dict[tuple[str, str], int], proven: bool) -> None:
    one = trace("lin", "tun0", "p2s-openvpn")
    assert evidence(one, {}, tls).encrypted(one) is proven
    # ESP between the same addresses proves nothing of it.
    assert evidence(one, {FLOW: 9, BACK: 9}, tls).encrypted(one) is proven


def test_bytes_are_counted_for_all_that_crossed() -> None:
    several = tuple(trace("lin", "tun0", "p2s-openvpn") for _ in range(3))
    tls = {FLOW: 100, BACK: 1000}
    found = Evidence(Observation(several, {}, tls), PUBLICS, {"internet"}, frozenset())
    assert [found.encrypted(each) for each in several] == [False] * 3


@pytest.mark.parametrize(("esp", "proven"), [({FLOW: 1, BACK: 1}, True), ({FLOW: 1}, False), ({}, False)])
def test_an_ipsec_tunnel_is_proven_by_its_packets(esp: dict[tuple[str, str], int], proven: bool) -> None:
    one = trace("old", "ipsec0", "p2s")
    assert evidence(one, esp, {FLOW: 10_000, BACK: 10_000}).encrypted(one) is proven


@pytest.mark.parametrize("leg", ["forward", "encapsulated"])
def test_what_is_seen_in_clear_is_not_encrypted_however_many_bytes_pass(leg: Leg) -> None:
    one = trace("lin", "tun0", "p2s-openvpn", seen(5, "internet", "lin", False, leg))
    found = evidence(one, {}, {FLOW: 10_000, BACK: 10_000})
    assert found.encrypted(one) is False
    assert found.leaks == {"internet"}


def test_what_crossed_no_tunnel_says_nothing() -> None:
    one = Trace(Probe("a", "b", "icmp"), "10.1.0.4", "10.1.0.5", 0, (seen(1, "a", "eth0", True),), (), False, None)
    assert evidence(one, {}, {}).encrypted(one) is None


def test_the_words_name_tls_where_there_is_some() -> None:
    one = trace("lin", "tun0", "p2s-openvpn")
    of_tls, of_esp = check([evidence(one, {}, {FLOW: 100, BACK: 6})]), check([evidence(one, {FLOW: 3}, {})])
    rest = "on the underlay, no probe in clear"
    assert of_tls.message == f"2 tunnel crossings, 0 ESP packets, 106 bytes of TLS {rest}"
    assert of_esp.message == f"2 tunnel crossings, 3 ESP packets {rest}"


@pytest.mark.parametrize(
    ("way", "back", "public"),
    [
        (("a", "vnet1", "backbone", "internet"), (), True),
        # R80: between two public addresses of Azure.
        (("a", "vnet1", "backbone-eastus", "vnet2", "b"), (), True),
        (("a", "vnet1", "vnet2", "b"), ("b", "vnet2", "backbone-eastus", "vnet1", "a"), True),
        (("internet",), (), True),
        (("a", "vnet1", "vnet1-gw-0", "site1", "h"), ("h", "site1", "vnet1-gw-0", "vnet1", "a"), False),
    ],
)
def test_what_passes_a_carrier_of_the_underlay_is_meant_to_be_in_clear_there(
    way: tuple[str, ...], back: tuple[str, ...], public: bool
) -> None:
    item = Predicted(way[0], way[-1], (Walk(way),), (Walk(back),) if back else ())
    found = set(in_public((item,), ("internet", "backbone", "backbone-eastus")))
    assert found == ({(way[0], way[-1])} if public else set())
