"""Azure Firewalls: their addresses, and the rules of their policies in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netlab.scenario import models
from netlab.scenario.addresses import AZURE_FIREWALL_SUBNET, PRIVATE_PREFIXES, firewall_address, firewall_instance
from netlab.scenario.models import node_name

if TYPE_CHECKING:
    from netlab.scenario.network.graph import Network
    from netlab.scenario.network.vnets import Subnet, VNet

_NO_POLICY = models.FirewallPolicy()
IANA_PRIVATE_RANGES = "IANAPrivateRanges"


@dataclass(frozen=True, eq=False)
class Firewall:
    """An Azure Firewall: one private address, behind which are its instances (F2)."""

    network: Network = field(repr=False)
    name: str
    vnet: VNet = field(repr=False)
    spec: models.Firewall = field(repr=False)

    @cached_property
    def node(self) -> str:
        """Its node."""
        return node_name(self.name)

    @property
    def link(self) -> str:
        """The link of its VNet to it."""
        return self.node

    @property
    def label(self) -> str:
        """The name of its NIC in the lab."""
        return self.node

    @property
    def link_inside(self) -> str:
        """The same link as the firewall calls it."""
        return self.vnet.node

    @cached_property
    def subnet(self) -> Subnet:
        """AzureFirewallSubnet."""
        return self.vnet.subnets[AZURE_FIREWALL_SUBNET]

    @property
    def address(self) -> IPv4Address:
        """The private address that user routes name."""
        return firewall_address(self.subnet.prefix)

    @property
    def addresses(self) -> tuple[IPv4Address, ...]:
        """The addresses that user routes name."""
        return (self.address,)

    @property
    def instance(self) -> IPv4Address:
        """The address that translated packets have on the way to private destinations (F2, F13)."""
        return firewall_instance(self.subnet.prefix)

    @property
    def public_address(self) -> IPv4Address:
        """The address that it has in the Internet."""
        return self.network.public.machines[self.node]

    @property
    def policy(self) -> models.FirewallPolicy:
        """Its policy; an empty one where it has none."""
        return self.network.scenario.firewall_policies.get(self.spec.firewall_policy or "", _NO_POLICY)

    @property
    def answers_of_endpoints_follow(self) -> bool:
        """Whether answers of private endpoints of its own VNet go to it: it has no tag that says so (E10)."""
        return False

    @cached_property
    def kept_ranges(self) -> tuple[IPv4Network, ...]:
        """The destinations whose packets keep their source (F10, F11)."""
        written = self.policy.snat.private_ranges
        given = (IPv4Network(text) for text in written if text != IANA_PRIVATE_RANGES)
        return (*(PRIVATE_PREFIXES if IANA_PRIVATE_RANGES in written else ()), *given)

    @cached_property
    def collections(self) -> tuple[tuple[str, models.RuleCollection], ...]:
        """The collections of its policy in their order: by the priorities of their groups, then by their own (F7)."""
        groups = sorted(self.policy.rule_collection_groups.values(), key=lambda group: group.priority)
        return tuple(item for group in groups for item in _in_order(group))


def _in_order(group: models.RuleCollectionGroup) -> Iterator[tuple[str, models.RuleCollection]]:
    return iter(sorted(group.rule_collections.items(), key=lambda item: item[1].priority))
