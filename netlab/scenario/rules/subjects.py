"""What the rules look at, and how they say what is broken."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.scenario import addresses
from netlab.scenario.addresses import GATEWAY_SUBNET, vm_addresses
from netlab.scenario.models import (
    Action,
    BgpSettings,
    Connection,
    LocalNetworkGateway,
    NvaBgp,
    Peering,
    Scenario,
    Site,
    SitePrefix,
    TunnelSettings,
    VirtualNetwork,
    VpnDevice,
    VpnGateway,
    node_name,
)
from netlab.scenario.names import endpoints, resolve, short, suggest
from netlab.scenario.routers import branch_to_branch, route_server_node
from netlab.scenario.values import once

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken rule: the place in the file, what is wrong there and what would be right."""

    path: Path
    message: str
    severity: str = "error"
    rule: str = ""


Breaches = Iterator[Breach]


@dataclass(frozen=True, slots=True)
class Network:
    """A prefix, whose it is and where the file says so."""

    owner: str
    prefix: IPv4Network
    path: Path


@dataclass(frozen=True, slots=True)
class Told:
    """What the gateway of a VNet is told of the device at the other end of a connection."""

    path: Path
    connection: str
    vnet: str
    device: str
    gateway: LocalNetworkGateway


@dataclass(frozen=True, slots=True)
class GatewayEnd:
    """A connection as the VPN gateway at one end of it is set."""

    path: Path
    connection: str
    vnet: str
    gateway: VpnGateway
    settings: TunnelSettings


@once
def vpn_gateways(scenario: Scenario) -> dict[str, VpnGateway]:
    return {name: vnet.vpn_gateway for name, vnet in scenario.vnets.items() if vnet.vpn_gateway is not None}


@once
def serving(scenario: Scenario) -> tuple[str, ...]:
    """The VNets whose gateway has a point-to-site configuration."""
    return tuple(name for name, gateway in vpn_gateways(scenario).items() if gateway.point_to_site is not None)


def policy_based(scenario: Scenario) -> Iterator[tuple[str, VpnGateway]]:
    return ((name, item) for name, item in vpn_gateways(scenario).items() if item.vpn_type == "PolicyBased")


def virtual_machines(scenario: Scenario) -> Iterator[tuple[Path, VirtualNetwork, str]]:
    for name, vnet in scenario.vnets.items():
        yield from ((("vnets", name, "vms", vm), vnet, vm) for vm in vnet.vms)


@once
def sound_connections(scenario: Scenario) -> dict[str, Connection]:
    """The connections between two different ends that exist."""
    known = connectable(scenario)
    return {
        name: item
        for name, item in scenario.connections.items()
        if item.between[0] != item.between[1] and all(end in known for end in item.between)
    }


@once
def connections_by_pair(scenario: Scenario) -> dict[frozenset[str], list[str]]:
    """The names of the sound connections between each two ends."""
    found: dict[frozenset[str], list[str]] = {}
    for name, item in sound_connections(scenario).items():
        found.setdefault(frozenset(item.between), []).append(name)
    return found


@once
def connectable(scenario: Scenario) -> dict[str, int]:
    """What can be at the end of a connection, with its place in this order: VNets, sites, appliances that have an
    address."""
    found = (end for end, (vnet, vm) in scenario.appliances.items() if vm in vm_addresses(scenario.vnets[vnet]))
    return {end: place for place, end in enumerate(dict.fromkeys((*scenario.vnets, *scenario.sites, *found)))}


def gateway_ends(scenario: Scenario) -> Iterator[GatewayEnd]:
    """Each end of a connection that is a VPN gateway."""
    gateways = vpn_gateways(scenario)
    for name, item in sound_connections(scenario).items():
        for end in (end for end in item.between if end in gateways):
            settings = item.settings(end)
            path: Path = ("connections", name) + (() if settings is item else ("other_end",))
            yield GatewayEnd(path, name, end, gateways[end], settings)


def instances(scenario: Scenario, end: str) -> int:
    """How many tunnels a connection has on account of this end: one per instance of an active-active gateway."""
    return 2 if end in vpn_gateways(scenario) and vpn_gateways(scenario)[end].active_active else 1


def lacks_gateway(scenario: Scenario, item: Connection) -> bool:
    return any(end in scenario.vnets and scenario.vnets[end].vpn_gateway is None for end in item.between)


def peering_objects(scenario: Scenario) -> Iterator[tuple[str, Peering]]:
    """The peerings between two different VNets that exist."""
    for name, item in scenario.peerings.items():
        if item.vnet != item.remote_vnet and {item.vnet, item.remote_vnet} <= set(scenario.vnets):
            yield name, item


@once
def told_by(scenario: Scenario) -> tuple[Told, ...]:
    """What each gateway is told of the other end of each connection."""
    found: list[Told] = []
    for name, item in sound_connections(scenario).items():
        for vnet in (end for end in item.between if end in scenario.vnets):
            named = item.local_network_gateways.get(vnet)
            if named is None or named in scenario.local_network_gateways:
                told = addresses.local_network_gateway(scenario, name, vnet)
                path: Path = ("connections", name) + (("local_network_gateways", vnet) if named else ())
                found.append(Told(path, name, vnet, item.other(vnet), told))
    return tuple(found)


@once
def told_by_vnet(scenario: Scenario) -> dict[str, tuple[Told, ...]]:
    """The same, by the VNet of the gateway."""
    found: dict[str, list[Told]] = {name: [] for name in scenario.vnets}
    for told in told_by(scenario):
        found[told.vnet].append(told)
    return {name: tuple(items) for name, items in found.items()}


def neighbours_of(scenario: Scenario, end: str) -> frozenset[str]:
    """The ends that connections join to this one."""
    return _neighbours(scenario).get(end, frozenset())


@once
def _neighbours(scenario: Scenario) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for one, other in (item.between for item in sound_connections(scenario).values()):
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {end: frozenset(others) for end, others in found.items()}


def bgp_domain(scenario: Scenario, end: str) -> frozenset[str]:
    """The ends that connections with BGP join to this one, directly or over others, itself included."""
    return _bgp_domains(scenario).get(end, frozenset({end}))


@once
def _bgp_domains(scenario: Scenario) -> dict[str, frozenset[str]]:
    """The domain of each end of a connection with BGP; a connection merges the smaller one of two into the larger."""
    domains: dict[str, set[str]] = {}
    for pair in (item.between for item in sound_connections(scenario).values() if item.enable_bgp):
        small, large = sorted((domains.setdefault(end, {end}) for end in pair), key=len)
        if small is not large:
            large |= small
            domains.update(dict.fromkeys(small, large))
    shared = {id(domain): frozenset(domain) for domain in domains.values()}
    return {end: shared[id(domain)] for end, domain in domains.items()}


@once
def address_spaces(scenario: Scenario) -> tuple[Network, ...]:
    """The prefixes of every VNet and site."""
    written = (
        *((("vnets", name, "address_space"), vnet.address_space) for name, vnet in scenario.vnets.items()),
        *((("sites", name, "address_prefixes"), site.address_prefixes) for name, site in scenario.sites.items()),
    )
    return tuple(
        Network(str(path[1]), prefix, (*path, index))
        for path, prefixes in written
        for index, prefix in enumerate(prefixes)
    )


@once
def _spaces_by_owner(scenario: Scenario) -> dict[str, list[tuple[int, Network]]]:
    """The same by the VNet or site, each with its place among all."""
    found: dict[str, list[tuple[int, Network]]] = {}
    for place, network in enumerate(address_spaces(scenario)):
        found.setdefault(network.owner, []).append((place, network))
    return found


@once
def address_pools(scenario: Scenario) -> tuple[Network, ...]:
    """The address pools of point-to-site clients."""
    return tuple(
        Network(
            name, gateway.point_to_site.address_pool, ("vnets", name, "vpn_gateway", "point_to_site", "address_pool")
        )
        for name, gateway in vpn_gateways(scenario).items()
        if gateway.point_to_site is not None
    )


def networks_of(scenario: Scenario, end: str) -> tuple[Network, ...]:
    """The prefixes of a VNet and of those that use its gateway, of an appliance's VNet, or of a site."""
    owners = {scenario.appliances[end][0]} if end in scenario.appliances else {end, *scenario.spokes(end)}
    spaces = _spaces_by_owner(scenario)
    return tuple(network for _, network in sorted(item for owner in owners for item in spaces.get(owner, ())))


def known_to(scenario: Scenario, vnet: str) -> Iterator[Network]:
    """What a VNet's gateway knows besides its own pool: its neighbours, and through BGP their neighbours and pools."""
    domain = bgp_domain(scenario, vnet)
    near = domain | neighbours_of(scenario, vnet)
    for end in connectable(scenario):
        if end in near:
            yield from networks_of(scenario, end)
    for told in told_by_vnet(scenario)[vnet]:
        if "local_network_gateways" in told.path:
            yield from (Network(told.device, prefix, told.path) for prefix in told.gateway.address_prefixes)
    yield from (pool for pool in address_pools(scenario) if pool.owner in domain - {vnet})


def public_addresses(scenario: Scenario) -> Iterator[tuple[Path, IPv4Address]]:
    named: tuple[tuple[Path, IPv4Address | None], ...] = (
        *((("vnets", name, "vpn_gateway"), item.public_ip_address) for name, item in vpn_gateways(scenario).items()),
        *((("sites", name), item.public_ip_address) for name, item in scenario.sites.items()),
        *((path, device.public_ip_address) for path, _, device in devices(scenario)),
        *((("clients", name), item.public_ip_address) for name, item in scenario.clients.items()),
        *((path, vnet.vms[name].public_ip_address) for path, vnet, name in virtual_machines(scenario)),
    )
    yield from (((*path, "public_ip_address"), address) for path, address in named if address is not None)
    for name, gateway in vpn_gateways(scenario).items():
        path = ("vnets", name, "vpn_gateway", "public_ip_addresses")
        yield from (((*path, index), address) for index, address in enumerate(gateway.public_ip_addresses))


def devices(scenario: Scenario) -> Iterator[tuple[Path, str, VpnDevice]]:
    """Each of several devices of a site, and the site."""
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
    """Every BGP address that a gateway, a site or a device of a site has of its own, and the VNet or site."""
    for path, owner, settings in bgp_settings(scenario):
        if settings.bgp_peering_address is not None:
            yield (*path, "bgp_peering_address"), owner, settings.bgp_peering_address
        for index, address in enumerate(settings.bgp_peering_addresses):
            yield (*path, "bgp_peering_addresses", index), owner, address
    for path, site, device in devices(scenario):
        if device.bgp_peering_address is not None:
            yield (*path, "bgp_peering_address"), site, device.bgp_peering_address


def device_asns(scenario: Scenario) -> Iterator[tuple[Path, int, bool]]:
    """Every ASN that is written, and whether it is an Azure gateway's."""
    for path, owner, settings in bgp_settings(scenario):
        yield (*path, "asn"), settings.asn, owner in scenario.vnets
    for name, item in scenario.local_network_gateways.items():
        if item.bgp is not None:
            yield ("local_network_gateways", name, "bgp", "asn"), item.bgp.asn, item.vnet is not None


def lacks_room(site: Site) -> bool:
    """Whether a site's first prefix is too small for its devices and the router before them."""
    return bool(site.devices) and site.address_prefixes[0].num_addresses < len(site.devices) + 3


def without_settings(scenario: Scenario, end: str) -> bool:
    """Whether an end cannot speak BGP: a site without an ASN or room for devices, a VNet without gateway or subnet, an
    appliance without BGP."""
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
def speaking(scenario: Scenario) -> dict[str, None]:
    """Who can speak BGP: the ends of connections that have it on, sites on circuits and behind appliances, gateways
    with which a Route Server exchanges routes, and the nodes of Route Servers and appliances."""
    ends = {end for item in sound_connections(scenario).values() if item.enable_bgp for end in item.between}
    ends |= {circuit.site for circuit in scenario.expressroute_circuits.values()}
    ends |= {site for _, _, bgp in appliances_with_bgp(scenario) for site in bgp.sites}
    ends |= {name for name in scenario.vnets if branch_to_branch(scenario, name)}
    known = (end for end in (*scenario.vnets, *scenario.sites) if end in ends and not without_settings(scenario, end))
    servers = (name for name, vnet in scenario.vnets.items() if vnet.route_server is not None)
    return dict.fromkeys(
        (
            *known,
            *(route_server_node(name, index) for name in servers for index in (0, 1)),
            *(node_name(vnet, vm) for vnet, vm, _ in appliances_with_bgp(scenario)),
        )
    )


@once
def appliances_with_bgp(scenario: Scenario) -> tuple[tuple[str, str, NvaBgp], ...]:
    """The appliances that speak BGP, also those without an address: VNet, machine, settings."""
    return tuple(
        (name, vm, item.nva.bgp)
        for name, vnet in scenario.vnets.items()
        for vm, item in vnet.vms.items()
        if item.nva is not None and item.nva.bgp is not None
    )


def story_actions(scenario: Scenario) -> Iterator[tuple[Path, Action]]:
    for index, step in enumerate(scenario.story):
        yield from ((("story", index, "do", place, action.verb), action) for place, action in enumerate(step.do))


def announcements(scenario: Scenario) -> Iterator[tuple[Path, Mapping[str, frozenset[IPv4Network]]]]:
    """What sites and the nodes of appliances announce, as built and after each action of the story that changes it."""
    told = {name: frozenset(site.address_prefixes) for name, site in scenario.sites.items()}
    told |= {node_name(vnet, vm): frozenset(bgp.announces) for vnet, vm, bgp in appliances_with_bgp(scenario)}
    yield (), told
    for path, action in story_actions(scenario):
        subject = action.subject
        if (
            isinstance(subject, SitePrefix)
            and subject.speaker in told
            and subject.count <= subject.prefix.num_addresses
        ):
            before, parts = told[subject.speaker], subject.parts
            told = {**told, subject.speaker: before | parts if action.verb == "announce" else before - parts}
            yield path, told


def unknown(path: Path, name: str, known: Collection[str], kind: str) -> Breaches:
    if name not in known:
        yield Breach(path, f"there is no {kind} {short(name)}; {suggest(name, known)}")


def unresolved(scenario: Scenario, path: Path, name: str) -> Breaches:
    if resolve(scenario, name):
        return
    everything = endpoints(scenario)
    same = [item.node for item in everything if item.name.lower() == name.lower()]
    known = (*scenario.vnets, *scenario.sites, *scenario.clients, *(item.node for item in everything))
    if name.lower() in map(str.lower, (*scenario.vnets, *scenario.sites)):
        yield Breach(path, f"`{name}` has no machine to probe; give it one of its vms or hosts")
    elif same:
        yield Breach(path, f"several machines are called `{name}`; write {' or '.join(same)}")
    else:
        yield Breach(path, f"nothing is called {short(name)}; {suggest(name, known)}")


def by_profile(scenario: Scenario) -> str:
    """The end of a message that the other profile would not have."""
    return f"(profile: {scenario.profile})"


def in_words(path: Path) -> str:
    """Whose place it is, as a message says it."""
    return f"`{path[1]}`"


def listed(prefixes: Iterable[IPv4Network]) -> str:
    return ", ".join(map(str, prefixes))
