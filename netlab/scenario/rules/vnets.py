"""VNets, their subnets and virtual machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import starmap

from netlab.scenario import addresses
from netlab.scenario.addresses import AZURE_BASTION_SUBNET, GATEWAY_SUBNET
from netlab.scenario.models import FrontendIpConfiguration, NetworkInterface, PrivateEndpoint, Scenario, VirtualNetwork
from netlab.scenario.names import short, suggest
from netlab.scenario.nodes import nic_name
from netlab.scenario.overlaps import Cover, overlapping
from netlab.scenario.rules.breach import Breach, Breaches, Path, by_profile, listed
from netlab.scenario.rules.joined import address_pools, address_spaces
from netlab.scenario.rules.subjects import nics, subnets, vpn_gateways, with_addresses


def virtual_machines_name_their_subnet(scenario: Scenario) -> Breaches:
    """The subnet of a virtual machine's NIC is one of its VNet's."""
    for path, vnet, _, nic in nics(scenario):
        if nic.subnet not in vnet.subnets:
            right = suggest(nic.subnet, vnet.subnets)
            yield Breach((*path, "subnet"), f"there is no subnet {short(nic.subnet)}; {right}")


def prefixes_are_listed_once(scenario: Scenario) -> Breaches:
    """The prefixes of one VNet do not overlap each other, nor do its subnets. A site or a local network gateway lists a
    prefix once, and may list another one inside it; the seed refuses that too."""
    nested = scenario.profile == "current"
    lists: Iterable[tuple[Path, bool, Iterable[tuple[str | int, IPv4Network]]]] = (
        *((("vnets", n, "address_space"), False, enumerate(v.address_space)) for n, v in scenario.vnets.items()),
        *(
            (("vnets", n, "subnets"), False, [(name, item.address_prefix) for name, item in v.subnets.items()])
            for n, v in scenario.vnets.items()
        ),
        *((("sites", n, "address_prefixes"), nested, enumerate(s.address_prefixes)) for n, s in scenario.sites.items()),
        *(
            (("local_network_gateways", n, "address_prefixes"), nested, enumerate(item.address_prefixes))
            for n, item in scenario.local_network_gateways.items()
        ),
    )
    for path, may_nest, prefixes in lists:
        written = list(prefixes)
        for first, second in overlapping([prefix for _, prefix in written]):
            (_, one), (key, other) = written[first], written[second]
            if one == other or not may_nest:
                yield Breach((*path, key), f"{other} overlaps {one}, which is in the same list")


def subnets_lie_in_the_address_space(scenario: Scenario) -> Breaches:
    """A subnet is a part of one of its VNet's address ranges."""
    for name, vnet in scenario.vnets.items():
        known = Cover(vnet.address_space)
        for key, subnet in vnet.subnets.items():
            prefix = subnet.address_prefix
            if prefix not in known:
                spaces = listed(vnet.address_space)
                yield Breach(("vnets", name, "subnets", key), f"{prefix} is outside the address space {spaces}")


def r1_gateway_subnet_has_its_name(scenario: Scenario) -> Breaches:
    """R1: the gateway's subnet must be called exactly GatewaySubnet."""
    for name in vpn_gateways(scenario):
        subnets = scenario.vnets[name].subnets
        if GATEWAY_SUBNET not in subnets:
            near = next((item for item in subnets if item.lower() == GATEWAY_SUBNET.lower()), None)
            rename = f"rename `{near}`" if near else "add one, /27 or larger"
            path = ("vnets", name, "vpn_gateway")
            yield Breach(path, f"a VPN gateway needs a subnet called `{GATEWAY_SUBNET}`; {rename}")


def r2_gateway_subnet_holds_no_machine(scenario: Scenario) -> Breaches:
    """R2: no VM or other resource may live in GatewaySubnet."""
    for path, _, _, nic in nics(scenario):
        if nic.subnet == GATEWAY_SUBNET:
            yield Breach((*path, "subnet"), f"no virtual machine may be in {GATEWAY_SUBNET}; use another subnet")


def r3_gateway_subnet_has_room(scenario: Scenario) -> Breaches:
    """R3: GatewaySubnet is at least a /29; /27 or larger is recommended, /28 in the seed."""
    advice = 28 if scenario.profile == "seed" else 27
    for name, vnet in scenario.vnets.items():
        subnet = vnet.subnets.get(GATEWAY_SUBNET)
        path = ("vnets", name, "subnets", GATEWAY_SUBNET)
        if subnet is not None and subnet.address_prefix.prefixlen > 29:
            yield Breach(path, f"{subnet.address_prefix} is smaller than /29; use /{advice}")
        elif subnet is not None and subnet.address_prefix.prefixlen > advice:
            message = f"{subnet.address_prefix} is small; Azure recommends /{advice} or larger {by_profile(scenario)}"
            yield Breach(path, message, "warning")


def r18_addresses_are_free(scenario: Scenario) -> Breaches:
    """R18: a subnet's first four addresses and its last one are Azure's; each other one is given once."""
    taken: dict[tuple[str, IPv4Address], str] = {}
    for path, vnet, name, item in with_addresses(scenario):
        subnet = vnet.subnets.get(item.subnet or "")
        if subnet is None:
            continue
        prefix = subnet.address_prefix
        for here, address in _given(path, item):
            if address not in prefix:
                yield Breach(here, f"{address} is outside its subnet {prefix} (PrivateIPAddressNotInSubnet)")
            elif int(address) - int(prefix.network_address) not in addresses.usable(prefix):
                what = f"Azure keeps {address} for itself, like the first four of {prefix} and its last one"
                yield Breach(here, what)
            elif (str(path[1]), address) in taken:
                yield Breach(here, f"{address} is the address of `{taken[str(path[1]), address]}` already")
            taken.setdefault((str(path[1]), address), name)


def _given(
    path: Path, item: NetworkInterface | PrivateEndpoint | FrontendIpConfiguration
) -> Iterator[tuple[Path, IPv4Address]]:
    """The private addresses that the file gives what has some, each with its place."""
    if item.private_ip_address is not None:
        yield (*path, "private_ip_address"), item.private_ip_address
    if isinstance(item, NetworkInterface):
        for place, address in enumerate(item.secondary_private_ip_addresses):
            yield (*path, "secondary_private_ip_addresses", place), address


def r18_subnets_have_room(scenario: Scenario) -> Breaches:
    """R18: a subnet has five addresses less than its size."""
    for path, vnet, name, item in with_addresses(scenario):
        subnet = vnet.subnets.get(item.subnet or "")
        if subnet is not None and name not in _placed(vnet):
            prefix = subnet.address_prefix
            room = len(addresses.usable(prefix))
            yield Breach((*path, "subnet"), f"{prefix} is full: it has room for {room} addresses; use a larger subnet")


def _placed(vnet: VirtualNetwork) -> frozenset[str]:
    """What has an address in a VNet: NICs, private endpoints and frontends, by the names that subjects give."""
    private, frontends = addresses.private_endpoint_addresses(vnet), map("/".join, addresses.frontend_addresses(vnet))
    machines = starmap(nic_name, addresses.nic_addresses(vnet))
    return frozenset((*machines, *private, *frontends))


# RFC 1122, RFC 5771: no host has such an address, and Linux routes none.
NOT_UNICAST = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("224.0.0.0/4"),
    IPv4Network("255.255.255.255/32"),
)
# R115, VNet FAQ.
UNASSIGNABLE = (*NOT_UNICAST, IPv4Network("168.63.129.16/32"), IPv4Network("169.254.0.0/16"))


def r115_prefixes_are_assignable(scenario: Scenario) -> Breaches:
    """R115: 224/4, 127/8, 169.254/16, 255.255.255.255 and 168.63.129.16 are in no VNet; subnets are /29 at least."""
    of_vnets = (network for network in address_spaces(scenario) if network.path[0] == "vnets")
    for network in (*of_vnets, *address_pools(scenario)):
        for reserved in UNASSIGNABLE:
            if network.prefix.overlaps(reserved):
                yield Breach(network.path, f"{network.prefix} overlaps {reserved}, which cannot be assigned")
    for path, _, key, subnet in subnets(scenario):
        if key != GATEWAY_SUBNET and subnet.address_prefix.prefixlen > 29:
            yield Breach(path, f"{subnet.address_prefix} is smaller than /29, the smallest subnet")


def r120_bastion_subnet_is_its_own(scenario: Scenario) -> Breaches:
    """R120: AzureBastionSubnet holds nothing but Azure Bastion, and has no route table."""
    for path, _, _, item in with_addresses(scenario):
        if item.subnet == AZURE_BASTION_SUBNET:
            yield Breach((*path, "subnet"), f"{AZURE_BASTION_SUBNET} is for Azure Bastion alone; use another subnet")
    for path, _, key, subnet in subnets(scenario):
        if key == AZURE_BASTION_SUBNET and subnet.route_table is not None:
            what = f"{AZURE_BASTION_SUBNET} may have no route table (RouteTableCannotBeAttachedForAzureBastionSubnet)"
            yield Breach((*path, "route_table"), f"{what}; leave it out")


def r120_bastion_subnet_has_room(scenario: Scenario) -> Breaches:
    """R120: AzureBastionSubnet is a /26 at least; one of before 2021-11-02 may be a /27."""
    for path, _, key, subnet in subnets(scenario):
        prefix = subnet.address_prefix
        if key == AZURE_BASTION_SUBNET and prefix.prefixlen > 27:
            yield Breach(path, f"{prefix} is smaller than /26, the smallest subnet of Azure Bastion; use /26")
        elif key == AZURE_BASTION_SUBNET and prefix.prefixlen > 26:
            what = f"{prefix} is smaller than /26, which Azure Bastion needs if it is younger than 2021-11-02"
            yield Breach(path, f"{what}; use /26", "warning")
