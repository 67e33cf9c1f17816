"""Request and answer that pass different appliances: said by check, explain and the matrix (case 09)."""

from __future__ import annotations

import pytest

from netlab.azure import asymmetry
from netlab.azure.explanation import explain
from netlab.azure.moments import initial
from netlab.azure.outcome import prediction
from netlab.azure.prediction import endpoint_addresses, matrix
from netlab.results.drops import DropType
from netlab.results.protocols import PROTOCOLS
from netlab.scenario.loader import parse
from netlab.scenario.models import Scenario

TEXT = """
name: asymmetric
route_tables:
  out: {routes: {all: {address_prefix: 10.101.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}}}
  back: {routes: {vnet: {address_prefix: 10.1.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}}}
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {firewall: 10.0.1.0/24, GatewaySubnet: 10.0.255.0/27}
    vms: {fw: {subnet: firewall, enable_ip_forwarding: true, nva: {}}}
    vpn_gateway: {bgp: {asn: 65010}}
  Spoke:
    address_space: [10.1.0.0/16]
    subnets: {default: {address_prefix: 10.1.0.0/24, route_table: out}}
    vms: {vm1: {subnet: default}}
peerings:
  h-s: {vnet: Hub, remote_vnet: Spoke, allow_gateway_transit: true}
  s-h: {vnet: Spoke, remote_vnet: Hub, use_remote_gateways: true, allow_forwarded_traffic: true}
sites:
  HQ: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
connections:
  Hub-HQ: {type: IPsec, between: [Hub, HQ], enable_bgp: true}
"""
BOTH_WAYS = ("GatewaySubnet: 10.0.255.0/27", "GatewaySubnet: {address_prefix: 10.0.255.0/27, route_table: back}")
NO_WAY = (", route_table: out", "")
ONLY_BACK = (BOTH_WAYS, NO_WAY)


def scenario(*edits: tuple[str, str]) -> Scenario:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now)
    return parse(text, "asymmetric.yaml").scenario


def seen(found: Scenario) -> set[tuple[str, str, str]]:
    state = initial(found)
    cells = matrix(state, endpoint_addresses(state))
    return {(half.source, half.target, half.sees) for cell in cells for half in asymmetry.halves(state, cell)}


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ((), {("spoke-vm1", "hq-h1", "request"), ("hq-h1", "spoke-vm1", "answer")}),
        (ONLY_BACK, {("spoke-vm1", "hq-h1", "answer"), ("hq-h1", "spoke-vm1", "request")}),
        ((BOTH_WAYS,), set()),
        ((NO_WAY,), set()),
    ],
)
def test_an_appliance_sees_one_half_where_only_one_way_leads_over_it(
    edits: tuple[tuple[str, str], ...], expected: set[tuple[str, str, str]]
) -> None:
    assert seen(scenario(*edits)) == expected


def test_check_says_it_at_the_appliance() -> None:
    [breach] = asymmetry.warnings(scenario())
    assert (breach.path, breach.severity) == (("vnets", "Hub", "vms", "fw", "nva"), "warning")
    assert breach.message == (
        "asymmetric: the request passes it, the answer does not (spoke-vm1 > hq-h1): it drops TCP's third packet; ping "
        "and UDP pass; the answer passes it, the request does not (hq-h1 > spoke-vm1): it drops SYN-ACKs and echo "
        "replies; UDP passes where its rules let it"
    )
    assert list(asymmetry.warnings(scenario(BOTH_WAYS))) == []


def test_the_matrix_has_it_as_a_warning_and_no_failure() -> None:
    [step] = prediction(scenario()).steps
    assert [item.name for item in step.warnings] == ["appliance hub-fw"]
    assert {cell.status for cell in step.cells} == {"passed"}
    [step] = prediction(scenario(BOTH_WAYS)).steps
    assert step.warnings == ()


SEEN = [("hq-h1", "spoke-vm1", "answer"), ("spoke-vm1", "hq-h1", "request")]


@pytest.mark.parametrize(("source", "target", "half"), SEEN)
def test_explain_says_it_of_the_pair(source: str, target: str, half: str) -> None:
    other = "request" if half == "answer" else "answer"
    assert f"Asymmetric: the {half} passes hub-fw, the {other} does not." in verdict(scenario(), source, target)
    assert "Asymmetric" not in verdict(scenario(BOTH_WAYS), source, target)


def verdict(found: Scenario, source: str, target: str) -> str:
    state = initial(found)
    addresses = endpoint_addresses(state)
    cell = next(each for each in matrix(state, addresses) if (each.source, each.target) == (source, target))
    return explain(state, cell, addresses).verdict


NOT_FORWARDED = (", allow_forwarded_traffic: true", "")
NONE_BACK = (
    "{address_prefix: 10.1.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}",
    "{address_prefix: 10.1.0.0/16, next_hop_type: None}",
)
OUT, IN = ("spoke-vm1", "hq-h1"), ("hq-h1", "spoke-vm1")


@pytest.mark.parametrize(
    ("edits", "otherwise_dead", "half"),
    [
        # The appliance drops echo replies and SYN-ACKs; UDP's answer passes it, and the peering drops that.
        ((*ONLY_BACK, NOT_FORWARDED), {(OUT, "udp"), *((IN, protocol) for protocol in PROTOCOLS)}, {OUT: "answer"}),
        ((BOTH_WAYS, NOT_FORWARDED), {(pair, protocol) for pair in (OUT, IN) for protocol in PROTOCOLS}, {}),
        # The request passes the appliance, and the answer dies before it could pass anything.
        ((BOTH_WAYS, NONE_BACK), {(pair, protocol) for pair in (OUT, IN) for protocol in PROTOCOLS}, {}),
        # Nothing but the state is in the way.
        ((NOT_FORWARDED,), set(), {OUT: "request", IN: "answer"}),
    ],
)
def test_protocols_of_a_pair_that_cannot_talk_for_another_reason_are_no_case_of_it(
    edits: tuple[tuple[str, str], ...],
    otherwise_dead: set[tuple[tuple[str, str], str]],
    half: dict[tuple[str, str], str],
) -> None:
    state = initial(scenario(*edits))
    cells = list(matrix(state, endpoint_addresses(state)))
    dead = [cell for cell in cells if cell.drop is not None and cell.drop.type != DropType.INVALID_STATE]
    assert {((cell.source, cell.target), protocol) for cell in dead for protocol in cell.protocols} == otherwise_dead
    assert not [found for cell in dead for found in asymmetry.halves(state, cell)]
    lost = [cell for cell in cells if cell.drop is not None and cell not in dead]
    assert {(cell.source, cell.target): found.sees for cell in lost for found in asymmetry.halves(state, cell)} == half
