"""Private endpoints, and what subnets say of endpoints and of their way out."""

from __future__ import annotations

from typing import Any

import pytest
from imported import body, id_of, imported_bodies, messages, nic, scenario, vnet

SUBNET = f"{id_of('virtualNetworks', 'V')}/subnets/data"
CONNECTION: dict[str, Any] = {"name": "sql", "properties": {}}


def network(**subnet: Any) -> dict[str, Any]:
    return vnet("V", "10.1.0.0/16", data={"addressPrefix": "10.1.1.0/24", **subnet})


def endpoint(**more: Any) -> dict[str, Any]:
    return body(
        "privateEndpoints", "Sql", **{"subnet": {"id": SUBNET}, "privateLinkServiceConnections": [CONNECTION], **more}
    )


@pytest.mark.parametrize(
    ("more", "others"),
    [
        ({"ipConfigurations": [{"name": "a", "properties": {"privateIPAddress": "10.1.1.9"}}]}, []),
        ({"customDnsConfigs": [{"fqdn": "s.database.windows.net", "ipAddresses": ["10.1.1.9"]}]}, []),
        ({"networkInterfaces": [{"id": id_of("networkInterfaces", "n")}]}, [nic("n", "V", "data", "10.1.1.9")]),
    ],
    ids=["own", "dns", "nic"],
)
def test_its_address_is_that_of_its_configuration_its_records_or_its_nic(
    more: dict[str, Any], others: list[dict[str, Any]]
) -> None:
    for each in others:
        each["properties"]["privateEndpoint"] = {"id": id_of("privateEndpoints", "Sql")}
    found = imported_bodies(network(), endpoint(**more), *others)
    made = scenario(found).vnets["V"]
    assert str(made.private_endpoints["Sql"].private_ip_address) == "10.1.1.9"
    assert made.private_endpoints["Sql"].status == "Approved"
    assert "n" not in made.vms
    assert found.report.not_modelled == {}


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"privateLinkServiceConnections": [], "manualPrivateLinkServiceConnections": [CONNECTION]}, "Pending"),
        (
            {
                "privateLinkServiceConnections": [
                    {"name": "a", "properties": {"privateLinkServiceConnectionState": {"status": "Rejected"}}}
                ]
            },
            "Rejected",
        ),
    ],
)
def test_its_state_is_that_of_its_connection(more: dict[str, Any], state: str) -> None:
    found = imported_bodies(network(), endpoint(**more))
    assert scenario(found).vnets["V"].private_endpoints["Sql"].status == state


def test_without_its_subnet_it_is_left_out_and_the_vnet_is_asked_for() -> None:
    found = imported_bodies(vnet("W", "10.2.0.0/16", a="10.2.0.0/24"), endpoint())
    assert [left.name for left in found.report.left_out] == ["Sql"]
    assert "virtualNetworks V" in messages(found)


def test_network_policies_are_written_where_an_endpoint_is() -> None:
    policies = {"privateEndpointNetworkPolicies": "RouteTableEnabled"}
    with_one = scenario(imported_bodies(network(**policies), endpoint())).vnets["V"].subnets["data"]
    without = scenario(imported_bodies(network(**policies))).vnets["V"].subnets["data"]
    assert with_one.private_endpoint_network_policies == "RouteTableEnabled"
    assert without.private_endpoint_network_policies == "Disabled"


def test_service_endpoints_and_private_subnets() -> None:
    services = [{"service": "Microsoft.Storage"}, {"service": "microsoft.sql"}, {"service": "Microsoft.Storage.Global"}]
    found = imported_bodies(network(serviceEndpoints=services, defaultOutboundAccess=False))
    made = scenario(found).vnets["V"].subnets["data"]
    assert made.service_endpoints == ("Microsoft.Storage", "Microsoft.Sql")
    assert not made.default_outbound_access
    assert "Microsoft.Storage.Global" in messages(found)


def test_summarized_prefixes_of_a_vnet() -> None:
    item = network()
    item["properties"]["summarizedGatewayPrefixes"] = {"addressPrefixes": ["10.0.0.0/8"]}
    summary = scenario(imported_bodies(item)).vnets["V"].summarized_gateway_prefixes
    assert summary is not None
    assert [str(prefix) for prefix in summary.address_prefixes] == ["10.0.0.0/8"]
