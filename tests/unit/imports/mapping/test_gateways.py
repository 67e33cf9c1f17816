"""VPN gateways: SKU, BGP, public addresses, point-to-site and the clients that are invented (5.4, 5.5, V8)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import (
    body,
    connection,
    gateway,
    id_of,
    imported_bodies,
    local_gateway,
    messages,
    public,
    scenario,
    to,
    vnet,
)

from netlab.api.importing import Outcome

HUB = vnet("Hub", "10.0.0.0/16", GatewaySubnet="10.0.255.0/27", default="10.0.0.0/24")
TWO = [
    {
        "name": f"c{i}",
        "id": id_of("virtualNetworkGateways/ipConfigurations", "gw", f"c{i}"),
        "properties": {
            "subnet": to("virtualNetworks/subnets", "Hub", "GatewaySubnet"),
            "publicIPAddress": to("publicIPAddresses", f"ip{i}"),
        },
    }
    for i in (0, 1)
]


def made(*more: Any, **settings: Any) -> Any:
    return scenario(imported_bodies(HUB, gateway("gw", "Hub", **settings), *more)).vnets["Hub"].vpn_gateway


@pytest.mark.parametrize(
    ("sku", "written"), [({"name": "vpngw2az"}, "VpnGw2AZ"), ({"name": "Basic"}, "Basic"), ("VpnGw1AZ", "VpnGw1AZ")]
)
def test_the_sku_is_in_azures_spelling(sku: Any, written: str) -> None:
    assert made(sku=sku).sku == written


@pytest.mark.parametrize("sku", [None, {"name": "ErGw1AZ"}])
def test_without_a_sku_vpngw1_is_taken_and_said(sku: Any) -> None:
    found = imported_bodies(HUB, gateway("gw", "Hub", sku=sku))
    gateway_ = scenario(found).vnets["Hub"].vpn_gateway
    assert gateway_ is not None
    assert gateway_.sku == "VpnGw1"
    assert "VpnGw1 is taken" in messages(found)


@pytest.mark.parametrize(
    ("settings", "asn", "address"),
    [
        ({"bgpSettings": {"asn": 65515, "bgpPeeringAddress": "10.0.255.30"}}, None, None),
        ({"enableBgp": "true", "bgpSettings": {"asn": "65515", "bgpPeeringAddress": "10.0.255.30"}}, 65515, None),
        ({"bgpSettings": {"asn": 65010, "bgpPeeringAddress": "10.0.255.30"}}, 65010, None),
        ({"bgpSettings": {"asn": 65010, "bgpPeeringAddress": "10.0.255.20"}}, 65010, "10.0.255.20"),
    ],
)
def test_bgp_is_written_where_it_says_more_than_the_lab_would(
    settings: Any, asn: int | None, address: str | None
) -> None:
    found = made(**settings).bgp
    assert (found and found.asn) == asn
    assert str(found and found.bgp_peering_address) == str(address)


def test_bgp_is_written_where_a_connection_speaks_it() -> None:
    lng = local_gateway("B", "20.2.2.2", "10.9.0.1/32", bgpSettings={"asn": 65010, "bgpPeeringAddress": "10.9.0.1"})
    assert made(lng, connection("c", "gw", lng="B", enableBgp=True)).bgp.asn == 65515
    assert made(local_gateway("B", "20.2.2.2", "10.9.0.0/16"), connection("c", "gw", lng="B")).bgp is None


def test_an_active_active_gateway_has_its_addresses_in_the_order_of_its_configurations() -> None:
    settings = {
        "activeActive": True,
        "ipConfigurations": TWO,
        "enableBgp": True,
        "bgpSettings": {"asn": 65010, "bgpPeeringAddress": "10.0.255.9,10.0.255.8"},
    }
    found = made(public("ip0", "20.1.1.9"), public("ip1", "20.1.1.1"), **settings)
    assert [str(a) for a in found.public_ip_addresses] == ["20.1.1.9", "20.1.1.1"]
    assert [str(a) for a in found.bgp.bgp_peering_addresses] == ["10.0.255.9", "10.0.255.8"]


def test_public_addresses_come_from_tunnels_too_and_not_if_one_is_missing() -> None:
    tunnels = [{"ipconfigurationId": TWO[i]["id"], "tunnelIpAddresses": [f"20.1.1.{i + 1}"]} for i in (0, 1)]
    given = {"activeActive": True, "ipConfigurations": TWO}
    whole = made(public("ip0"), public("ip1"), **given, bgpSettings={"bgpPeeringAddresses": tunnels})
    assert [str(a) for a in whole.public_ip_addresses] == ["20.1.1.1", "20.1.1.2"]
    assert not made(
        public("ip0"), public("ip1"), **given, bgpSettings={"bgpPeeringAddresses": tunnels[:1]}
    ).public_ip_addresses


def test_an_address_that_two_gateways_claim_is_written_for_none() -> None:
    other = vnet("Other", "10.1.0.0/16", GatewaySubnet="10.1.255.0/27")
    second = gateway("gw2", "Other")
    second["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] = to("publicIPAddresses", "gw-ip")
    found = imported_bodies(HUB, other, public("gw-ip", "20.1.1.1"), gateway("gw", "Hub"), second)
    assert "20.1.1.1" not in found.text
    assert "claim this public address" in messages(found)


def test_apipa_addresses_count_only_where_a_connection_names_them() -> None:
    configuration = id_of("virtualNetworkGateways/ipConfigurations", "gw", "default")
    settings = {
        "enableBgp": True,
        "bgpSettings": {"asn": 65010, "bgpPeeringAddresses": [
            {"ipconfigurationId": configuration, "customBgpIpAddresses": ["169.254.21.2", "169.254.21.6"]}]},
    }  # fmt: skip
    lng = local_gateway(
        "B", "20.2.2.2", "169.254.21.1/32", bgpSettings={"asn": 65020, "bgpPeeringAddress": "169.254.21.1"}
    )
    named = {
        "gatewayCustomBgpIpAddresses": [{"ipConfigurationId": configuration, "customBgpIpAddress": "169.254.21.2"}]
    }
    plain = imported_bodies(HUB, gateway("gw", "Hub", **settings), lng, connection("c", "gw", lng="B", enableBgp=True))
    assert "169.254.21.2" not in plain.text
    using = scenario(
        imported_bodies(
            HUB, gateway("gw", "Hub", **settings), lng, connection("c", "gw", lng="B", enableBgp=True, **named)
        )
    )
    gateway_ = using.vnets["Hub"].vpn_gateway
    assert gateway_ is not None
    assert gateway_.bgp is not None
    assert [str(a) for a in gateway_.bgp.bgp_peering_addresses] == ["169.254.21.2"]
    assert [str(a) for a in using.connections["c"].custom_bgp_addresses] == ["169.254.21.2"]


# --- point-to-site ----------------------------------------------------------------------------------------------------

POOL = {"vpnClientAddressPool": {"addressPrefixes": ["172.16.0.0/24"]}}
ROOT = {"vpnClientRootCertificates": [{"name": "corp root", "properties": {"publicCertData": "x"}}]}


@pytest.mark.parametrize(
    ("settings", "types", "authentication"),
    [
        ({**POOL, **ROOT}, ["IkeV2"], ["Certificate"]),
        ({**POOL, **ROOT, "vpnClientProtocols": ["OpenVPN", "ikev2"]}, ["OpenVPN", "IkeV2"], ["Certificate"]),
        ({**POOL, "vpnClientProtocols": ["OpenVPN"], "aadTenant": "t"}, ["OpenVPN"], ["Certificate"]),
        ({**POOL, **ROOT, "vpnAuthenticationTypes": ["AAD", "Certificate"]}, ["IkeV2"], ["Certificate"]),
    ],
)
def test_tunnel_types_and_authentication(settings: Any, types: list[str], authentication: list[str]) -> None:
    found = made(vpnClientConfiguration=settings).point_to_site
    assert list(found.tunnel_types) == types
    assert list(found.authentication_types) == authentication


@pytest.mark.parametrize(
    "empty", [{}, {"vpnClientProtocols": ["IkeV2"]}, {"vpnClientAddressPool": {"addressPrefixes": []}}]
)
def test_a_configuration_without_a_pool_is_no_point_to_site(empty: Any) -> None:
    found = imported_bodies(HUB, gateway("gw", "Hub", vpnClientConfiguration=empty))
    gateway_ = scenario(found).vnets["Hub"].vpn_gateway
    assert gateway_ is not None
    assert gateway_.point_to_site is None
    assert not scenario(found).clients


def test_entra_id_is_substituted_and_certificates_keep_their_names() -> None:
    found = imported_bodies(
        HUB, gateway("gw", "Hub", vpnClientConfiguration={**POOL, "aadTenant": "t", "aadAudience": "a"})
    )
    assert found.report.substituted[0] == {"name": "gw", "from": "AAD", "to": "Certificate"}
    revoked = {"vpnClientRevokedCertificates": [{"name": "lost", "properties": {"thumbprint": "x"}}]}
    point = made(vpnClientConfiguration={**POOL, **ROOT, **revoked}).point_to_site
    assert list(point.root_certificates) == ["corp-root"]
    assert list(point.revoked_certificates) == ["lost"]


@pytest.mark.parametrize(
    ("option", "names"),
    [("linux,windows", ["lin-Hub", "win-Hub"]), ("windows", ["win-Hub"]), ("none", [])],
)
def test_clients_are_invented_as_asked(option: str, names: list[str]) -> None:
    found = scenario(
        imported_bodies(HUB, gateway("gw", "Hub", vpnClientConfiguration={**POOL, **ROOT}), clients=option)
    )
    assert sorted(found.clients) == names


def test_an_expressroute_gateway_and_others() -> None:
    found = imported_bodies(HUB, gateway("gw", "Hub", gatewayType="LocalGateway"), body("bastionHosts", "b"))
    assert found.report.not_modelled["Microsoft.Network/virtualNetworkGateways"] == 1


# --- RADIUS servers (P15) ---------------------------------------------------------------------------------------------

RADIUS = {**POOL, "vpnClientProtocols": ["OpenVPN"], "vpnAuthenticationTypes": ["Radius"]}
SERVERS = [
    {"radiusServerAddress": "10.101.0.20", "radiusServerScore": 5, "radiusServerSecret": "NEUTRAL-SECRET"},
    {"radiusServerAddress": "10.101.0.21", "radiusServerScore": 30},
]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"radiusServerAddress": "10.101.0.20"}, "10.101.0.20"),
        ({"radiusServers": SERVERS}, "10.101.0.21"),
        ({"radiusServers": SERVERS[:1], "radiusServerAddress": "10.101.0.9"}, "10.101.0.20"),
        ({"radiusServerAddress": "10.101.0.20", "vpnAuthenticationTypes": None}, "10.101.0.20"),
    ],
)
def test_a_gateway_asks_its_radius_server(given: dict[str, Any], expected: str) -> None:
    found = made(vpnClientConfiguration={**RADIUS, **given}).point_to_site
    assert found is not None
    assert (found.authentication_types, str(found.radius_server_address)) == (("Radius",), expected)


def _with_site(**settings: Any) -> Outcome:
    return imported_bodies(
        HUB, gateway("gw", "Hub", vpnClientConfiguration={**RADIUS, **settings}),
        local_gateway("site", "203.0.113.9", "10.101.0.0/16"), connection("c", "gw", lng="site"),
    )  # fmt: skip


def test_a_radius_server_in_a_site_is_a_host_of_it() -> None:
    found = _with_site(radiusServers=SERVERS)
    assert {name: str(a) for name, a in scenario(found).sites["site"].hosts.items()} == {
        "host1": "10.101.0.10",
        "radius": "10.101.0.21",
    }
    assert "site/radius 10.101.0.21" in messages(found)
    assert "further RADIUS servers are left out: 10.101.0.20" in messages(found)


@pytest.mark.parametrize("address", ["10.101.0.10", "10.77.0.4"])
def test_a_radius_server_that_is_a_host_already_or_lies_nowhere_makes_no_host(address: str) -> None:
    found = _with_site(radiusServerAddress=address)
    assert list(scenario(found).sites["site"].hosts) == ["host1"]
    nobody = "no virtual machine and no host of a site has 10.77.0.4" in messages(found)
    assert nobody is (address == "10.77.0.4")


@pytest.mark.parametrize(("tunnels", "instead"), [(["OpenVPN"], "Certificate"), (["IkeV2"], "EapMSChapv2")])
def test_radius_without_a_server_is_substituted_and_said(tunnels: list[str], instead: str) -> None:
    clients = {**RADIUS, "vpnClientProtocols": tunnels}
    found = imported_bodies(HUB, gateway("gw", "Hub", vpnClientConfiguration=clients))
    settings = scenario(found).vnets["Hub"].vpn_gateway
    assert settings is not None
    assert settings.point_to_site is not None
    assert settings.point_to_site.authentication_types == (instead,)
    assert "its RADIUS server has no address" in messages(found)
