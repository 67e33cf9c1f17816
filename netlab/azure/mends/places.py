"""What would lead from the node of a drop to the place that the packet is for. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.mends import bgp, clients, joining, peerings, routers, tables
from netlab.azure.mends.case import Case, Place, routers_of
from netlab.results.mends import Change
from netlab.scenario.network import Appliance, Router, Site, VNet, VpnGateway


def towards(case: Case, place: Place) -> Iterator[Change]:
    """What would lead a client, a VNet or a router to a place."""
    node, network, topology = case.walk.dropped_at, case.state.network, case.state.topology
    client = network.clients_by_node.get(node)
    router = (topology.routers | topology.speakers | topology.appliances).get(node)
    if client is not None:
        yield from clients.towards(case, client, place)
    elif case.vnet is not None:
        yield from _of_vnet(case, case.vnet, place)
    elif router is not None:
        yield from _of_router(case, router, place)


def _of_vnet(case: Case, vnet: VNet, place: Place) -> Iterator[Change]:
    """What would lead from a VNet to a place."""
    network = case.state.network
    servers = [s for s in network.vpn_servers if s.vnet in {vnet, *vnet.peering_to}]
    if servers:
        yield from tables.by_appliances(case, place.prefix)
    if vnet.serving is not None:
        yield from bgp.of_refusals(case, routers_of(case.state, vnet.serving))
    other = network.vnets[place.name] if place.kind == "VNet" else None
    if other is not None and other is not vnet:
        yield from peerings.with_subnet(network, vnet, other, case.address)
        yield from peerings.peered(network, vnet, other)
    if vnet.serving is None:
        yield from peerings.served(network, vnet, place.name)
    else:
        yield from routers.of_vnet(case, vnet.serving, place)
    if other is not None and other.serving is None:
        yield from peerings.served(network, other, vnet.name)
    if not servers:
        yield from tables.by_appliances(case, place.prefix)
    for peering in vnet.peerings:
        if not peering.spec.allow_forwarded_traffic:
            yield peerings.forwarded(peering)
    yield from _by_far_appliances(case, vnet, place)


def _by_far_appliances(case: Case, vnet: VNet, place: Place) -> Iterator[Change]:
    """User routes to the appliances of VNets that are no peers, with a peering over which they forward."""
    if case.came_from is None:
        return
    for nic in case.state.network.nics.values():
        if nic.appliance is not None and nic.vnet is not vnet and nic.vnet not in vnet.peering_to:
            peering = peerings.new(case.state.network, vnet, nic.vnet)
            route = tables.lead(case.came_from, place.prefix, "VirtualAppliance", nic, "(R89)")
            sentence = f"peer {vnet.name} and {nic.vnet.name} with allow_forwarded_traffic, and {route.sentence}"
            yield Change(sentence, (*peering, *route.edits))


def _of_router(case: Case, router: Router, place: Place) -> Iterator[Change]:
    """What would give a router a route to a place."""
    yield from bgp.of_refusals(case, (router,))
    if isinstance(router.end, VpnGateway | Site | Appliance):
        yield from routers.of_end(case, router.end, place)
    yield from bgp.announced(case, place)
    network = case.state.network
    for vnet in network.vnets.values():
        yield from bgp.exchanged(vnet)
    if isinstance(router.end, Site) and place.kind == "site" and place.name != router.end.name:
        yield from joining.joined(case, router.end, network.sites[place.name])
    goal = network.vnets[place.name] if place.kind == "VNet" else None
    if isinstance(router.end, Appliance) and goal is not None and goal is not router.end.vnet:
        yield from peerings.peered(network, router.end.vnet, goal)
    if goal is not None and goal.serving is None:
        yield from peerings.served(network, goal, router.vnet.name if router.vnet is not None else "")
    elif goal is not None:
        yield from routers.on_circuits(case, goal)
    elif router.vnet is not None:
        yield from routers.on_circuits(case, router.vnet)
