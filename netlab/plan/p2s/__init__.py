"""Point-to-site: what serves a gateway's clients, and their ends of the tunnels, by tunnel type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from netlab.plan.devices import Device
from netlab.plan.model import AnyServer, Client, DataPlane, Tunnel
from netlab.plan.p2s import ikev2, openvpn, sstp
from netlab.scenario import network
from netlab.scenario.models import PointToSite, TunnelType
from netlab.scenario.network import ClientTunnel, VpnGateway


class Planned(Protocol):
    """What a tunnel type adds to a plan: the port that a module each fills in."""

    def server(self, lab: str, device: Device, gateway: VpnGateway) -> AnyServer:
        """A gateway instance's end of its clients' tunnels."""

    def interface(self, device: Device, gateway: VpnGateway) -> Tunnel:
        """The interface of the instance's routing namespace that leads to the clients."""

    def client(self, lab: str, tunnel: ClientTunnel, number: int, data_plane: DataPlane) -> Client:
        """A client's end; ``number`` counts its tunnels of this type."""


TUNNELS: Mapping[TunnelType, Planned] = {"IkeV2": ikev2, "OpenVPN": openvpn, "SSTP": sstp}


def servers(lab: str, device: Device) -> Iterator[AnyServer]:
    """What serves a gateway's clients at an instance, if it does, in the order of its tunnel types."""
    if device.gateway is not None and device.serves_p2s:
        for tunnel_type in device.gateway.client_settings.tunnel_types:
            yield TUNNELS[tunnel_type].server(lab, device, device.gateway)


def interfaces(device: Device) -> Iterator[Tunnel]:
    """The interfaces that lead to a gateway's clients at an instance that they connect to, or could."""
    if device.gateway is not None and device.p2s:
        for tunnel_type in device.gateway.client_settings.tunnel_types:
            yield TUNNELS[tunnel_type].interface(device, device.gateway)


def tls_keys(everything: Iterable[Device]) -> Iterator[str]:
    """The names of the keys of tls-auth that gateways share with their clients."""
    for device in everything:
        gateway = device.gateway if device.serves_p2s else None
        if gateway is not None and "OpenVPN" in gateway.client_settings.tunnel_types:
            yield openvpn.tls_key_name(gateway.name)


def clients(lab: str, client: network.Client, data_plane: DataPlane) -> tuple[Client, ...]:
    """The tunnels of a client, one to each of its gateways."""
    count: dict[TunnelType, int] = {}
    found = []
    for tunnel in client.tunnels:
        number = count.setdefault(tunnel.tunnel_type, 0)
        count[tunnel.tunnel_type] += 1
        end, settings = (
            TUNNELS[tunnel.tunnel_type].client(lab, tunnel, number, data_plane),
            tunnel.gateway.client_settings,
        )
        how = settings.authentication or ""
        found.append(replace(end, package_types=settings.tunnel_types, authentication=how))
    return tuple(found)


def _with_package(end: Client, settings: PointToSite) -> Client:
    """A client's end of a tunnel with what the gateway's package says besides."""
    return replace(end, package_types=settings.tunnel_types, authentication=settings.authentication or "")
