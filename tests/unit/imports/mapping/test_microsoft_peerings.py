"""Microsoft peerings of circuits, and route filters (5.8)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import body, connection, gateway, imported_bodies, messages, scenario, to, vnet

HUB = [
    vnet("Hub", "10.0.0.0/16", GatewaySubnet="10.0.255.0/27", a="10.0.0.0/24"),
    gateway("er", "Hub", gatewayType="ExpressRoute"),
]
LINK = connection("c", "er", connectionType="ExpressRoute", peer=to("expressRouteCircuits", "cir"))
PRIVATE = {"name": "AzurePrivatePeering", "properties": {"peeringType": "AzurePrivatePeering", "peerASN": 65020}}
LINKS = {"primaryPeerAddressPrefix": "203.0.114.0/30", "secondaryPeerAddressPrefix": "203.0.114.4/30"}
RULE = {
    "name": "only",
    "properties": {"access": "Allow", "routeFilterRuleType": "Community", "communities": ["12076:51002"]},
}
FILTER = body("routeFilters", "eu", rules=[RULE])


def microsoft(state: str = "Configured", **more: Any) -> dict[str, Any]:
    """A Microsoft peering that advertises two prefixes."""
    config = {"advertisedPublicPrefixes": ["203.0.115.0/28", "203.0.116.1/32"], "advertisedPublicPrefixesState": state}
    properties = {"peeringType": "MicrosoftPeering", "peerASN": 64512, **LINKS, "microsoftPeeringConfig": config}
    return {"name": "MicrosoftPeering", "properties": {**properties, **more}}


def circuit(*peerings: Any) -> dict[str, Any]:
    return {**body("expressRouteCircuits", "cir", peerings=list(peerings)), "sku": {"tier": "Premium"}}


def test_a_microsoft_peering_has_its_links_its_prefixes_and_its_route_filter() -> None:
    public = microsoft(routeFilter=to("routeFilters", "eu"))
    made = scenario(imported_bodies(*HUB, FILTER, circuit(PRIVATE, public), LINK))
    found = made.expressroute_circuits["cir"].microsoft_peering
    assert found is not None
    assert [str(prefix) for prefix in found.peer_prefixes] == list(LINKS.values())
    assert [str(prefix) for prefix in found.advertised_public_prefixes] == ["203.0.115.0/28", "203.0.116.1/32"]
    assert (found.advertised_public_prefixes_state, found.route_filter) == ("Configured", "eu")
    assert made.route_filters["eu"].communities == ("12076:51002",)
    # The customer's NAT is in no description.
    assert str(found.nat_address) == "203.0.115.1"


def test_a_circuit_may_have_a_microsoft_peering_only() -> None:
    made = scenario(imported_bodies(*HUB, circuit(microsoft())))
    found = made.expressroute_circuits["cir"]
    assert not found.vnets
    assert found.microsoft_peering is not None
    site = made.sites[found.site or ""]
    assert site.bgp is not None
    assert site.bgp.asn == 64512


def test_a_rule_may_be_a_resource_of_its_own() -> None:
    rule = body("routeFilters/routeFilterRules", "eu", "only", **RULE["properties"])
    made = scenario(imported_bodies(*HUB, body("routeFilters", "eu"), rule, circuit(microsoft())))
    assert made.route_filters["eu"].communities == ("12076:51002",)


@pytest.mark.parametrize("state", ["ValidationNeeded", "Configuring", "NotConfigured"])
def test_prefixes_that_are_not_validated_are_written_so(state: str) -> None:
    found = imported_bodies(*HUB, circuit(microsoft(state)))
    assert "advertised_public_prefixes_state: ValidationNeeded" in found.text
    assert [each.rule for each in found.report.findings if each.severity == "error"] == ["R123"]


def test_a_route_filter_without_a_rule_allows_nothing() -> None:
    public = microsoft(routeFilter=to("routeFilters", "eu"))
    made = scenario(imported_bodies(*HUB, body("routeFilters", "eu"), circuit(public)))
    found = made.expressroute_circuits["cir"].microsoft_peering
    assert found is not None
    assert found.route_filter is None
    assert not made.route_filters


def test_a_route_filter_out_of_the_input_is_named() -> None:
    found = imported_bodies(*HUB, circuit(microsoft(routeFilter=to("routeFilters", "eu"))))
    assert [each.name for each in found.report.unresolved] == ["eu"]
    assert "its route filter" in messages(found)


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ({"secondaryPeerAddressPrefix": None}, "no prefix for each of both links"),
        ({"microsoftPeeringConfig": {}}, "no advertised public prefix"),
    ],
)
def test_a_peering_without_what_it_needs_is_left_out(lacking: dict[str, Any], words: str) -> None:
    found = imported_bodies(*HUB, circuit(PRIVATE, microsoft(**lacking)), LINK)
    assert scenario(found).expressroute_circuits["cir"].microsoft_peering is None
    assert f"its Microsoft peering has {words}: left out" in messages(found)
    alone = imported_bodies(*HUB, circuit(microsoft(**lacking)))
    assert not scenario(alone).expressroute_circuits
