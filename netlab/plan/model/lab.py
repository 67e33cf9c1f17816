"""A whole lab."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from netlab.plan.model.bgp import BgpSpeaker
from netlab.plan.model.fabric import Fabric
from netlab.plan.model.ipsec import Certificate, Charon, Tunnel
from netlab.plan.model.kernel import Link, Node
from netlab.plan.model.p2s import AnyServer, Client, HttpProxy, Server
from netlab.plan.model.radius import RadiusServer
from netlab.plan.model.views import GatewayView, RouteServerView, Uplink

DataPlane = Literal["userspace", "kernel"]


@dataclass(frozen=True, slots=True)
class Timers:
    """Azure's timers divided by the time scale, in seconds; ``bfd_interval`` in milliseconds, as FRR wants it."""

    scale: float
    bgp_keepalive: int
    bgp_hold: int
    bfd_interval: int
    dpd_delay: int
    retransmit_timeout: float
    retransmit_tries: int
    ike_lifetime: int


@dataclass(frozen=True)
class Plan:
    """A whole lab."""

    lab: str
    scenario: str
    data_plane: DataPlane
    timers: Timers
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    charons: tuple[Charon, ...]
    tunnels: tuple[Tunnel, ...]
    speakers: tuple[BgpSpeaker, ...]
    fabrics: tuple[Fabric, ...]
    gateways: tuple[GatewayView, ...]
    route_servers: tuple[RouteServerView, ...]
    clients: tuple[Client, ...]
    uplinks: tuple[Uplink, ...]
    secrets: tuple[str, ...] = field(default=())
    certificates: tuple[Certificate, ...] = ()
    servers: tuple[AnyServer, ...] = ()
    tls_keys: tuple[str, ...] = ()
    proxies: tuple[HttpProxy, ...] = ()
    radius_servers: tuple[RadiusServer, ...] = ()

    def node(self, name: str) -> Node:
        """The node of this name; KeyError if there is none."""
        return self._nodes[name]

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def tunnels_of(self, node: str) -> tuple[Tunnel, ...]:
        """The tunnel interfaces of a node."""
        return self._tunnels_by_node.get(node, ())

    def tunnels_over(self, connection: str) -> tuple[Tunnel, ...]:
        """The tunnel interfaces of one of Azure's connections, at all its ends."""
        return self._tunnels_by_connection.get(connection, ())

    def tunnels_behind(self, node: str) -> tuple[Tunnel, ...]:
        """The tunnel interfaces of the devices behind a router, in the order of the devices."""
        return self._tunnels_by_router_before.get(node, ())

    @cached_property
    def _tunnels_by_router_before(self) -> dict[str, tuple[Tunnel, ...]]:
        return _grouped((tunnel.before.node, tunnel) for tunnel in self.tunnels if tunnel.before is not None)

    @cached_property
    def _tunnels_by_node(self) -> dict[str, tuple[Tunnel, ...]]:
        return _grouped((tunnel.node, tunnel) for tunnel in self.tunnels)

    @cached_property
    def _tunnels_by_connection(self) -> dict[str, tuple[Tunnel, ...]]:
        return _grouped((tunnel.of, tunnel) for tunnel in self.tunnels)

    @property
    def connections(self) -> frozenset[str]:
        """The names of all IKE connections."""
        return frozenset(connection.name for charon in self.charons for connection in charon.connections)

    def servers_of(self, vnet: str) -> tuple[Server, ...]:
        """What the gateway of a VNet serves its clients with, an instance that does so and each tunnel type."""
        return tuple(server for server in self.servers if server.vnet == vnet)

    def server_of(self, client: Client) -> Server | None:
        """The gateway's end of a client's tunnel; None while no instance serves clients."""
        found = (server for server in self.servers_of(client.gateway) if server.tunnel_type == client.tunnel_type)
        return next(found, None)

    def netns(self, name: str) -> str:
        """The network namespace of a node."""
        return self.node(name).netns


def _grouped(items: Iterable[tuple[str, Tunnel]]) -> dict[str, tuple[Tunnel, ...]]:
    found: dict[str, list[Tunnel]] = {}
    for key, item in items:
        found.setdefault(key, []).append(item)
    return {key: tuple(tunnels) for key, tunnels in found.items()}
