"""Microsoft's backbone beside the Internet: which public addresses are at which, and what leads where (R80)."""

from __future__ import annotations

from collections import defaultdict

from plans import planned

from netlab.plan.model import AzureTraffic, Plan
from netlab.plan.planner import plan
from netlab.scenario.loader import parse

TWO_REGIONS = """
name: two
vnets:
  A: {region: "West Europe", address_space: [10.1.0.0/16],
      subnets: {d: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}, vpn_gateway: {public_ip_address: 203.0.113.1}}
  B: {region: westeurope, address_space: [10.2.0.0/16],
      subnets: {d: 10.2.0.0/24}, vms: {b: {subnet: d, public_ip_address: 203.0.113.2}}}
  C: {region: eastus, address_space: [10.3.0.0/16],
      subnets: {d: 10.3.0.0/24, GatewaySubnet: 10.3.255.0/27}, vpn_gateway: {public_ip_address: 203.0.113.3}}
sites:
  S: {address_prefixes: [10.101.0.0/16], public_ip_address: 198.51.100.9}
connections:
  A-C: {type: Vnet2Vnet, between: [A, C]}
  A-S: {type: IPsec, between: [A, S]}
"""


def neighbours(found: Plan) -> dict[str, set[str]]:
    """The nodes that have links with the nodes of the underlay."""
    carriers = {node.name for node in found.nodes if node.kind in ("internet", "backbone")}
    beside: dict[str, set[str]] = defaultdict(set)
    for link in found.links:
        for near, far in ((link.a, link.b), (link.b, link.a)):
            if near.node in carriers:
                beside[near.node].add(far.node)
    return beside


def leads(found: Plan, node: str) -> dict[str, str]:
    """The next node of each route of a node, or the type of the route."""
    ends = {(near.node, near.name): far.node for k in found.links for near, far in ((k.a, k.b), (k.b, k.a))}
    routes = sorted(found.node(node).routes, key=lambda route: -route.metric)
    return {r.prefix: ends[node, r.device] if r.type == "unicast" else r.type for r in routes}


def test_public_addresses_of_azure_are_at_the_backbone_of_their_region() -> None:
    found = plan(parse(TWO_REGIONS, "two.yaml").scenario, "lab", "userspace")
    assert neighbours(found) == {
        "internet": {"backbone-westeurope", "backbone-eastus", "s-edge"},
        "backbone-westeurope": {"internet", "backbone-eastus", "a", "b", "a-gw-0-edge", "a-gw-1-edge"},
        "backbone-eastus": {"internet", "backbone-westeurope", "c", "c-gw-0-edge", "c-gw-1-edge"},
    }


def test_addresses_of_azure_reach_each_other_without_the_internet() -> None:
    found = plan(parse(TWO_REGIONS, "two.yaml").scenario, "lab", "userspace")
    west, east, internet = (leads(found, node) for node in ("backbone-westeurope", "backbone-eastus", "internet"))
    own = {"203.0.113.1/32": "a-gw-0-edge", "203.0.113.2/32": "b", "203.0.113.3/32": "backbone-eastus"}
    assert own.items() <= west.items()
    assert {"203.0.113.1/32": "backbone-westeurope", "203.0.113.3/32": "c-gw-0-edge"}.items() <= east.items()
    assert "198.51.100.9/32" not in west.keys() | east.keys()
    assert west["0.0.0.0/0"] == east["0.0.0.0/0"] == "internet"
    assert {
        "198.51.100.9/32": "s-edge",
        "203.0.113.1/32": "backbone-westeurope",
        "203.0.113.3/32": "backbone-eastus",
    }.items() <= internet.items()
    assert "0.0.0.0/0" not in internet


def test_what_has_lost_its_link_is_unreachable_and_not_on_the_internet() -> None:
    """Without the second route, a cut link of a gateway would send packets for it to the Internet and back for ever."""
    found = plan(parse(TWO_REGIONS, "two.yaml").scenario, "lab", "userspace")
    for node in ("backbone-westeurope", "backbone-eastus"):
        barred = {route.prefix for route in found.node(node).routes if route.type == "unreachable"}
        assert {"203.0.113.1/32", "203.0.113.2/32", "203.0.113.3/32"} <= barred


def test_a_network_without_regions_has_one_backbone() -> None:
    assert [node.name for node in planned().nodes if node.kind == "backbone"] == ["backbone"]


def test_every_carrier_counts_what_is_between_addresses_of_azure() -> None:
    for name in ("p2s-branch-bgp", "vnet-to-vnet-backbone", "s2s-active-active"):
        carriers = [node for node in planned(name).nodes if node.kind in ("internet", "backbone")]
        witnesses = [item for node in carriers for item in node.nftables if isinstance(item, AzureTraffic)]
        assert len(witnesses) == len(carriers) > 1
        assert len({item.addresses for item in witnesses}) == 1


DELAYS = """
region_delays: {westeurope: {East US: 40ms}}
peerings:
  B-C: {vnet: B, remote_vnet: C}
  C-B: {vnet: C, remote_vnet: B}
  A-B: {vnet: A, remote_vnet: B}
  B-A: {vnet: B, remote_vnet: A}
"""


def test_what_is_between_two_regions_takes_its_time() -> None:
    """Of tunnels and public addresses on the backbone, of peerings between the fabrics; not inside of a region."""
    text = TWO_REGIONS.replace("connections:", f"{DELAYS}connections:")
    found = plan(parse(text, "two.yaml").scenario, "lab", "userspace")
    slow = {uplink.name: uplink for uplink in found.uplinks if uplink.impaired}
    assert {name: (u.near.node, u.far.node, u.delay) for name, u in slow.items()} == {
        "eastus/westeurope": ("backbone-eastus", "backbone-westeurope", 40),
        "B/C": ("b", "c", 40),
    }
    assert not any(uplink.impaired for uplink in plan(parse(TWO_REGIONS, "two.yaml").scenario, "lab").uplinks)
