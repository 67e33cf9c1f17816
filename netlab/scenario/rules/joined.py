"""Objects that connections and peerings join: ends, neighbours, BGP domains and their networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.scenario.addresses import vm_addresses
from netlab.scenario.models import (
    Circuit,
    Connection,
    LocalNetworkGateway,
    Peering,
    Scenario,
    TunnelSettings,
    VpnGateway,
    node_name,
)
from netlab.scenario.models.nat_rule import effective
from netlab.scenario.nodes import expressroute_name, route_server_node
from netlab.scenario.rules.breach import Path
from netlab.scenario.rules.subjects import appliances_with_bgp, route_server_of, vpn_gateways, without_settings
from netlab.scenario.values import once

# B46, B47: what Azure does with several static connections to one prefix.
ONE_CARRIES = (
    "all whose ends agree are Connected, and one of them carries the packets, here the first one in the file that is "
    "up; Azure promises no failover, and for ECMP use BGP (B46)"
)


@dataclass(frozen=True, slots=True)
class Network:
    """A prefix with its owner and its place in the file."""

    owner: str
    prefix: IPv4Network
    path: Path


@dataclass(frozen=True, slots=True)
class RemoteEnd:
    """The local network gateway that describes the other end of a connection to the gateway of a VNet."""

    path: Path
    connection: str
    vnet: str
    device: str
    gateway: LocalNetworkGateway


@dataclass(frozen=True, slots=True)
class GatewayEnd:
    """A connection with the settings of the VPN gateway at one end."""

    path: Path
    connection: str
    vnet: str
    gateway: VpnGateway
    settings: TunnelSettings


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
    """The possible ends of connections, each with its place in this order: VNets, sites, appliances with an address."""
    found = (end for end, (vnet, vm) in scenario.appliances.items() if vm in vm_addresses(scenario.vnets[vnet]))
    return {end: place for place, end in enumerate(dict.fromkeys((*scenario.vnets, *scenario.sites, *found)))}


@once
def gateway_ends(scenario: Scenario) -> tuple[GatewayEnd, ...]:
    """Each end of a connection that is a VPN gateway."""
    gateways = vpn_gateways(scenario)
    found: list[GatewayEnd] = []
    for name, item in sound_connections(scenario).items():
        for end in (end for end in item.between if end in gateways):
            settings = item.settings(end)
            path: Path = ("connections", name) + (() if settings is item else ("other_end",))
            found.append(GatewayEnd(path, name, end, gateways[end], settings))
    return tuple(found)


def instances(scenario: Scenario, end: str) -> int:
    """How many tunnels a connection has at this end: one for each instance of an active-active gateway."""
    return 2 if end in vpn_gateways(scenario) and vpn_gateways(scenario)[end].active_active else 1


def lacks_gateway(scenario: Scenario, item: Connection) -> bool:
    """Whether an end of a connection is a VNet without a VPN gateway."""
    return any(end in scenario.vnets and scenario.vnets[end].vpn_gateway is None for end in item.between)


def peering_objects(scenario: Scenario) -> Iterator[tuple[str, Peering]]:
    """The peerings between two different VNets that exist."""
    for name, item in scenario.peerings.items():
        if item.vnet != item.remote_vnet and {item.vnet, item.remote_vnet} <= set(scenario.vnets):
            yield name, item


@once
def remote_ends(scenario: Scenario) -> tuple[RemoteEnd, ...]:
    """The local network gateway of each VNet on each connection, also those that the file does not write."""
    found: list[RemoteEnd] = []
    for name, item in sound_connections(scenario).items():
        for vnet in (end for end in item.between if end in scenario.vnets):
            named = item.local_network_gateways.get(vnet)
            if named is None or named in scenario.local_network_gateways:
                remote = scenario.local_network_gateway(name, vnet)
                path: Path = ("connections", name) + (("local_network_gateways", vnet) if named else ())
                found.append(RemoteEnd(path, name, vnet, item.other(vnet), remote))
    return tuple(found)


@once
def remote_ends_by_vnet(scenario: Scenario) -> dict[str, tuple[RemoteEnd, ...]]:
    """The same, by the VNet of the gateway."""
    found: dict[str, list[RemoteEnd]] = {name: [] for name in scenario.vnets}
    for remote in remote_ends(scenario):
        found[remote.vnet].append(remote)
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
    """The prefixes of a VNet and of those that use its gateway, of an appliance's VNet, or a site after NAT (T12)."""
    if end in scenario.sites:
        return _after_nat(scenario, end)
    owners = {scenario.appliances[end][0]} if end in scenario.appliances else {end, *scenario.spokes(end)}
    spaces = _spaces_by_owner(scenario)
    return tuple(network for _, network in sorted(item for owner in owners for item in spaces.get(owner, ())))


def _after_nat(scenario: Scenario, site: str) -> tuple[Network, ...]:
    """The prefixes of a site as its connections show them."""
    spaces = [network for _, network in _spaces_by_owner(scenario).get(site, ())]
    mine = ((name, item) for name, item in scenario.connections_of(site) if name in sound_connections(scenario))
    ends = ((name, vnet) for name, item in mine if (vnet := item.other(site)) in scenario.vnets)
    used = [rules for name, vnet in ends if (rules := scenario.nat_rules(name, vnet, "IngressSnat"))]
    found = (
        Network(site, prefix, network.path)
        for network in spaces
        for rules in used or ((),)
        for prefix in effective((network.prefix,), rules)
    )
    return tuple(dict.fromkeys(found))


def known_to(scenario: Scenario, vnet: str) -> Iterator[Network]:
    """The networks that a gateway has routes for, without its own pool: its neighbours, what its VNet is peered with,
    and by BGP the whole domain."""
    domain = bgp_domain(scenario, vnet)
    near = domain | neighbours_of(scenario, vnet)
    for end in connectable(scenario):
        if end in near:
            yield from networks_of(scenario, end)
    # Spokes that use the gateway are among the networks of the VNet itself.
    for peer in {item.remote_vnet: None for _, item in peering_objects(scenario) if item.vnet == vnet}:
        if peer not in near and peer not in scenario.spokes(vnet):
            yield from (network for _, network in _spaces_by_owner(scenario)[peer])
    for remote in remote_ends_by_vnet(scenario)[vnet]:
        if "local_network_gateways" in remote.path:
            yield from (Network(remote.device, prefix, remote.path) for prefix in remote.gateway.address_prefixes)
    yield from (pool for pool in address_pools(scenario) if pool.owner in domain - {vnet})


def bgp_peers_of(scenario: Scenario, speaker: str) -> dict[str, int]:
    """The names of a site's or an appliance's BGP peers, each with how many routers it has for the speaker."""
    found = {
        item.other(speaker): instances(scenario, item.other(speaker))
        for item in sound_connections(scenario).values()
        if item.enable_bgp and speaker in item.between
    }
    circuits, providers = scenario.expressroute_circuits.items(), scenario.provider_networks.items()
    found |= {name: 2 for name, circuit in circuits if circuit.site == speaker}
    found |= {name: 2 for name, provider in providers if speaker in provider.sites}
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        own = f"{vnet}-{vm}"
        server = route_server_of(scenario, vnet, bgp)
        near = {**dict.fromkeys((*bgp.sites, *bgp.appliances), 1), **({server: 2} if server else {})}
        found |= near if own == speaker else {own: 1} if speaker in near else {}
    return found


def sites_of(scenario: Scenario, circuit: Circuit) -> tuple[str, ...]:
    """The names of the sites that a circuit leads to: its own, or those of the provider's network (R117)."""
    provider = scenario.provider_networks.get(circuit.provider_network or "")
    behind = provider.sites if provider is not None else ()
    return (circuit.site,) if circuit.site is not None else behind


@once
def speaking(scenario: Scenario) -> dict[str, None]:
    """The names that can have learned routes: ends of connections with BGP, sites of circuits, of providers and of
    appliances, gateways beside a Route Server with branch-to-branch, ExpressRoute gateways on circuits, the nodes of
    Route Servers and of appliances."""
    ends = {end for item in sound_connections(scenario).values() if item.enable_bgp for end in item.between}
    ends |= {site for circuit in scenario.expressroute_circuits.values() for site in sites_of(scenario, circuit)}
    ends |= {site for provider in scenario.provider_networks.values() for site in provider.sites}
    ends |= {site for _, _, bgp in appliances_with_bgp(scenario) for site in bgp.sites}
    ends |= {name for name in scenario.vnets if scenario.vnets[name].branch_to_branch}
    known = (end for end in (*scenario.vnets, *scenario.sites) if end in ends and not without_settings(scenario, end))
    servers = (name for name, vnet in scenario.vnets.items() if vnet.route_server is not None)
    joined = {name for circuit in scenario.expressroute_circuits.values() for name in circuit.vnets}
    private = (n for n, vnet in scenario.vnets.items() if n in joined and vnet.expressroute_gateway is not None)
    return dict.fromkeys(
        (
            *known,
            *(expressroute_name(name) for name in private),
            *(route_server_node(name, index) for name in servers for index in (0, 1)),
            *(node_name(vnet, vm) for vnet, vm, _ in appliances_with_bgp(scenario)),
        )
    )


def offered_prefixes(scenario: Scenario, vnet: str) -> set[IPv4Network]:
    """The prefixes that a gateway pushes to its clients: those of its BGP domain, pools, custom and static routes."""
    domain = bgp_domain(scenario, vnet)
    networks = (network for end in connectable(scenario) if end in domain for network in networks_of(scenario, end))
    point_to_site = vpn_gateways(scenario)[vnet].point_to_site
    return {
        *(network.prefix for network in networks),
        *(pool.prefix for pool in address_pools(scenario) if pool.owner in domain),
        *(point_to_site.custom_routes if point_to_site is not None else ()),
        *(
            prefix
            for name in domain & scenario.vnets.keys()
            for remote in remote_ends_by_vnet(scenario)[name]
            if name != vnet or scenario.connections[remote.connection].push_prefixes_to_p2s
            for prefix in remote.gateway.address_prefixes
        ),
    }
