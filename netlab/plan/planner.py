"""From a Scenario to a Plan: Azure's nouns become Linux's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from netlab.plan import appliances, clients, expressroute, fabrics, gateways, route_servers, sites, vnets
from netlab.plan.bgp import speaker
from netlab.plan.certificates import certificates
from netlab.plan.devices import Device, Parts, devices, shared_key_name, tunnels
from netlab.plan.edges import edges
from netlab.plan.model import BgpSpeaker, DataPlane, Link, Plan, Timers, Uplink
from netlab.plan.timers import timers
from netlab.plan.underlay import internet
from netlab.scenario.models import Scenario
from netlab.scenario.names import INTERNET
from netlab.scenario.network import Network, Topology, resolve


def plan(
    scenario: Scenario,
    lab: str,
    data_plane: DataPlane = "userspace",
    time_scale: float | None = None,
    switched: frozenset[str] = frozenset(),
    lost: frozenset[str] = frozenset(),
) -> Plan:
    """Plan a lab: pure, and the same every time.

    ``switched`` are the VNets whose gateway's second instance is the active one, ``lost`` the nodes of instances that
    are down: plans that differ in these differ in no node and no link.
    """
    network = resolve(scenario)
    topology, clock = Topology(network, switched), timers(time_scale or scenario.time_scale)
    everything = devices(topology, data_plane, lost)
    on_duty = tuple(device for device in everything if device.on_duty)
    fronts, peers = _fronts(lab, everything), fabrics.peer_addresses(network)
    of_vnets = [vnets.parts(lab, topology, vnet, peers, _serving(fronts)) for vnet in network.vnets.values()]
    ends = {device.node: tuple(tunnels(device)) for device in on_duty}
    servers = {device.end.name: device for device in everything if device.p2s}
    machines = [clients.machine(lab, client) for client in network.clients.values()]
    own = {client: clients.tunnels(lab, client, data_plane) for client in network.clients.values()}
    parts = [
        *(part for part, _ in of_vnets),
        *route_servers.parts(lab, network),
        *expressroute.parts(lab, network),
        *_routing(lab, network, everything),
        *(part for _, part in fronts),
    ]
    links = (
        *(link for part in parts for link in part.links),
        *fabrics.peering_links(network, peers),
        *fabrics.appliance_links(network, peers),
        *appliances.sd_wan_links(network),
        *(link for _, link in machines),
    )
    nodes = (*(node for part in parts for node in part.nodes), *(node for node, _ in machines))
    return Plan(
        lab=lab,
        scenario=scenario.name,
        data_plane=data_plane,
        timers=clock,
        nodes=(internet(lab, links, _public_nodes(network, on_duty)), *nodes),
        links=links,
        charons=(
            *(charon for _, part in fronts for charon in part.charons),
            *(charon for client, mine in own.items() for charon in clients.charons(client, mine, servers)),
        ),
        tunnels=tuple(tunnel for of_device in ends.values() for tunnel in of_device),
        speakers=tuple(_speakers(lab, topology, clock, lost)),
        fabrics=tuple(fabric for _, fabric in of_vnets),
        gateways=(
            *(gateways.view(lab, d, d.gateway.vnet, ends[d.node]) for d in on_duty if d.gateway is not None),
            *expressroute.views(lab, network),
        ),
        route_servers=tuple(route_servers.views(lab, network)),
        clients=tuple(tunnel for mine in own.values() for tunnel in mine),
        uplinks=tuple(_uplinks(network, links, on_duty)),
        secrets=(
            *(shared_key_name(item.name, s.end.name) for item in network.connections.values() for s in item.sides),
            *clients.secret_names(network),
        ),
        certificates=tuple(certificates(tuple(network.clients.values()), servers)),
    )


def _speakers(lab: str, topology: Topology, clock: Timers, lost: frozenset[str]) -> Iterator[BgpSpeaker]:
    for router in topology.speakers.values():
        found = speaker(lab, topology, router, clock) if router.node not in lost else None
        if found is not None:
            yield found


def _fronts(lab: str, everything: tuple[Device, ...]) -> list[tuple[Device, Parts]]:
    """The edges of every device; that of a site's device is its hosts' way to the Internet too."""
    by_node = {device.node: device for device in everything}
    return [(device, _with_way_out(device, edges(lab, device, by_node))) for device in everything]


def _with_way_out(device: Device, parts: Parts) -> Parts:
    if device.site is None:
        return parts
    routes, nat = sites.way_out(device.site, device)
    edge, *rest = parts.nodes
    wider = replace(edge, routes=(*edge.routes, *routes), nftables=(*edge.nftables, nat))
    return replace(parts, nodes=(wider, *rest))


def _serving(fronts: list[tuple[Device, Parts]]) -> vnets.Serving:
    return {d.node: appliances.serving(d, d.appliance, parts) for d, parts in fronts if d.appliance is not None}


def _routing(lab: str, network: Network, everything: tuple[Device, ...]) -> Iterator[Parts]:
    """The routing namespaces of gateways, and the networks of sites."""
    of_site: dict[str, list[Device]] = {name: [] for name in network.sites}
    for device in everything:
        if device.gateway is not None:
            yield Parts((gateways.routing(lab, device, device.gateway),))
        elif device.site is not None:
            of_site[device.site.name].append(device)
    for name, site in network.sites.items():
        yield sites.parts(lab, site, tuple(of_site[name]))


def _public_nodes(network: Network, on_duty: tuple[Device, ...]) -> dict[str, str]:
    """The node over whose link the Internet reaches each public address."""
    public = network.public
    fabrics_of = {nic.node: vnet.node for vnet in network.vnets.values() for nic in vnet.nics}
    return {
        **{address: device.edge for device in on_duty if device.appliance is None for address in device.publics},
        **{str(address): network.clients[name].node for name, address in public.clients.items()},
        **{str(address): network.vnets[name].node for name, address in public.egress.items()},
        **{str(address): fabrics_of[node] for node, address in public.machines.items()},
    }


def _uplinks(network: Network, links: tuple[Link, ...], on_duty: tuple[Device, ...]) -> Iterator[Uplink]:
    """The ways to the Internet, by Azure's name where an end has only one on duty, else by their nodes'."""
    to_internet = {link.a.node: link for link in links if link.b.node == INTERNET}
    facing = [device for device in on_duty if device.appliance is None]
    count = Counter(device.end for device in facing)
    for device in facing:
        name = device.end.name if count[device.end] == 1 else device.node
        yield _uplink(network, name, device.end.name, to_internet[device.edge])
    for client in network.clients.values():
        yield _uplink(network, client.name, client.name, to_internet[client.node])


def _uplink(network: Network, name: str, owner: str, link: Link) -> Uplink:
    asked = network.scenario.links.get(owner)
    impairment = (asked.delay, asked.jitter, asked.loss, asked.rate) if asked is not None else ()
    return Uplink(name, link.a, link.b, *impairment)
