"""Connections of circuits by Global Reach: as az lists them, as resources of their own, and in Terraform (U25)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import body, connection, gateway, id_of, imported_bodies, messages, scenario, to, vnet
from terraform_documents import RG, item, run, state

from netlab.scenario.models import GlobalReach

PEERINGS = "expressRouteCircuits/peerings"
HUB = [
    vnet("Hub", "10.0.0.0/16", GatewaySubnet="10.0.255.0/27", a="10.0.0.0/24"),
    gateway("er", "Hub", gatewayType="ExpressRoute"),
    connection("c", "er", connectionType="ExpressRoute", peer=to("expressRouteCircuits", "west")),
]
REACH = {"peer_circuit": "east", "address_prefix": "192.168.7.0/29"}


def circuit(name: str, location: str, *connections: Any, private: bool = True) -> dict[str, Any]:
    properties = {"peeringType": "AzurePrivatePeering", "peerASN": 65020 + len(name), "connections": connections}
    peerings = [{"name": "AzurePrivatePeering", "properties": properties}] if private else []
    provider = {"peeringLocation": location, "serviceProviderName": "Megaport"}
    return body("expressRouteCircuits", name, peerings=peerings, serviceProviderProperties=provider)


def properties(peer: str = "east") -> dict[str, Any]:
    there = {"id": id_of(PEERINGS, peer, "AzurePrivatePeering")}
    return {"addressPrefix": "192.168.7.0/29", "peerExpressRouteCircuitPeering": there}


INLINE = {"name": "to_east", "properties": {**properties(), "circuitConnectionStatus": "Connected"}}
CHILD = body(f"{PEERINGS}/connections", "west", "AzurePrivatePeering", "to_east", **properties())


@pytest.mark.parametrize("inline", [True, False])
def test_it_is_taken_wherever_it_stands(inline: bool) -> None:
    """The circuit at the other end needs no VNet."""
    west = circuit("west", "Dallas", *([INLINE] if inline else []))
    found = imported_bodies(*HUB, west, circuit("east", "Paris"), *(() if inline else [CHILD]))
    made = scenario(found).expressroute_circuits
    assert made["west"].global_reach == {"to-east": GlobalReach.model_validate(REACH)}
    assert (made["west"].peering_location, made["east"].peering_location) == ("Dallas", "Paris")
    assert (list(made["west"].vnets), list(made["east"].vnets)) == (["Hub"], [])
    assert not found.report.left_out


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([circuit("west", "Dallas", INLINE)], "leads to a circuit that is not in the input"),
        ([circuit("west", "Dallas", INLINE), circuit("east", "Paris", private=False)], "has no private peering"),
    ],
)
def test_what_cannot_be_joined_is_named(items: list[Any], said: str) -> None:
    found = imported_bodies(*HUB, *items)
    assert scenario(found).expressroute_circuits["west"].global_reach == {}
    assert said in messages(found)


def test_terraform_has_a_resource_for_it() -> None:
    def peering(name: str) -> str:
        return f"{RG}/expressRouteCircuits/{name}/peerings/AzurePrivatePeering"

    circuits = [
        item(f"azurerm_express_route_circuit.{name}", id=f"{RG}/expressRouteCircuits/{name}", name=name,
             resource_group_name="net", peering_location=location, bandwidth_in_mbps=50)
        for name, location in (("west", "Dallas"), ("east", "Paris"))
    ]  # fmt: skip
    peerings = [
        item(f"azurerm_express_route_circuit_peering.{name}", id=peering(name), peer_asn=65001,
             peering_type="AzurePrivatePeering", express_route_circuit_name=name, resource_group_name="net")
        for name in ("west", "east")
    ]  # fmt: skip
    joint = item("azurerm_express_route_circuit_connection.j", id=f"{peering('west')}/connections/to-east",
                 name="to-east", peering_id=peering("west"), peer_peering_id=peering("east"),
                 address_prefix_ipv4="192.168.7.0/29")  # fmt: skip
    net = item("azurerm_virtual_network.v", id=f"{RG}/virtualNetworks/v", name="v", address_space=["10.0.0.0/16"],
               resource_group_name="net")  # fmt: skip
    made = scenario(run(state(net, *circuits, *peerings, joint))).expressroute_circuits
    assert made["west"].global_reach == {"to-east": GlobalReach.model_validate(REACH)}
    assert made["east"].peering_location == "Paris"
