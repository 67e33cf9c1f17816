"""Stateful appliances by protocol (F20 to F28): what each half of a flow comes to, and what mends it."""

from __future__ import annotations

import pytest

from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, endpoint_addresses
from netlab.results.protocols import Protocol
from netlab.scenario.loader import parse
from netlab.scenario.names import by_node

TEXT = (
    """
name: halves
route_tables:
  there:
    routes: {other: {address_prefix: 10.2.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}}
  back: {routes: {}}
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {fw: 10.0.1.0/24}
    vms: {fw: {subnet: fw, enable_ip_forwarding: true, nva: {}}}
  S1:
    address_space: [10.1.0.0/16]
    subnets: {a: {address_prefix: 10.1.0.0/24, route_table: there}}
    vms: {vm1: {subnet: a}}
  S2:
    address_space: [10.2.0.0/16]
    subnets: {a: {address_prefix: 10.2.0.0/24, route_table: back}}
    vms: {vm2: {subnet: a}}
peerings:
  h1: {vnet: Hub, remote_vnet: S1, allow_forwarded_traffic: true}
  x1h: {vnet: S1, remote_vnet: Hub, allow_forwarded_traffic: true}
  h2: {vnet: Hub, remote_vnet: S2, allow_forwarded_traffic: true}
  x2h: {vnet: S2, remote_vnet: Hub, allow_forwarded_traffic: true}
  x12: {vnet: S1, remote_vnet: S2, allow_forwarded_traffic: true}
  x21: {vnet: S2, remote_vnet: S1, allow_forwarded_traffic: true}
""".replace("  2h:", "  x2h:")
    .replace("  12:", "  x12:")
    .replace("  21:", "  x21:")
)
BOTH = (
    "back: {routes: {}}",
    "back: {routes: {other: {address_prefix: 10.1.0.0/16, next_hop_type: VirtualAppliance, "
    "next_hop_ip_address: 10.0.1.4}}}",
)


def nva(written: str) -> tuple[str, str]:
    return "nva: {}", f"nva: {{{written}}}"


def fate(source: str, target: str, protocol: Protocol, *edits: tuple[str, str]) -> str:
    text = TEXT
    for before, now in edits:
        assert before in text
        text = text.replace(before, now)
    state = initial(parse(text, "halves.yaml").scenario)
    ends = by_node(state.scenario)
    drop = Forecast(state, endpoint_addresses(state)).pair(ends[source], ends[target], protocol).drop
    if drop is None:
        return "reachable"
    return f"{drop.type} {drop.parameters.get('packet', '')} {drop.direction} at {drop.node}".replace("  ", " ")


NO_REQUEST, NO_SYN = "invalid-state echo reply reverse at hub-fw", "invalid-state SYN-ACK reverse at hub-fw"
THERE, BACK = ("s1-vm1", "s2-vm2"), ("s2-vm2", "s1-vm1")


@pytest.mark.parametrize(
    ("pair", "edits", "icmp", "udp", "tcp"),
    [
        # F20: the request passes the appliance, the answer comes beside it.
        (THERE, (), "reachable", "reachable", "invalid-state ACK forward at hub-fw"),
        # F21: the other half.
        (
            BACK,
            (),
            "invalid-state echo reply reverse at hub-fw",
            "reachable",
            "invalid-state SYN-ACK reverse at hub-fw",
        ),
        # F18: both ways over it.
        (THERE, (BOTH,), "reachable", "reachable", "reachable"),
        (BACK, (BOTH,), "reachable", "reachable", "reachable"),
        # F27: a bypass of the state; loose takes neither a SYN-ACK nor the ACK of a SYN that it saw alone (F25).
        (THERE, (nva("stateful: none"),), "reachable", "reachable", "reachable"),
        (BACK, (nva("stateful: none"),), "reachable", "reachable", "reachable"),
        (THERE, (nva("stateful: loose"),), "reachable", "reachable", "invalid-state ACK forward at hub-fw"),
        # F28: with its own address as the source the answers come to it; what the other side begins is not mended.
        (THERE, (nva("masquerade: always"),), "reachable", "reachable", "reachable"),
        (
            BACK,
            (nva("masquerade: always"),),
            NO_REQUEST,
            "wrong-answer reverse at s2-vm2",
            NO_SYN,
        ),
    ],
)
def test_each_half_by_protocol(
    pair: tuple[str, str], edits: tuple[tuple[str, str], ...], icmp: str, udp: str, tcp: str
) -> None:
    found = {protocol: fate(*pair, protocol, *edits) for protocol in ("icmp", "udp", "tcp")}
    assert found == {"icmp": icmp, "udp": udp, "tcp": tcp}
