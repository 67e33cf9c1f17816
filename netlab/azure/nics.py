"""The NICs of virtual machines. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from netlab.scenario.addresses import vm_addresses
from netlab.scenario.models import Scenario, VirtualNetwork, node_name


@dataclass(frozen=True, slots=True)
class Nic:
    """The NIC of a virtual machine: its addresses, what it takes and sends besides its own, and whether the machine
    passes it on."""

    node: str
    vm: str
    subnet: str
    address: IPv4Address
    public: IPv4Address | None
    ip_forwarding: bool
    forwards: bool


def nics(scenario: Scenario, vnet: str) -> tuple[Nic, ...]:
    """The NICs of a VNet's virtual machines."""
    item = scenario.vnets[vnet]
    return tuple(
        Nic(
            node_name(vnet, vm),
            vm,
            item.vms[vm].subnet,
            address,
            item.vms[vm].public_ip_address,
            item.vms[vm].enable_ip_forwarding,
            _forwards(item, vm),
        )
        for vm, address in vm_addresses(item).items()
    )


def _forwards(vnet: VirtualNetwork, vm: str) -> bool:
    return vnet.vms[vm].nva is not None


def takes_only_its_own(nic: Nic) -> str:
    """Why a NIC without IP forwarding does not get a packet (R116)."""
    return f"IP forwarding is off: the NIC of {nic.node} takes only what is for its own address (R116)"


def sends_only_its_own(nic: Nic) -> str:
    """Why a NIC without IP forwarding does not send a packet (R116)."""
    return f"IP forwarding is off: the NIC of {nic.node} sends only under its own address (R116)"
