"""Point-to-site clients."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from netlab.scenario.models.gateway import TunnelPort, TunnelType
from netlab.scenario.models.system import SYSTEMS, Family, Os, System
from netlab.scenario.values import Address, Model, Name, Prefix, shorthand


class ClientCertificate(Model):
    """The certificate of a client."""

    issued_by: Name
    """The name of the root that issued the certificate. A gateway that does not trust it refuses the client (R60)."""


class ClientNetwork(Model):
    """The network that a client is in, of somebody else. `network: hotel` is short for `network: {behind: hotel}`."""

    behind: Name | None = None
    """The access network or the site that the client is in: its NAT is between the client and the Internet, and the
    client has its public address (R69, P26)."""
    blocks: tuple[TunnelPort, ...] = ()
    """What a firewall before the client does not let out: udp/500 and udp/4500 of IKEv2, tcp/443 of OpenVPN and SSTP
    (P6)."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.behind is None and not self.blocks:
            raise ValueError("write what is there: `behind` or `blocks`")
        return self


class Client(Model):
    """A point-to-site client on the Internet, connected to the VPN gateway of a VNet."""

    os: Os
    """The operating system. It decides which tunnel types there are (R59, P7), how many selectors IKEv2 takes (R62),
    and where routes come from: Windows has those of its downloaded profile, others those of their tunnel (1.3).
    `windows` is the Windows of the documents' day: with `profile: seed` one from before Windows 10 version 2004."""
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
    """The password that the user types where the gateway authenticates with passwords: its own, or RADIUS."""
    public_ip_address: Address | None = None
    """The public address of the client. Default: one that the lab chooses."""
    network: Annotated[ClientNetwork, shorthand("behind", Name | ClientNetwork)] | None = None
    """The network that it is in. Default: it is on the Internet, and everything is let out. The client's software tries
    the next tunnel type of its gateway where the network does not let one out (P6, P7)."""
    local_network: Prefix | None = None
    """The network of the client's own place. It does not overlap the address pool (R57). Where it overlaps a prefix
    behind the gateway, Windows uses the longer one of the two, and Linux always the tunnel."""

    class_based_route: bool = True
    """Whether Windows gives its tunnel the route of its address's class, 10.0.0.0/8 for 10.55.55.2, and not that of the
    address pool (P24). A profile can disable it. Linux has no such route."""

    @property
    def system(self) -> System:
        """What the documents say of its operating system."""
        return SYSTEMS[self.os]

    @property
    def family(self) -> Family:
        """Windows, or all that take their routes from the tunnel."""
        return self.system.family

    @property
    def behind(self) -> str | None:
        """The access network or the site that it is in; None on the Internet."""
        return self.network.behind if self.network is not None else None

    @property
    def gateways(self) -> tuple[str, ...]:
        """The VNets to whose gateways it connects, in this order."""
        return (self.gateway, *self.further_gateways)
