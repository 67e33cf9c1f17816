"""Point-to-site clients."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field

from netlab.scenario.models.gateway import NEEDS, TRIED, TunnelPort, TunnelType
from netlab.scenario.values import Address, Model, Name, Prefix


class ClientCertificate(Model):
    """The certificate of a client."""

    issued_by: Name
    """The name of the root that issued the certificate. A gateway that does not trust it refuses the client (R60)."""


class ClientNetwork(Model):
    """The network that a client is in, behind a firewall of somebody else."""

    blocks: Annotated[tuple[TunnelPort, ...], Field(min_length=1)]
    """What the firewall does not let out: udp/500 and udp/4500 of IKEv2, tcp/443 of OpenVPN and SSTP (P6)."""


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
    network: ClientNetwork | None = None
    """The firewall of the network that it is in. Default: everything is let out. The client's software tries the next
    tunnel type of its gateway where it does not let one out (P6, P7)."""
    local_network: Prefix | None = None
    """The network of the client's own place. It does not overlap the address pool (R57). Where it overlaps a prefix
    behind the gateway, Windows uses the longer one of the two, and Linux always the tunnel."""

    class_based_route: bool = True
    """Whether Windows gives its tunnel the route of its address's class, 10.0.0.0/8 for 10.55.55.2, and not that of the
    address pool (P24). A profile can disable it. Linux has no such route."""

    def lets_out(self, tunnel_type: TunnelType) -> bool:
        """Whether the network that it is in lets out what a tunnel of this type needs (P6)."""
        return self.network is None or not set(NEEDS[tunnel_type]) & set(self.network.blocks)

    def chosen(self, offered: Collection[TunnelType]) -> TunnelType:
        """The type of its tunnel to a gateway with these: its own, or of those that it tries the first that its network
        lets out, and else the first (P7).

        Differs from Azure: a client knows what its network lets out, and does not wait for an answer of what is tried
        before.
        """
        if self.tunnel_type is not None:
            return self.tunnel_type
        tried = [each for each in TRIED if each in offered]
        return next(filter(self.lets_out, tried), tried[0])

    @property
    def gateways(self) -> tuple[str, ...]:
        """The VNets to whose gateways it connects, in this order."""
        return (self.gateway, *self.further_gateways)
