"""The objects of a file that rules look at, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from netlab.scenario import addresses, changing
from netlab.scenario.addresses import AZURE_FIREWALL_SUBNET, DEFAULT_ASN, GATEWAY_SUBNET
from netlab.scenario.models import (
    Action,
    BgpSettings,
    FrontendIpConfiguration,
    LoadBalancer,
    NetworkInterface,
    NetworkVirtualAppliance,
    NvaBgp,
    PrivateEndpoint,
    Scenario,
    Site,
    SitePrefix,
    Subnet,
    TunnelType,
    VirtualNetwork,
    VpnDevice,
    VpnGateway,
    node_name,
)
from netlab.scenario.nodes import nic_name
from netlab.scenario.passage import chosen
from netlab.scenario.rules.breach import Path
from netlab.scenario.values import once


@once
def vpn_gateways(scenario: Scenario) -> dict[str, VpnGateway]:
    """The VPN gateways, by their VNets."""
    return {name: vnet.vpn_gateway for name, vnet in scenario.vnets.items() if vnet.vpn_gateway is not None}


@once
def serving(scenario: Scenario) -> tuple[str, ...]:
    """The VNets whose gateway has a point-to-site configuration."""
    return tuple(name for name, gateway in vpn_gateways(scenario).items() if gateway.point_to_site is not None)


def tunnel_type_of(scenario: Scenario, client: str, vnet: str) -> TunnelType | None:
    """The type of a client's tunnel to the gateway of a VNet: its own, or the first that its software tries (P7); None
    where there is none."""
    gateway = vpn_gateways(scenario).get(vnet)
    settings = gateway.point_to_site if gateway is not None else None
    if settings is None:
        return None
    return chosen(scenario, client, vnet, settings.tunnel_types)


def policy_based(scenario: Scenario) -> Iterator[tuple[str, VpnGateway]]:
    """The policy-based VPN gateways, with their VNets."""
    return ((name, item) for name, item in vpn_gateways(scenario).items() if item.vpn_type == "PolicyBased")


def virtual_machines(scenario: Scenario) -> Iterator[tuple[Path, VirtualNetwork, str]]:
    """The virtual machines: place, VNet, name."""
    for name, vnet in scenario.vnets.items():
        yield from ((("vnets", name, "vms", vm), vnet, vm) for vm in vnet.vms)


def nics(scenario: Scenario) -> Iterator[tuple[Path, VirtualNetwork, str, NetworkInterface]]:
    """The NICs of virtual machines: place, VNet, name, and the NIC; that of a machine with one has the machine's place
    and name."""
    for path, vnet, name in virtual_machines(scenario):
        for key, nic in vnet.vms[name].interfaces.items():
            yield _place_of_nic(path, key), vnet, nic_name(name, key), nic


def primary_nic(scenario: Scenario, vnet: str, vm: str) -> tuple[Path, NetworkInterface]:
    """The primary NIC of a virtual machine, with its place."""
    (key, nic), *_ = scenario.vnets[vnet].vms[vm].interfaces.items()
    return _place_of_nic(("vnets", vnet, "vms", vm), key), nic


def _place_of_nic(machine: Path, key: str) -> Path:
    """The place of a NIC; that of a machine with one is the machine's."""
    return (*machine, "nics", key) if key else machine


def subnets(scenario: Scenario) -> Iterator[tuple[Path, str, str, Subnet]]:
    """The subnets: place, VNet, name and the subnet."""
    for name, vnet in scenario.vnets.items():
        yield from ((("vnets", name, "subnets", key), name, key, subnet) for key, subnet in vnet.subnets.items())


def in_reach(scenario: Scenario, vnet: str) -> Iterator[tuple[str, VirtualNetwork]]:
    """A VNet and its peers, each once."""
    peers = (mine.remote_vnet for mine, _ in scenario.peered(vnet) if mine.remote_vnet in scenario.vnets)
    return ((name, scenario.vnets[name]) for name in dict.fromkeys((vnet, *peers)))


def private_endpoints(scenario: Scenario) -> Iterator[tuple[Path, str, VirtualNetwork, PrivateEndpoint]]:
    """Every private endpoint, with the name and the model of its VNet."""
    for name, vnet in scenario.vnets.items():
        for key, endpoint in vnet.private_endpoints.items():
            yield ("vnets", name, "private_endpoints", key), name, vnet, endpoint


def load_balancers(scenario: Scenario) -> Iterator[tuple[Path, VirtualNetwork, LoadBalancer]]:
    """Every load balancer, with its VNet."""
    for name, vnet in scenario.vnets.items():
        yield from ((("vnets", name, "load_balancers", key), vnet, item) for key, item in vnet.load_balancers.items())


def with_addresses(
    scenario: Scenario,
) -> Iterator[tuple[Path, VirtualNetwork, str, NetworkInterface | PrivateEndpoint | FrontendIpConfiguration]]:
    """Every NIC of a virtual machine, then every private endpoint and every frontend of a load balancer, with its VNet
    and its name."""
    yield from nics(scenario)
    yield from ((path, vnet, str(path[-1]), endpoint) for path, _, vnet, endpoint in private_endpoints(scenario))
    for path, vnet, item in load_balancers(scenario):
        for name, frontend in item.frontend_ip_configurations.items():
            yield (*path, "frontend_ip_configurations", name), vnet, f"{path[-1]}/{name}", frontend


@once
def firewall_addresses(scenario: Scenario) -> dict[str, IPv4Address]:
    """The private addresses of the Azure Firewalls, by their VNets."""
    vnets = {item.vnet: scenario.vnets.get(item.vnet) for item in scenario.firewalls.values()}
    subnets = {name: vnet.subnets.get(AZURE_FIREWALL_SUBNET) for name, vnet in vnets.items() if vnet is not None}
    found = ((name, subnet) for name, subnet in subnets.items() if subnet is not None)
    return {name: addresses.firewall_address(subnet.address_prefix) for name, subnet in found}


def with_appliance(scenario: Scenario) -> Iterator[tuple[Path, str, NetworkVirtualAppliance]]:
    """Every appliance: its place, its VNet and its settings."""
    for path, vnet, name in virtual_machines(scenario):
        nva = vnet.vms[name].nva
        if nva is not None:
            yield (*path, "nva"), str(path[1]), nva


def public_addresses(scenario: Scenario) -> Iterator[tuple[Path, IPv4Address]]:
    """Each public address that is written."""
    named: tuple[tuple[Path, IPv4Address | None], ...] = (
        *((("vnets", name, "vpn_gateway"), item.public_ip_address) for name, item in vpn_gateways(scenario).items()),
        *((("sites", name), item.public_ip_address) for name, item in scenario.sites.items()),
        *((path, device.public_ip_address) for path, _, device in devices(scenario)),
        *((("clients", name), item.public_ip_address) for name, item in scenario.clients.items()),
        *((("access_networks", name), item.public_ip_address) for name, item in scenario.access_networks.items()),
        *((path, nic.public_ip_address) for path, _, _, nic in nics(scenario)),
        *(
            ((*path, "frontend_ip_configurations", name), frontend.public_ip_address)
            for path, _, item in load_balancers(scenario)
            for name, frontend in item.frontend_ip_configurations.items()
        ),
    )
    yield from (((*path, "public_ip_address"), address) for path, address in named if address is not None)
    for kind, items in (("nat_gateways", scenario.nat_gateways), ("firewalls", scenario.firewalls)):
        for name, item in items.items():
            place = (kind, name, "public_ip_addresses")
            yield from (((*place, index), address) for index, address in enumerate(item.public_ip_addresses))
    for name, gateway in vpn_gateways(scenario).items():
        path = ("vnets", name, "vpn_gateway", "public_ip_addresses")
        yield from (((*path, index), address) for index, address in enumerate(gateway.public_ip_addresses))


def devices(scenario: Scenario) -> Iterator[tuple[Path, str, VpnDevice]]:
    """The devices of sites that have several, each with its site."""
    for site, item in scenario.sites.items():
        yield from ((("sites", site, "devices", name), site, device) for name, device in item.devices.items())


def bgp_settings(scenario: Scenario) -> Iterator[tuple[Path, str, BgpSettings]]:
    """The BGP settings of gateways and of sites, with their owner."""
    for name, gateway in vpn_gateways(scenario).items():
        if gateway.bgp is not None:
            yield ("vnets", name, "vpn_gateway", "bgp"), name, gateway.bgp
    for name, site in scenario.sites.items():
        if site.bgp is not None:
            yield ("sites", name, "bgp"), name, site.bgp


def bgp_addresses(scenario: Scenario) -> Iterator[tuple[Path, str, IPv4Address]]:
    """Each BGP address that is written for a gateway, a site or a device, with the VNet or site."""
    for path, owner, settings in bgp_settings(scenario):
        if settings.bgp_peering_address is not None:
            yield (*path, "bgp_peering_address"), owner, settings.bgp_peering_address
        for index, address in enumerate(settings.bgp_peering_addresses):
            yield (*path, "bgp_peering_addresses", index), owner, address
    for path, site, device in devices(scenario):
        if device.bgp_peering_address is not None:
            yield (*path, "bgp_peering_address"), site, device.bgp_peering_address
        for index, address in enumerate(device.bgp_peering_addresses):
            yield (*path, "bgp_peering_addresses", index), site, address


def default_bgp_addresses(scenario: Scenario) -> Iterator[tuple[Path, str, IPv4Address]]:
    """The BGP addresses that the devices of sites have where none is written, with the prefix that they are of."""
    for name, site in scenario.sites.items():
        path: Path = ("sites", name, "address_prefixes", 0)
        if site.bgp is None or lacks_room(site):
            continue
        own = addresses.site_bgp_address(site)
        if not site.devices and own not in addresses.given_bgp_addresses(site.bgp):
            yield path, name, own
        for device, spec in site.devices.items():
            own = addresses.device_bgp_address(site, device)
            if own not in addresses.given_bgp_addresses(spec):
                yield path, name, own


def device_asns(scenario: Scenario) -> Iterator[tuple[Path, int, bool]]:
    """Each ASN that is written, and whether it is that of an Azure gateway."""
    for path, owner, settings in bgp_settings(scenario):
        yield (*path, "asn"), settings.asn, owner in scenario.vnets
    for name, item in scenario.local_network_gateways.items():
        if item.bgp is not None:
            yield ("local_network_gateways", name, "bgp", "asn"), item.bgp.asn, item.vnet is not None
    for name, provider in scenario.provider_networks.items():
        yield ("provider_networks", name, "asn"), provider.asn, False


def asn_of(scenario: Scenario, end: str) -> int:
    """The ASN of a VNet's gateway (B2: 65515 unless given), a site's device or an appliance; 0 if it has none."""
    if end in scenario.vnets:
        gateway = scenario.vnets[end].vpn_gateway
        return gateway.bgp.asn if gateway is not None and gateway.bgp is not None else DEFAULT_ASN
    settings = scenario.appliance(end).bgp if end in scenario.appliances else scenario.sites[end].bgp
    return settings.asn if settings is not None else 0


def bgp_addresses_of(scenario: Scenario, end: str, device: str | None = None) -> tuple[IPv4Address, ...]:
    """The BGP addresses of a VNet's gateway (its first instance's), of a site's device or of an appliance."""
    if end in scenario.vnets:
        return addresses.gateway_bgp_addresses(scenario.vnets[end])[:1]
    if end in scenario.appliances:
        vnet, vm = scenario.appliances[end]
        return (addresses.vm_addresses(scenario.vnets[vnet])[vm],)
    site = scenario.sites[end]
    if not site.devices:
        return _of_device(site.bgp, addresses.site_bgp_address(site))
    name = device or next(iter(site.devices))
    return _of_device(site.devices[name], addresses.device_bgp_address(site, name))


def _of_device(settings: BgpSettings | VpnDevice | None, loopback: IPv4Address) -> tuple[IPv4Address, ...]:
    """Those that the file gives, else that of the loopback."""
    return addresses.given_bgp_addresses(settings) or (loopback,)


def lacks_room(site: Site) -> bool:
    """Whether a site's first prefix is too small for its devices and the router before them."""
    return bool(site.devices) and site.address_prefixes[0].num_addresses < len(site.devices) + 3


def without_settings(scenario: Scenario, end: str) -> bool:
    """Whether an end cannot run BGP: a site without an ASN or room for its devices, a VNet without a gateway or its
    subnet, an appliance without BGP."""
    if end in scenario.appliances:
        return scenario.appliance(end).bgp is None
    if end in scenario.sites:
        return scenario.sites[end].bgp is None or lacks_room(scenario.sites[end])
    subnet = scenario.vnets[end].subnets.get(GATEWAY_SUBNET)
    return end not in vpn_gateways(scenario) or subnet is None or subnet.address_prefix.prefixlen > 29


def shared_keys(scenario: Scenario) -> Iterator[tuple[Path, str, str]]:
    """Every shared key of a connection, and the connection."""
    for name, item in scenario.connections.items():
        path = ("connections", name)
        if item.shared_key is not None:
            yield (*path, "shared_key"), name, item.shared_key.get_secret_value()
        if item.other_end is not None and item.other_end.shared_key is not None:
            yield (*path, "other_end", "shared_key"), name, item.other_end.shared_key.get_secret_value()


@once
def appliances_with_bgp(scenario: Scenario) -> tuple[tuple[str, str, NvaBgp], ...]:
    """The appliances with BGP, also those without an address: VNet, machine, settings."""
    return tuple(
        (name, vm, item.nva.bgp)
        for name, vnet in scenario.vnets.items()
        for vm, item in vnet.vms.items()
        if item.nva is not None and item.nva.bgp is not None
    )


def route_server_of(scenario: Scenario, vnet: str, bgp: NvaBgp) -> str:
    """The VNet of the Route Server that an appliance of a VNet peers with; empty if it peers with none."""
    name = bgp.route_server or vnet
    return name if name in scenario.vnets and scenario.vnets[name].route_server is not None else ""


def story_actions(scenario: Scenario) -> Iterator[tuple[Path, Action]]:
    """The actions of the story."""
    for index, step in enumerate(scenario.story):
        yield from ((("story", index, "do", place, action.verb), action) for place, action in enumerate(step.do))


def story_moments(scenario: Scenario) -> Iterator[tuple[Path, Action, Scenario]]:
    """The actions of the story, each with the scenario as earlier changes have made it."""
    for index, step, moments in changing.steps(scenario):
        for place, action in enumerate(step.do):
            yield ("story", index, "do", place, action.verb), action, moments[place]


def announcements(scenario: Scenario) -> Iterator[tuple[Path, Mapping[str, frozenset[IPv4Network]]]]:
    """The prefixes that sites and nodes of appliances advertise: at first, and after each action that changes them."""
    found = {
        name: frozenset(site.address_prefixes if site.announces is None else site.announces)
        for name, site in scenario.sites.items()
    }
    found |= {node_name(vnet, vm): frozenset(bgp.announces) for vnet, vm, bgp in appliances_with_bgp(scenario)}
    yield (), found
    for path, action in story_actions(scenario):
        subject = action.subject
        if (
            isinstance(subject, SitePrefix)
            and subject.speaker in found
            and subject.count <= subject.prefix.num_addresses
        ):
            before, parts = found[subject.speaker], subject.parts
            found = {**found, subject.speaker: before | parts if action.verb == "announce" else before - parts}
            yield path, found
