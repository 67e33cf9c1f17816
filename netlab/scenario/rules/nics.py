"""NICs of virtual machines that have several."""

from __future__ import annotations

from ipaddress import IPv4Network

from netlab.scenario.models import Scenario
from netlab.scenario.rules.breach import Breach, Breaches
from netlab.scenario.rules.subjects import virtual_machines


def r126_one_nic_is_primary(scenario: Scenario) -> Breaches:
    """R126: a machine has one primary NIC."""
    for path, vnet, name in virtual_machines(scenario):
        first, *further = [key for key, nic in vnet.vms[name].nics.items() if nic.primary] or [""]
        for key in further:
            what = f"`{first}` is primary already, and a machine has one primary NIC"
            yield Breach((*path, "nics", key, "primary"), f"{what}; leave it out")


def r126_guests_have_a_route_once(scenario: Scenario) -> Breaches:
    """R126: a machine has one route for a prefix, by one of its NICs; those to its own subnets it has anyway."""
    for path, vnet, name in virtual_machines(scenario):
        first: dict[IPv4Network, str] = {}
        nics = vnet.vms[name].nics
        own = {vnet.subnets[nic.subnet].address_prefix for nic in nics.values() if nic.subnet in vnet.subnets}
        for key, nic in nics.items():
            for place, prefix in enumerate(nic.guest_routes):
                here = (*path, "nics", key, "guest_routes", place)
                if prefix in own:
                    yield Breach(here, f"{prefix} is the subnet of a NIC, which `{name}` reaches by it; leave it out")
                elif prefix in first:
                    yield Breach(here, f"`{name}` has a route for {prefix} by `{first[prefix]}` already; leave one out")
                first.setdefault(prefix, key)


def r116_appliances_send_by_nics_that_forward(scenario: Scenario) -> Breaches:
    """R116: what an appliance forwards leaves by a NIC with IP forwarding; each NIC has a setting of its own."""
    for path, vnet, name in virtual_machines(scenario):
        machine = vnet.vms[name]
        if machine.nva is None or not machine.nics:
            continue
        written = [key for key, nic in machine.nics.items() if nic.guest_routes]
        for key in written or list(machine.interfaces)[:2]:
            if not machine.nics[key].enable_ip_forwarding:
                what = f"`{name}` forwards by this NIC, which drops packets of other sources"
                yield Breach((*path, "nics", key), f"{what}; write enable_ip_forwarding: true", "warning")
