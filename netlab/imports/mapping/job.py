"""What every mapping works with: the resources, the names, the options, the notes, and the scenario in the making."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from netlab.imports import ids
from netlab.imports.bodies import Resource
from netlab.imports.draft import Draft
from netlab.imports.facts import Facts
from netlab.imports.inventory import Inventory
from netlab.imports.names import NameBook
from netlab.imports.notes import Notes
from netlab.imports.options import Options

VNETS = "microsoft.network/virtualnetworks"
SUBNETS = "microsoft.network/virtualnetworks/subnets"
PEERINGS = "microsoft.network/virtualnetworks/virtualnetworkpeerings"
GATEWAYS = "microsoft.network/virtualnetworkgateways"
LOCAL_GATEWAYS = "microsoft.network/localnetworkgateways"
CONNECTIONS = "microsoft.network/connections"
CIRCUITS = "microsoft.network/expressroutecircuits"
CIRCUIT_CONNECTIONS = "microsoft.network/expressroutecircuits/peerings/connections"
ROUTE_FILTERS = "microsoft.network/routefilters"
ROUTE_TABLES = "microsoft.network/routetables"
NICS = "microsoft.network/networkinterfaces"
MACHINES = "microsoft.compute/virtualmachines"
FIREWALLS = "microsoft.network/azurefirewalls"
POLICIES = "microsoft.network/firewallpolicies"
IP_GROUPS = "microsoft.network/ipgroups"
BALANCERS = "microsoft.network/loadbalancers"
HUBS = "microsoft.network/virtualhubs"
PRIVATE_ENDPOINTS = "microsoft.network/privateendpoints"
PUBLIC_ADDRESSES = "microsoft.network/publicipaddresses"
SPECIAL = {
    name.lower(): name
    for name in (
        "GatewaySubnet",
        "RouteServerSubnet",
        "AzureFirewallSubnet",
        "AzureFirewallManagementSubnet",
        "AzureBastionSubnet",
    )
}


@dataclass
class Job:
    """An import at work."""

    inventory: Inventory
    notes: Notes
    options: Options
    names: NameBook = field(default_factory=NameBook)
    draft: Draft = field(default_factory=Draft)
    addresses: dict[str, str] = field(default_factory=dict)
    """Private addresses by KEY#INDEX of an ip configuration or a frontend, and of machines by `vm VNET NAME`."""
    circuits: dict[str, int] = field(default_factory=dict)
    """The customer's ASN of each circuit of the scenario, by the circuit's key."""
    gateways: dict[str, str] = field(default_factory=dict)
    """The VNet of each gateway of the scenario, by the gateway's key."""
    nics: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The machine of a NIC, VNet and name, by the NIC's key."""
    claims: dict[str, set[str]] = field(default_factory=dict)
    """The keys of the resources that use a public address, by its key."""
    firewalls: set[tuple[str, str]] = field(default_factory=set)
    """The Azure Firewalls of the scenario: VNet and private address."""
    invented_addresses: dict[str, str] = field(default_factory=dict)
    """What is written for public addresses that are not known, by their keys."""
    next_hops: set[str] = field(default_factory=set)
    """The addresses that routes and BGP connections name: no probe gets one."""

    def facts(self, item: Resource) -> Facts:
        return Facts.of(self.notes, item)

    def of_type(self, type_: str) -> list[Resource]:
        return self.inventory.of_type(type_)

    def vnet(self, key: str) -> str:
        """The scenario's name of a VNet that was imported, by the key of its id or of its subnet's; else empty."""
        vnet = key.split("/subnets/")[0]
        name = self.names.given.get(vnet, "")
        return name if self.draft.get("vnets", name) is not None else ""

    def subnet(self, key: str) -> tuple[str, str]:
        """The scenario's names of VNet and subnet, by the key of the subnet's id; empty where it was not imported."""
        vnet, name = self.vnet(key), self.names.given.get(key, "")
        return (vnet, name) if vnet and self.draft.get("vnets", vnet, "subnets", name) is not None else ("", "")

    def referred(self, facts: Facts, key: str, what: str, place: str, it: str = "it") -> str:
        """The name of what a property refers to; empty where there is nothing, or nothing that is in the input."""
        wanted = facts.reference(key)
        item = self.inventory.find(wanted)
        if wanted and item is None:
            self.notes.need(wanted, place)
            self.notes.warn(place, f"its {what} {ids.shown(wanted)} is not in the input: {it} has none")
        return self.names.given[item.key] if item is not None else ""

    def need_vnet(self, subnet: object, by: str) -> None:
        """Note that the VNet of a subnet is needed, by the subnet's id, unless the input holds it."""
        id_ = ids.parsed(subnet)
        if id_ is not None and id_.parent is not None and id_.parent.key not in self.inventory.by_key:
            self.notes.need(id_.parent.text, by)

    def leave_out_orphan(self, item: Resource, what: str) -> None:
        """Leave out a child whose parent, named by a word, is not in the input."""
        parent = item.id.parent
        if parent is not None and parent.key not in self.inventory.by_key:
            self.notes.need(parent.text, item.name)
            self.notes.leave_out(item, f"its {what} {parent.name} is not in the input")

    def prefix(self, vnet: str, subnet: str) -> IPv4Network:
        """The prefix of a subnet of the scenario."""
        found = self.draft.get("vnets", vnet, "subnets", subnet)
        return IPv4Network(found["address_prefix"] if isinstance(found, dict) else found)

    def rename(self, azure: str, name: str) -> str:
        """The comment of an object whose name the format does not take; empty where it is kept."""
        if azure == name:
            return ""
        self.notes.renamed[azure] = name
        return f"Azure: {azure}"

    def machines(self) -> Iterator[tuple[str, str, dict[str, object]]]:
        """Every machine so far: VNet, name and values."""
        for vnet, values in self.draft.data.get("vnets", {}).items():
            for name, machine in values.get("vms", {}).items():
                yield vnet, name, machine
