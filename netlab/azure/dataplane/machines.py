"""Virtual machines with their appliances, hosts of sites, and point-to-site clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network

from netlab.azure.dataplane import firewalls
from netlab.azure.dataplane.nodes import Node, Translation
from netlab.azure.dataplane.routers import Leases, lost_peers, own_routes, to_the_internet
from netlab.azure.dataplane.tables import ANY, Hop, Route, Table, TunnelEnd, table
from netlab.azure.faults import Impact
from netlab.azure.p2s.tunnels import TUNNELS
from netlab.azure.selectors import Selectors
from netlab.azure.state import State
from netlab.results.drops import DropType, cause
from netlab.scenario.addresses import PRIVATE_PREFIXES
from netlab.scenario.names import INTERNET
from netlab.scenario.network import Client, ClientTunnel, Host, Machine, Nic, PrivateEndpoint, Site


def machine(state: State, found: Machine) -> Node:
    """A virtual machine: it sends everything to its VNet, by the NIC that its routes name (R126). Only an appliance
    forwards; it may have routes of its own."""
    router = state.topology.appliances.get(found.node)
    own = (lost_peers(state, router), own_routes(state, router)) if router is not None else ()
    guest = (Route(prefix, "a route of the machine", nic.label, (_out_of(nic),)) for prefix, nic in found.routes)
    default = Route(ANY, "the machine's default route", found.vnet.name, (_out_of(found.primary),))
    return Node(
        found.node,
        table(guest, *own, (default,)),
        addresses=found.addresses,
        filters=tuple(firewalls.of_appliance(found)),
        translations=dict(_hidden(found)),
        forwards=found.forwards,
        stopped=cause(DropType.STOPPED) if found.node in state.hit(Impact.STOPPED) else None,
    )


def _out_of(nic: Nic) -> Hop:
    """The hop into the VNet by a NIC."""
    return Hop(nic.vnet.node, nic.link_inside, nic.link)


def _hidden(found: Machine) -> Iterator[tuple[str, Translation]]:
    """What an appliance sends under its own address: that of the NIC by which it leaves."""
    nva = found.spec.nva
    if nva is not None and nva.masquerade != "none":
        kept = PRIVATE_PREFIXES if nva.masquerade == "public" else ()
        for nic in found.nics:
            yield nic.link_inside, Translation(nic.link_inside, masquerade=nic.address, kept=kept)


def private_endpoint(found: PrivateEndpoint) -> Node:
    """A private endpoint: it answers for its service, and sends everything to its VNet."""
    hop = Hop(found.vnet.node, found.vnet.node, found.node)
    default = Route(ANY, "the endpoint's default route", found.vnet.name, (hop,))
    return Node(found.node, Table((default,)), addresses=frozenset((found.address,)), forwards=False)


def host(found: Host) -> Node:
    """A host of a site: it sends everything to the site's router."""
    hop = Hop(found.site.node, found.site.node, found.node)
    default = Route(ANY, "the machine's default route", found.site.name, (hop,))
    return Node(found.node, Table((default,)), addresses=frozenset((found.address,)), forwards=False)


def client(state: State, leases: Leases, found: Client) -> Node:
    """A point-to-site client: of its tunnels and its own network it uses the longest prefix; all else goes to the
    Internet."""
    tunnels = {tunnel: tuple(_tunnel_routes(state, tunnel)) for tunnel in found.tunnels}
    before = found.upstream.node if found.upstream is not None else INTERNET
    out = _CUT_OFF if found.node in state.hit(Impact.CUT) else Hop(before, before, found.node)
    default = Route(ANY, "the machine's default route", before, (out,))
    own = found.own_address
    known = table(*tunnels.values(), _own_network(found, tunnels)).routes
    held = (leases(tunnel.name) for tunnel in found.tunnels)
    return Node(
        found.node,
        table(known, to_the_internet(default, known)),
        addresses=frozenset((own, *(address for address in held if address is not None))),
        # The kernel chooses the source address by the route: it is the machine's own one on the way to the Internet.
        translations={before: Translation(before, masquerade=own)},
        forwards=False,
    )


def _own_network(found: Client, tunnels: Mapping[ClientTunnel, Iterable[Route]]) -> Iterator[Route]:
    """The route to a client's own network, where no machine answers, and those to the site that it is in; by the
    tunnel's type every route into a tunnel may come before them, however short."""
    before = tuple(
        route
        for tunnel, routes in tunnels.items()
        if found.spec.family in TUNNELS[tunnel.tunnel_type].before_own_network
        for route in routes
    )
    for prefix, hop in _own_prefixes(found):
        if not any(prefix.subnet_of(route.prefix) for route in before):
            yield Route(prefix, "the client's own network", found.name, (hop,))


def _own_prefixes(found: Client) -> Iterator[tuple[IPv4Network, Hop]]:
    site = found.upstream
    if found.spec.local_network is not None:
        yield found.spec.local_network, Hop(drop=cause(DropType.OWN_NETWORK, prefix=found.spec.local_network))
    if isinstance(site, Site):
        yield from ((prefix, Hop(site.node, site.node, found.node)) for prefix in site.prefixes)


_CUT_OFF = Hop(drop=cause(DropType.LINK_CUT))


def _tunnel_routes(state: State, tunnel: ClientTunnel) -> Iterator[Route]:
    """The routes of a client into one of its tunnels, which carries what its type lets it."""
    gateway, session, rules = tunnel.gateway, state.sessions[tunnel.key], TUNNELS[tunnel.tunnel_type]
    instance = state.topology.point_to_site(gateway)
    if instance is None or gateway.point_to_site is None:
        return
    selectors = Selectors((gateway.point_to_site.address_pool,), tuple(rules.carries(session.selectors)))
    end = TunnelEnd(tunnel.name, None, (selectors,))
    hop = Hop(instance.node, tunnel.name, tunnel.client.node, end, mtu=rules.mtu)
    for prefix in state.tunnel_routes(*tunnel.key):
        source = "a route added by hand" if prefix in session.by_hand else rules.origin(tunnel.client.spec.family)
        yield Route(prefix, source, f"{gateway.name}'s gateway", (hop,))
