"""Networks of somebody else between clients or VPN devices and the Internet."""

from typing import Annotated

from pydantic import Field

from netlab.scenario.models.gateway import NEEDS, TunnelPort
from netlab.scenario.values import Address, Model


class HttpProxy(Model):
    """An HTTP proxy: it connects its clients to servers on the Internet (CONNECT). OpenVPN and SSTP pass it, IKEv2
    does not (P8)."""

    connects_to: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], Field(min_length=1)] = (443,)
    """The TCP ports of servers that it connects to. Tunnels need 443 (P2, P3)."""
    asks_for_password: bool = False
    """Whether it serves only those who give a user name and a password. The software of clients gives none (P8)."""


class AccessNetwork(Model):
    """A network with a NAT router between what is in it and the Internet, such as a hotel's or a provider's. The lab
    chooses its private addresses."""

    public_ip_address: Address | None = None
    """The public address of the NAT router, which all that is in the network shares. Default: one that the lab
    chooses."""
    lets_out: tuple[TunnelPort, ...] | None = None
    """What its firewall lets out to the Internet: udp/500 and udp/4500 of IKEv2, tcp/443 of OpenVPN and SSTP (P6).
    Default: everything; with an `http_proxy` nothing."""
    http_proxy: HttpProxy | None = None
    """The HTTP proxy of the network, which its clients use where its firewall does not let their tunnels out (P8).
    Default: none."""

    forwards_ike: bool = False
    """Whether the router forwards UDP 500 and 4500 of its public address to the VPN device of the site behind it, so
    that a gateway can initiate (R32)."""

    @property
    def is_open(self) -> bool:
        """Whether it lets everything out."""
        return self.lets_out is None and self.http_proxy is None

    @property
    def ports_out(self) -> tuple[TunnelPort, ...]:
        """What the firewall lets out, where it does not let everything out."""
        return self.lets_out or ()

    @property
    def lets_ike_out(self) -> bool:
        """Whether IKE gets out, with NAT traversal."""
        return self.is_open or set(NEEDS["IkeV2"]) <= set(self.ports_out)
