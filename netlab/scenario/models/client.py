"""Point-to-site clients."""

from __future__ import annotations

from typing import Literal

from netlab.scenario.models.gateway import TunnelType
from netlab.scenario.values import Address, Model, Name, Prefix


class ClientCertificate(Model):
    """The certificate of a client."""

    issued_by: Name
    """The name of the root that issued the certificate. A gateway that does not trust it refuses the client (R60)."""


class Client(Model):
    """A point-to-site client on the Internet, connected to the VPN gateway of a VNet."""

    os: Literal["windows", "linux"]
    """The operating system. Windows takes its routes from the downloaded profile, Linux from its tunnel (1.3)."""
    gateway: str
    """The VNet of the gateway that the client connects to."""
    further_gateways: tuple[str, ...] = ()
    """The VNets of further gateways that it is connected to at the same time (R67)."""
    tunnel_type: TunnelType | None = None
    """The protocol of its tunnels (R56). Default: of those that its gateway has the first one that its software tries
    (P7)."""
    certificate: ClientCertificate | None = None
    """The client's certificate. Default: one of the first root that `gateway` trusts."""
    password: Literal["right", "wrong"] = "right"
    """The password that the user types where the gateway authenticates with EAP."""
    public_ip_address: Address | None = None
    """The public address of the client. Default: one that the lab chooses."""
    local_network: Prefix | None = None
    """The network of the client's own place. It does not overlap the address pool (R57). Where it overlaps a prefix
    behind the gateway, Windows uses the longer one of the two, and Linux always the tunnel."""

    class_based_route: bool = True
    """Whether Windows gives its tunnel the route of its address's class, 10.0.0.0/8 for 10.55.55.2, and not that of the
    address pool (P24). A profile can disable it. Linux has no such route."""

    @property
    def gateways(self) -> tuple[str, ...]:
        """The VNets to whose gateways it connects, in this order."""
        return (self.gateway, *self.further_gateways)
