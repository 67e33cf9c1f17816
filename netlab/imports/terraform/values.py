"""The values of attributes: known ones, and those that are known only after apply, by their references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netlab.imports.ids import made
from netlab.imports.runtime import Token, Unknown
from netlab.imports.terraform.configuration import Configuration
from netlab.imports.terraform.instances import Instance

# The type in ARM, and the attributes that are the names of its parents.
TYPES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "azurerm_resource_group": ("Microsoft.Resources/resourceGroups", ()),
    "azurerm_virtual_network": ("Microsoft.Network/virtualNetworks", ()),
    "azurerm_subnet": ("Microsoft.Network/virtualNetworks/subnets", ("virtual_network_name",)),
    "azurerm_virtual_network_peering": (
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
        ("virtual_network_name",),
    ),
    "azurerm_public_ip": ("Microsoft.Network/publicIPAddresses", ()),
    "azurerm_network_interface": ("Microsoft.Network/networkInterfaces", ()),
    "azurerm_virtual_machine": ("Microsoft.Compute/virtualMachines", ()),
    "azurerm_linux_virtual_machine": ("Microsoft.Compute/virtualMachines", ()),
    "azurerm_windows_virtual_machine": ("Microsoft.Compute/virtualMachines", ()),
    "azurerm_route_table": ("Microsoft.Network/routeTables", ()),
    "azurerm_route": ("Microsoft.Network/routeTables/routes", ("route_table_name",)),
    "azurerm_network_security_group": ("Microsoft.Network/networkSecurityGroups", ()),
    "azurerm_network_security_rule": (
        "Microsoft.Network/networkSecurityGroups/securityRules",
        ("network_security_group_name",),
    ),
    "azurerm_application_security_group": ("Microsoft.Network/applicationSecurityGroups", ()),
    "azurerm_virtual_network_gateway": ("Microsoft.Network/virtualNetworkGateways", ()),
    "azurerm_local_network_gateway": ("Microsoft.Network/localNetworkGateways", ()),
    "azurerm_virtual_network_gateway_connection": ("Microsoft.Network/connections", ()),
    "azurerm_express_route_circuit": ("Microsoft.Network/expressRouteCircuits", ()),
    "azurerm_express_route_circuit_peering": (
        "Microsoft.Network/expressRouteCircuits/peerings",
        ("express_route_circuit_name",),
    ),
    "azurerm_express_route_circuit_connection": ("Microsoft.Network/expressRouteCircuits/peerings/connections", ()),
    "azurerm_route_filter": ("Microsoft.Network/routeFilters", ()),
    "azurerm_firewall": ("Microsoft.Network/azureFirewalls", ()),
    "azurerm_firewall_policy": ("Microsoft.Network/firewallPolicies", ()),
    "azurerm_ip_group": ("Microsoft.Network/ipGroups", ()),
    "azurerm_nat_gateway": ("Microsoft.Network/natGateways", ()),
    "azurerm_private_endpoint": ("Microsoft.Network/privateEndpoints", ()),
    "azurerm_lb": ("Microsoft.Network/loadBalancers", ()),
    "azurerm_route_server": ("Microsoft.Network/virtualHubs", ()),
    "azurerm_route_server_bgp_connection": ("Microsoft.Network/virtualHubs/bgpConnections", ()),
    "azurerm_application_gateway": ("Microsoft.Network/applicationGateways", ()),
}
_PARENTS = {
    "virtual_network_name": "azurerm_virtual_network",
    "route_table_name": "azurerm_route_table",
    "network_security_group_name": "azurerm_network_security_group",
    "express_route_circuit_name": "azurerm_express_route_circuit",
    "resource_group_name": "azurerm_resource_group",
}
_OF_BALANCER = {"azurerm_lb_backend_address_pool": "backendAddressPools", "azurerm_lb_probe": "probes"}
_ADDRESSES = {"ip_address": "public address", "fqdn": "fqdn"}


@dataclass
class Values:
    """The instances of one state or plan, and how their attributes are read."""

    instances: list[Instance]
    configuration: Configuration
    given: Mapping[str, str]
    """Values of --set, by ADDRESS.ATTRIBUTE."""
    by_address: dict[str, Instance] = field(init=False)
    _by_plain: dict[str, list[Instance]] = field(init=False)

    def __post_init__(self) -> None:
        self.by_address = {each.address: each for each in self.instances}
        self._by_plain = {}
        for each in self.instances:
            self._by_plain.setdefault(each.plain, []).append(each)

    def get(self, each: Instance, *path: str | int) -> Any:
        """An attribute's value: as it is set, or as what it refers to says, or Unknown; None where it is not set."""
        asked = self._asked(each, path)
        if asked is not None:
            return asked
        value = dug(each.values, path)
        if value not in (None, "", [], {}):
            return value
        # What the configuration does not set gets the provider's default.
        open_ = _is_unknown(each.unknown, path) and self.configuration.sets(each.plain, path)
        return self._after_apply(each, path) if open_ else None

    def _asked(self, each: Instance, path: tuple[str | int, ...]) -> Any:
        """A value of --set, for the attribute itself or for the last part of its path."""
        for name in (".".join(map(str, path)), str(path[-1])):
            text = self.given.get(f"{each.address}.{name}")
            if text is not None:
                target = self.by_address.get(text)
                return self.id(target) if target is not None else text
        return None

    def _after_apply(self, each: Instance, path: tuple[str | int, ...]) -> Any:
        """The value that an attribute gets from another resource."""
        references = self.configuration.referred(each.plain, path)
        found: dict[str, tuple[Instance, str]] = {}
        for reference in references:
            target, attribute = self._target(each, reference)
            if target is not None:
                found.setdefault(target.address, (target, attribute))
        wanted = _wanted(str(path[-1]))
        fitting = [item for item in found.values() if item[0].type in wanted] if wanted else list(found.values())
        if len(fitting) > 1 and "address" in str(path[-1]):
            fitting = [item for item in fitting if "ip_address" in item[1]]
        if len(fitting) == 1:
            return self._of(fitting[0][0], fitting[0][1], str(path[-1]))
        names = ", ".join(item[0].address for item in fitting) or "none"
        return Unknown(f"{each.address}.{'.'.join(map(str, path))}, candidates: {names}")

    def _target(self, each: Instance, reference: str) -> tuple[Instance | None, str]:
        """The instance that a reference names, of several the one with the same keys; and the attribute."""
        parts = reference.split(".")
        for end in range(len(parts), 1, -1):
            known = self._by_plain.get(".".join(part.split("[")[0] for part in parts[:end]))
            if known:
                same = [item for item in known if item.keys == each.keys] if len(known) > 1 else known
                attribute = ".".join(parts[end:])
                return (same[0] if len(same) == 1 else None), attribute
        return None, ""

    def _of(self, target: Instance, attribute: str, wanted: str) -> Any:
        last = attribute.rsplit(".", 1)[-1]
        if wanted.endswith("_name") or last == "name":
            return target.values.get("name") or target.address
        if last in _ADDRESSES and target.type == "azurerm_public_ip":
            return Token("fqdn" if last == "fqdn" else "public address", self.id(target))
        if target.type == "azurerm_virtual_network_gateway" and "bgp" in attribute:
            return Token("bgp address", self.id(target))
        if wanted.endswith(("_id", "_ids", "id")):
            return self.id(target)
        if "private_ip_address" in attribute:
            return Token("private address", self.id(target))
        return Unknown(f"{target.address}.{attribute}")

    # --- ids ----------------------------------------------------------------------------------------------------------

    def id(self, each: Instance) -> str:
        """The id of an instance: as the state has it, or built of its names, as Azure will build it."""
        known = each.values.get("id")
        if isinstance(known, str) and known.startswith("/"):
            return known
        type_, parents = TYPES.get(each.type, (f"terraform/{each.type}", ()))
        name = str(each.values.get("name") or each.address)
        if each.type == "azurerm_resource_group":
            return f"/resourceGroups/{name}"
        if each.type == "azurerm_route_server_bgp_connection":
            parent = self.get(each, "route_server_id")
            return f"{parent}/bgpConnections/{name}" if isinstance(parent, str) else ""
        if each.type == "azurerm_express_route_circuit_connection":
            parent = self.get(each, "peering_id")
            return f"{parent}/connections/{name}" if isinstance(parent, str) else ""
        if each.type in _OF_BALANCER:
            parent = self.get(each, "loadbalancer_id")
            return f"{parent}/{_OF_BALANCER[each.type]}/{name}" if isinstance(parent, str) else ""
        if each.type not in TYPES:
            return made("", "", type_, (each.address,))
        above = [self._name(each, attribute) for attribute in parents]
        if each.type == "azurerm_express_route_circuit_peering":
            name = str(each.values.get("peering_type") or name)
        return made("", self._name(each, "resource_group_name"), type_, (*above, name))

    def _name(self, each: Instance, attribute: str) -> str:
        """The name of a parent; one that is not known is the one that is referred to."""
        value = self.get(each, attribute)
        return value if isinstance(value, str) else "unknown"


def _wanted(attribute: str) -> tuple[str, ...]:
    """The types of resources that an attribute refers to; none where any will do."""
    if attribute in _PARENTS:
        return (_PARENTS[attribute],)
    by_word = {
        "subnet_id": ("azurerm_subnet", "azurerm_virtual_network"),
        "public_ip_address_id": ("azurerm_public_ip",),
        "route_table_id": ("azurerm_route_table",),
        "network_security_group_id": ("azurerm_network_security_group",),
        "remote_virtual_network_id": ("azurerm_virtual_network",),
        "virtual_network_gateway_id": ("azurerm_virtual_network_gateway",),
        "peer_virtual_network_gateway_id": ("azurerm_virtual_network_gateway",),
        "local_network_gateway_id": ("azurerm_local_network_gateway",),
        "express_route_circuit_id": ("azurerm_express_route_circuit",),
        "peering_id": ("azurerm_express_route_circuit_peering",),
        "peer_peering_id": ("azurerm_express_route_circuit_peering",),
        "route_filter_id": ("azurerm_route_filter",),
        "network_interface_id": ("azurerm_network_interface",),
        "firewall_policy_id": ("azurerm_firewall_policy",),
        "base_policy_id": ("azurerm_firewall_policy",),
        "source_ip_groups": ("azurerm_ip_group",),
        "destination_ip_groups": ("azurerm_ip_group",),
        "loadbalancer_id": ("azurerm_lb",),
        "backend_address_pool_id": ("azurerm_lb_backend_address_pool",),
        "backend_address_pool_ids": ("azurerm_lb_backend_address_pool",),
        "probe_id": ("azurerm_lb_probe",),
    }
    return by_word.get(attribute, ())


def dug(value: Any, path: tuple[str | int, ...]) -> Any:
    """A value inside of mappings and lists; None where it is not there."""
    for part in path:
        if isinstance(part, int):
            value = value[part] if isinstance(value, list) and part < len(value) else None
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _is_unknown(value: Any, path: tuple[str | int, ...]) -> bool:
    """Whether an attribute, or what it is in, is known only after apply."""
    for part in path:
        if value is True:
            return True
        value = dug(value, (part,))
    return value is True or (isinstance(value, list) and True in value)
