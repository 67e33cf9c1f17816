"""What a client connects with: the part of its downloaded package that is not routes (azure-rules.md 6.1). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from netlab.scenario.models import Authentication, TunnelType
from netlab.scenario.network import ClientTunnel

# P28: why a client with a package from before a change does not connect.
OTHER_TYPE = "its profile is from before its gateway had tunnels of this type; it needs a new one"
OTHER_AUTHENTICATION = "its profile is from before its gateway's authentication changed; it needs a new one"
OTHER_GATEWAY = "its profile leads to an address that its gateway no longer has; it needs a new one"


@dataclass(frozen=True)
class Package:
    """What a package says of a gateway: its tunnel types, how clients authenticate, and where it is.

    Differs from Azure: A package names the gateway by its public address, where Azure's has a DNS name, which a gateway
    keeps until it is deleted (R16). So a gateway that becomes active-active, whose clients connect to its third address
    (R13), needs new packages in the lab.
    """

    tunnel_types: frozenset[TunnelType]
    authentication: Authentication | None
    server: IPv4Address


def package(tunnel: ClientTunnel) -> Package:
    """The package that Azure generates now for a client's tunnel."""
    gateway = tunnel.gateway
    settings, server = gateway.client_settings, gateway.network.public.point_to_site[gateway.name]
    return Package(frozenset(settings.tunnel_types), settings.authentication, server)


def why_stale(held: Package, tunnel: ClientTunnel) -> str:
    """Why a client does not connect with the package that it has; empty if it does (P28).

    Tunnel types that a gateway gets or loses beside the client's own, and other roots that it trusts, are no matter.
    """
    now = package(tunnel)
    if tunnel.tunnel_type not in held.tunnel_types:
        return OTHER_TYPE
    if held.authentication != now.authentication:
        return OTHER_AUTHENTICATION
    return OTHER_GATEWAY if held.server != now.server else ""
