"""From a Scenario to a Plan: Azure's nouns become Linux's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netlab.plan import clients as p2s
from netlab.plan.devices import P2S, Device, Parts, devices, shared_key_name, speaker, tunnels
from netlab.plan.edges import edges
from netlab.plan.model import DataPlane, GatewayView, Link, Plan, Tunnel, Uplink
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.networks import gateway_routing, lan_exit, peering_links, site_parts, vnet_parts
from netlab.plan.timers import timers
from netlab.plan.underlay import INTERNET, PublicAddresses, internet, public_addresses
from netlab.scenario.models import Scenario, node_name


def plan(scenario: Scenario, lab: str, data_plane: DataPlane = "userspace", time_scale: float | None = None) -> Plan:
    """Plan a lab: pure, and the same every time."""
    public = public_addresses(scenario)
    clock = timers(time_scale or scenario.time_scale)
    all_devices = devices(scenario, public, data_plane)
    by_end = {device.end: device for device in all_devices}
    vnets = [vnet_parts(lab, scenario, name, public.egress[name]) for name in scenario.vnets]
    fronts = [_front(lab, scenario, device, by_end) for device in all_devices]
    routers = [_routing(lab, scenario, device) for device in all_devices]
    ends = {device.end: tuple(tunnels(scenario, device, by_end)) for device in all_devices}
    clients = [p2s.client_node(lab, scenario, name, public) for name in scenario.clients]
    own = {name: p2s.tunnels(lab, scenario, name, data_plane) for name in scenario.clients}
    parts = [*(part for part, _ in vnets), *routers, *fronts]
    links = (
        *(link for part in parts for link in part.links),
        *peering_links(scenario),
        *(link for _, link in clients),
    )
    nodes = (*(node for part in parts for node in part.nodes), *(node for node, _ in clients))
    return Plan(
        lab=lab,
        scenario=scenario.name,
        data_plane=data_plane,
        timers=clock,
        nodes=(internet(lab, links, _public_nodes(public, all_devices)), *nodes),
        links=links,
        charons=(
            *(charon for part in fronts for charon in part.charons),
            *(
                charon
                for name, mine in own.items()
                for charon in p2s.charons(scenario, name, mine, public.clients[name], by_end)
            ),
        ),
        tunnels=tuple(tunnel for of_device in ends.values() for tunnel in of_device),
        speakers=tuple(s for device in all_devices if (s := speaker(lab, scenario, device, clock)) is not None),
        fabrics=tuple(fabric for _, fabric in vnets),
        gateways=tuple(_view(lab, scenario, d, ends[d.end]) for d in all_devices if d.end in scenario.vnets),
        clients=tuple(tunnel for mine in own.values() for tunnel in mine),
        uplinks=tuple(_uplinks(scenario, links, all_devices)),
        secrets=(
            *(shared_key_name(name, end) for name, item in scenario.connections.items() for end in item.between),
            *p2s.secret_names(scenario),
        ),
        certificates=tuple(p2s.certificates(scenario, by_end)),
    )


def _front(lab: str, scenario: Scenario, device: Device, by_end: dict[str, Device]) -> Parts:
    parts = edges(lab, scenario, device, by_end)
    if device.end not in scenario.sites:
        return parts
    routes, nat = lan_exit(scenario, device)
    edge, *rest = parts.nodes
    return replace(parts, nodes=(replace(edge, routes=(*edge.routes, *routes), nftables=edge.nftables + nat), *rest))


def _routing(lab: str, scenario: Scenario, device: Device) -> Parts:
    if device.end in scenario.sites:
        return site_parts(lab, scenario, device)
    return Parts((gateway_routing(lab, scenario, device),))


def _public_nodes(public: PublicAddresses, all_devices: tuple[Device, ...]) -> dict[str, str]:
    return {
        **{device.public: device.edge for device in all_devices},
        **{address: node_name(name) for name, address in public.clients.items()},
        **{address: node_name(name) for name, address in public.egress.items()},
    }


def _view(lab: str, scenario: Scenario, device: Device, ends: tuple[Tunnel, ...]) -> GatewayView:
    view = GatewayView(device.end, device.node, lab_netns(lab, device.node), tuple(tunnel.interface for tunnel in ends))
    if not device.p2s:
        return view
    edge = device.charon_edge(P2S)
    return replace(
        view,
        p2s_edge_netns=lab_netns(lab, edge),
        p2s_directory=node_directory(lab, edge),
        p2s_connection=p2s.p2s_connection(scenario, device),
        footholds=device.data_plane == "userspace",
    )


def _uplinks(scenario: Scenario, links: tuple[Link, ...], all_devices: tuple[Device, ...]) -> Iterator[Uplink]:
    to_internet = {link.a.node: link for link in links if link.b.node == INTERNET}
    faces = {device.end: device.edge for device in all_devices} | {name: node_name(name) for name in scenario.clients}
    for name, node in faces.items():
        link, asked = to_internet[node], scenario.links.get(name)
        impairment = (asked.delay, asked.jitter, asked.loss, asked.rate) if asked is not None else ()
        yield Uplink(name, link.a, link.b, *impairment)
