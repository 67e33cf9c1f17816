"""TTL: Azure's fabrics and gateways take nothing off it, machines that forward take one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.plan.devices import Device
from netlab.plan.model import KeepsTtl
from netlab.plan.names import interface
from netlab.plan.ports import PAIR, for_appliance, to_gateway, to_machine, tunnel_port
from netlab.scenario.network import Network, Router, VNet, VpnGateway
from netlab.scenario.values import once


def of_fabric(vnet: VNet) -> KeepsTtl:
    """Of a fabric."""
    # Differs from Azure: A fabric takes one off the TTL of what comes from its VPN gateway and goes back to it.
    # Differs from Azure: A fabric takes one off the TTL of what goes between an Azure Firewall and a VPN gateway, or
    # from one firewall to another, or back to the same: else a loop of routes would have no end.
    gateways = map(to_gateway, (0, 1)) if vnet.vpn_gateway is not None else ()
    far = (for_appliance(p.remote, item) for p in vnet.peerings for item in p.remote.firewalls)
    return KeepsTtl((*gateways, *(interface(to_machine(item)) for item in vnet.firewalls), *far))


def of_gateway(device: Device, gateway: VpnGateway) -> KeepsTtl:
    """Of an instance of a VPN gateway.

    A ring of gateways, in whatever order they stand, has one that stands behind both its neighbours: it takes one off,
    so no packet turns for ever. In a tree of gateways, from its middle outwards, none does on any way.
    """
    # Differs from Azure: In a ring of VPN gateways one takes one off the TTL of what passes it from tunnel to tunnel.
    own = _place(device.router)
    before = (name for name, router in _neighbours(device, gateway) if _place(router) < own)
    return KeepsTtl(tuple(before))


def _neighbours(device: Device, gateway: VpnGateway) -> Iterator[tuple[str, Router]]:
    """The instances of gateways beside one, with its interfaces to them."""
    for tunnel in device.tunnels:
        other = tunnel.other(device.node)
        if isinstance(other.end, VpnGateway):
            yield tunnel_port(tunnel.name), other
    if gateway.active_active:
        yield from ((PAIR, router) for router in gateway.instances if router is not device.router)


def _place(router: Router) -> tuple[int, str, int]:
    """Where an instance stands in the order of all instances: its gateway's distance from the middle comes first."""
    gateway = router.end
    assert isinstance(gateway, VpnGateway)
    return _distances(gateway.network)[gateway.name], gateway.name, router.index


@once
def _distances(network: Network) -> Mapping[str, int]:
    """How many connections away each gateway is from the one with most connections to gateways that it can reach."""
    beside: dict[str, set[str]] = {gateway.name: set() for gateway in network.vpn_gateways}
    for connection in network.connections.values():
        one, other = (side.end for side in connection.sides)
        if isinstance(one, VpnGateway) and isinstance(other, VpnGateway):
            beside[one.name].add(other.name)
            beside[other.name].add(one.name)
    found: dict[str, int] = {}
    for middle in sorted(beside, key=lambda name: (-len(beside[name]), name)):
        ring = {middle} - found.keys()
        distance = 0
        while ring:
            found |= dict.fromkeys(ring, distance)
            ring = {name for known in ring for name in beside[known]} - found.keys()
            distance += 1
    return found
