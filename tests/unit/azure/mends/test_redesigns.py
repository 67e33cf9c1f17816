"""Why nothing mends a pair: each limit of Azure where it holds, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from mended import explained, states, untrue
from mended import found as pair_of

from netlab.azure.explanation import explain
from netlab.azure.mends.case import Case
from netlab.azure.mends.redesigns import redesigns
from netlab.azure.prediction import endpoint_addresses
from netlab.results.mends import LIMITS, Limit, Redesign
from netlab.scenario.loader import catalogue

# Scenario, step, source and target, and the limit.
CASES: tuple[tuple[str, int, str, str, Limit], ...] = (
    ("forced-tunnelling-bgp", 0, "internet", "site1-h1", Limit.FROM_INTERNET),
    ("hub-spoke-firewall", 0, "internet", "site1-h1", Limit.FROM_INTERNET),
    ("route-server-overview", 0, "internet", "branch-h1", Limit.FROM_INTERNET),
    ("s2s-static-overlaps", 0, "site1-hidden", "site2-h2", Limit.OVERLAPPING_SITES),
    ("s2s-static-overlaps", 0, "site2-h2", "site1-hidden", Limit.OVERLAPPING_SITES),
    ("p2s-custom-routes", 4, "lin", "internet", Limit.OUT_OF_A_GATEWAY),
    ("p2s-custom-routes", 4, "win", "internet", Limit.OUT_OF_A_GATEWAY),
    # E12: by TCP and UDP it answers.
    ("mtu-through-tunnels", 1, "vnet1-vm1", "site1-h1", Limit.TOO_BIG),
    ("private-endpoint-hub-spoke", 0, "data-near", "data-sql", Limit.PING_TO_ENDPOINT),
    ("private-endpoint-hub-spoke", 0, "app-app", "data-blob", Limit.PING_TO_ENDPOINT),
    ("private-endpoint-hub-spoke", 0, "lin", "data-sql", Limit.PING_TO_ENDPOINT),
    ("nva-load-balancer", 0, "spoke1-app", "hub-lb-fe", Limit.PING_TO_FRONTEND),
    # Its link is cut: nothing else is in the way of being connected, and then that is.
    ("p2s-openvpn", 5, "lin", "internet", Limit.OUT_OF_A_GATEWAY),
)


@pytest.mark.parametrize(("name", "step", "source", "target", "limit"), CASES)
def test_what_is_in_the_way_is_named(name: str, step: int, source: str, target: str, limit: Limit) -> None:
    found = explained(catalogue()[name].read_text(), source, target, step)
    assert found.mend == ()
    assert found.redesign == (Redesign(LIMITS[limit], limit),)


@pytest.mark.parametrize(("source", "target"), [("site3-host3", "lin"), ("lin", "site3-host3")])
def test_a_site_behind_a_circuit_reaches_clients_by_vpn_only(source: str, target: str) -> None:
    text = catalogue()["expressroute-vpn-two-sites"].read_text()
    state, item = states(text)[0], pair_of(text, 0, source, target)
    case = Case.of(state, item, endpoint_addresses(state))
    assert case is not None
    assert redesigns(case) == (Redesign(LIMITS[Limit.POOL_TO_CIRCUIT], Limit.POOL_TO_CIRCUIT),)
    assert not list(untrue(text, item, 0, explained(text, source, target).mend))


@pytest.mark.parametrize("target", ["data-sql", "data-blob", "data-waiting"])
def test_a_private_endpoint_that_a_peering_would_lead_to_has_a_mend_for_what_it_takes(target: str) -> None:
    text = catalogue()["private-endpoint-hub-spoke"].read_text()
    found = explained(text, "far-far", target)
    assert (bool(found.mend), found.redesign) == (True, ())
    assert not list(untrue(text, pair_of(text, 0, "far-far", target), 0, found.mend))


def test_where_there_is_a_mend_nothing_is_in_the_way() -> None:
    found = explained(catalogue()["udr-nva"].read_text(), "internet", "vnet1-app")
    assert (bool(found.mend), found.redesign) == (True, ())


def test_a_host_that_another_site_hides_gets_a_longer_prefix() -> None:
    found = explained(catalogue()["s2s-static-overlaps"].read_text(), "vnet1-vm1", "site1-hidden")
    assert [mend.sentence for mend in found.mend][:1] == [
        "add 10.102.0.99/32 to VNet1's local network gateway for Site1"
    ]


@pytest.mark.parametrize(("source", "target"), [("alice", "bob"), ("bob", "alice"), ("alice", "vnet1-vm1")])
def test_a_client_that_is_absent_has_no_address_to_design_for(source: str, target: str) -> None:
    found = explained(catalogue()["p2s-certificates"].read_text(), source, target, 3)
    assert "alice is not connected" in found.verdict
    assert found.redesign == ()


# --- limits that no scenario of the catalogue has ---------------------------------------------------------------------


def vnet(number: int, **more: Any) -> dict[str, Any]:
    subnets = {"default": f"10.{number}.0.0/24", "GatewaySubnet": f"10.{number}.255.0/27"}
    return {
        "address_space": [f"10.{number}.0.0/16"],
        "subnets": subnets,
        "vms": {f"vm{number}": {"subnet": "default"}},
        **more,
    }


def site(number: int) -> dict[str, Any]:
    return {
        "address_prefixes": [f"10.10{number}.0.0/16"],
        "bgp": {"asn": 65100 + number},
        "hosts": {f"h{number}": f"10.10{number}.0.10"},
    }


def two_circuits(**hub: Any) -> dict[str, Any]:
    """A site behind each of two circuits, which lead to one VNet or to two."""
    return {
        "name": "two-circuits",
        "vnets": {"VNet1": vnet(1, expressroute_gateway={}, **hub), "VNet2": vnet(2, expressroute_gateway={})},
        "sites": {"Site1": site(1), "Site2": site(2)},
        "expressroute_circuits": {
            "circuit1": {"site": "Site1", "vnets": {"VNet1": {}}},
            "circuit2": {"site": "Site2", "vnets": {"VNet2": {}}},
        },
    }


@pytest.mark.parametrize(("source", "target"), [("site1-h1", "site2-h2"), ("site2-h2", "site1-h1")])
def test_nothing_lets_a_circuit_reach_another_one_of_its_location(source: str, target: str) -> None:
    """U30: Global Reach does not join them."""
    document = two_circuits()
    for circuit in document["expressroute_circuits"].values():
        circuit["peering_location"] = "Tokyo"
    found = explained(json.dumps(document), source, target)
    assert (found.mend, found.redesign) == ((), (Redesign(LIMITS[Limit.BETWEEN_CIRCUITS], Limit.BETWEEN_CIRCUITS),))


def test_global_reach_lets_it_of_different_locations() -> None:
    """U25: the mend is one change, with a /29 that nothing else has (U29); and it helps."""
    document = two_circuits()
    document["vnets"]["VNet2"]["address_space"].append("192.168.0.0/16")
    document["expressroute_circuits"]["circuit1"] |= {"peering_location": "Tokyo"}
    found = explained(json.dumps(document), "site1-h1", "site2-h2")
    assert [mend.sentence for mend in found.mend] == ["connect circuits circuit1 and circuit2 by Global Reach (U25)"]
    item = pair_of(json.dumps(document), 0, "site1-h1", "site2-h2")
    assert not list(untrue(json.dumps(document), item, 0, found.mend))


def test_a_vpn_gateway_and_a_route_server_beside_a_circuits_one_let_it() -> None:
    """R99 is about circuits alone: a site may come in by VPN, too."""
    document = two_circuits(vpn_gateway={"sku": "VpnGw1AZ"})
    found = explained(json.dumps(document), "site1-h1", "site2-h2")
    assert found.redesign == ()
    assert found.mend
    item = pair_of(json.dumps(document), 0, "site1-h1", "site2-h2")
    assert not list(untrue(json.dumps(document), item, 0, found.mend))


def behind_both(**server: Any) -> dict[str, Any]:
    """A site behind a circuit and one behind the VPN gateway of one VNet, which has no room for a Route Server."""
    hub = vnet(1, expressroute_gateway={}, vpn_gateway={"bgp": {"asn": 65010}}, **server)
    hub |= {"address_space": ["10.1.0.0/24"], "subnets": {"default": "10.1.0.0/25", "GatewaySubnet": "10.1.0.128/25"}}
    return {
        "name": "behind-both",
        "vnets": {"VNet1": hub},
        "sites": {"Site1": site(1), "Site2": site(2)},
        "connections": {"C": {"type": "IPsec", "between": ["VNet1", "Site2"], "enable_bgp": True}},
        "expressroute_circuits": {"circuit1": {"site": "Site1", "vnets": {"VNet1": {}}}},
    }


def test_a_route_server_is_put_where_there_is_room_for_it() -> None:
    narrow = behind_both()
    wide = json.loads(json.dumps(narrow))
    wide["vnets"]["VNet1"]["address_space"] = ["10.1.0.0/16"]
    words = "put a Route Server with allow_branch_to_branch_traffic beside the gateways of VNet1"
    said = {
        name: [mend.sentence.partition(":")[0] for mend in explained(json.dumps(document), "site1-h1", "site2-h2").mend]
        for name, document in (("narrow", narrow), ("wide", wide))
    }
    assert said == {
        "narrow": ["connect Site1 and VNet1 with BGP"],
        "wide": [words, "connect Site1 and VNet1 with BGP"],
    }


@pytest.mark.parametrize("member", ["service-web1", "service-web2"])
def test_a_member_does_not_reach_itself_by_its_own_frontend(member: str) -> None:
    """L15."""
    text = catalogue()["load-balancer-frontend"].read_text()
    item = replace(pair_of(text, 0, member, "service-lb-fe", "tcp"), protocols=("tcp",))
    found = explain(states(text)[0], item, endpoint_addresses(states(text)[0]))
    assert found.mend == ()
    assert found.redesign == (Redesign(LIMITS[Limit.OWN_FRONTEND], Limit.OWN_FRONTEND),)
