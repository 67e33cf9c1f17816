"""The addresses that Azure gives inside a VNet, and the BGP addresses of gateways and of devices.

The rules find clashes with them; the planner configures them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from itertools import chain

from netlab.scenario.models import BgpSettings, Site, VirtualNetwork, VpnDevice
from netlab.scenario.places import places
from netlab.scenario.values import once

# R18: Azure keeps the first four addresses and the last one of a subnet.
RESERVED_FIRST = 4
RESERVED_LAST = 1
GATEWAY_SUBNET = "GatewaySubnet"
ROUTE_SERVER_SUBNET = "RouteServerSubnet"
AZURE_BASTION_SUBNET = "AzureBastionSubnet"
AZURE_FIREWALL_SUBNET = "AzureFirewallSubnet"
AZURE_FIREWALL_MANAGEMENT_SUBNET = "AzureFirewallManagementSubnet"
DEFAULT_ROUTE = IPv4Network("0.0.0.0/0")
RFC_1918 = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
# The Internet routes none of them (RFC 1918, RFC 6598).
PRIVATE_PREFIXES = (*RFC_1918, IPv4Network("100.64.0.0/10"))
# B2: an Azure gateway has this ASN even with BGP off.
DEFAULT_ASN = 65515
# The Internet's host (RFC 5737: a prefix for documentation).
INTERNET_ADDRESS = IPv4Address("192.0.2.1")
# B12: link-local addresses (RFC 3927), which Azure calls APIPA.
APIPA = IPv4Network("169.254.0.0/16")
# What a lab has for itself: of links, for routes to name their next hop; of fabrics on peering links; of what is behind
# NAT; of an appliance's charons in their own namespaces: link-local, in no VNet (R115) and outside of what BGP peers of
# Azure may have (B12).
LAB_LINKS = IPv4Network("169.254.0.0/24")
LAB_PEERS = IPv4Network("169.254.64.0/18")
LAB_NATS = IPv4Network("169.254.128.0/18")
LAB_CHARONS = IPv4Network("169.254.192.0/18")
# Public addresses where those for documentation do not do. Reserved (RFC 1112): Linux forwards and translates them as
# all others.
LAB_PUBLIC = IPv4Network("240.0.0.0/8")


def subnet_gateway(prefix: IPv4Network) -> IPv4Address:
    """The subnet's .1, which its machines use as default router (R18)."""
    return prefix[1]


def usable(prefix: IPv4Network) -> range:
    """The offsets into a subnet that Azure hands out (R18)."""
    return range(RESERVED_FIRST, prefix.num_addresses - RESERVED_LAST)


@once
def nic_addresses(vnet: VirtualNetwork) -> dict[tuple[str, str], IPv4Address]:
    """The first private address of each NIC by its machine and its name: the given one, or the first free one of its
    subnet.

    A NIC whose subnet does not exist or is full has none; the rules report it.
    """
    taken = set(_given(vnet))
    free = {name: _free(subnet.address_prefix, taken) for name, subnet in vnet.subnets.items()}
    addresses: dict[tuple[str, str], IPv4Address] = {}
    for name, vm in vnet.vms.items():
        for key, nic in vm.interfaces.items():
            found = nic.private_ip_address or next(free.get(nic.subnet, iter(())), None)
            if found is not None:
                taken.add(found)
                addresses[name, key] = found
    return addresses


@once
def vm_addresses(vnet: VirtualNetwork) -> dict[str, IPv4Address]:
    """The private address of each virtual machine: that of its primary NIC. One whose NIC has none has none."""
    found = nic_addresses(vnet)
    primary = ((name, (name, next(iter(vm.interfaces)))) for name, vm in vnet.vms.items())
    return {name: found[key] for name, key in primary if key in found}


@once
def addresses_of_nics(vnet: VirtualNetwork) -> dict[IPv4Address, tuple[str, str]]:
    """Every private address of a NIC with its machine and its name; of several NICs with one address the first."""
    found = nic_addresses(vnet)
    named = (
        (address, (name, key))
        for name, vm in vnet.vms.items()
        for key, nic in vm.interfaces.items()
        for address in (found.get((name, key)), *nic.secondary_private_ip_addresses)
    )
    return {address: nic for address, nic in reversed([*named]) if address is not None}


def _of_machines(vnet: VirtualNetwork) -> set[IPv4Address]:
    """The addresses of all NICs, and those that the file gives anything else."""
    return {*_given(vnet), *nic_addresses(vnet).values()}


@once
def private_endpoint_addresses(vnet: VirtualNetwork) -> dict[str, IPv4Address]:
    """The address of each private endpoint, likewise: given, or the first one that no machine has."""
    taken = _of_machines(vnet)
    addresses: dict[str, IPv4Address] = {}
    for name, endpoint in vnet.private_endpoints.items():
        subnet = vnet.subnets.get(endpoint.subnet)
        free = _free(subnet.address_prefix, taken) if subnet is not None else iter(())
        found = endpoint.private_ip_address or next(free, None)
        if found is not None:
            taken.add(found)
            addresses[name] = found
    return addresses


@once
def frontend_addresses(vnet: VirtualNetwork) -> dict[tuple[str, str], IPv4Address]:
    """The address of each frontend by its load balancer and its name, likewise."""
    taken = {*_of_machines(vnet), *private_endpoint_addresses(vnet).values()}
    addresses: dict[tuple[str, str], IPv4Address] = {}
    for balancer, item in vnet.load_balancers.items():
        for name, frontend in item.frontend_ip_configurations.items():
            subnet = vnet.subnets.get(frontend.subnet or "")
            free = _free(subnet.address_prefix, taken) if subnet is not None else iter(())
            found = frontend.private_ip_address or next(free, None)
            if found is not None:
                taken.add(found)
                addresses[balancer, name] = found
    return addresses


def _given(vnet: VirtualNetwork) -> Iterator[IPv4Address]:
    """The private addresses that the file gives."""
    nics = [nic for vm in vnet.vms.values() for nic in vm.interfaces.values()]
    machines = (address for nic in nics for address in (nic.private_ip_address, *nic.secondary_private_ip_addresses))
    endpoints = (endpoint.private_ip_address for endpoint in vnet.private_endpoints.values())
    balancers = (f for item in vnet.load_balancers.values() for f in item.frontend_ip_configurations.values())
    frontends = (frontend.private_ip_address for frontend in balancers)
    return (address for address in (*machines, *endpoints, *frontends) if address is not None)


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


def provider_edges(networks: Iterable[str]) -> dict[str, tuple[IPv4Address, IPv4Address]]:
    """The addresses of the routers of each provider's network; the Internet does not route them (RFC 6890)."""
    range_ = IPv4Network("192.0.0.0/24")
    found = places(networks, range_.num_addresses // 2 - 1)
    return {name: (range_[1 + 2 * place], range_[2 + 2 * place]) for name, place in found.items()}


def backbone_routers(nodes: Iterable[str]) -> dict[str, IPv4Address]:
    """The address that the backbone of each region has in BGP; the Internet does not route them (RFC 7450)."""
    range_ = IPv4Network("192.52.193.0/24")
    return {node: range_[1 + place] for node, place in places(nodes, range_.num_addresses - 2).items()}


def route_server_instances(vnet: VirtualNetwork) -> tuple[IPv4Address, IPv4Address]:
    """The addresses of the Route Server's two instances: the first usable ones of RouteServerSubnet (A4)."""
    prefix = vnet.subnets[ROUTE_SERVER_SUBNET].address_prefix
    return prefix[RESERVED_FIRST], prefix[RESERVED_FIRST + 1]


def firewall_address(subnet: IPv4Network) -> IPv4Address:
    """The private address of an Azure Firewall, behind which its instances are: the subnet's first usable one (F2)."""
    return subnet[RESERVED_FIRST]


def firewall_instance(subnet: IPv4Network) -> IPv4Address:
    """The address of the instance that translates sources (F2)."""
    # Differs from Azure: One instance of an Azure Firewall translates all sources, to .5 of its subnet; Azure spreads
    # flows over two or more.
    return subnet[RESERVED_FIRST + 1]


def given_bgp_addresses(settings: BgpSettings | VpnDevice | None) -> tuple[IPv4Address, ...]:
    """The BGP addresses that a file writes for a gateway or a device."""
    if settings is None:
        return ()
    single = () if settings.bgp_peering_address is None else (settings.bgp_peering_address,)
    return (*single, *settings.bgp_peering_addresses)


def gateway_bgp_addresses(vnet: VirtualNetwork) -> tuple[IPv4Address, IPv4Address]:
    """The default BGP address of each gateway instance, which it always has (B8, B33): an active-active gateway's own
    ones (R14), of an active-standby gateway the last usable one of GatewaySubnet, which both have by turns."""
    gateway = vnet.vpn_gateway
    given = given_bgp_addresses(gateway.bgp) if gateway is not None else ()
    ordinary = tuple(address for address in given if address not in APIPA)
    if gateway is not None and gateway.active_active:
        return (ordinary[0], ordinary[1]) if len(ordinary) == 2 else gateway_instances(vnet)
    shared = next(iter(ordinary), vnet.subnets[GATEWAY_SUBNET].address_prefix[-1 - RESERVED_LAST])
    return shared, shared


def gateway_apipa_addresses(vnet: VirtualNetwork) -> tuple[tuple[IPv4Address, ...], tuple[IPv4Address, ...]]:
    """The APIPA addresses of each gateway instance, besides the default one (B33): of an active-active gateway those of
    the file in turn, of an active-standby gateway all of them, which both instances have by turns."""
    gateway = vnet.vpn_gateway
    given = given_bgp_addresses(gateway.bgp) if gateway is not None else ()
    apipa = tuple(address for address in given if address in APIPA)
    return (apipa[::2], apipa[1::2]) if gateway is not None and gateway.active_active else (apipa, apipa)


def tunnel_bgp_addresses(settings: BgpSettings | VpnDevice | None) -> tuple[IPv4Address, ...]:
    """The BGP addresses of a device that belong to its tunnel interfaces: those of a list, and each APIPA one (B43)."""
    listed = settings.bgp_peering_addresses if settings is not None else ()
    return tuple(a for a in given_bgp_addresses(settings) if a in listed or a in APIPA)


def _of_all_tunnels(settings: BgpSettings | VpnDevice | None) -> IPv4Address | None:
    """The BGP address of a loopback, which a device has in each tunnel (B43); None unless given."""
    given = settings.bgp_peering_address if settings is not None else None
    return given if given is not None and given not in APIPA else None


def other_of_a_30(address: IPv4Address) -> IPv4Address | None:
    """The other one of the two host addresses of a /30, as AWS has them at both ends of a tunnel (B34)."""
    hosts = tuple(IPv4Network((int(address) & ~3, 30)).hosts())
    return hosts[1 - hosts.index(address)] if address in hosts else None


def site_bgp_address(site: Site) -> IPv4Address:
    """The BGP address of a site's only device: the last host address of the first prefix unless given."""
    prefix = site.address_prefixes[0]
    return _of_all_tunnels(site.bgp) or (prefix[-2] if prefix.num_addresses > 2 else prefix[0])


def device_bgp_address(site: Site, device: str) -> IPv4Address:
    """The BGP address of one of several devices: counted down from the end of the site's first prefix unless given."""
    place = list(site.devices).index(device)
    return _of_all_tunnels(site.devices[device]) or site.address_prefixes[0][-2 - place]


def router_bgp_address(site: Site) -> IPv4Address:
    """The BGP address of the router before a site's several devices: the next after theirs."""
    return site.address_prefixes[0][-2 - len(site.devices)]


def address_in_tunnel(
    of_device: Sequence[IPv4Address],
    place: int,
    of_instance: Collection[IPv4Address],
    of_gateway: Collection[IPv4Address],
    named: Collection[IPv4Address],
) -> IPv4Address | None:
    """Which of its tunnel interfaces' addresses a device has in the tunnel to an instance of a gateway (B34, B43).

    One in a /30 with an address of the instance, first with one that the connection names; else the one at the tunnel's
    place, if it is in no /30 with another address of the gateway.
    """
    near = [address for address in of_device if other_of_a_30(address) in of_instance]
    near.sort(key=lambda address: other_of_a_30(address) not in named)
    at_place = (a for a in of_device[place : place + 1] if other_of_a_30(a) not in of_gateway)
    return next(chain(near, at_place), None)


@cache
def supernets(prefix: IPv4Network) -> tuple[IPv4Network, ...]:
    """Every strict superset of a prefix, longest first, 0.0.0.0/0 included."""
    return tuple(prefix.supernet(new_prefix=length) for length in range(prefix.prefixlen - 1, -1, -1))
