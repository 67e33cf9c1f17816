"""Public addresses: Azure and the Internet providers assign them; here the lab does, from documentation ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netlab.scenario.network.ends import Site, VpnGateway
from netlab.scenario.network.routers import Router

if TYPE_CHECKING:
    from netlab.scenario.network.graph import Network

# Documentation and benchmarking ranges (RFC 5737, RFC 2544): never anybody's real address.
_GATEWAYS = IPv4Network("203.0.113.0/24")
_SITES = IPv4Network("198.51.100.0/24")
_CLIENTS = IPv4Network("192.0.2.128/25")
_MACHINES = IPv4Network("192.0.2.64/26")
_EGRESS = IPv4Network("198.18.0.0/15")


@dataclass(frozen=True)
class PublicAddresses:
    """The public address of each gateway instance and VPN device, by node; of each gateway's point-to-site, by VNet;
    of each client; of each virtual machine that has one, by node; and of each VNet's way out to the Internet."""

    routers: dict[str, IPv4Address]
    point_to_site: dict[str, IPv4Address]
    clients: dict[str, IPv4Address]
    machines: dict[str, IPv4Address]
    egress: dict[str, IPv4Address]


def assign(network: Network) -> PublicAddresses:
    """Assign public addresses in the file's order; those that are asked for come first."""
    gateways = {key: address for gateway in network.vpn_gateways for key, address in _asked(gateway)}
    sites = {router.node: _of_device(site, router) for site in network.sites.values() for router in site.devices}
    clients = {name: client.spec.public_ip_address for name, client in network.clients.items()}
    machines = dict(_of_machines(network))
    taken = {a for asked in (gateways, sites, clients, machines) for a in asked.values() if a is not None}
    spare = (a for a in _EGRESS.hosts() if a not in taken)

    def hand_out(asked: dict[str, IPv4Address | None], range_: IPv4Network) -> dict[str, IPv4Address]:
        free = (a for a in range_.hosts() if a not in taken)
        return {name: address or next(free, None) or next(spare) for name, address in asked.items()}

    of_gateways = hand_out(gateways, _GATEWAYS)
    of_instances = {
        router.node: of_gateways.get(f"{gateway.name}/{router.index}") or of_gateways[f"{gateway.name}/0"]
        for gateway in network.vpn_gateways
        for router in gateway.instances
    }
    return PublicAddresses(
        routers=of_instances | hand_out(sites, _SITES),
        point_to_site={
            g.name: of_gateways.get(f"{g.name}/2") or of_gateways[f"{g.name}/0"] for g in network.vpn_gateways
        },
        clients=hand_out(clients, _CLIENTS),
        machines=hand_out(machines, _MACHINES),
        egress={name: next(spare) for name in network.vnets},
    )


def _asked(gateway: VpnGateway) -> Iterator[tuple[str, IPv4Address | None]]:
    """The public addresses of a gateway: one that its instances share (R7), or one each (R10) and one for P2S (R13)."""
    if not gateway.active_active:
        yield f"{gateway.name}/0", gateway.spec.public_ip_address
        return
    for place in range(3 if gateway.point_to_site is not None else 2):
        given = gateway.spec.public_ip_addresses
        yield f"{gateway.name}/{place}", given[place] if place < len(given) else None


def _of_machines(network: Network) -> Iterator[tuple[str, IPv4Address | None]]:
    """The public addresses of the virtual machines that have one, or need one because connections end at them."""
    servers = {appliance.nic.node for appliance in network.vpn_servers}
    for vnet in network.vnets.values():
        for nic in vnet.nics:
            if nic.public_address is not None or nic.node in servers:
                yield nic.node, nic.public_address


def _of_device(site: Site, router: Router) -> IPv4Address | None:
    devices = list(site.spec.devices.values())
    return devices[router.index].public_ip_address if devices else site.spec.public_ip_address
