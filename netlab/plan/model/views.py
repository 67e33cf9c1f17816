"""Gateways and Route Servers as the lab's SDN controller reads them; clients and uplinks as the lab acts on them."""

from __future__ import annotations

from dataclasses import dataclass

from netlab.plan.model.ipsec import IkeConnection
from netlab.plan.model.kernel import Interface


@dataclass(frozen=True, slots=True)
class GatewayView:
    """Where the lab's SDN controller reads what a gateway instance knows, and the P2S connection that it keeps in step.

    ``footholds``: each offered prefix needs an address on the edge (kernel-libipsec). ``tunnels`` are the interfaces
    that lead out, of an ``expressroute`` gateway those to its circuits. ``directory`` is its FRR's, if AS paths count.
    The VNet gets no route to ``hidden`` prefixes.
    """

    vnet: str
    node: str
    netns: str
    tunnels: tuple[str, ...]
    p2s_edge_netns: str = ""
    p2s_directory: str = ""
    p2s_connection: IkeConnection | None = None
    footholds: bool = False
    expressroute: bool = False
    directory: str = ""
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteServerView:
    """Where the lab's SDN controller reads what an instance of a VNet's Route Server knows: of its FRR."""

    vnet: str
    node: str
    netns: str
    directory: str


@dataclass(frozen=True, slots=True)
class Client:
    """A point-to-site client's tunnel to the gateway of a VNet: its namespace, its interface, its charon's directory.

    ``name`` tells the tunnels of one client apart: the first is called as its node. ``metric`` is that of its routes:
    of equal ones those into the first tunnel win.
    """

    node: str
    os: str
    gateway: str
    directory: str
    interface: str
    connection: str
    mtu: int
    if_id: int
    name: str
    metric: int
    class_based_route: bool


@dataclass(frozen=True, slots=True)
class Uplink:
    """The way to the Internet of a gateway, a site or a client, by its Azure name, and what it does to packets."""

    name: str
    near: Interface
    far: Interface
    delay: float = 0
    jitter: float = 0
    loss: float = 0
    rate: float = 0

    @property
    def impaired(self) -> bool:
        """Whether it shall do anything to packets."""
        return bool(self.delay or self.loss or self.rate)
