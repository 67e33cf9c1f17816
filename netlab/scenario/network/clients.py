"""Point-to-site clients and their tunnels."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netlab.scenario import models, passage
from netlab.scenario.models import node_name
from netlab.scenario.network.access import AccessNetwork
from netlab.scenario.network.ends import Site, VpnGateway

if TYPE_CHECKING:
    from netlab.scenario.network.graph import Network


@dataclass(frozen=True, eq=False)
class Client:
    """A point-to-site client."""

    network: Network = field(repr=False)
    name: str
    spec: models.Client = field(repr=False)

    @cached_property
    def node(self) -> str:
        """The node of its machine."""
        return node_name(self.name)

    @cached_property
    def upstream(self) -> AccessNetwork | Site | None:
        """The access network or the site that it is in; None on the Internet."""
        behind = self.spec.behind
        if behind is None:
            return None
        return self.network.sites[behind] if behind in self.network.sites else self.network.access_networks[behind]

    @property
    def public_address(self) -> IPv4Address:
        """Its address as the Internet sees it."""
        return self.network.public.clients[self.name]

    @property
    def own_address(self) -> IPv4Address:
        """The address of its machine: the public one, or behind NAT a private one."""
        return self.network.public.private.get(self.node, self.public_address)

    @cached_property
    def tunnels(self) -> tuple[ClientTunnel, ...]:
        """Its tunnels, the first one to its first gateway."""
        return tuple(ClientTunnel(self, gateway, bool(place)) for place, gateway in enumerate(self.gateways))

    @cached_property
    def gateways(self) -> tuple[VpnGateway, ...]:
        """The gateways that it connects to, in this order."""
        found = (self.network.vnets[name].vpn_gateway for name in self.spec.gateways)
        return tuple(gateway for gateway in found if gateway is not None)

    @property
    def class_based_route(self) -> bool:
        """Whether its tunnels get the route of their address's class and not that of the pool (P24)."""
        return self.spec.family == "windows" and self.spec.class_based_route

    @cached_property
    def issuer(self) -> str:
        """The root that issues its certificate: its first gateway's first one unless given."""
        if self.spec.certificate is not None:
            return self.spec.certificate.issued_by
        return self.gateways[0].client_settings.root_certificates[0]


@dataclass(frozen=True, eq=False)
class ClientTunnel:
    """A client's tunnel to a gateway; ``further`` ones are called after the gateway's VNet too."""

    client: Client
    gateway: VpnGateway
    further: bool

    @cached_property
    def name(self) -> str:
        """What the lab calls it."""
        return node_name(self.client.name, self.gateway.name) if self.further else self.client.node

    @cached_property
    def tunnel_type(self) -> models.TunnelType:
        """The protocol of the tunnel (P7)."""
        offered = self.gateway.client_settings.tunnel_types
        return passage.chosen(self.client.network.scenario, self.client.name, self.gateway.name, offered)

    @cached_property
    def passed_over(self) -> dict[models.TunnelType, passage.Obstacle]:
        """The tunnel types that its client tries before this one, and what stops each of them (P7)."""
        offered = self.gateway.client_settings.tunnel_types
        return passage.passed_over(self.client.network.scenario, self.client.name, self.gateway.name, offered)

    def obstacle(self, tunnel_type: models.TunnelType) -> passage.Obstacle | None:
        """What keeps a tunnel of a type from coming up, whatever its gateway says (P6, P8, R69)."""
        return passage.obstacle(self.client.network.scenario, self.client.name, self.gateway.name, tunnel_type)

    @cached_property
    def proxy(self) -> AccessNetwork | None:
        """The access network whose HTTP proxy it passes; None where it passes none."""
        scenario, name = self.client.network.scenario, self.client.name
        upstream = self.client.upstream
        passes = isinstance(upstream, AccessNetwork) and passage.uses_proxy(scenario, name, self.tunnel_type)
        return upstream if passes and isinstance(upstream, AccessNetwork) else None

    @property
    def key(self) -> tuple[str, str]:
        """The names of the client and of the gateway's VNet: the same in every network of a story."""
        return self.client.name, self.gateway.name
