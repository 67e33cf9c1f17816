"""A pair has one prediction for all protocols that end alike, and several where a filter on its way reads protocols."""

from __future__ import annotations

from dataclasses import replace

from netlab.azure.dataplane.filters import Filter
from netlab.azure.moments import initial
from netlab.azure.outcome import prediction
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.report.matrix import Foretold, foretold
from netlab.results.drops import DropType, cause
from netlab.results.prediction import PredictedCell
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.scenario.loader import parse

TEXT = """
name: two-vnets
description: Two VNets that are peered.
vnets:
  Left:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24}
    vms: {vm1: {subnet: default}}
  Right:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24}
    vms: {vm2: {subnet: default}, vm3: {subnet: default}}
peerings:
  There: {vnet: Left, remote_vnet: Right}
  Back: {vnet: Right, remote_vnet: Left}
"""
WHY = cause(DropType.IP_FORWARDING_IN, nic="right-vm2")


def foreseen(*protocols: Protocol, egress: str = "right-vm2") -> dict[tuple[str, str], list[Predicted]]:
    """The matrix where the fabric of the right VNet drops these protocols on the way to a NIC."""
    state = initial(parse(TEXT, "here").scenario)
    forecast = Forecast(state, endpoint_addresses(state))
    fabric = forecast.plane.node(state.network.vnets["Right"].node)
    if protocols:
        closed = Filter(WHY, egress=frozenset((egress,)), protocols=frozenset(protocols))
        forecast.plane._built[fabric.name] = replace(fabric, filters=(*fabric.filters, closed))
    found: dict[tuple[str, str], list[Predicted]] = {}
    for item in forecast.matrix():
        found.setdefault((item.source, item.target), []).append(item)
    return found


def outcomes(items: list[Predicted]) -> dict[tuple[Protocol, ...], str]:
    return {item.protocols: item.outcome for item in items}


def test_without_a_filter_that_reads_protocols_one_prediction_holds_for_all() -> None:
    assert all(outcomes(items) == {PROTOCOLS: "reachable"} for items in foreseen().values())


def test_a_filter_of_one_protocol_parts_it_from_the_others() -> None:
    found = foreseen("tcp")
    assert outcomes(found["left-vm1", "right-vm2"]) == {("icmp", "udp"): "reachable", ("tcp",): "unreachable"}
    assert [item.drop.type for item in found["left-vm1", "right-vm2"] if item.drop] == [DropType.IP_FORWARDING_IN]


def test_an_answer_is_filtered_by_its_protocol_too() -> None:
    (passed, dropped) = foreseen("udp")["right-vm2", "left-vm1"]
    assert (passed.protocols, dropped.protocols) == (("icmp", "tcp"), ("udp",))
    assert dropped.drop is not None
    assert dropped.drop.direction == "reverse"


def test_protocols_that_end_alike_share_a_prediction_even_where_a_filter_reads_them() -> None:
    found = foreseen("icmp", "udp", "tcp")
    assert outcomes(found["left-vm1", "right-vm2"]) == {PROTOCOLS: "unreachable"}
    assert outcomes(found["left-vm1", "right-vm3"]) == {PROTOCOLS: "reachable"}


def test_of_a_pair_whose_protocols_differ_a_drawing_names_those_that_pass() -> None:
    cell = prediction(parse(TEXT, "here").scenario).steps[0].cells[0]
    pair = cell.source, cell.target
    lost: list[PredictedCell] = [replace(cell, predicted="unreachable", protocols=(name,)) for name in PROTOCOLS]
    passed = [replace(cell, protocols=(name,)) for name in PROTOCOLS]
    assert foretold([cell]) == {pair: Foretold("yes", "yes")} == foretold(passed)
    assert foretold(lost) == {pair: Foretold("no", "no")}
    assert foretold([passed[2], lost[1], passed[0]]) == {pair: Foretold("mixed", "only icmp, tcp")}
    assert foretold([lost[0], lost[2], passed[1]]) == {pair: Foretold("mixed", "only udp")}


RING = """
name: ring
vnets:
  Hub1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {bgp: {asn: 65010}}
  Hub2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}
    vms: {vm2: {subnet: default}}
    vpn_gateway: {bgp: {asn: 65020}}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
  Site2: {address_prefixes: [10.102.0.0/16], bgp: {asn: 65102}, hosts: {h2: 10.102.0.10}}
peerings:
  a: {vnet: Hub1, remote_vnet: Hub2, allow_gateway_transit: true, allow_forwarded_traffic: true}
  b: {vnet: Hub2, remote_vnet: Hub1, allow_gateway_transit: true, allow_forwarded_traffic: true}
connections:
  C1: {type: IPsec, between: [Hub1, Site1], enable_bgp: true}
  C2: {type: IPsec, between: [Hub2, Site2], enable_bgp: true}
"""


def test_a_ring_of_sites_and_hubs_is_no_transit() -> None:
    """A48: a peering carries the prefixes of its two VNets only, though every session is up."""
    state = initial(parse(RING, "ring.yaml").scenario)
    assert len(state.bgp_sessions) == 4
    found = Forecast(state, endpoint_addresses(state)).matrix()
    reached = {(cell.source, cell.target) for cell in found if cell.drop is None}
    pairs = (("hub1-vm1", "hub2-vm2"), ("hub1-vm1", "site1-h1"), ("hub2-vm2", "site2-h2"))
    assert reached == {*pairs, *((target, source) for source, target in pairs)}
