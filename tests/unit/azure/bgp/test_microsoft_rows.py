"""Microsoft peerings of circuits (R121 to R125): what Microsoft advertises and accepts, and what a site keeps."""

from __future__ import annotations

from typing import Any

import pytest

from netlab.azure.bgp.policy import why_exceeded
from netlab.azure.moments import after, initial
from netlab.azure.state import State
from netlab.azure.views.bgp import circuit_routes
from netlab.azure.views.predicted import Model
from netlab.scenario.loader import parse
from netlab.scenario.models import Action, Scenario

TEXT = """
name: microsoft-peering
vnets:
  VNet1:
    region: West Europe
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {db: {subnet: default, public_ip_address: 203.0.113.21}}
  VNet2:
    region: eastus
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24}
    vms: {far: {subnet: default, public_ip_address: 203.0.113.22}}
sites:
  Site1:
    address_prefixes: [10.101.0.0/16]
    bgp: {asn: 65101}
    hosts: {h1: 10.101.0.10}
route_filters:
  europe: {communities: ["12076:51002"]}
  america: {communities: ["12076:51004"]}
  both: {communities: ["12076:51002", "12076:51004"]}
  exchange: {communities: ["12076:5010"]}
expressroute_circuits:
  c1:
    site: Site1
    microsoft_peering:
      primary_peer_address_prefix: 198.51.100.80/30
      secondary_peer_address_prefix: 198.51.100.84/30
      advertised_public_prefixes: [198.51.100.64/28, 198.51.100.96/28]
      route_filter: europe
"""
DB, FAR = "203.0.113.21/32", "203.0.113.22/32"
PUBLIC = {"198.51.100.64/28", "198.51.100.96/28"}
GATEWAY = ("vms: {db:", "vpn_gateway: {bgp: {asn: 65010}, public_ip_address: 203.0.113.30}\n    vms: {db:")
VPN = ("route_filters:", "connections: {V: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}}\nroute_filters:")
PRIVATE = (
    "expressroute_circuits:\n  c1:\n    site: Site1\n",
    "expressroute_circuits:\n  c1:\n    site: Site1\n    vnets: {VNet1: {}}\n",
)
ER_GATEWAY = ("vms: {db:", "expressroute_gateway: {}\n    vms: {db:")


def scenario(*edits: tuple[str, str]) -> Scenario:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now, 1)
    return parse(text, "microsoft-peering.yaml").scenario


def filtered(name: str | None) -> tuple[str, str]:
    return ("      route_filter: europe\n", f"      route_filter: {name}\n" if name is not None else "")


def paths(at: State, router: str) -> dict[str, set[str]]:
    learned = at.learned.get(router, {}).items()
    return {str(prefix): {" ".join(map(str, p.as_path)) for p in found} for prefix, found in learned}


@pytest.mark.parametrize(
    ("name", "machines"),
    [(None, set()), ("europe", {DB}), ("america", {FAR}), ("both", {DB, FAR}), ("exchange", set())],
)
def test_a_route_filter_decides_what_microsoft_advertises(name: str | None, machines: set[str]) -> None:
    """R122: the public addresses of the regions with its communities, none without one."""
    at = initial(scenario(filtered(name)))
    learned = paths(at, "site1")
    assert machines == learned.keys() & {DB, FAR}
    assert bool(learned) == bool(machines)
    assert all(path == {"12076"} for path in learned.values()), "private ASNs never stand in the path (R121)"


def test_public_addresses_of_a_gateway_and_ways_out_are_advertised_too() -> None:
    """ERFAQ22: public addresses of machines, of VPN gateways, of whatever Azure has in the region."""
    at = initial(scenario(GATEWAY))
    egress = f"{at.network.public.egress['VNet1']}/32"
    assert set(paths(at, "site1")) == {DB, "203.0.113.30/32", egress}


def test_no_prefix_of_a_vnet_is_advertised_over_a_microsoft_peering() -> None:
    """U27: it never carries private prefixes; the private peering beside it does."""
    assert not {p for p in paths(initial(scenario()), "site1") if p.startswith("10.")}
    both = initial(scenario(ER_GATEWAY, PRIVATE))
    assert {p for p in paths(both, "site1") if p.startswith("10.")} == {"10.1.0.0/16"}
    assert {p.neighbor for found in both.learned["site1"].values() for p in found} == {
        "c1-msee-0",
        "c1-msee-1",
        "c1-microsoft-0",
        "c1-microsoft-1",
    }


@pytest.mark.parametrize(
    "edits",
    [
        (),
        (("hosts: {h1: 10.101.0.10}", "announces: [0.0.0.0/0, 10.0.0.0/8]"),),
        (("hosts: {h1: 10.101.0.10}", "announces: [198.51.100.64/29, 192.0.2.0/26]"),),
    ],
    ids=["its own", "default route and a private one", "part of one and another public one"],
)
def test_microsoft_accepts_the_advertised_public_prefixes_and_no_others(edits: Any) -> None:
    """R123, R125: exactly those, whatever else the site advertises."""
    at = initial(scenario(*edits))
    for router in ("c1-microsoft-0", "c1-microsoft-1", "backbone-westeurope", "backbone-eastus"):
        of_customer = {p for p, found in paths(at, router).items() if found == {"65101"}}
        assert of_customer == PUBLIC, router


def test_a_site_keeps_the_prefixes_of_its_microsoft_peering_from_its_vpn() -> None:
    at = initial(scenario(GATEWAY, VPN))
    assert set(paths(at, "vnet1-gw-0")) == {"10.101.0.0/16"}
    assert DB in paths(at, "site1")


def test_a_site_keeps_them_from_its_private_peering() -> None:
    at = initial(scenario(ER_GATEWAY, PRIVATE))
    assert (
        set(paths(at, "vnet1-er-0"))
        == {"10.101.0.0/16"}
        == {p for p, found in paths(at, "c1-msee-0").items() if found == {"65101"}}
    )


@pytest.mark.parametrize(
    ("failed", "left"),
    [("primary", {"c1-microsoft-1"}), ("secondary", {"c1-microsoft-0"}), (None, set())],
)
def test_a_lost_link_of_the_circuit_carries_none_of_its_peerings(failed: str | None, left: set[str]) -> None:
    named = {"circuit": "c1", **({"link": failed} if failed is not None else {})}
    at = after(initial(scenario()), Action.model_validate({"fail_circuit": named}))
    assert {p.neighbor for found in at.learned["site1"].values() for p in found} == left
    towards = at.learned["backbone-eastus"]
    assert {p.neighbor for prefix, found in towards.items() if str(prefix) in PUBLIC for p in found} == left


@pytest.mark.parametrize(("count", "closed"), [(199, False), (200, False), (201, True)])
def test_a_microsoft_peering_takes_two_hundred_prefixes(count: int, closed: bool) -> None:
    """R125; the session is dropped with one more."""
    many = ", ".join(f"203.0.112.{number}/32" for number in range(count))
    at = initial(scenario(("[198.51.100.64/28, 198.51.100.96/28]", f"[{many}]")))
    assert bool(at.learned.get("site1")) != closed
    assert len(paths(at, "backbone-westeurope")) == (0 if closed else count)


@pytest.mark.parametrize("ends", [("c1-microsoft-0", "site1"), ("site1", "c1-microsoft-1")])
def test_both_ends_of_a_session_with_too_many_prefixes_say_why(ends: tuple[str, str]) -> None:
    speakers = initial(scenario()).topology.speakers
    assert (
        why_exceeded(*(speakers[node] for node in ends))
        == "the Microsoft peering takes no more than 200 prefixes (R125)"
    )


@pytest.mark.parametrize("name", ["europe", "exchange", None])
def test_the_routes_of_an_edge_router_are_those_of_its_peering(name: str | None) -> None:
    """As `az network express-route list-route-tables --peering-name MicrosoftPeering`: with or without a route filter
    the edge router itself has Azure's routes and the customer's."""
    now = initial(scenario(filtered(name)))
    circuit = now.network.circuits["c1"]
    assert not circuit.edges["AzurePrivatePeering"]
    for router in circuit.edges["MicrosoftPeering"]:
        rows = {row.network: row.path for row in circuit_routes(now, Model(now), router).rows}
        assert set(rows) > PUBLIC
        assert {DB, FAR} < set(rows)
        assert {rows[prefix] for prefix in PUBLIC} == {"65101 I"}
