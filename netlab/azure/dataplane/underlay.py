"""The Internet and Microsoft's backbone, the edges of sites, and ExpressRoute's routers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.dataplane import filters
from netlab.azure.dataplane.filters import Filter
from netlab.azure.dataplane.nodes import Node, Translation
from netlab.azure.dataplane.routers import bgp_source, edge
from netlab.azure.dataplane.tables import ANY, Hop, Route, Table, table
from netlab.azure.faults import Impact
from netlab.azure.state import State
from netlab.results.drops import DropType, cause
from netlab.scenario.addresses import INTERNET_ADDRESS, PRIVATE_PREFIXES
from netlab.scenario.names import INTERNET
from netlab.scenario.network import AccessNetwork, MicrosoftPeering, Network, Router, Site, VNet, public_addresses


def internet(state: State) -> Node:
    """The Internet: a host, and a router with a route to each public address and to nothing else."""
    network = state.network
    beside = tuple(Route(IPv4Network(a), "a public address", n, (Hop(n, n, INTERNET),)) for a, n in _outside(network))
    azure = tuple(
        Route(IPv4Network(address), "a public address", vnet.backbone, (Hop(vnet.backbone, vnet.backbone, INTERNET),))
        for address, vnet in _of_azure(network)
    )
    return Node(
        INTERNET,
        Table((*beside, *azure)),
        addresses=frozenset((INTERNET_ADDRESS,)),
        stopped=cause(DropType.INTERNET_CUT) if state.hit(Impact.CUT_OFF) else None,
    )


def backbone(state: State, node: str) -> Node:
    """Microsoft's backbone in a region: it leads to the public addresses of Azure, to what customers advertise over
    Microsoft peerings (R123), and to the Internet (R80)."""
    network, speaker = state.network, state.network.backbone_routers.get(node)
    known = tuple(
        Route(IPv4Network(address), "a public address of Azure", vnet.name, (_towards(vnet, node),))
        for address, vnet in _of_azure(network)
    )
    rest = Route(ANY, "the way to the Internet", INTERNET, (Hop(INTERNET, INTERNET, node),))
    learned = _learned(state, speaker.router) if speaker is not None else ()
    return Node(node, table(known, learned, (rest,)))


def _towards(vnet: VNet, backbone: str) -> Hop:
    """From the backbone of a region towards a VNet: to its fabric, or to the backbone of its region."""
    if vnet.backbone == backbone:
        return Hop(vnet.node, vnet.node, INTERNET)
    return Hop(vnet.backbone, vnet.backbone, backbone)


def _outside(network: Network) -> Iterator[tuple[IPv4Address, str]]:
    """The public addresses outside of Azure behind which machines are, and the node whose link to the Internet leads
    there."""
    public = network.public
    for site in (site for site in network.sites.values() if site.upstream is None):
        yield from ((public.routers[router.node], edge(router.node)) for router in site.devices)
    yield from ((access.public_address, access.node) for access in network.access_networks.values())
    yield from ((c.public_address, c.node) for c in network.clients.values() if c.upstream is None)


def _of_azure(network: Network) -> Iterator[tuple[IPv4Address, VNet]]:
    """The public addresses of Azure behind which machines are, with their VNet."""
    return ((address, vnet) for vnet in network.vnets.values() for address in public_addresses(vnet))


def access(found: AccessNetwork) -> Node:
    """The NAT router of an access network: it brings what is there to the Internet under its address, and back."""
    private = found.network.public.private
    inside = [(client.own_address, client.node) for client in found.network.clients_in(found)]
    inside += [(private[site.node], edge(site.node)) for site in found.sites]
    lan = (Route(IPv4Network(own), "the network's own", node, (Hop(node, node, found.node),)) for own, node in inside)
    wan = Route(ANY, "the way to the Internet", INTERNET, (Hop(INTERNET, INTERNET, found.node),))
    return Node(
        found.node,
        table(lan, (wan,)),
        filters=tuple(filters.of_access(found)),
        translations={INTERNET: Translation(INTERNET, masquerade=found.public_address)},
    )


def site_edge(state: State, router: Router) -> Node:
    """The edge of a VPN device: it brings the site's hosts to the Internet under the device's address, and back."""
    site, name = router.end, edge(router.node)
    assert isinstance(site, Site)
    inward = Hop(router.node, router.node, name)
    spaces = (prefix for vnet in site.network.vnets.values() for prefix in vnet.address_space)
    clients = (IPv4Network(client.own_address) for client in site.network.clients_in(site))
    prefixes = dict.fromkeys((*site.prefixes, *spaces, *PRIVATE_PREFIXES, *clients))
    lan = (Route(prefix, "the device's network", router.node, (inward,)) for prefix in prefixes)
    before = site.upstream.node if site.upstream is not None else INTERNET
    wan = Route(ANY, "the way to the Internet", before, (_uplink(state, router, before),))
    public = site.network.public
    own = public.private.get(router.node, public.routers[router.node])
    return Node(name, table(lan, (wan,)), translations={before: Translation(before, masquerade=own)})


def _uplink(state: State, router: Router, before: str) -> Hop:
    """Where the edge of a VPN device sends what is for the Internet."""
    for impact, why in ((Impact.CUT, DropType.LINK_CUT), (Impact.SILENT, DropType.DEVICE_SILENT)):
        if router.node in state.hit(impact):
            return Hop(drop=cause(why))
    return Hop(before, before, edge(router.node))


def expressroute(state: State, router: Router) -> Node:
    """A router of ExpressRoute, of a gateway, a circuit or a provider: into the VNet, and where BGP leads."""
    vnet = router.vnet
    inward: tuple[Route, ...] = ()
    if vnet is not None:
        hop = Hop(vnet.node, vnet.node, router.node)
        inward = tuple(Route(p, "the VNet's address space", vnet.name, (hop,)) for p in vnet.prefixes)
    own = frozenset((router.bgp_address, *state.network.link_addresses_of(router)))
    return Node(router.node, table(inward, _learned(state, router)), addresses=own)


def public_edge(state: State, peering: MicrosoftPeering, router: Router) -> Node:
    """An edge router of a Microsoft peering: it takes packets from the customer's advertised prefixes alone (R123)."""
    ends = frozenset(end.node for edge, end, _ in peering.links if edge is router)
    why = cause(DropType.SOURCE_NOT_ADVERTISED, circuit=peering.circuit.name)
    acl = Filter(why, ingress=ends, sources=peering.advertised)
    return replace(expressroute(state, router), filters=(acl,))


def _learned(state: State, router: Router) -> Iterator[Route]:
    for prefix, paths in state.learned.get(router.node, {}).items():
        for path in paths:
            inside = state.topology.speakers[path.neighbor].role in ("route server", "gateway")
            node = router.vnet.node if inside and router.vnet is not None else path.neighbor
            beside = state.topology.speakers[path.neighbor].vnet
            if router.role == "edge router" and beside is not None and path.next_hop == beside.fast_path_address:
                node = beside.node
            yield Route(prefix, bgp_source(path), node, (Hop(node, node, router.node),))
