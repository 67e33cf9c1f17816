"""The addresses that Azure gives inside a VNet, and the BGP addresses of gateways and of devices.

The rules find clashes with them; the planner configures them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from ipaddress import IPv4Address, IPv4Network

from netlab.scenario.models import Site, VirtualNetwork
from netlab.scenario.places import places
from netlab.scenario.values import once

# R18: Azure keeps the first four addresses and the last one of a subnet.
RESERVED_FIRST = 4
RESERVED_LAST = 1
GATEWAY_SUBNET = "GatewaySubnet"
ROUTE_SERVER_SUBNET = "RouteServerSubnet"
DEFAULT_ROUTE = IPv4Network("0.0.0.0/0")
# The Internet routes none of them (RFC 1918, RFC 6598).
PRIVATE_PREFIXES = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
# B2: an Azure gateway has this ASN even with BGP off.
DEFAULT_ASN = 65515
# The Internet's host (RFC 5737: a prefix for documentation).
INTERNET_ADDRESS = IPv4Address("192.0.2.1")


def subnet_gateway(prefix: IPv4Network) -> IPv4Address:
    """The subnet's .1, which its machines use as default router (R18)."""
    return prefix[1]


def usable(prefix: IPv4Network) -> range:
    """The offsets into a subnet that Azure hands out (R18)."""
    return range(RESERVED_FIRST, prefix.num_addresses - RESERVED_LAST)


@once
def vm_addresses(vnet: VirtualNetwork) -> dict[str, IPv4Address]:
    """The private address of each virtual machine: the given one, or the first free one of its subnet.

    A machine whose subnet does not exist or is full has none; the rules report it.
    """
    taken = {vm.private_ip_address for vm in vnet.vms.values() if vm.private_ip_address}
    free = {name: _free(subnet.address_prefix, taken) for name, subnet in vnet.subnets.items()}
    addresses: dict[str, IPv4Address] = {}
    for name, vm in vnet.vms.items():
        found = vm.private_ip_address or next(free.get(vm.subnet, iter(())), None)
        if found is not None:
            taken.add(found)
            addresses[name] = found
    return addresses


def _free(prefix: IPv4Network, taken: set[IPv4Address]) -> Iterator[IPv4Address]:
    """The addresses of a subnet that Azure may give and that are not taken when their turn comes."""
    return (prefix[offset] for offset in usable(prefix) if prefix[offset] not in taken)


def gateway_instances(vnet: VirtualNetwork) -> tuple[IPv4Address, IPv4Address]:
    """The addresses of the gateway's two instances: the first usable ones of GatewaySubnet (R14)."""
    prefix = vnet.subnets[GATEWAY_SUBNET].address_prefix
    return prefix[RESERVED_FIRST], prefix[RESERVED_FIRST + 1]


def expressroute_instances(vnet: VirtualNetwork) -> tuple[IPv4Address, IPv4Address]:
    """The addresses of the ExpressRoute gateway's two instances: .12 and .13 of GatewaySubnet, as on Azure."""
    prefix = vnet.subnets[GATEWAY_SUBNET].address_prefix
    return prefix[12], prefix[13]


def edge_routers(circuits: Iterable[str]) -> dict[str, tuple[IPv4Address, IPv4Address]]:
    """The addresses of each circuit's edge routers; the Internet does not route them (RFC 7526)."""
    range_ = IPv4Network("192.88.99.0/24")
    found = places(circuits, range_.num_addresses // 2 - 1)
    return {name: (range_[1 + 2 * place], range_[2 + 2 * place]) for name, place in found.items()}


def route_server_instances(vnet: VirtualNetwork) -> tuple[IPv4Address, IPv4Address]:
    """The addresses of the Route Server's two instances: the first usable ones of RouteServerSubnet (A4)."""
    prefix = vnet.subnets[ROUTE_SERVER_SUBNET].address_prefix
    return prefix[RESERVED_FIRST], prefix[RESERVED_FIRST + 1]


def gateway_bgp_addresses(vnet: VirtualNetwork) -> tuple[IPv4Address, IPv4Address]:
    """The BGP address of each gateway instance unless given (B8): an active-active gateway's own ones (R14), of an
    active-standby gateway the last usable one of GatewaySubnet, which both have by turns."""
    gateway = vnet.vpn_gateway
    given = gateway.bgp if gateway is not None else None
    if gateway is not None and gateway.active_active:
        asked = given.bgp_peering_addresses if given is not None else ()
        return (asked[0], asked[1]) if len(asked) == 2 else gateway_instances(vnet)
    last = vnet.subnets[GATEWAY_SUBNET].address_prefix[-1 - RESERVED_LAST]
    shared = given.bgp_peering_address or last if given is not None else last
    return shared, shared


def site_bgp_address(site: Site) -> IPv4Address:
    """The BGP address of a site's only device: the last host address of the first prefix unless given."""
    if site.bgp is not None and site.bgp.bgp_peering_address is not None:
        return site.bgp.bgp_peering_address
    prefix = site.address_prefixes[0]
    return prefix[-2] if prefix.num_addresses > 2 else prefix[0]


def device_bgp_address(site: Site, device: str) -> IPv4Address:
    """The BGP address of one of several devices: counted down from the end of the site's first prefix unless given."""
    place = list(site.devices).index(device)
    return site.devices[device].bgp_peering_address or site.address_prefixes[0][-2 - place]


def router_bgp_address(site: Site) -> IPv4Address:
    """The BGP address of the router before a site's several devices: the next after theirs."""
    return site.address_prefixes[0][-2 - len(site.devices)]


@cache
def supernets(prefix: IPv4Network) -> tuple[IPv4Network, ...]:
    """Every strict superset of a prefix, longest first, 0.0.0.0/0 included."""
    return tuple(prefix.supernet(new_prefix=length) for length in range(prefix.prefixlen - 1, -1, -1))
