"""GatewaySubnet's own routes: what a gateway has no tunnel for (B49, B50, P20, P21), and propagation off there (R5)."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from netlab.azure.dataplane.packets import Packet
from netlab.azure.dataplane.plane import Plane
from netlab.azure.dataplane.walk import Walk
from netlab.azure.explanation import explain
from netlab.azure.moments import initial
from netlab.azure.prediction import endpoint_addresses, matrix
from netlab.azure.state import State
from netlab.plan import steering
from netlab.plan.model import Rule
from netlab.plan.planner import plan
from netlab.results.drops import Cause, DropType, cause
from netlab.scenario.loader import parse

TEXT = """
name: gateway-subnet
route_tables:
  inbound:
    routes:
      lab: {address_prefix: 10.44.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.7.1.4}
      far: {address_prefix: 10.45.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.8.0.4}
      web: {address_prefix: 198.18.0.0/15, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.7.1.4}
      out: {address_prefix: 8.8.0.0/16, next_hop_type: Internet}
      gone: {address_prefix: 10.46.0.0/16, next_hop_type: None}
      back: {address_prefix: 10.47.0.0/16, next_hop_type: VirtualNetworkGateway}
      ring: {address_prefix: 10.48.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.7.1.4}
  home:
    routes:
      hq: {address_prefix: 10.101.0.0/16, next_hop_type: VirtualNetworkGateway}
      ring: {address_prefix: 10.48.0.0/16, next_hop_type: VirtualNetworkGateway}
  lost:
    routes:
      none: {address_prefix: 10.49.0.0/16, next_hop_type: VirtualNetworkGateway}
vnets:
  Hub:
    address_space: [10.7.0.0/16]
    subnets:
      app: {address_prefix: 10.7.0.0/24, route_table: lost}
      fw: {address_prefix: 10.7.1.0/24, route_table: home}
      GatewaySubnet: {address_prefix: 10.7.255.0/27, route_table: inbound}
    vms:
      app: {subnet: app}
      fw: {subnet: fw, enable_ip_forwarding: true, nva: {}, public_ip_address: 203.0.113.77}
    vpn_gateway:
      sku: VpnGw2AZ
      point_to_site: {address_pool: 172.20.0.0/24, custom_routes: [0.0.0.0/1, 128.0.0.0/1]}
  Side:
    address_space: [10.8.0.0/16]
    subnets: {fw: 10.8.0.0/24}
    vms: {fw: {subnet: fw, enable_ip_forwarding: true, nva: {}}, w: {subnet: fw}}
  Other:
    address_space: [10.9.0.0/16]
    subnets: {app: 10.9.0.0/24, GatewaySubnet: 10.9.255.0/27}
    vms: {app: {subnet: app}}
    vpn_gateway: {sku: VpnGw2AZ}
peerings:
  hub-side: {vnet: Hub, remote_vnet: Side, allow_forwarded_traffic: true}
  side-hub: {vnet: Side, remote_vnet: Hub, allow_forwarded_traffic: true}
sites:
  HQ: {address_prefixes: [10.101.0.0/16], hosts: {h: 10.101.0.10}, static_routes: {hq: [0.0.0.0/0]}}
  Lab: {address_prefixes: [10.44.0.0/16], hosts: {h: 10.44.9.10}, static_routes: {lab: [10.101.0.0/16, 172.20.0.0/24]}}
connections:
  hq: {type: IPsec, between: [Hub, HQ]}
  lab: {type: IPsec, between: [Hub-fw, Lab]}
  other: {type: Vnet2Vnet, between: [Hub, Other]}
clients:
  lin: {os: linux, gateway: Hub}
"""
CLIENT, SITE, PEER = "172.20.0.2", "10.101.0.10", "10.9.0.4"
BEHIND_HUB = """local_network_gateways: {Other: behind-hub}}
local_network_gateways:
  behind-hub: {vnet: Hub, address_prefixes: [10.7.0.0/16, 10.44.0.0/16]}"""
DEFAULT_SITE = (
    ("      sku: VpnGw2AZ\n", "      sku: VpnGw2AZ\n      default_site: HQ\n"),
    (
        "  home:\n    routes:\n",
        "  home:\n    routes:\n      out: {address_prefix: 0.0.0.0/0, next_hop_type: Internet}\n",
    ),
)
OUT_OF_A_TUNNEL = [("lin", CLIENT), ("hq-h", SITE)]


def state(*edits: tuple[str, str]) -> State:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now)
    return initial(parse(text, "gateway-subnet.yaml").scenario)


def walk(at: State, start: str, source: str, destination: str) -> Walk:
    packet = Packet(IPv4Address(source), IPv4Address(destination))
    (found,) = Plane(at, endpoint_addresses(at)).walks(start, packet)
    return found


def end(at: State, start: str, source: str, destination: str) -> tuple[str, Cause | None]:
    found = walk(at, start, source, destination)
    return found.dropped_at, found.cause


def cell(at: State, source: str, target: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    found = next(item for item in matrix(at) if (item.source, item.target) == (source, target))
    return found.outcome, found.forward[0].nodes, found.reverse[0].nodes if found.reverse else ()


# --- out of a tunnel ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "source"), OUT_OF_A_TUNNEL)
@pytest.mark.parametrize(
    ("destination", "way"),
    [
        ("10.44.9.10", ("hub-gw-0", "hub", "hub-fw", "lab", "lab-h")),
        # The appliance has no route of its own: it sends to its fabric, whose None route drops. The way there counts.
        ("10.45.0.1", ("hub-gw-0", "hub", "side", "side-fw", "side")),
    ],
)
def test_a_user_route_of_gateway_subnet_leads_to_the_appliance(
    start: str, source: str, destination: str, way: tuple[str, ...]
) -> None:
    nodes = walk(state(), start, source, destination).nodes
    assert nodes[nodes.index("hub-gw-0") :] == way


def test_a_client_and_a_site_talk_to_what_is_behind_the_appliance() -> None:
    at = state()
    tunnel = ("hub-gw-0", "hub", "hub-fw", "lab", "lab-h")
    assert cell(at, "lin", "lab-h") == ("reachable", ("lin", *tunnel), (*reversed(tunnel), "lin"))
    assert cell(at, "hq-h", "lab-h") == ("reachable", ("hq-h", "hq", *tunnel), (*reversed(tunnel), "hq", "hq-h"))


def test_what_comes_out_of_a_tunnel_between_vnets_goes_the_same_way() -> None:
    """Static routes of the local network gateway bring it into the tunnel."""
    at = state(
        (
            "other: {type: Vnet2Vnet, between: [Hub, Other]}",
            "other: {type: IPsec, between: [Hub, Other], " + BEHIND_HUB,
        ),
    )
    found = walk(at, "other-app", PEER, "10.44.9.10")
    assert found.nodes == ("other-app", "other", "other-gw-0", "hub-gw-0", "hub", "hub-fw", "lab", "lab-h")


@pytest.mark.parametrize(("start", "source"), OUT_OF_A_TUNNEL)
@pytest.mark.parametrize(
    ("destination", "why"),
    [
        ("10.200.0.1", cause(DropType.NONE_ROUTE, source="system", prefix="10.0.0.0/8", destination="10.200.0.1")),
        (
            "192.168.9.9",
            cause(DropType.NONE_ROUTE, source="system", prefix="192.168.0.0/16", destination="192.168.9.9"),
        ),
        ("10.46.0.1", cause(DropType.NONE_ROUTE, source="user", prefix="10.46.0.0/16", destination="10.46.0.1")),
        ("192.0.2.1", cause(DropType.NOT_FROM_A_NIC, vnet="Hub", destination="192.0.2.1")),
        ("8.8.8.8", cause(DropType.NOT_FROM_A_NIC, vnet="Hub", destination="8.8.8.8")),
        ("10.7.0.99", cause(DropType.NO_NIC, destination="10.7.0.99")),
    ],
)
def test_what_no_user_route_takes_ends_in_the_vnet(start: str, source: str, destination: str, why: Cause) -> None:
    assert end(state(), start, source, destination) == ("hub", why)


def test_a_spoke_without_gateway_transit_gets_the_request_and_drops_its_answer() -> None:
    """GatewaySubnet has the peering's route; the spoke has none to the site."""
    at = state()
    assert cell(at, "hq-h", "side-w")[1:] == (
        ("hq-h", "hq", "hub-gw-0", "hub", "side", "side-w"),
        ("side-w", "side"),
    )
    assert end(at, "side-w", "10.8.0.5", SITE)[1] == cause(
        DropType.NONE_ROUTE, source="system", prefix="10.0.0.0/8", destination=SITE
    )


def test_a_summary_on_gateway_subnet_loses_to_the_peering() -> None:
    at = state(("far: {address_prefix: 10.45.0.0/16,", "far: {address_prefix: 10.8.0.0/15,"))
    assert walk(at, "hq-h", SITE, "10.8.0.5").nodes[-3:] == ("hub", "side", "side-w")


# --- out of the VNet ------------------------------------------------------------------------------------------------


def test_what_the_vnet_hands_over_and_no_tunnel_takes_dies_at_the_gateway() -> None:
    """B50: a machine's user route, GatewaySubnet's own one, and one behind an appliance that GatewaySubnet leads to."""
    at = state()
    none = ("hub-gw-0", cause(DropType.NO_ROUTE, destination="10.49.0.1"))
    assert end(at, "hub-app", "10.7.0.4", "10.49.0.1") == none
    turned = walk(at, "hq-h", SITE, "10.47.0.1")
    assert turned.nodes == ("hq-h", "hq", "hub-gw-0", "hub", "hub-gw-0")
    assert turned.cause == cause(DropType.NO_ROUTE, destination="10.47.0.1")
    ring = walk(at, "hq-h", SITE, "10.48.0.1")
    assert ring.nodes == ("hq-h", "hq", "hub-gw-0", "hub", "hub-fw", "hub", "hub-gw-0")
    assert ring.cause == cause(DropType.NO_ROUTE, destination="10.48.0.1")


def test_a_default_site_takes_what_comes_out_of_the_other_tunnels() -> None:
    at = state(
        *DEFAULT_SITE,
        ("{hq: [0.0.0.0/0]}", "{hq: [10.7.0.0/16, 172.20.0.0/24]}"),
    )
    found = walk(at, "lin", CLIENT, "192.0.2.1")
    assert found.nodes == ("lin", "hub-gw-0", "hq", "hq-edge", "internet")


# --- explained, and planned -----------------------------------------------------------------------------------------


def test_explain_gives_gateway_subnet_the_route_to_the_appliance() -> None:
    at = state(("      lab: {address_prefix: 10.44.0.0/16,", "      lab: {address_prefix: 10.43.0.0/16,"))
    addresses = endpoint_addresses(at)
    found = next(item for item in matrix(at) if (item.source, item.target) == ("lin", "lab-h"))
    assert explain(at, found, addresses).mend[0].sentence == (
        "give subnet GatewaySubnet of Hub a user route for 10.44.0.0/16 to VirtualAppliance 10.7.1.4, the VPN server "
        "hub-fw (R90)"
    )


def test_only_what_comes_out_of_tunnels_asks_the_last_table() -> None:
    """At both instances: the one on standby gets its tunnels when it takes over."""
    found = plan(state().scenario, "t")
    for name in ("hub-gw-0", "hub-gw-1"):
        rules = [rule for rule in found.node(name).rules if rule.priority > 32767]
        assert rules == [Rule(33000, 78, iif=port) for port in ("t-hq", "t-other", "p2s")]
        (last,) = (route for route in found.node(name).routes if route.table == 78)
        assert (last.prefix, last.device, last.via) == ("0.0.0.0/0", "eth0", "10.7.255.1")


def test_a_default_sites_route_is_there_beside_the_last_table() -> None:
    at = state(*DEFAULT_SITE)
    found = plan(at.scenario, "t")
    routes = {route.prefix: route.device for route in steering.routes(found, "hub-gw-0", steering.everything_up(found))}
    assert routes["0.0.0.0/0"] == "t-hq"


# --- propagation off ------------------------------------------------------------------------------------------------

COEXIST = """
name: propagation
route_tables:
  quiet: {disable_bgp_route_propagation: true}
vnets:
  Hub:
    address_space: [10.7.0.0/16]
    subnets:
      fw: 10.7.1.0/24
      GatewaySubnet: {address_prefix: 10.7.254.0/26, route_table: quiet}
      RouteServerSubnet: 10.7.255.0/26
    vms: {fw: {subnet: fw, enable_ip_forwarding: true, nva: {bgp: {asn: 65001, announces: [10.60.0.0/16]}}}}
    expressroute_gateway: {}
    vpn_gateway: {active_active: true, bgp: {asn: 65515}}
    route_server: {allow_branch_to_branch_traffic: true}
sites:
  HQ: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h: 10.101.0.10}}
  Line: {address_prefixes: [10.102.0.0/16], bgp: {asn: 65102}, hosts: {h: 10.102.0.10}}
connections:
  hq: {type: IPsec, between: [Hub, HQ], enable_bgp: true}
expressroute_circuits:
  c1: {site: Line, vnets: {Hub: {}}}
"""


def drops(text: str, source: str, destination: str, start: str = "hq-h") -> set[tuple[str, str]]:
    at = initial(parse(text, "propagation.yaml").scenario)
    packet = Packet(IPv4Address(source), IPv4Address(destination))
    found = Plane(at, endpoint_addresses(at)).walks(start, packet)
    return {(walk.dropped_at, walk.cause["prefix"] if walk.cause is not None else "") for walk in found}


@pytest.mark.parametrize(
    ("start", "source", "destination"),
    [("hq-h", SITE, "10.102.0.10"), ("hq-h", SITE, "10.60.0.1"), ("line-h", "10.102.0.10", "10.60.0.1")],
)
def test_without_propagation_gateway_subnet_has_no_learned_route(start: str, source: str, destination: str) -> None:
    """The other gateway's, and the appliance's by the Route Server."""
    assert drops(COEXIST, source, destination, start) == {("hub", "10.0.0.0/8")}


def test_with_propagation_gateway_subnet_has_them() -> None:
    loud = COEXIST.replace("disable_bgp_route_propagation: true", "disable_bgp_route_propagation: false")
    assert drops(loud, SITE, "10.102.0.10") == {("", "")}
    at = initial(parse(loud, "propagation.yaml").scenario)
    packet = Packet(IPv4Address(SITE), IPv4Address("10.60.0.1"))
    assert all("hub-fw" in found.nodes for found in Plane(at, endpoint_addresses(at)).walks("hq-h", packet))


def test_the_plan_keeps_learned_routes_out_of_gateway_subnet_without_propagation() -> None:
    for text, propagates in ((COEXIST, False), (COEXIST.replace("propagation: true", "propagation: false"), True)):
        found = plan(parse(text, "propagation.yaml").scenario, "t")
        tables = [table for fabric in found.fabrics for table in fabric.tables if table.subnet == "GatewaySubnet"]
        assert tables
        assert {table.propagates for table in tables} == {propagates}
