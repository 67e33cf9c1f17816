"""From a Scenario to a Plan: Azure's nouns become Linux's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netlab.plan import clients as p2s
from netlab.plan import expressroute, route_servers
from netlab.plan.bgp import speaker
from netlab.plan.devices import P2S, Device, Parts, devices, shared_key_name, tunnels
from netlab.plan.edges import edges, machine_before
from netlab.plan.model import DataPlane, GatewayView, Link, Plan, Tunnel, Uplink
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.networks import appliance_links, gateway_routing, lan_exit, peering_links, site_parts, vnet_parts
from netlab.plan.timers import timers
from netlab.plan.underlay import PublicAddresses, internet, public_addresses
from netlab.scenario.models import Scenario, node_name
from netlab.scenario.names import INTERNET
from netlab.scenario.routers import Topology


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
    topology, public = Topology(scenario, switched), public_addresses(scenario)
    clock = timers(time_scale or scenario.time_scale)
    everything = devices(scenario, topology, public, data_plane, lost)
    by_node = {device.node: device for device in everything}
    on_duty = tuple(device for device in everything if device.on_duty)
    fronts = [_front(lab, scenario, device, by_node) for device in everything]
    before = {
        device.node: machine_before(scenario, device, parts)
        for device, parts in zip(everything, fronts, strict=True)
        if device.in_vnet
    }
    vnets = [vnet_parts(lab, scenario, topology, name, public, before) for name in scenario.vnets]
    ends = {device.node: tuple(tunnels(scenario, device)) for device in on_duty}
    servers = {device.end: device for device in everything if device.p2s}
    clients = [p2s.client_node(lab, scenario, name, public) for name in scenario.clients]
    own = {name: p2s.tunnels(lab, scenario, name, data_plane) for name in scenario.clients}
    parts = [
        *(part for part, _ in vnets),
        *route_servers.route_server_parts(lab, scenario),
        *expressroute.parts(lab, scenario),
        *_routing(lab, scenario, topology, everything),
        *fronts,
    ]
    links = (
        *(link for part in parts for link in part.links),
        *peering_links(scenario),
        *appliance_links(scenario),
        *route_servers.sd_wan_links(scenario),
        *(link for _, link in clients),
    )
    nodes = (*(node for part in parts for node in part.nodes), *(node for node, _ in clients))
    speaking = (router for router in topology.speakers.values() if router.node not in lost)
    return Plan(
        lab=lab,
        scenario=scenario.name,
        data_plane=data_plane,
        timers=clock,
        nodes=(internet(lab, links, _public_nodes(scenario, public, on_duty)), *nodes),
        links=links,
        charons=(
            *(charon for part in fronts for charon in part.charons),
            *(
                charon
                for name, mine in own.items()
                for charon in p2s.charons(scenario, name, mine, public.clients[name], servers)
            ),
        ),
        tunnels=tuple(tunnel for of_device in ends.values() for tunnel in of_device),
        speakers=tuple(s for router in speaking if (s := speaker(lab, scenario, topology, router, clock)) is not None),
        fabrics=tuple(fabric for _, fabric in vnets),
        gateways=(
            *(_view(lab, scenario, d, ends[d.node]) for d in on_duty if d.end in scenario.vnets),
            *expressroute.views(lab, scenario),
        ),
        route_servers=tuple(route_servers.views(lab, scenario)),
        clients=tuple(tunnel for mine in own.values() for tunnel in mine),
        uplinks=tuple(_uplinks(scenario, links, on_duty)),
        secrets=(
            *(shared_key_name(name, end) for name, item in scenario.connections.items() for end in item.between),
            *p2s.secret_names(scenario),
        ),
        certificates=tuple(p2s.certificates(scenario, servers)),
    )


def _front(lab: str, scenario: Scenario, device: Device, by_node: dict[str, Device]) -> Parts:
    parts = edges(lab, scenario, device, by_node)
    if device.end not in scenario.sites:
        return parts
    routes, nat = lan_exit(scenario, device)
    edge, *rest = parts.nodes
    return replace(parts, nodes=(replace(edge, routes=(*edge.routes, *routes), nftables=edge.nftables + nat), *rest))


def _routing(lab: str, scenario: Scenario, topology: Topology, everything: tuple[Device, ...]) -> Iterator[Parts]:
    """The routing namespaces of gateways, and the networks of sites."""
    for device in everything:
        if device.end in scenario.vnets:
            yield Parts((gateway_routing(lab, scenario, topology, device),))
    for site in scenario.sites:
        yield site_parts(lab, scenario, site, tuple(device for device in everything if device.end == site))


def _public_nodes(scenario: Scenario, public: PublicAddresses, on_duty: tuple[Device, ...]) -> dict[str, str]:
    fabrics = {node_name(vnet, vm): node_name(vnet) for vnet, item in scenario.vnets.items() for vm in item.vms}
    return {
        **{address: device.edge for device in on_duty if not device.in_vnet for address in device.publics},
        **{address: node_name(name) for name, address in public.clients.items()},
        **{address: node_name(name) for name, address in public.egress.items()},
        **{address: fabrics[node] for node, address in public.machines.items()},
    }


def _view(lab: str, scenario: Scenario, device: Device, ends: tuple[Tunnel, ...]) -> GatewayView:
    counts = scenario.vnets[device.end].route_server is not None
    view = GatewayView(
        device.end,
        device.node,
        lab_netns(lab, device.node),
        tuple(tunnel.interface for tunnel in ends),
        directory=node_directory(lab, device.node) if counts else "",
    )
    if not device.serves_p2s:
        return view
    edge = device.charon_edge(P2S)
    return replace(
        view,
        p2s_edge_netns=lab_netns(lab, edge),
        p2s_directory=node_directory(lab, edge),
        p2s_connection=p2s.p2s_connection(scenario, device),
        footholds=device.data_plane == "userspace",
    )


def _uplinks(scenario: Scenario, links: tuple[Link, ...], on_duty: tuple[Device, ...]) -> Iterator[Uplink]:
    """The ways to the Internet, by Azure's name where an end has only one on duty, else by their nodes'."""
    to_internet = {link.a.node: link for link in links if link.b.node == INTERNET}
    facing = [device for device in on_duty if not device.in_vnet]
    several = [device.end for device in facing]
    for device in facing:
        name = device.end if several.count(device.end) == 1 else device.node
        yield _uplink(scenario, name, device.end, to_internet[device.edge])
    for name in scenario.clients:
        yield _uplink(scenario, name, name, to_internet[node_name(name)])


def _uplink(scenario: Scenario, name: str, owner: str, link: Link) -> Uplink:
    asked = scenario.links.get(owner)
    impairment = (asked.delay, asked.jitter, asked.loss, asked.rate) if asked is not None else ()
    return Uplink(name, link.a, link.b, *impairment)
