"""Gateways and Route Servers as the lab's SDN controller reads them; uplinks as the lab acts on them."""

from __future__ import annotations

from dataclasses import dataclass

from netlab.plan.model.kernel import Interface


@dataclass(frozen=True, slots=True)
class GatewayView:
    """Where the lab's SDN controller reads what a gateway instance knows.

    ``tunnels`` are the interfaces that lead out, of an ``expressroute`` gateway those to its circuits. ``directory`` is
    its FRR's, if AS paths count. The VNet gets no route to ``hidden`` prefixes.
    """

    vnet: str
    node: str
    netns: str
    tunnels: tuple[str, ...]
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
class Uplink:
    """The way to the Internet of a gateway, a site or a client, by its Azure name, a link between two regions or peered
    VNets, by both, or a link of a circuit, by the node of its edge router; and what it does to packets.

    ``address`` is that of the far end, where its interface has none.
    """

    name: str
    near: Interface
    far: Interface
    delay: float = 0
    jitter: float = 0
    loss: float = 0
    rate: float = 0
    address: str = ""

    @property
    def impaired(self) -> bool:
        """Whether it shall do anything to packets."""
        return bool(self.delay or self.loss or self.rate)
