"""From a Scenario to a Plan: Azure's nouns become Linux's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from netlab.plan import (
    access,
    appliances,
    clients,
    expressroute,
    fabrics,
    gateways,
    microsoft_peerings,
    nat_rules,
    p2s,
    provider_networks,
    route_servers,
    sites,
    vnets,
)
from netlab.plan.bgp import speaker
from netlab.plan.certificates import certificates
from netlab.plan.devices import Device, Parts, devices, shared_key_names
from netlab.plan.edges import edges
from netlab.plan.model import BgpSpeaker, Charon, DataPlane, Fabric, Link, Node, Plan, Timers, Tunnel, Uplink
from netlab.plan.p2s import ikev2, radius
from netlab.plan.timers import timers
from netlab.plan.underlay import Underlay, backbone_links
from netlab.scenario.models import Scenario
from netlab.scenario.network import Network, Topology, VNet, resolve, shared_addresses

# Devices with their edges.
Fronts = tuple[tuple[Device, Parts], ...]


def plan(
    scenario: Scenario,
    lab: str,
    data_plane: DataPlane = "userspace",
    time_scale: float | None = None,
    switched: frozenset[str] = frozenset(),
    lost: frozenset[str] = frozenset(),
) -> Plan:
    """Plan a lab: pure, the same every time. ``switched``, the VNets whose gateway's second instance is the active one,
    and ``lost``, the nodes of instances that are down, change no node and no link."""
    network = resolve(scenario)
    topology, clock = Topology(network, switched), timers(time_scale or scenario.time_scale)
    everything = devices(topology, data_plane, lost)
    on_duty = tuple(device for device in everything if device.on_duty)
    fronts, peers, machines = _fronts(lab, everything), fabrics.peer_addresses(network), _of_clients(lab, network)
    of_vnets = _of_vnets(lab, topology, peers, fronts, clock)
    parts = (*(part for part, _ in of_vnets), *_of_routers(lab, network, everything), *(part for _, part in fronts))
    links = (*_links(parts), *_between(network, peers), *_links(machines), *backbone_links(network))
    return Plan(
        lab=lab,
        scenario=scenario.name,
        data_plane=data_plane,
        timers=clock,
        nodes=(*_carriers(lab, network, links, on_duty), *_nodes(parts), *_nodes(machines)),
        links=links,
        charons=tuple(_charons(lab, network, data_plane, everything, fronts)),
        tunnels=tuple(_interfaces(on_duty)),
        speakers=tuple(_speakers(lab, topology, clock, lost)),
        fabrics=tuple(fabric for _, fabric in of_vnets),
        gateways=(*gateways.views(lab, on_duty), *expressroute.views(lab, network)),
        route_servers=tuple(route_servers.views(lab, network)),
        clients=tuple(t for client in network.clients.values() for t in p2s.clients(lab, client, data_plane)),
        uplinks=tuple(_uplinks(network, links, on_duty)),
        secrets=tuple(dict.fromkeys(_secrets(network))),
        certificates=tuple(certificates(tuple(network.clients.values()), _servers(everything))),
        servers=tuple(server for device in on_duty for server in p2s.servers(lab, device)),
        tls_keys=tuple(p2s.tls_keys(everything)),
        radius_servers=tuple(radius.servers(lab, network)),
        proxies=tuple(access.proxies(lab, network)),
    )


def _secrets(network: Network) -> Iterator[str]:
    """The names of keys and passwords."""
    yield from shared_key_names(network)
    yield from ikev2.secret_names(network)
    yield from radius.secret_names(network)
    yield from access.password_names(network)


def _of_clients(lab: str, network: Network) -> tuple[Parts, ...]:
    """Clients, and the NAT routers of the networks that they are in."""
    routers = (access.router(lab, found) for found in network.access_networks.values())
    return (*routers, *(clients.machine(lab, client) for client in network.clients.values()))


def _interfaces(on_duty: tuple[Device, ...]) -> Iterator[Tunnel]:
    """The interfaces of tunnels, with those of clients where they connect."""
    for device in on_duty:
        yield from nat_rules.interfaces(device)
        if device.serves_p2s:
            yield from p2s.interfaces(device)


def _nodes(parts: Iterable[Parts]) -> Iterator[Node]:
    return (node for part in parts for node in part.nodes)


def _links(parts: Iterable[Parts]) -> Iterator[Link]:
    return (link for part in parts for link in part.links)


def _between(network: Network, peers: fabrics.PeerAddresses) -> Iterator[Link]:
    """The links that belong to no part alone."""
    yield from fabrics.peering_links(network, peers)
    yield from fabrics.appliance_links(network, peers)
    yield from appliances.sd_wan_links(network)


def _servers(everything: tuple[Device, ...]) -> dict[str, Device]:
    """The instances that serve clients or could; of two the second one, for they have the same address."""
    return {device.end.name: device for device in everything if device.p2s}


def _charons(
    lab: str, network: Network, data_plane: DataPlane, everything: tuple[Device, ...], fronts: Fronts
) -> Iterator[Charon]:
    yield from (charon for _, part in fronts for charon in part.charons)
    servers = _servers(everything)
    for client in network.clients.values():
        yield from ikev2.charons(client, p2s.clients(lab, client, data_plane), servers)


def _speakers(lab: str, topology: Topology, clock: Timers, lost: frozenset[str]) -> Iterator[BgpSpeaker]:
    for router in topology.speakers.values():
        found = speaker(lab, topology, router, clock) if router.node not in lost else None
        if found is not None:
            yield found


def _fronts(lab: str, everything: tuple[Device, ...]) -> Fronts:
    """The edges of every device; that of a site's device is its hosts' way to the Internet too."""
    by_node = {device.node: device for device in everything}
    return tuple((device, _with_way_out(device, edges(lab, device, by_node))) for device in everything)


def _with_way_out(device: Device, parts: Parts) -> Parts:
    if device.site is None:
        return parts
    routes, nat = sites.way_out(device.site, device)
    edge, *rest = parts.nodes
    wider = replace(edge, routes=(*edge.routes, *routes), nftables=(*edge.nftables, nat))
    return replace(parts, nodes=(wider, *rest))


def _of_vnets(
    lab: str, topology: Topology, peers: fabrics.PeerAddresses, fronts: Fronts, clock: Timers
) -> tuple[tuple[Parts, Fabric], ...]:
    serving = {d.node: appliances.serving(d, d.appliance, parts) for d, parts in fronts if d.appliance is not None}
    found = topology.network.vnets.values()
    return tuple(vnets.parts(lab, topology, vnet, peers, serving, clock) for vnet in found)


def _of_routers(lab: str, network: Network, everything: tuple[Device, ...]) -> Iterator[Parts]:
    """Route Servers, ExpressRoute, providers, the routing namespaces of gateways, and the networks of sites."""
    yield from route_servers.parts(lab, network)
    yield from expressroute.parts(lab, network)
    yield from provider_networks.parts(lab, network)
    yield from microsoft_peerings.parts(lab, network)
    of_site: dict[str, list[Device]] = {name: [] for name in network.sites}
    for device in everything:
        if device.gateway is not None:
            yield Parts((gateways.routing(lab, device, device.gateway),))
        elif device.site is not None:
            of_site[device.site.name].append(device)
    for name, site in network.sites.items():
        yield sites.parts(lab, site, tuple(of_site[name]))


def _carriers(lab: str, network: Network, links: tuple[Link, ...], on_duty: tuple[Device, ...]) -> Iterator[Node]:
    """The nodes of the underlay."""
    return Underlay(lab, network, links, _public_nodes(network, on_duty)).nodes()


def _public_nodes(network: Network, on_duty: tuple[Device, ...]) -> dict[str, str]:
    """The node over whose link the underlay reaches each public address."""
    public = network.public
    return {
        **{address: d.edge for d in on_duty if d.appliance is None and not d.private for address in d.addresses},
        **{str(found.public_address): found.node for found in network.access_networks.values()},
        **{str(found.public_address): found.node for found in network.clients.values() if found.upstream is None},
        **{str(address): network.vnets[name].node for name, address in public.egress.items()},
        **{str(address): vnet.node for vnet in network.vnets.values() for _, address in vnet.public_pairs},
        **{str(item.address): vnet.node for vnet in network.vnets.values() for item in shared_addresses(vnet)},
    }


def _uplinks(network: Network, links: tuple[Link, ...], on_duty: tuple[Device, ...]) -> Iterator[Uplink]:
    """The ways to the Internet, by Azure's name where an end has only one on duty, else by their nodes'; and the links
    of circuits."""
    to_internet = {link.a.node: link for link in links if link.underlay}
    facing = [device for device in on_duty if device.appliance is None]
    count = Counter(device.end for device in facing)
    for device in facing:
        name = device.end.name if count[device.end] == 1 else device.node
        share = device.gateway.throughput if device.gateway is not None else 0
        yield _uplink(network, name, device.end.name, to_internet[device.edge], share)
    for client in network.clients.values():
        yield _uplink(network, client.name, client.name, to_internet[client.node])
    for circuit in network.circuits.values():
        for router, other, address in circuit.every_link:
            link = next(link for link in links if (link.a.node, link.b.node) == (other.node, router.node))
            found = _uplink(network, router.node, circuit.name, link, circuit.rate)
            yield replace(found, address=str(address))
    yield from _between_regions(network, links)


def _between_regions(network: Network, links: tuple[Link, ...]) -> Iterator[Uplink]:
    """The links between two regions that take their time: of the backbone, and of peered VNets."""
    places: dict[str, tuple[str, VNet]] = {}
    for vnet in network.vnets.values():
        places[vnet.backbone] = vnet.region, vnet
        places[vnet.node] = vnet.name, vnet
    for link in links:
        ends = [places[end.node] for end in (link.a, link.b) if end.node in places]
        delay = network.delay(*(vnet for _, vnet in ends)) if len(ends) == 2 else 0
        if delay:
            # No name of an object has a slash. A link for an appliance is called after it, too.
            appliance = (link.a.altname.removeprefix("n-"),) if link.a.altname.startswith("n-") else ()
            yield Uplink("/".join((*(name for name, _ in ends), *appliance)), link.a, link.b, delay)


def _uplink(network: Network, name: str, owner: str, link: Link, most: float = 0) -> Uplink:
    """A link with what is asked of it, at the rate ``most`` at most where that is not 0."""
    asked = network.scenario.links.get(owner)
    found = Uplink(name, link.a, link.b)
    if asked is not None:
        found = replace(found, delay=asked.delay, jitter=asked.jitter, loss=asked.loss, rate=asked.rate)
    return replace(found, rate=min(filter(None, (found.rate, most)), default=0))
