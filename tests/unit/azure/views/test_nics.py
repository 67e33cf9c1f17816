"""Effective routes row by row, as ``az network nic show-effective-route-table`` printed them.

The tables are those of public labs in erjosito/net-lab-builder: M-ARS1 is dual-hub-hubless-region-ars
(show-output/baseline-pre-delta3, 2026-08-03), M-ARS2 is dual-hub-interconnect-ars-route-policy (show-output/new/square,
2026-08). The scenario is their common part.
"""

from __future__ import annotations

from dataclasses import asdict

import pytest

from netlab.azure.moments import initial
from netlab.azure.views.nics import in_short, predicted, rows
from netlab.results.shown import NicRoute
from netlab.scenario.loader import parse
from netlab.scenario.network import Nic

LAB = """
name: t
route_tables:
  spokes:
    disable_bgp_route_propagation: true
    routes:
      default-to-nva1: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.10.1.4}
  hop: {routes: {to-vpn: {address_prefix: 10.40.0.0/16, next_hop_type: VirtualNetworkGateway}}}
  open: {routes: {out: {address_prefix: 0.0.0.0/0, next_hop_type: Internet}}}
  closed: {routes: {local: {address_prefix: 10.10.0.0/16, next_hop_type: None}}}
vnets:
  hub1:
    region: swedencentral
    address_space: [10.10.0.0/16]
    subnets:
      GatewaySubnet: 10.10.0.0/27
      RouteServerSubnet: 10.10.0.64/26
      nva: 10.10.1.0/24
      hop: {address_prefix: 10.10.2.0/24, route_table: hop}
      open: {address_prefix: 10.10.3.0/24, route_table: open}
      closed: {address_prefix: 10.10.4.0/24, route_table: closed}
    vms:
      nva1: {subnet: nva, enable_ip_forwarding: true, nva: {bgp: {asn: 65001, announces: [0.0.0.0/0, 10.60.0.0/16]}}}
      nva2: {subnet: nva, enable_ip_forwarding: true, nva: {bgp: {asn: 65001, announces: [10.60.0.0/16]}}}
      hop: {subnet: hop}
      open: {subnet: open}
      closed: {subnet: closed}
    vpn_gateway: {active_active: true, bgp: {asn: 65515}}
    route_server: {allow_branch_to_branch_traffic: true}
  spoke-a:
    region: Sweden Central
    address_space: [10.11.0.0/24]
    subnets: {default: {address_prefix: 10.11.0.0/26, route_table: spokes}}
    vms: {hub1-ep: {subnet: default}}
  spoke-c1:
    region: polandcentral
    address_space: [10.31.0.0/24]
    subnets: {default: 10.31.0.0/26}
    vms: {c1-ep: {subnet: default}}
  onprem:
    address_space: [10.40.0.0/16]
    subnets: {default: 10.40.1.0/24, GatewaySubnet: 10.40.0.0/27}
    vms: {onprem-ep: {subnet: default}}
    vpn_gateway: {active_active: true, bgp: {asn: 65000}}
peerings:
  hub1-a: {vnet: hub1, remote_vnet: spoke-a, allow_gateway_transit: true}
  a-hub1: {vnet: spoke-a, remote_vnet: hub1, use_remote_gateways: true}
  hub1-c1: {vnet: hub1, remote_vnet: spoke-c1, allow_gateway_transit: true}
  c1-hub1: {vnet: spoke-c1, remote_vnet: hub1, use_remote_gateways: true}
connections:
  hub1-onprem: {type: Vnet2Vnet, between: [hub1, onprem], enable_bgp: true}
"""


def table(vm: str, text: str = LAB, *, short: bool = False) -> list[str]:
    """The rows of a machine's NIC in words, in their order."""
    state = initial(parse(text, "t").scenario)
    found = predicted(state, nic(state.network.vnets.values(), vm))
    return list(map(in_words, in_short(found) if short else found))


def nic(vnets: object, vm: str) -> Nic:
    (found,) = (nic for vnet in vnets for nic in vnet.nics if nic.name == vm)  # type: ignore[attr-defined]
    assert isinstance(found, Nic)
    return found


def in_words(row: NicRoute) -> str:
    hops = f" {','.join(row.nextHopIpAddress)}" if row.nextHopIpAddress else ""
    name = f" name={row.name}" if row.name is not None else ""
    (prefix,) = row.addressPrefix
    return f"{row.source} {row.state} {prefix} {row.nextHopType}{hops}{name}"


# M-ARS2, effective-onprem1.json: the rows of source Default after 0.0.0.0/0, in this order.
NONE = [
    f"Default Active {prefix} None"
    for prefix in (
        *("10.0.0.0/8", "127.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "25.176.0.0/13", "25.152.0.0/14"),
        *("25.184.0.0/14", "25.4.0.0/14", "25.148.0.0/15", "198.18.0.0/15", "25.150.0.0/16", "25.156.0.0/16"),
        *("25.159.0.0/16", "40.109.0.0/16", "192.168.0.0/16", "104.147.0.0/16", "157.59.0.0/16", "40.108.0.0/17"),
        *("104.146.0.0/17", "23.103.0.0/18", "20.35.252.0/22"),
    )
]
PRIVATE = [row for row in NONE if row.split()[2].split(".")[0] in ("10", "100", "172", "192")]
BY_GATEWAY = "VirtualNetworkGateway Active {} VirtualNetworkGateway 10.40.0.4,10.40.0.5"


def test_behind_a_gateway_without_a_route_server() -> None:
    """M-ARS2, effective-onprem1.json: both instances in one row, the BGP peers' host routes, every None route."""
    assert table("onprem-ep") == [
        "Default Active 10.40.0.0/16 VnetLocal",
        *map(BY_GATEWAY.format, ("10.10.0.0/16", "10.10.0.4/32", "10.10.0.5/32", "10.11.0.0/24", "10.31.0.0/24")),
        BY_GATEWAY.format("10.60.0.0/16"),
        "Default Active 0.0.0.0/0 Internet",
        *NONE,
    ]


def test_in_short_the_none_routes_are_those_of_private_prefixes() -> None:
    assert table("onprem-ep", short=True)[-5:] == ["Default Active 0.0.0.0/0 Internet", *PRIVATE]


def test_a_spoke_whose_default_route_leads_to_an_appliance() -> None:
    """M-ARS1, 13-effective-routes-hub1-ep.json: the system default route is Invalid, all None routes are gone."""
    assert table("hub1-ep") == [
        "Default Active 10.11.0.0/24 VnetLocal",
        "Default Active 10.10.0.0/16 VNetPeering",
        "Default Invalid 0.0.0.0/0 Internet",
        "User Active 0.0.0.0/0 VirtualAppliance 10.10.1.4 name=default-to-nva1",
    ]


def test_a_spoke_in_another_region_with_a_default_route_of_a_route_server() -> None:
    """M-ARS1, 15-effective-routes-c1-ep.json: a default route by BGP leaves no Invalid row, and no None routes."""
    assert table("c1-ep") == [
        "Default Active 10.31.0.0/24 VnetLocal",
        "VirtualNetworkGateway Active 0.0.0.0/0 VirtualNetworkGateway 10.10.1.4",
        "VirtualNetworkGateway Active 10.40.0.0/16 VirtualNetworkGateway 10.10.0.4,10.10.0.5",
        "VirtualNetworkGateway Active 10.60.0.0/16 VirtualNetworkGateway 10.10.1.4,10.10.1.5",
        "Default Active 10.10.0.0/16 VNetGlobalPeering",
    ]


def test_beside_a_route_server_there_are_no_host_routes_of_bgp_peers() -> None:
    """M-ARS1, 19-nva1-nic-effective-routes.json: a peer in the region and one outside of it; 10.40.0.4/32 is absent."""
    assert table("nva1") == [
        "Default Active 10.10.0.0/16 VnetLocal",
        "Default Active 10.11.0.0/24 VNetPeering",
        "VirtualNetworkGateway Active 0.0.0.0/0 VirtualNetworkGateway 10.10.1.4",
        "VirtualNetworkGateway Active 10.40.0.0/16 VirtualNetworkGateway 10.10.0.4,10.10.0.5",
        "VirtualNetworkGateway Active 10.60.0.0/16 VirtualNetworkGateway 10.10.1.4,10.10.1.5",
        "Default Active 10.31.0.0/24 VNetGlobalPeering",
    ]


def test_a_learned_route_that_a_user_route_replaces_is_not_listed() -> None:
    """X, 5.2: Invalid is for system routes; the gateway's row for 10.40.0.0/16 is gone."""
    found = [row for row in table("hop") if "10.40." in row]
    assert found == ["User Active 10.40.0.0/16 VirtualNetworkGateway 10.10.0.4,10.10.0.5 name=to-vpn"]


def test_a_default_route_to_the_internet_keeps_the_none_routes() -> None:
    """R85, and section 8, point 2: the learned default route loses to the user's, and is not listed."""
    found = table("open")
    assert [row for row in found if " 0.0.0.0/0 " in row] == [
        "Default Invalid 0.0.0.0/0 Internet",
        "User Active 0.0.0.0/0 Internet name=out",
    ]
    assert [row for row in found if row.endswith(" None")] == NONE


def test_a_vnets_own_route_that_a_user_route_replaces_is_invalid() -> None:
    """UDR23, the worked example: a user route for the address space beats VnetLocal."""
    assert [row for row in table("closed") if "10.10.0.0/16" in row] == [
        "Default Invalid 10.10.0.0/16 VnetLocal",
        "User Active 10.10.0.0/16 None name=local",
    ]


@pytest.mark.parametrize(
    ("here", "there", "kind"),
    [
        ("westeurope", "northeurope", "VNetGlobalPeering"),
        ("West Europe", "westeurope", "VNetPeering"),
        ("WESTEUROPE", "West europe", "VNetPeering"),
        ("", "westeurope", "VNetPeering"),
        ("", "", "VNetPeering"),
    ],
)
def test_a_peering_is_global_between_two_regions(here: str, there: str, kind: str) -> None:
    text = LAB.replace("region: swedencentral", f"region: '{here}'").replace(
        "region: Sweden Central", f"region: '{there}'"
    )
    assert f"Default Active 10.11.0.0/24 {kind}" in table("nva1", text)


def test_propagation_off_is_said_in_every_row() -> None:
    """M-ARS1, 13-effective-routes-hub1-ep.json."""
    state = initial(parse(LAB, "t").scenario)
    for vm, off in (("hub1-ep", True), ("nva1", False)):
        found = predicted(state, nic(state.network.vnets.values(), vm))
        assert {row.disableBgpRoutePropagation for row in found} == {off}


def test_the_keys_are_those_of_az() -> None:
    state = initial(parse(LAB, "t").scenario)
    found = rows(state, nic(state.network.vnets.values(), "hub1-ep"), ())
    assert asdict(found[-1]) == {
        "addressPrefix": ("0.0.0.0/0",),
        "disableBgpRoutePropagation": True,
        "name": "default-to-nva1",
        "nextHopIpAddress": ("10.10.1.4",),
        "nextHopType": "VirtualAppliance",
        "source": "User",
        "state": "Active",
    }
    assert {row.name for row in found[:-1]} == {None}
