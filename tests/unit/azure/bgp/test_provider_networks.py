"""The any-to-any model of ExpressRoute (R117): sites behind a provider's routers, and a circuit that ends there."""

from __future__ import annotations

from typing import Any

import pytest

from netlab.azure.moments import after, initial
from netlab.azure.state import State
from netlab.plan.planner import plan
from netlab.scenario.loader import parse
from netlab.scenario.models import Action, Scenario

TEXT = """
name: any-to-any
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    expressroute_gateway: {}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
  Site2: {address_prefixes: [10.102.0.0/16], bgp: {asn: 65102}, hosts: {h2: 10.102.0.10}}
provider_networks:
  MPLS: {asn: 64600, sites: [Site1, Site2]}
expressroute_circuits:
  c1: {provider_network: MPLS, vnets: {VNet1: {}}}
"""
SAME_ASN = ("asn: 65102", "asn: 65101")
TWO_DEVICES = ("bgp: {asn: 65101}, hosts", "bgp: {asn: 65101}, devices: {a: {}, b: {}}, hosts")
WITHOUT_CIRCUIT = ("expressroute_circuits:\n  c1: {provider_network: MPLS, vnets: {VNet1: {}}}\n", "")
VPN = (
    "expressroute_gateway: {}\n",
    "expressroute_gateway: {}\n    vpn_gateway: {bgp: {asn: 65010}}\n"
    "connections: {V: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}}\n",
)
NOT_PREFERRED = ("vnets: {VNet1: {}}}", "vnets: {VNet1: {}}, preferred_on_premises: false}")


def scenario(*edits: tuple[str, str]) -> Scenario:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now, 1)
    return parse(text, "any-to-any.yaml").scenario


def paths(at: State, router: str) -> dict[str, set[str]]:
    learned = at.learned[router].items()
    return {str(prefix): {" ".join(map(str, p.as_path)) for p in found} for prefix, found in learned}


def does(at: State, **action: Any) -> State:
    return after(at, Action.model_validate(action))


def test_sites_learn_each_other_and_azure_from_the_provider() -> None:
    at = initial(scenario())
    assert paths(at, "site1") == {"10.1.0.0/16": {"64600 12076"}, "10.102.0.0/16": {"64600 65102"}}
    assert paths(at, "site2") == {"10.1.0.0/16": {"64600 12076"}, "10.101.0.0/16": {"64600 65101"}}
    both = {"10.101.0.0/16": {"12076 64600 65101"}, "10.102.0.0/16": {"12076 64600 65102"}}
    assert paths(at, "vnet1-er-0") == both == paths(at, "vnet1-er-1")


def test_of_a_provider_router_only_its_own_link_leads_to_microsoft() -> None:
    at = initial(scenario())
    assert {p.neighbor for found in at.learned["c1-msee-0"].values() for p in found} >= {"mpls-pe-0"}
    assert "mpls-pe-1" not in {p.neighbor for found in at.learned["c1-msee-0"].values() for p in found}


@pytest.mark.parametrize(("edits", "path"), [((), "64600 65101"), ((SAME_ASN,), "64600 64600")])
def test_the_provider_puts_its_asn_in_the_place_of_one_that_the_other_site_has_too(edits: Any, path: str) -> None:
    assert paths(initial(scenario(*edits)), "site2")["10.101.0.0/16"] == {path}


@pytest.mark.parametrize("edits", [(), (WITHOUT_CIRCUIT,)])
def test_sites_need_no_circuit_to_reach_each_other(edits: Any) -> None:
    assert "10.102.0.0/16" in paths(initial(scenario(*edits)), "site1")


def test_a_provider_does_not_advertise_a_site_to_its_other_device() -> None:
    """The provider's ASN hides the loop, the site of origin stops it."""
    at = initial(scenario(TWO_DEVICES))
    for router in ("site1-a", "site1-b", "site1"):
        assert "10.101.0.0/16" not in {p for p, found in paths(at, router).items() if found & {"64600 64600", "64600"}}


@pytest.mark.parametrize(
    ("failed", "left"),
    [("primary", {"c1-msee-1"}), ("secondary", {"c1-msee-0"}), (None, set())],
)
def test_a_lost_link_leaves_the_other_one(failed: str | None, left: set[str]) -> None:
    named = {"circuit": "c1", **({"link": failed} if failed is not None else {})}
    at = does(initial(scenario()), fail_circuit=named)
    there = {p.neighbor for found in at.learned["vnet1-er-0"].values() for p in found}
    assert there == left
    assert ("10.1.0.0/16" in paths(at, "site1")) == bool(left)
    assert "10.102.0.0/16" in paths(at, "site1"), "the provider needs no circuit for it"


@pytest.mark.parametrize(
    ("edits", "neighbors"), [((VPN,), {"mpls-pe-0", "mpls-pe-1"}), ((VPN, NOT_PREFERRED), {"vnet1-gw-0"})]
)
def test_a_site_prefers_the_circuit_behind_the_provider_to_its_vpn(edits: Any, neighbors: set[str]) -> None:
    """R95; without the preference the shorter AS path wins."""
    at = initial(scenario(*edits))
    (found,) = (found for prefix, found in at.learned["site1"].items() if str(prefix) == "10.1.0.0/16")
    assert {path.neighbor for path in found} == neighbors


def test_each_router_of_the_provider_has_links_to_all_devices_and_to_its_edge_router() -> None:
    found = plan(scenario(TWO_DEVICES), "lab")
    for index in (0, 1):
        name = f"mpls-pe-{index}"
        ends = {
            other.node
            for link in found.links
            for one, other in ((link.a, link.b), (link.b, link.a))
            if one.node == name
        }
        assert ends == {"site1-a", "site1-b", "site2", f"c1-msee-{index}"}


LINKS = (
    "vnets: {VNet1: {}}}",
    "vnets: {VNet1: {}}, primary_peer_address_prefix: 172.16.9.0/30, secondary_peer_address_prefix: 172.16.9.4/30}",
)
AT_A_SITE = ("provider_network: MPLS, ", "site: Site1, ")


@pytest.mark.parametrize(
    ("edits", "ends"), [((LINKS,), ("mpls-pe-0", "mpls-pe-1")), ((LINKS, AT_A_SITE), ("site1",) * 2)]
)
def test_of_each_30_the_customers_router_has_the_first_address_and_microsofts_the_second(edits: Any, ends: Any) -> None:
    """R118: in the sessions of the model, in the neighbors of the lab, on its loopbacks, and as next hops."""
    at, found = initial(scenario(*edits)), plan(scenario(*edits), "lab")
    wanted = {
        ("c1-msee-0", ends[0]): ("172.16.9.2", "172.16.9.1"),
        ("c1-msee-1", ends[1]): ("172.16.9.6", "172.16.9.5"),
    }
    sessions = {(s.router.node, s.peer.node): (str(s.address), str(s.peer_address)) for s in at.bgp_sessions}
    for (msee, other), (near, far) in wanted.items():
        assert sessions[msee, other] == (near, far)
        assert sessions[other, msee] == (far, near)
        by_node = {(s.node, n.node): (n.local, n.address) for s in found.speakers for n in s.neighbors}
        assert by_node[msee, other] == (near, far)
        assert by_node[other, msee] == (far, near)
        assert f"{near}/32" in found.node(msee).loopback
        assert f"{far}/32" in found.node(other).loopback
        assert f"{far}/32" in {route.prefix for route in found.node(msee).routes}
        assert f"{near}/32" in {route.prefix for route in found.node(other).routes}


def test_gateways_peer_with_the_address_that_an_edge_router_has_inside() -> None:
    with_links = {
        n.address for s in plan(scenario(LINKS), "lab").speakers if s.node == "vnet1-er-0" for n in s.neighbors
    }
    assert with_links == {
        n.address for s in plan(scenario(), "lab").speakers if s.node == "vnet1-er-0" for n in s.neighbors
    }
