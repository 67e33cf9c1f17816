"""A network, and rows about it as `az -o json` prints them; none of them is made by the model.

The rows have the form of those recorded in erjosito/net-lab-builder, dual-hub-hubless-region-ars (2026-08).
"""

from __future__ import annotations

from typing import Any

from netlab.azure.moments import initial
from netlab.azure.state import State
from netlab.scenario.loader import parse

LAB = """
name: recorded
vnets:
  hub1:
    address_space: [10.10.0.0/16]
    subnets:
      nva: 10.10.1.0/24
      GatewaySubnet: 10.10.0.0/27
      RouteServerSubnet: 10.10.0.64/26
    vms:
      nva1: {subnet: nva, enable_ip_forwarding: true, nva: {bgp: {asn: 65001, announces: [10.31.0.0/24]}}}
    vpn_gateway: {active_active: true, bgp: {asn: 65515}}
    route_server: {}
  spoke:
    address_space: [10.11.0.0/24]
    subnets: {default: {address_prefix: 10.11.0.0/26, route_table: rt}}
    vms: {app: {subnet: default}}
  onprem:
    address_space: [10.40.0.0/16]
    subnets: {default: 10.40.1.0/24, GatewaySubnet: 10.40.0.0/27}
    vms: {ep: {subnet: default}}
    vpn_gateway: {active_active: true, bgp: {asn: 65000}}
route_tables:
  rt:
    routes:
      default-to-nva1: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.10.1.4}
PROPAGATION
peerings:
  out: {vnet: hub1, remote_vnet: spoke, allow_gateway_transit: true}
  back: {vnet: spoke, remote_vnet: hub1, use_remote_gateways: true}
connections:
  hub1-onprem: {type: Vnet2Vnet, between: [hub1, onprem], enable_bgp: true, shared_key: SecretOfTheTwo1OTHER}
"""


def text(*, propagation: bool = False, same_keys: bool = True) -> str:
    """The network; its spoke without the gateways' routes, its connection with one key or two."""
    flag = "" if propagation else "    disable_bgp_route_propagation: true"
    return LAB.replace("PROPAGATION", flag).replace(
        "OTHER", "" if same_keys else ", other_end: {shared_key: SecretOfTheTwo2}"
    )


def state(*, propagation: bool = False, same_keys: bool = True) -> State:
    return initial(parse(text(propagation=propagation, same_keys=same_keys), "t").scenario)


def effective(prefix: str, hop_type: str, source: str = "Default", *hops: str, **other: Any) -> dict[str, Any]:
    """A row of `az network nic show-effective-route-table`."""
    return {
        "addressPrefix": [prefix],
        "disableBgpRoutePropagation": True,
        "nextHopIpAddress": [*hops],
        "nextHopType": hop_type,
        "source": source,
        "state": "Active",
        **other,
    }


SPOKE = {
    "value": [
        effective("10.11.0.0/24", "VnetLocal"),
        effective("10.10.0.0/16", "VNetPeering"),
        effective("0.0.0.0/0", "Internet", state="Invalid"),
        effective("0.0.0.0/0", "VirtualAppliance", "User", "10.10.1.4", name="default-to-nva1"),
    ]
}


def learned(local: str, network: str, hop: str | None, origin: str, path: str, **other: Any) -> dict[str, Any]:
    """A row of `az network vnet-gateway list-learned-routes`; a gateway's own route has no nextHop."""
    row = {"asPath": path, "localAddress": local, "network": network, "origin": origin, "sourcePeer": hop or local}
    return {**row, **({"nextHop": hop} if hop else {}), "weight": 32768, **other}


def of_instance(local: str, other: str) -> list[dict[str, Any]]:
    """What an instance of the gateway on-premises learned."""
    found = [learned(local, "10.40.0.0/16", None, "Network", "")]
    for hub in ("10.10.0.5", "10.10.0.4"):
        found += [
            learned(local, f"{hub}/32", None, "Network", ""),
            learned(local, f"{hub}/32", other, "IBgp", ""),
        ]
    for network in ("10.10.0.0/16", "10.11.0.0/24"):
        found += [learned(local, network, hub, "EBgp", "65515") for hub in ("10.10.0.5", "10.10.0.4")]
        found.append(learned(local, network, other, "IBgp", "65515"))
    return found


ONPREM = {"value": [*of_instance("10.40.0.5", "10.40.0.4"), *of_instance("10.40.0.4", "10.40.0.5")]}

ROUTE_SERVER = {
    "RouteServiceRole_IN_0": [learned("10.10.0.68", "10.31.0.0/24", "10.10.1.4", "EBgp", "65001")],
    "RouteServiceRole_IN_1": [learned("10.10.0.69", "10.31.0.0/24", "10.10.1.4", "EBgp", "65001")],
}


def advertised(local: str, network: str, path: str) -> dict[str, Any]:
    """A row of `az network vnet-gateway list-advertised-routes`."""
    return {
        "asPath": path,
        "localAddress": local,
        "network": network,
        "nextHop": local,
        "origin": "Igp",
        "sourcePeer": None,
        "weight": 0,
    }


ADVERTISED = {
    "value": [
        advertised(local, network, "65515")
        for local in ("10.10.0.4", "10.10.0.5")
        for network in ("10.10.0.0/16", "10.11.0.0/24")
    ]
}


def peer(local: str, neighbor: str, asn: int, state: str = "Connected", routes: int = 0) -> dict[str, Any]:
    """A row of `az network vnet-gateway list-bgp-peer-status`."""
    row = {"asn": asn, "localAddress": local, "neighbor": neighbor, "routesReceived": routes, "state": state}
    return {**row, "connectedDuration": "1.22:23:00.4945103", "messagesReceived": 3189, "messagesSent": 3192}


PEERS = {
    "value": [
        row
        for local, other in (("10.40.0.5", "10.40.0.4"), ("10.40.0.4", "10.40.0.5"))
        for row in (
            peer(local, "10.10.0.4", 65515, routes=2),
            peer(local, "10.10.0.5", 65515, routes=2),
            peer(local, other, 65000, routes=4),
            {**peer(local, local, 65000, "Unknown"), "connectedDuration": None},
        )
    ]
}

CONNECTION = {
    "authorizationKey": None,
    "connectionProtocol": "IKEv2",
    "connectionStatus": "Connected",
    "connectionType": "Vnet2Vnet",
    "egressBytesTransferred": 81234,
    "enableBgp": True,
    "id": "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/connections/conn-hub1-to-onprem",
    "name": "conn-hub1-to-onprem",
    "tunnelConnectionStatus": [],
}
