"""The attributes of azurerm's resources -> bodies in ARM's words (section 5, the column azurerm)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from netlab.imports.terraform.instances import Instance
from netlab.imports.terraform.values import Values, dug

Body = dict[str, Any]
# An attribute's name in v3 and in v4 is read as the same property.
_Plain = Mapping[str, str]


class Reader:
    """Reads the attributes of one instance."""

    def __init__(self, values: Values, each: Instance) -> None:
        self._values, self._each = values, each

    def get(self, *path: str | int) -> Any:
        return self._values.get(self._each, *path)

    def first(self, *names: str) -> Any:
        """The first attribute of several that is set."""
        return next((value for value in map(self.get, names) if value is not None), None)

    def reference(self, *path: str | int) -> Any:
        value = self.get(*path)
        return None if value is None else {"id": value}

    def plain(self, names: _Plain, *path: str | int) -> Body:
        """Several attributes by their ARM names."""
        return {arm: self.get(*path, name) for name, arm in names.items()}

    def blocks(self, *path: str | int) -> int:
        """How many blocks there are."""
        value = dug(self._each.values, path)
        return len(value) if isinstance(value, list) else 0


def _vnet(of: Reader) -> Body:
    subnets = [
        {
            "name": of.get("subnet", i, "name"),
            "addressPrefixes": listed(of.get("subnet", i, "address_prefixes") or of.get("subnet", i, "address_prefix")),
            "networkSecurityGroup": of.reference("subnet", i, "security_group"),
            "routeTable": of.reference("subnet", i, "route_table_id"),
        }
        for i in range(of.blocks("subnet"))
    ]
    return {
        "location": of.get("location"),
        "addressSpace": {"addressPrefixes": of.get("address_space")},
        "subnets": subnets,
    }


def listed(value: Any) -> Any:
    """A value as a list; None where there is none."""
    return value if value is None or isinstance(value, list) else [value]


def _subnet(of: Reader) -> Body:
    return {
        "addressPrefixes": listed(of.first("address_prefixes", "address_prefix")),
        "routeTable": of.reference("route_table_id"),
        "networkSecurityGroup": of.reference("network_security_group_id"),
        "delegations": [{"name": "delegation"}] if of.blocks("delegation") else None,
        "serviceEndpoints": [{"service": name} for name in of.get("service_endpoints") or ()],
        "privateEndpointNetworkPolicies": of.get("private_endpoint_network_policies"),
        "defaultOutboundAccess": of.get("default_outbound_access_enabled"),
    }


def _peering(of: Reader) -> Body:
    return {
        "remoteVirtualNetwork": of.reference("remote_virtual_network_id"),
        "peerCompleteVnets": of.get("peer_complete_virtual_networks_enabled"),
        "localSubnetNames": of.get("local_subnet_names"),
        "enableOnlyIPv6Peering": of.get("only_ipv6_peering_enabled"),
        **of.plain(
            {
                "allow_virtual_network_access": "allowVirtualNetworkAccess",
                "allow_forwarded_traffic": "allowForwardedTraffic",
                "allow_gateway_transit": "allowGatewayTransit",
                "use_remote_gateways": "useRemoteGateways",
            }
        ),
    }


def _public_ip(of: Reader) -> Body:
    return {"ipAddress": of.get("ip_address"), "dnsSettings": {"fqdn": of.get("fqdn")}}


def _nic(of: Reader) -> Body:
    configurations = [
        {
            "name": of.get("ip_configuration", i, "name"),
            "subnet": of.reference("ip_configuration", i, "subnet_id"),
            "privateIPAddress": _known(of.get("ip_configuration", i, "private_ip_address")),
            "publicIPAddress": _known_reference(of.reference("ip_configuration", i, "public_ip_address_id")),
            "primary": of.get("ip_configuration", i, "primary"),
        }
        for i in range(of.blocks("ip_configuration"))
    ]
    machine = _known(of.get("virtual_machine_id"))
    return {
        "ipConfigurations": configurations,
        "enableIPForwarding": of.first("ip_forwarding_enabled", "enable_ip_forwarding"),
        "virtualMachine": {"id": machine} if machine else None,
    }


def _known(value: Any) -> Any:
    """A value, where it is one: an address that Azure chooses at apply is none yet."""
    return value if isinstance(value, (str, bool, int)) else None


def _known_reference(value: Any) -> Any:
    return value if value is not None and isinstance(value["id"], str) else None


def _machine(of: Reader) -> Body:
    nics = listed(of.get("network_interface_ids")) or []
    return {"networkProfile": {"networkInterfaces": [{"id": nic} for nic in nics if isinstance(nic, str)]}}


_ROUTE = {
    "name": "name",
    "address_prefix": "addressPrefix",
    "next_hop_type": "nextHopType",
    "next_hop_in_ip_address": "nextHopIpAddress",
}


def _route_table(of: Reader) -> Body:
    enabled = of.get("bgp_route_propagation_enabled")
    off = (not enabled) if isinstance(enabled, bool) else of.get("disable_bgp_route_propagation")
    routes = [of.plain(_ROUTE, "route", i) for i in range(of.blocks("route"))]
    return {"disableBgpRoutePropagation": off, "routes": routes}


def _route(of: Reader) -> Body:
    return of.plain(_ROUTE)


_RULE = {
    "name": "name",
    "priority": "priority",
    "direction": "direction",
    "access": "access",
    "protocol": "protocol",
    "source_address_prefix": "sourceAddressPrefix",
    "source_address_prefixes": "sourceAddressPrefixes",
    "source_port_range": "sourcePortRange",
    "source_port_ranges": "sourcePortRanges",
    "destination_address_prefix": "destinationAddressPrefix",
    "destination_address_prefixes": "destinationAddressPrefixes",
    "destination_port_range": "destinationPortRange",
    "destination_port_ranges": "destinationPortRanges",
}


def _groups(of: Reader, *path: str | int) -> Body:
    """The application security groups of a rule."""
    found = {}
    for side in ("source", "destination"):
        value = listed(of.get(*path, f"{side}_application_security_group_ids")) or []
        found[f"{side}ApplicationSecurityGroups"] = [{"id": item} for item in value]
    return found


def _security_group(of: Reader) -> Body:
    count = of.blocks("security_rule")
    return {
        "securityRules": [
            {**of.plain(_RULE, "security_rule", i), **_groups(of, "security_rule", i)} for i in range(count)
        ]
    }


def _security_rule(of: Reader) -> Body:
    return {**of.plain(_RULE), **_groups(of)}


def _firewall(of: Reader) -> Body:
    return {
        "ipConfigurations": [
            {
                "name": of.get("ip_configuration", i, "name"),
                "subnet": of.reference("ip_configuration", i, "subnet_id"),
                "privateIPAddress": _known(of.get("ip_configuration", i, "private_ip_address")),
                "publicIPAddress": of.reference("ip_configuration", i, "public_ip_address_id"),
            }
            for i in range(of.blocks("ip_configuration"))
        ],
        "firewallPolicy": of.reference("firewall_policy_id"),
        "managementIpConfiguration": {"name": "management"} if of.blocks("management_ip_configuration") else None,
    }


def _balancer(of: Reader) -> Body:
    return {
        "sku": {"name": of.get("sku")},
        "frontendIPConfigurations": [
            {
                "name": of.get("frontend_ip_configuration", i, "name"),
                "subnet": of.reference("frontend_ip_configuration", i, "subnet_id"),
                "privateIPAddress": _known(of.get("frontend_ip_configuration", i, "private_ip_address")),
                "publicIPAddress": of.reference("frontend_ip_configuration", i, "public_ip_address_id"),
            }
            for i in range(of.blocks("frontend_ip_configuration"))
        ],
    }


def _route_server(of: Reader) -> Body:
    return {
        "allowBranchToBranchTraffic": of.get("branch_to_branch_traffic_enabled"),
        "hubRoutingPreference": of.get("hub_routing_preference"),
        "ipConfigurations": [
            {
                "name": "ipconfig",
                "subnet": of.reference("subnet_id"),
                "publicIPAddress": of.reference("public_ip_address_id"),
            }
        ],
    }


def _route_server_peer(of: Reader) -> Body:
    return {"peerAsn": of.get("peer_asn"), "peerIp": of.get("peer_ip")}


def _application_gateway(of: Reader) -> Body:
    count = of.blocks("gateway_ip_configuration")
    return {
        "gatewayIPConfigurations": [
            {"subnet": of.reference("gateway_ip_configuration", i, "subnet_id")} for i in range(count)
        ]
    }


def _nat_gateway(of: Reader) -> Body:
    return {"sku": {"name": of.get("sku_name")}, "idleTimeoutInMinutes": of.get("idle_timeout_in_minutes")}


def _private_endpoint(of: Reader) -> Body:
    connection = "private_service_connection"
    connections = [{"name": of.get(connection, i, "name")} for i in range(of.blocks(connection))]
    own = [of.get("ip_configuration", i, "private_ip_address") for i in range(of.blocks("ip_configuration"))]
    known = [of.get(connection, i, "private_ip_address") for i in range(of.blocks(connection))]
    manual = any(of.get(connection, i, "is_manual_connection") for i in range(of.blocks(connection)))
    return {
        "subnet": of.reference("subnet_id"),
        "ipConfigurations": [{"privateIPAddress": address} for address in (*own, *known) if address],
        f"{'manualP' if manual else 'p'}rivateLinkServiceConnections": connections,
    }


def _nothing(of: Reader) -> Body:
    return {}


BODIES: Mapping[str, Callable[[Reader], Body]] = {
    "azurerm_virtual_network": _vnet,
    "azurerm_subnet": _subnet,
    "azurerm_virtual_network_peering": _peering,
    "azurerm_public_ip": _public_ip,
    "azurerm_network_interface": _nic,
    "azurerm_virtual_machine": _machine,
    "azurerm_linux_virtual_machine": _machine,
    "azurerm_windows_virtual_machine": _machine,
    "azurerm_route_table": _route_table,
    "azurerm_route": _route,
    "azurerm_network_security_group": _security_group,
    "azurerm_network_security_rule": _security_rule,
    "azurerm_application_security_group": _nothing,
    "azurerm_firewall": _firewall,
    "azurerm_lb": _balancer,
    "azurerm_nat_gateway": _nat_gateway,
    "azurerm_private_endpoint": _private_endpoint,
    "azurerm_route_server": _route_server,
    "azurerm_route_server_bgp_connection": _route_server_peer,
    "azurerm_application_gateway": _application_gateway,
    "azurerm_resource_group": _nothing,
}


# --- what joins two resources -----------------------------------------------------------------------------------------


def joints(of: Reader, type_: str) -> Iterator[tuple[Any, Body]]:
    """What an association adds: the id of a resource, and a part of its body."""
    if type_ == "azurerm_subnet_route_table_association":
        yield of.get("subnet_id"), {"routeTable": of.reference("route_table_id")}
    elif type_ == "azurerm_subnet_network_security_group_association":
        yield of.get("subnet_id"), {"networkSecurityGroup": of.reference("network_security_group_id")}
    elif type_ == "azurerm_subnet_nat_gateway_association":
        yield of.get("subnet_id"), {"natGateway": of.reference("nat_gateway_id")}
    elif type_ == "azurerm_network_interface_security_group_association":
        yield of.get("network_interface_id"), {"networkSecurityGroup": of.reference("network_security_group_id")}
    elif type_ in _OF_CONFIGURATION:
        attribute, key = _OF_CONFIGURATION[type_]
        name = of.get("ip_configuration_name")
        part = {"name": name, key: [of.reference(attribute)]}
        yield of.get("network_interface_id"), {"ipConfigurations": [part]} if name else {key: [of.reference(attribute)]}
    elif type_ == "azurerm_virtual_network_gateway_nat_rule":
        yield of.get("virtual_network_gateway_id"), {"natRules": [_nat_rule(of)]}
    elif type_ == "azurerm_nat_gateway_public_ip_association":
        yield of.get("nat_gateway_id"), {"publicIpAddresses": [of.reference("public_ip_address_id")]}


def _nat_rule(of: Reader) -> Body:
    mapping = {"address_space": "addressSpace", "port_range": "portRange"}
    return {
        "name": of.get("name"),
        "mode": of.get("mode"),
        "type": of.get("type"),
        "ipConfigurationId": of.reference("ip_configuration_id"),
        "internalMappings": [of.plain(mapping, "internal_mapping", i) for i in range(of.blocks("internal_mapping"))],
        "externalMappings": [of.plain(mapping, "external_mapping", i) for i in range(of.blocks("external_mapping"))],
    }


_OF_CONFIGURATION = {
    "azurerm_network_interface_backend_address_pool_association": (
        "backend_address_pool_id",
        "loadBalancerBackendAddressPools",
    ),
    "azurerm_network_interface_application_security_group_association": (
        "application_security_group_id",
        "applicationSecurityGroups",
    ),
}
ASSOCIATIONS = {
    "azurerm_subnet_route_table_association",
    "azurerm_subnet_network_security_group_association",
    "azurerm_subnet_nat_gateway_association",
    "azurerm_network_interface_security_group_association",
    "azurerm_virtual_network_gateway_nat_rule",
    "azurerm_nat_gateway_public_ip_association",
    *_OF_CONFIGURATION,
}
