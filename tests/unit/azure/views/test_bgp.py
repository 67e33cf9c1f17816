"""BGP views row by row, as ``az network vnet-gateway list-*`` and ``az network express-route list-route-tables`` print.

The rows are those of public labs in erjosito/net-lab-builder: M-ARS1 is dual-hub-hubless-region-ars (show-output,
2026-08-03), M-ARS2 is dual-hub-interconnect-ars-route-policy (2026-08), M-MSEE is msee-hairpin-hns-vwan-ipv6 (2026-06),
and expressroute-megaport-bgp; reduced to what the scenario below has. What a lab's bgpd says is compared with the same
rows by `verify` (check "views").
"""

from __future__ import annotations

import pytest

from netlab.azure.moments import after, initial
from netlab.azure.state import State
from netlab.azure.views.bgp import Speaker, circuit_routes
from netlab.azure.views.predicted import Model
from netlab.results.shown import GatewayRoute
from netlab.scenario.loader import parse
from netlab.scenario.models import Action

# M-ARS1 without its second hub: hub1 with an NVA and a Route Server, on-premises as a VNet with a gateway.
LAB = """
name: t
vnets:
  hub1:
    address_space: [10.10.0.0/16]
    subnets: {nva: 10.10.1.0/24, GatewaySubnet: 10.10.0.0/27, RouteServerSubnet: 10.10.0.64/26}
    vms:
      nva1: {subnet: nva, enable_ip_forwarding: true, nva: {bgp: {asn: 65001, announces: [10.31.0.0/24]}}}
      nva2: {subnet: nva, enable_ip_forwarding: true, nva: {bgp: {asn: 65002, announces: [10.32.0.0/24]}}}
    vpn_gateway: {active_active: true, bgp: {asn: 65515}}
    route_server: {allow_branch_to_branch_traffic: true}
  hub1-spoke:
    address_space: [10.11.0.0/24]
    subnets: {default: 10.11.0.0/26}
  onprem:
    address_space: [10.40.0.0/16]
    subnets: {default: 10.40.1.0/24, GatewaySubnet: 10.40.0.0/27}
    vpn_gateway: {active_active: true, bgp: {asn: 65000}}
peerings:
  out: {vnet: hub1, remote_vnet: hub1-spoke, allow_gateway_transit: true}
  back: {vnet: hub1-spoke, remote_vnet: hub1, use_remote_gateways: true}
connections:
  hub1-onprem: {type: Vnet2Vnet, between: [hub1, onprem], enable_bgp: true}
"""

# M-MSEE and expressroute-megaport-bgp: a gateway with a spoke, on one circuit with a site.
CIRCUIT = """
name: t
vnets:
  hns:
    address_space: [10.100.0.0/16]
    subnets: {default: 10.100.0.0/24, GatewaySubnet: 10.100.255.0/27}
    expressroute_gateway: {}
  spoke: {address_space: [10.2.0.0/24], subnets: {default: 10.2.0.0/26}}
peerings:
  out: {vnet: hns, remote_vnet: spoke, allow_gateway_transit: true}
  back: {vnet: spoke, remote_vnet: hns, use_remote_gateways: true}
sites:
  Office: {address_prefixes: [10.50.1.0/24], bgp: {asn: 64999}, hosts: {h: 10.50.1.10}}
expressroute_circuits:
  madrid: {site: Office, vnets: {hns: {}}}
"""


def state(text: str = LAB) -> State:
    return initial(parse(text, "t").scenario)


def speaker(end: str, now: State | None = None) -> Speaker:
    now = now if now is not None else state()
    return Speaker(now, Model(now), end)


def learned(end: str, local: str, now: State | None = None) -> list[str]:
    """The learned routes of an instance as in a recorded row: network, next hop, source, origin, path, weight."""
    return [in_words(row) for row in speaker(end, now).learned_routes().rows if row.localAddress == local]


def in_words(row: GatewayRoute) -> str:
    return f"{row.network} {row.nextHop or '-'} {row.sourcePeer} {row.origin} {row.asPath or '-'} {row.weight}"


def peers(end: str, local: str, now: State | None = None) -> list[tuple[str, int, str, int]]:
    rows = speaker(end, now).bgp_peers().rows
    return [(r.neighbor, r.asn, r.state, r.routesReceived) for r in rows if r.localAddress == local]


# --- learned routes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("local", "other"), [("10.40.0.4", "10.40.0.5"), ("10.40.0.5", "10.40.0.4")])
def test_each_bgp_peers_host_route_is_network_here_and_ibgp_from_the_other_instance(local: str, other: str) -> None:
    """M-ARS1, deploy/vpngw-onprem-learned-routes.json, both instances; the other's own 10.40.0.0/16 is not listed."""
    assert learned("onprem", local) == [
        f"10.10.0.4/32 - {local} Network - 32768",
        f"10.10.0.5/32 - {local} Network - 32768",
        f"10.40.0.0/16 - {local} Network - 32768",
        "10.10.0.0/16 10.10.0.4 10.10.0.4 EBgp 65515 32768",
        "10.10.0.0/16 10.10.0.5 10.10.0.5 EBgp 65515 32768",
        f"10.10.0.0/16 {other} {other} IBgp 65515 32768",
        f"10.10.0.4/32 {other} {other} IBgp - 32768",
        f"10.10.0.5/32 {other} {other} IBgp - 32768",
        "10.11.0.0/24 10.10.0.4 10.10.0.4 EBgp 65515 32768",
        "10.11.0.0/24 10.10.0.5 10.10.0.5 EBgp 65515 32768",
        f"10.11.0.0/24 {other} {other} IBgp 65515 32768",
        "10.31.0.0/24 10.10.0.4 10.10.0.4 EBgp 65515-65001 32768",
        "10.31.0.0/24 10.10.0.5 10.10.0.5 EBgp 65515-65001 32768",
        f"10.31.0.0/24 {other} {other} IBgp 65515-65001 32768",
        "10.32.0.0/24 10.10.0.4 10.10.0.4 EBgp 65515-65002 32768",
        "10.32.0.0/24 10.10.0.5 10.10.0.5 EBgp 65515-65002 32768",
        f"10.32.0.0/24 {other} {other} IBgp 65515-65002 32768",
    ]


def test_the_weights_beside_a_route_server() -> None:
    """B63; M-ARS2, square-faults/normal/routes-vpngw-hub1.json: 0 from a Route Server, 32770 for the own VNet."""
    assert learned("hub1", "10.10.0.4") == [
        "10.10.0.0/16 - 10.10.0.4 Network - 32768",
        "10.11.0.0/24 - 10.10.0.4 Network - 32768",
        "10.40.0.4/32 - 10.10.0.4 Network - 32768",
        "10.40.0.5/32 - 10.10.0.4 Network - 32768",
        "10.31.0.0/24 10.10.1.4 10.10.0.68 IBgp 65001 0",
        "10.31.0.0/24 10.10.1.4 10.10.0.69 IBgp 65001 0",
        "10.32.0.0/24 10.10.1.5 10.10.0.68 IBgp 65002 0",
        "10.32.0.0/24 10.10.1.5 10.10.0.69 IBgp 65002 0",
        "10.40.0.0/16 10.10.0.5 10.10.0.5 IBgp 65000 32768",
        "10.40.0.0/16 10.40.0.4 10.40.0.4 EBgp 65000 32768",
        "10.40.0.0/16 10.40.0.5 10.40.0.5 EBgp 65000 32768",
        "10.40.0.4/32 10.10.0.5 10.10.0.5 IBgp - 32768",
        "10.40.0.5/32 10.10.0.5 10.10.0.5 IBgp - 32768",
        "10.10.0.0/16 10.10.0.68 10.10.0.68 Network - 32770",
        "10.11.0.0/24 10.10.0.68 10.10.0.68 Network - 0",
        "10.10.0.0/16 10.10.0.69 10.10.0.69 Network - 32770",
        "10.11.0.0/24 10.10.0.69 10.10.0.69 Network - 0",
    ]


def test_an_active_standby_gateway_has_the_host_routes_once() -> None:
    """B63, with one instance on duty: no row IBgp."""
    now = state(
        LAB.replace("vpn_gateway: {active_active: true, bgp: {asn: 65000}}", "vpn_gateway: {bgp: {asn: 65000}}")
    )
    found = [row for row in learned("onprem", "10.40.0.30", now) if "/32" in row]
    assert found == [f"10.10.0.{n}/32 - 10.40.0.30 Network - 32768" for n in (4, 5)]


def test_a_gateway_without_bgp_has_no_host_routes() -> None:
    now = state(LAB.replace(", enable_bgp: true", ""))
    assert learned("onprem", "10.40.0.4", now) == [
        "10.10.0.0/16 - 10.40.0.4 Network - 32768",
        "10.40.0.0/16 - 10.40.0.4 Network - 32768",
    ]


def test_a_longer_path_is_listed_too() -> None:
    """M-ARS1: 10.31.0.0/24 with `65515-65001` and, over the other hub, with the prepended path."""
    now = state(LAB.replace("announces: [10.32.0.0/24]", "announces: [10.31.0.0/24], as_path_prepend: 2"))
    assert [row for row in learned("hub1-rs-0", "10.10.0.68", now) if "10.31." in row] == [
        "10.31.0.0/24 10.10.1.4 10.10.1.4 EBgp 65001 32768",
        "10.31.0.0/24 10.10.1.5 10.10.1.5 EBgp 65002-65002-65002 32768",
    ]


def test_an_expressroute_gateway() -> None:
    """M-MSEE, final-bgp-evidence/01-hns-ergw-learned.json: VNet and spoke 32768, what a circuit tells 32769."""
    found = learned("hns-er", "10.100.255.13", state(CIRCUIT))
    one, other = (str(router.bgp_address) for router in state(CIRCUIT).network.circuits["madrid"].edge_routers)
    assert found == [
        "10.2.0.0/24 - 10.100.255.13 Network - 32768",
        "10.100.0.0/16 - 10.100.255.13 Network - 32768",
        f"10.50.1.0/24 {one} {one} EBgp 12076-64999 32769",
        f"10.50.1.0/24 {other} {other} EBgp 12076-64999 32769",
    ]


# --- peers ----------------------------------------------------------------------------------------------------------


def test_an_instance_lists_itself_as_unknown() -> None:
    """B44; M-ARS1, baseline-pre-delta3/03-vpngw-hub1-bgp-peers.json: 3 routes of the other instance are 2 /32 and 1."""
    assert sorted(peers("hub1", "10.10.0.5")) == [
        ("10.10.0.4", 65515, "Connected", 3),
        ("10.10.0.5", 65515, "Unknown", 0),
        ("10.10.0.68", 65515, "Connected", 2),
        ("10.10.0.69", 65515, "Connected", 2),
        ("10.40.0.4", 65000, "Connected", 1),
        ("10.40.0.5", 65000, "Connected", 1),
    ]


def test_host_routes_count_as_received_of_the_other_instance_only() -> None:
    """M-ARS1, 05-vpngw-onprem-bgp-peers.json: there 12, of 4 peers and 8 prefixes; here 2 and 4."""
    assert sorted(peers("onprem", "10.40.0.4")) == [
        ("10.10.0.4", 65515, "Connected", 4),
        ("10.10.0.5", 65515, "Connected", 4),
        ("10.40.0.4", 65000, "Unknown", 0),
        ("10.40.0.5", 65000, "Connected", 6),
    ]


def test_an_active_standby_gateway_does_not_list_itself() -> None:
    now = state(
        LAB.replace("vpn_gateway: {active_active: true, bgp: {asn: 65000}}", "vpn_gateway: {bgp: {asn: 65000}}")
    )
    assert {row[2] for row in peers("onprem", "10.40.0.30", now)} == {"Connected"}


def test_a_peer_that_is_gone_stays_in_the_list() -> None:
    """M-ARS2, square/e0/06-hub1-bgp-peers.json: Connecting, 0 routes."""
    now = after(state(), Action.model_validate({"fail_gateway": {"vnet": "onprem", "instance": 1}}))
    assert ("10.40.0.5", 65000, "Connecting", 0) in peers("hub1", "10.10.0.4", now)
    assert ("10.40.0.4", 65000, "Connected", 1) in peers("hub1", "10.10.0.4", now)


# --- advertised routes ----------------------------------------------------------------------------------------------


def advertised(end: str, peer: str, local: str) -> list[str]:
    rows = [row for row in speaker(end).advertised_routes(peer).rows if row.localAddress == local]
    assert {(row.origin, row.weight, row.sourcePeer) for row in rows} <= {("Igp", 0, None)}
    return [f"{row.network} {row.nextHop} {row.asPath}" for row in rows]


@pytest.mark.parametrize("local", ["10.10.0.68", "10.10.0.69"])
@pytest.mark.parametrize(("peer", "others"), [("10.10.1.4", "10.32.0.0/24 10.10.1.5 65515-65002"), ("10.10.1.5", "")])
def test_a_route_server_advertises_gateway_routes_with_its_own_address(local: str, peer: str, others: str) -> None:
    """M-ARS2, square-faults/normal/ars-hub1-advertised.json; another NVA's route keeps that NVA as next hop (A14)."""
    others = others or "10.31.0.0/24 10.10.1.4 65515-65001"
    assert advertised("hub1-rs-0" if local.endswith("68") else "hub1-rs-1", peer, local) == [
        f"10.10.0.0/16 {local} 65515",
        f"10.11.0.0/24 {local} 65515",
        others,
        f"10.40.0.0/16 {local} 65515-65000",
    ]


def test_a_gateway_lists_nothing_that_came_from_the_peers_gateway() -> None:
    """M-ARS1: onprem receives 10.10/16, 10.11/24 and the NVAs' prefixes of hub1; 10.40.0.0/16 and /32s are not sent."""
    assert advertised("hub1", "10.40.0.4", "10.10.0.4") == [
        "10.10.0.0/16 10.10.0.4 65515",
        "10.11.0.0/24 10.10.0.4 65515",
        "10.31.0.0/24 10.10.0.4 65515-65001",
        "10.32.0.0/24 10.10.0.4 65515-65002",
    ]


def test_the_other_instance_is_sent_the_host_routes() -> None:
    assert advertised("onprem", "10.40.0.5", "10.40.0.4")[:3] == [
        "10.10.0.0/16 10.40.0.4 65515",
        "10.10.0.4/32 10.40.0.4 ",
        "10.10.0.5/32 10.40.0.4 ",
    ]


# --- circuits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [0, 1])
def test_a_circuits_edge_router_shows_65515_for_what_is_the_vnets(path: int) -> None:
    """expressroute-megaport-bgp, 04-er-route-table-primary.txt; vwan-dual-er-symmetric, 03-er1-primary-*.json."""
    now = state(CIRCUIT)
    rows = circuit_routes(now, Model(now), now.network.circuits["madrid"].edge_routers[path]).rows
    assert [(r.locPrf, r.network, r.nextHop, r.path, r.weight) for r in rows] == [
        ("100", "10.2.0.0/24", "10.100.255.12*", "65515 I", 0),
        ("100", "10.2.0.0/24", "10.100.255.13", "65515 I", 0),
        ("100", "10.50.1.0/24", "10.50.1.254", "64999 I", 0),
        ("100", "10.100.0.0/16", "10.100.255.12*", "65515 I", 0),
        ("100", "10.100.0.0/16", "10.100.255.13", "65515 I", 0),
    ]


def test_a_circuit_that_is_lost_shows_nothing() -> None:
    now = after(state(CIRCUIT), Action.model_validate({"fail_circuit": {"circuit": "madrid"}}))
    for path in (0, 1):
        assert not [
            r
            for r in circuit_routes(now, Model(now), now.network.circuits["madrid"].edge_routers[path]).rows
            if "64999" in r.path
        ]


# --- Route Servers --------------------------------------------------------------------------------------------------


def test_a_route_server_lists_what_appliances_advertise_by_its_instances() -> None:
    """M-ARS1, baseline-pre-delta3/06-ars-hub1-peer-nva1-learned.json; routes of the gateway are not in it."""
    server = speaker("hub1-rs")
    found = server.by_role(server.learned_routes().rows)
    assert {role: list(map(in_words, rows)) for role, rows in found.items()} == {
        f"RouteServiceRole_IN_{place}": [
            "10.31.0.0/24 10.10.1.4 10.10.1.4 EBgp 65001 32768",
            "10.32.0.0/24 10.10.1.5 10.10.1.5 EBgp 65002 32768",
        ]
        for place in (0, 1)
    }


def test_what_a_route_server_advertises_is_listed_by_its_instances() -> None:
    """M-ARS2, square-faults/normal/ars-hub1-advertised.json."""
    server = speaker("hub1-rs")
    found = server.by_role(server.advertised_routes("10.10.1.4").rows)
    for role, local in (("RouteServiceRole_IN_0", "10.10.0.68"), ("RouteServiceRole_IN_1", "10.10.0.69")):
        assert [(row.network, row.nextHop, row.asPath) for row in found[role]][::3] == [
            ("10.10.0.0/16", local, "65515"),
            ("10.40.0.0/16", local, "65515-65000"),
        ]
    assert not speaker("hub1-rs-0").is_route_server


# --- APIPA: configure-bgp.md (2026-08-27) and M-ARS1's peer status, which has the gateway's own address (B39) -------

APIPA = """
name: t
vnets:
  hub:
    address_space: [10.10.0.0/16]
    subnets: {GatewaySubnet: 10.10.0.0/27}
    vpn_gateway:
      active_active: true
      bgp: {asn: 65010, bgp_peering_addresses: [169.254.21.2, 169.254.21.6, 169.254.22.2, 169.254.22.6]}
sites:
  One: {address_prefixes: [10.50.0.0/16], bgp: {asn: 64999, bgp_peering_address: 169.254.22.1}}
local_network_gateways:
  one: {site: One, bgp: {asn: 64999, bgp_peering_address: 169.254.22.1}}
connections:
  hub-One: {type: IPsec, between: [hub, One], enable_bgp: true, local_network_gateways: {hub: one}NAMED}
"""


@pytest.mark.parametrize(
    ("named", "state_0", "reason_0"),
    [
        (", custom_bgp_addresses: [169.254.22.2, 169.254.21.6]", "Connected", None),
        ("", "Connecting", "hub-gw-0 peers from 169.254.21.2, and one expects 169.254.22.2 (B37)"),
    ],
)
def test_an_apipa_peer_has_the_gateways_own_address_as_local_address(
    named: str, state_0: str, reason_0: str | None
) -> None:
    rows = speaker("hub", state(APIPA.replace("NAMED", named))).bgp_peers().rows
    found = [(r.localAddress, r.state, r.reason) for r in rows if r.neighbor == "169.254.22.1"]
    assert found == [
        ("10.10.0.4", state_0, reason_0),
        ("10.10.0.5", "Connecting", "one has no BGP address in this tunnel (B43)"),
    ]
