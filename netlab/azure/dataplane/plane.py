"""The data plane of a moment: every node, built when a packet first comes there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from ipaddress import IPv4Address

from netlab.azure.dataplane import fabrics, firewalls, machines, routers, underlay
from netlab.azure.dataplane.nodes import Node
from netlab.azure.dataplane.packets import Packet, Sessions
from netlab.azure.dataplane.walk import Walk, walks
from netlab.azure.state import State
from netlab.scenario.names import INTERNET


@dataclass(frozen=True)
class Plane:
    """The nodes of a state, given the addresses that clients have from their pools, by the names of their tunnels."""

    state: State
    leases: Mapping[str, IPv4Address]
    _built: dict[str, Node] = field(default_factory=dict, repr=False)

    def node(self, name: str) -> Node:
        """The node of a name; KeyError if there is none."""
        if name not in self._built:
            self._built[name] = self._builders[name]()
        return self._built[name]

    def walks(self, start: str, packet: Packet, sessions: Sessions = ()) -> tuple[Walk, ...]:
        """Every way that a packet may take from a node."""
        return tuple(walks(self.node, start, packet, sessions))

    @cached_property
    def _builders(self) -> dict[str, Callable[[], Node]]:
        return dict(self._kinds())

    def _kinds(self) -> Iterator[tuple[str, Callable[[], Node]]]:
        state, network, leases = self.state, self.state.network, self.leases.get
        yield INTERNET, partial(underlay.internet, state)
        yield from ((node, partial(underlay.backbone, state, node)) for node in network.backbones)
        for vnet in network.vnets.values():
            yield vnet.node, partial(fabrics.fabric, state, vnet)
            yield from ((item.node, partial(machines.machine, state, item)) for item in vnet.machines)
            yield from ((end.node, partial(machines.private_endpoint, end)) for end in vnet.private_endpoints)
            yield from ((item.node, partial(firewalls.firewall, item)) for item in vnet.firewalls)
        for gateway in network.vpn_gateways:
            for router in state.topology.with_tunnels(gateway):
                yield router.node, partial(routers.gateway_instance, state, leases, router)
        for site in network.sites.values():
            yield from ((host.node, partial(machines.host, host)) for host in site.hosts)
            yield from ((r.node, partial(routers.device, state, r)) for r in state.topology.of(site))
            yield from ((routers.edge(r.node), partial(underlay.site_edge, state, r)) for r in site.devices)
        for router in network.lone_speakers():
            if router.role in ("expressroute", "edge router", "provider edge"):
                yield router.node, partial(underlay.expressroute, state, router)
        for peering in network.microsoft_peerings:
            yield from ((edge.node, partial(underlay.public_edge, state, peering, edge)) for edge in peering.edges)
        for access in network.access_networks.values():
            yield access.node, partial(underlay.access, access)
        for client in network.clients.values():
            yield client.node, partial(machines.client, state, leases, client)
