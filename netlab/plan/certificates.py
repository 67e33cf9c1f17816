"""Certificates of gateways and of their clients."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from netlab.plan.devices import Device
from netlab.plan.model import Certificate, Credentials
from netlab.scenario import models
from netlab.scenario.models import node_name
from netlab.scenario.network import Client, VpnGateway

# The gateways that serve clients, by the names of their VNets.
Servers = Mapping[str, Device]
Settings = Mapping[str, models.PointToSite]


# --- the names under which a lab keeps them -------------------------------------------------------------------------


def root_name(root: str) -> str:
    """A root that issues clients' certificates."""
    return f"root-{root}"


def server_root_name(vnet: str) -> str:
    """The root behind a gateway's own certificate: VpnServerRoot.cer of the profile package."""
    return f"server-root-{node_name(vnet)}"


def server_name(vnet: str) -> str:
    """A gateway's own certificate."""
    return f"server-{node_name(vnet)}"


def certificate_name(client: str) -> str:
    """A client's certificate."""
    return f"client-{node_name(client)}"


def revocations_name(vnet: str, root: str) -> str:
    """The list of what a root issued and a gateway holds for revoked."""
    return f"revoked-{node_name(vnet)}-{root}"


# --- who has which --------------------------------------------------------------------------------------------------


def gateway_credentials(gateway: VpnGateway) -> Credentials:
    """A gateway's own certificate, the roots that it trusts, and what is revoked."""
    settings, vnet = gateway.point_to_site, gateway.name
    if settings is None or settings.authentication is None:
        return Credentials()
    if settings.has_passwords:
        return Credentials((server_name(vnet),))
    roots = settings.root_certificates
    return Credentials(
        (server_name(vnet),), tuple(map(root_name, roots)), tuple(revocations_name(vnet, root) for root in roots)
    )


def client_credentials(client: Client, gateways: Collection[VpnGateway]) -> Credentials:
    """A client's own certificate, and the roots of these gateways."""
    kinds = {g.name: g.point_to_site.authentication for g in gateways if g.point_to_site is not None}
    own = (certificate_name(client.name),) if "Certificate" in kinds.values() else ()
    return Credentials(own, tuple(server_root_name(vnet) for vnet, kind in kinds.items() if kind is not None))


def certificates(clients: Collection[Client], servers: Servers) -> Iterator[Certificate]:
    """Every certificate that the gateways and the clients of a lab need, roots before what they issue."""
    asking = dict(_asking(servers))
    for vnet in asking:
        yield Certificate(server_root_name(vnet), f"{vnet} gateway root")
        yield Certificate(server_name(vnet), servers[vnet].public_p2s, server_root_name(vnet))
    trusting = {vnet: item for vnet, item in asking.items() if item.authentication == "Certificate"}
    holders = [client for client in clients if any(gateway.name in trusting for gateway in client.gateways)]
    roots = (*(r for item in trusting.values() for r in item.root_certificates), *(c.issuer for c in holders))
    for root in dict.fromkeys(roots):
        yield Certificate(root_name(root), root)
    for client in holders:
        yield Certificate(certificate_name(client.name), client.node, root_name(client.issuer))
    yield from _revocations(trusting, holders)


def _asking(servers: Servers) -> Iterator[tuple[str, models.PointToSite]]:
    """The gateways that ask clients for a certificate or a password, with their settings."""
    for vnet, device in servers.items():
        settings = device.gateway.point_to_site if device.gateway is not None else None
        if settings is not None and settings.authentication is not None:
            yield vnet, settings


def _revocations(trusting: Settings, holders: Collection[Client]) -> Iterator[Certificate]:
    for vnet, item in trusting.items():
        revoked = tuple(map(str.lower, item.revoked_certificates))
        found = [client for client in holders if client.name.lower() in revoked]
        for root in item.root_certificates:
            own = tuple(certificate_name(client.name) for client in found if client.issuer == root)
            yield Certificate(revocations_name(vnet, root), root, root_name(root), own)
