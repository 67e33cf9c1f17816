"""Ways out to the Internet that machines share: NAT gateways and public load balancers, in Azure's order (E19)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netlab.results.protocols import Protocol
from netlab.scenario.values import once

if TYPE_CHECKING:
    from netlab.scenario.network.machines import Nic
    from netlab.scenario.network.vnets import VNet

_OF_NAT_GATEWAYS: frozenset[Protocol] = frozenset(("tcp", "udp"))


@dataclass(frozen=True, slots=True)
class SharedAddress:
    """The public address under which what a prefix sends by some protocols leaves for the Internet."""

    prefix: IPv4Network
    address: IPv4Address
    protocols: frozenset[Protocol]


@once
def shared_addresses(vnet: VNet) -> tuple[SharedAddress, ...]:
    """Those of a VNet: of its subnets with a NAT gateway, then of members of public load balancers (E19)."""
    return (*_of_nat_gateways(vnet), *_of_members(vnet))


def public_addresses(vnet: VNet) -> tuple[IPv4Address, ...]:
    """The public addresses behind which machines of a VNet are: its way out, the shared ones, and those of machines
    and firewalls."""
    shared = (item.address for item in shared_addresses(vnet))
    own = (address for _, address in vnet.public_pairs)
    return tuple(dict.fromkeys((vnet.network.public.egress[vnet.name], *shared, *own)))


def _of_nat_gateways(vnet: VNet) -> Iterator[SharedAddress]:
    for subnet in vnet.subnets.values():
        if subnet.nat_address is not None:
            yield SharedAddress(subnet.prefix, subnet.nat_address, _OF_NAT_GATEWAYS)


def _of_members(vnet: VNet) -> Iterator[SharedAddress]:
    for nic, addresses in balanced_out(vnet).items():
        for address in dict.fromkeys(addresses.values()):
            protocols = frozenset(protocol for protocol, found in addresses.items() if found == address)
            yield SharedAddress(IPv4Network(nic.address), address, protocols)


@once
def balanced_out(vnet: VNet) -> dict[Nic, dict[Protocol, IPv4Address]]:
    """The NICs of a VNet to which a public load balancer gives an address for the Internet, and which, by protocol: no
    NAT gateway and no public address of the NIC comes before it (E19)."""
    found: dict[Nic, dict[Protocol, IPv4Address]] = {}
    for nic, protocol, address in (item for balancer in vnet.load_balancers for item in balancer.outbound):
        if nic.subnet.nat_address is None and nic.link not in vnet.network.public.machines:
            found.setdefault(nic, {}).setdefault(protocol, address)
    return found


@once
def without_default_access(vnet: VNet) -> frozenset[Nic]:
    """The members of a VNet's internal Standard load balancers, which have no default outbound access (L25, E27)."""
    standard = (balancer for balancer in vnet.load_balancers if balancer.spec.sku == "Standard")
    return frozenset(nic for balancer in standard for rule in balancer.rules for nic in rule.members)
