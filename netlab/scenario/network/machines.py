"""Virtual machines and their NICs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netlab.scenario import models
from netlab.scenario.addresses import RFC_1918, nic_addresses
from netlab.scenario.models import node_name
from netlab.scenario.network.ends import Appliance
from netlab.scenario.nodes import nic_name

if TYPE_CHECKING:
    from netlab.scenario.network.vnets import SecurityGroup, Subnet, VNet


@dataclass(frozen=True, eq=False)
class Machine:
    """A virtual machine: its NICs, its routes, and the appliance that it may be."""

    vnet: VNet = field(repr=False)
    name: str
    spec: models.VirtualMachine = field(repr=False)

    @cached_property
    def node(self) -> str:
        """Its node."""
        return node_name(self.vnet.name, self.name)

    @property
    def path(self) -> tuple[str, ...]:
        """Its place in the file."""
        return "vnets", self.vnet.name, "vms", self.name

    @property
    def appliance_path(self) -> tuple[str, ...]:
        """The place of what makes it an appliance."""
        return (*self.path, "nva")

    @cached_property
    def nics(self) -> tuple[Nic, ...]:
        """Its NICs that have an address, the primary one first; none where that one has none."""
        found = nic_addresses(self.vnet.spec)
        subnets, of = self.vnet.subnets, self.spec.interfaces
        if (self.name, next(iter(of))) not in found:
            return ()
        known = ((key, spec) for key, spec in of.items() if (self.name, key) in found)
        return tuple(
            Nic(self, index, key, subnets[spec.subnet], found[self.name, key], spec)
            for index, (key, spec) in enumerate(known)
        )

    @property
    def primary(self) -> Nic:
        """The NIC with the default route (R126)."""
        return self.nics[0]

    @cached_property
    def addresses(self) -> frozenset[IPv4Address]:
        """The addresses of all its NICs."""
        return frozenset(address for nic in self.nics for address in nic.addresses)

    @property
    def forwards(self) -> bool:
        """Whether it is an appliance; only such a machine forwards."""
        return self.spec.nva is not None

    @cached_property
    def routes(self) -> tuple[tuple[IPv4Network, Nic], ...]:
        """Its routes past the primary NIC's default one, each with its NIC: to the subnets of its NICs, and those of
        the guest. Of two NICs in one subnet the first one has the route to it."""
        if len(self.nics) == 1:
            return ()
        own = {nic.subnet.prefix: nic for nic in reversed(self.nics)}
        return tuple({**dict(self._of_guest), **own}.items())

    @property
    def _of_guest(self) -> Iterator[tuple[IPv4Network, Nic]]:
        written = [(prefix, nic) for nic in self.nics for prefix in nic.guest_routes]
        yield from written
        if self.forwards and not written:
            yield from ((prefix, self.nics[1]) for prefix in (*RFC_1918, *self.vnet.address_space))

    def towards(self, address: IPv4Address) -> Nic:
        """The NIC by which it sends packets for an address."""
        covering = [(prefix.prefixlen, nic) for prefix, nic in self.routes if address in prefix]
        return max(covering, key=lambda item: item[0])[1] if covering else self.primary

    @cached_property
    def appliance(self) -> Appliance | None:
        """The appliance that it is, if it is one; it speaks BGP and ends connections at its primary NIC."""
        nva = self.spec.nva
        name = f"{self.vnet.name}-{self.name}"
        return Appliance(self.vnet.network, name, self.primary, nva) if nva is not None else None


@dataclass(frozen=True, eq=False)
class Nic:
    """A NIC of a virtual machine: its addresses, and what it accepts and sends besides its own (R116)."""

    machine: Machine = field(repr=False)
    index: int
    key: str
    subnet: Subnet = field(repr=False)
    address: IPv4Address
    spec: models.NetworkInterface = field(repr=False)

    @property
    def vnet(self) -> VNet:
        """The VNet that it is in."""
        return self.machine.vnet

    @cached_property
    def name(self) -> str:
        """Its name in the VNet: its machine's, or behind it its own one of several."""
        return nic_name(self.machine.name, self.key)

    @cached_property
    def label(self) -> str:
        """Its name in the lab."""
        return node_name(self.vnet.name, self.name)

    @cached_property
    def node(self) -> str:
        """The node of its machine."""
        return self.machine.node

    @cached_property
    def link(self) -> str:
        """The link of its VNet to it: the primary one's is named after the machine."""
        return self.label if self.index else self.node

    @cached_property
    def link_inside(self) -> str:
        """The same link as its machine calls it."""
        return self.label if self.index else self.vnet.node

    @property
    def path(self) -> tuple[str, ...]:
        """Its place in the file."""
        return (*self.machine.path, "nics", self.key) if self.key else self.machine.path

    @cached_property
    def addresses(self) -> tuple[IPv4Address, ...]:
        """Its private addresses, that of its primary IP configuration first."""
        return (self.address, *self.spec.secondary_private_ip_addresses)

    @property
    def guest_routes(self) -> tuple[IPv4Network, ...]:
        """The prefixes that its machine is set to send by it."""
        return self.spec.guest_routes if isinstance(self.spec, models.AttachedInterface) else ()

    @property
    def public_address(self) -> IPv4Address | None:
        """The public address that the file gives it."""
        return self.spec.public_ip_address

    @property
    def ip_forwarding(self) -> bool:
        """Whether the NIC accepts and sends what is not its own (R116)."""
        return self.spec.enable_ip_forwarding

    @property
    def own_security_group(self) -> SecurityGroup | None:
        """Its own network security group, if it has one."""
        return self.vnet.network.security_groups.get(self.spec.network_security_group or "")

    @cached_property
    def security_groups(self) -> tuple[SecurityGroup, ...]:
        """The network security groups that a packet from it meets, in this order: its own, its subnet's (N3)."""
        return tuple(group for group in (self.own_security_group, self.subnet.security_group) if group is not None)

    @property
    def answers_of_endpoints_follow(self) -> bool:
        """Whether answers of private endpoints go to it and not past it (E10: the case of the tag's name matters)."""
        return self.machine.spec.tags.get("disableSnatOnPL") == "true"

    @property
    def appliance(self) -> Appliance | None:
        """The appliance that its machine is, if it is one."""
        return self.machine.appliance
