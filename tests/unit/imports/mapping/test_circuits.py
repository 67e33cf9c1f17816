"""Circuits, their sites, and connections with them (5.8)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import body, connection, gateway, imported_bodies, scenario, to, vnet


def circuit(*peerings: Any, **more: Any) -> dict[str, Any]:
    return {**body("expressRouteCircuits", "cir", peerings=list(peerings)), "sku": {"tier": "Premium"}, **more}


PRIVATE = {"name": "AzurePrivatePeering", "properties": {"peeringType": "AzurePrivatePeering", "peerASN": 65020}}
HUB = [
    vnet("Hub", "10.0.0.0/16", GatewaySubnet="10.0.255.0/27", a="10.0.0.0/24"),
    gateway("er", "Hub", gatewayType="ExpressRoute"),
]
LINK = connection("c", "er", routingWeight=10, connectionType="ExpressRoute", peer=to("expressRouteCircuits", "cir"))


def test_a_circuit_has_a_site_with_the_customers_asn() -> None:
    made = scenario(imported_bodies(*HUB, circuit(PRIVATE), LINK))
    found = made.expressroute_circuits["cir"]
    assert (found.site, found.sku_tier, found.vnets["Hub"].routing_weight) == ("er-cir", "Premium", 10)
    site = made.sites["er-cir"]
    assert site.bgp is not None
    assert site.bgp.asn == 65020
    assert str(site.address_prefixes[0]).startswith("198.51.100.")
    given = scenario(imported_bodies(*HUB, circuit(PRIVATE), LINK, sites=("er-cir=10.50.0.0/16",)))
    assert [str(p) for p in given.sites["er-cir"].address_prefixes] == ["10.50.0.0/16"]


@pytest.mark.parametrize(
    ("sku", "written"), [("ergw3az", "ErGw3AZ"), ("ErGwScale", "ErGw3AZ"), ("UltraPerformance",) * 2]
)
def test_a_connection_with_fast_path_brings_the_sku_of_its_gateway(sku: str, written: str) -> None:
    """U23: only some have it."""
    link = connection("c", "er", connectionType="ExpressRoute", peer=to("expressRouteCircuits", "cir"),
                      expressRouteGatewayBypass=True)  # fmt: skip
    hub = [HUB[0], gateway("er", "Hub", gatewayType="ExpressRoute", sku={"name": sku, "tier": sku})]
    made = scenario(imported_bodies(*hub, circuit(PRIVATE), link))
    assert made.expressroute_circuits["cir"].vnets["Hub"].express_route_gateway_bypass
    own = made.vnets["Hub"].expressroute_gateway
    assert own is not None
    assert own.sku == written


ONE_30 = {"primaryPeerAddressPrefix": "172.16.9.0/30"}
BOTH_30S = {**ONE_30, "secondaryPeerAddressPrefix": "172.16.9.4/30"}


@pytest.mark.parametrize(
    ("given", "written"), [({}, (None, None)), (ONE_30, (None, None)), (BOTH_30S, tuple(BOTH_30S.values()))]
)
def test_a_circuit_has_the_30s_of_both_links_or_none(given: dict[str, str], written: tuple[str | None, ...]) -> None:
    private = {**PRIVATE, "properties": {**PRIVATE["properties"], **given}}
    found = scenario(imported_bodies(*HUB, circuit(private), LINK)).expressroute_circuits["cir"]
    both = (found.primary_peer_address_prefix, found.secondary_peer_address_prefix)
    assert tuple(str(prefix) if prefix is not None else None for prefix in both) == written


@pytest.mark.parametrize(("mbps", "written"), [(200, 200), (50, 50), (None, None), (10, None)])
def test_a_circuit_has_the_bandwidth_that_it_was_ordered_with(mbps: int | None, written: int | None) -> None:
    properties = {"serviceProviderProperties": {"bandwidthInMbps": mbps}} if mbps is not None else {}
    made = body("expressRouteCircuits", "cir", peerings=[PRIVATE], **properties)
    found = scenario(imported_bodies(*HUB, made, LINK)).expressroute_circuits["cir"]
    assert found.bandwidth_in_mbps == written


@pytest.mark.parametrize("items", [[circuit(), LINK], [LINK], [circuit(PRIVATE)]])
def test_a_circuit_that_carries_nothing_is_left_out(items: list[Any]) -> None:
    found = imported_bodies(*HUB, *items)
    assert not scenario(found).expressroute_circuits
    assert found.report.left_out
    stubs = scenario(imported_bodies(*HUB, LINK, stubs=True))
    assert "cir" in stubs.expressroute_circuits
