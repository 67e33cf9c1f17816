"""Gateways, local network gateways, connections and circuits of azurerm -> bodies in ARM's words (5.4 to 5.8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from netlab.imports.terraform.attributes import Body, Reader


def _gateway(of: Reader) -> Body:
    configurations = [
        {
            "name": of.get("ip_configuration", i, "name"),
            "id": of.get("ip_configuration", i, "name"),
            "subnet": of.reference("ip_configuration", i, "subnet_id"),
            "publicIPAddress": of.reference("ip_configuration", i, "public_ip_address_id"),
        }
        for i in range(of.blocks("ip_configuration"))
    ]
    return {
        "gatewayType": of.get("type"),
        "vpnType": of.get("vpn_type"),
        "sku": {"name": of.get("sku")},
        "activeActive": of.first("active_active", "active_active_enabled"),
        "enableBgpRouteTranslationForNat": of.get("bgp_route_translation_for_nat_enabled"),
        "enableBgp": of.first("bgp_enabled", "enable_bgp"),
        "ipConfigurations": configurations,
        "bgpSettings": _bgp_settings(of),
        "vpnClientConfiguration": _clients(of) if of.blocks("vpn_client_configuration") else None,
        "customRoutes": {"addressPrefixes": of.get("custom_route", 0, "address_prefixes")},
        "gatewayDefaultSite": of.reference("default_local_network_gateway_id"),
    }


def _bgp_settings(of: Reader) -> Body:
    addresses = of.get("bgp_settings", 0, "peering_addresses")
    return {
        "asn": of.get("bgp_settings", 0, "asn"),
        "peerWeight": of.get("bgp_settings", 0, "peer_weight"),
        "bgpPeeringAddress": of.get("bgp_settings", 0, "peering_address"),
        "bgpPeeringAddresses": [
            {
                "ipconfigurationId": address.get("ip_configuration_name"),
                "defaultBgpIpAddresses": address.get("default_addresses"),
                "customBgpIpAddresses": address.get("apipa_addresses"),
                "tunnelIpAddresses": address.get("tunnel_ip_addresses"),
            }
            for address in (addresses if isinstance(addresses, list) else [])
            if isinstance(address, Mapping)
        ],
    }


def _clients(of: Reader) -> Body:
    def get(name: str) -> Any:
        return of.get("vpn_client_configuration", 0, name)

    def names(key: str) -> list[Body]:
        found = get(key)
        return (
            [{"name": item.get("name")} for item in found if isinstance(item, Mapping)]
            if isinstance(found, list)
            else []
        )

    return {
        "vpnClientAddressPool": {"addressPrefixes": get("address_space")},
        "vpnClientProtocols": get("vpn_client_protocols"),
        "vpnAuthenticationTypes": get("vpn_auth_types"),
        "vpnClientRootCertificates": names("root_certificate"),
        "vpnClientRevokedCertificates": names("revoked_certificate"),
        "aadTenant": get("aad_tenant"),
        "radiusServerAddress": get("radius_server_address"),
        "radiusServers": [
            {"radiusServerAddress": item.get("address"), "radiusServerScore": item.get("score")}
            for item in get("radius_server") or ()
            if isinstance(item, Mapping)
        ],
    }


def _local_gateway(of: Reader) -> Body:
    return {
        "gatewayIpAddress": of.get("gateway_address"),
        "fqdn": of.get("gateway_fqdn"),
        "localNetworkAddressSpace": {"addressPrefixes": of.get("address_space")},
        "bgpSettings": {
            "asn": of.get("bgp_settings", 0, "asn"),
            "bgpPeeringAddress": of.get("bgp_settings", 0, "bgp_peering_address"),
        },
    }


_POLICY = {
    "ike_encryption": "ikeEncryption",
    "ike_integrity": "ikeIntegrity",
    "dh_group": "dhGroup",
    "ipsec_encryption": "ipsecEncryption",
    "ipsec_integrity": "ipsecIntegrity",
    "pfs_group": "pfsGroup",
    "sa_lifetime": "saLifeTimeSeconds",
    "sa_datasize": "saDataSizeKilobytes",
}
_SELECTORS = {"local_address_cidrs": "localAddressRanges", "remote_address_cidrs": "remoteAddressRanges"}


def _connection(of: Reader) -> Body:
    return {
        "connectionType": of.get("type"),
        "virtualNetworkGateway1": of.reference("virtual_network_gateway_id"),
        "virtualNetworkGateway2": of.reference("peer_virtual_network_gateway_id"),
        "localNetworkGateway2": of.reference("local_network_gateway_id"),
        "peer": of.reference("express_route_circuit_id"),
        "enableBgp": of.first("bgp_enabled", "enable_bgp"),
        "ipsecPolicies": [of.plain(_POLICY, "ipsec_policy", i) for i in range(of.blocks("ipsec_policy"))],
        "trafficSelectorPolicies": [
            of.plain(_SELECTORS, "traffic_selector_policy", i) for i in range(of.blocks("traffic_selector_policy"))
        ],
        "gatewayCustomBgpIpAddresses": _custom(of),
        **of.plain(
            {
                "connection_protocol": "connectionProtocol",
                "connection_mode": "connectionMode",
                "use_policy_based_traffic_selectors": "usePolicyBasedTrafficSelectors",
                "dpd_timeout_seconds": "dpdTimeoutSeconds",
                "routing_weight": "routingWeight",
                "ingress_nat_rule_ids": "ingressNatRules",
                "egress_nat_rule_ids": "egressNatRules",
                "express_route_gateway_bypass": "expressRouteGatewayBypass",
                "local_azure_ip_address_enabled": "useLocalAzureIpAddress",
            }
        ),
    }


def _custom(of: Reader) -> list[Body]:
    """The APIPA addresses of the connection; the id of the configuration is only known to be one of the gateway's."""
    gateway = of.get("virtual_network_gateway_id")
    found = (of.get("custom_bgp_addresses", 0, key) for key in ("primary", "secondary"))
    return [
        {"ipconfigurationId": f"{gateway}/ipConfigurations/{number}", "customBgpIpAddress": address}
        for number, address in enumerate(found)
        if isinstance(address, str)
    ]


def _circuit(of: Reader) -> Body:
    return {
        "sku": {"tier": of.get("sku", 0, "tier")},
        "serviceProviderProperties": {
            "bandwidthInMbps": of.get("bandwidth_in_mbps"),
            "peeringLocation": of.get("peering_location"),
        },
    }


def _circuit_peering(of: Reader) -> Body:
    return {
        "peeringType": of.get("peering_type"),
        "peerASN": of.get("peer_asn"),
        "primaryPeerAddressPrefix": of.get("primary_peer_address_prefix"),
        "secondaryPeerAddressPrefix": of.get("secondary_peer_address_prefix"),
        "microsoftPeeringConfig": {
            "advertisedPublicPrefixes": of.get("microsoft_peering_config", 0, "advertised_public_prefixes")
        },
        "routeFilter": of.reference("route_filter_id"),
    }


def _circuit_connection(of: Reader) -> Body:
    return {
        "peerExpressRouteCircuitPeering": of.reference("peer_peering_id"),
        "addressPrefix": of.get("address_prefix_ipv4"),
    }


def _route_filter(of: Reader) -> Body:
    return {"rules": [{"communities": of.get("rule", i, "communities")} for i in range(of.blocks("rule"))]}


BODIES: Mapping[str, Callable[[Reader], Body]] = {
    "azurerm_virtual_network_gateway": _gateway,
    "azurerm_local_network_gateway": _local_gateway,
    "azurerm_virtual_network_gateway_connection": _connection,
    "azurerm_express_route_circuit": _circuit,
    "azurerm_express_route_circuit_peering": _circuit_peering,
    "azurerm_express_route_circuit_connection": _circuit_connection,
    "azurerm_route_filter": _route_filter,
}
