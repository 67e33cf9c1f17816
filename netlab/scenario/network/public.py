"""Public addresses: Azure and the Internet providers assign them; here the lab does, from documentation ranges, outside
of all networks of the scenario."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netlab.scenario.addresses import LAB_NATS, LAB_PUBLIC
from netlab.scenario.network.access import AccessNetwork
from netlab.scenario.network.ends import Site, VpnGateway
from netlab.scenario.network.routers import Router
from netlab.scenario.places import places

if TYPE_CHECKING:
    from netlab.scenario.network.graph import Network

# Documentation ranges (RFC 5737): never anybody's real address.
_GATEWAYS = IPv4Network("203.0.113.0/24")
_SITES = IPv4Network("198.51.100.0/24")
_CLIENTS = IPv4Network("192.0.2.128/25")
_MACHINES = IPv4Network("192.0.2.64/26")


@dataclass(frozen=True)
class PublicAddresses:
    """The public address of each gateway instance and VPN device, by node; of all gateways; of each gateway's
    point-to-site, by VNet; of each client; of each NIC that has one and each Azure Firewall, by the link to it; of each
    VNet's way out to the Internet; of each NAT gateway; of public load balancers; of each access network. What is
    behind NAT has the address of its NAT, and a ``private`` one, by node."""

    routers: dict[str, IPv4Address]
    gateways: frozenset[IPv4Address]
    point_to_site: dict[str, IPv4Address]
    clients: dict[str, IPv4Address]
    machines: dict[str, IPv4Address]
    egress: dict[str, IPv4Address]
    nat_gateways: dict[str, IPv4Address]
    frontends: frozenset[IPv4Address]
    access: dict[str, IPv4Address]
    private: dict[str, IPv4Address]

    @property
    def of_azure(self) -> frozenset[IPv4Address]:
        """Those that Azure has: of gateways, machines, NAT gateways, load balancers and VNets' ways out."""
        by_name = (self.machines, self.egress, self.nat_gateways)
        return self.gateways.union(self.frontends, *(group.values() for group in by_name))


def assign(network: Network) -> PublicAddresses:
    """Assign public addresses by the names of what has them; those that the file gives come first."""
    asked: dict[IPv4Network, dict[str, IPv4Address | None]] = {
        _GATEWAYS: {key: address for gateway in network.vpn_gateways for key, address in _asked(gateway)},
        _SITES: {r.node: _of_device(s, r) for s in network.sites.values() if s.upstream is None for r in s.devices},
        _CLIENTS: dict(_of_clients(network)),
        _MACHINES: dict(_of_machines(network)),
    }
    frontends = _of_frontends(network)
    given = {address for group in asked.values() for address in group.values() if address is not None} | frontends
    given |= {address for item in network.scenario.nat_gateways.values() for address in item.public_ip_addresses}
    given |= {address for item in network.scenario.firewalls.values() for address in item.public_ip_addresses}
    inner = tuple(_networks(network))
    found = {range_: _assigned(group, range_, _taken(range_, given, inner)) for range_, group in asked.items()}
    # The ways out of VNets, and what a documentation range has no room for.
    nats = dict(_of_nat_gateways(network))
    left = [(range_, name) for range_, group in asked.items() for name in group if name not in found[range_]]
    lacking = (*network.vnets, *nats, *(f"{range_} {name}" for range_, name in left))
    reserved = _assigned(dict.fromkeys(lacking), LAB_PUBLIC)
    for range_, name in left:
        found[range_][name] = reserved[f"{range_} {name}"]
    gateways = found[_GATEWAYS]
    devices = found[_SITES] | {s.node: found[_CLIENTS][s.spec.behind] for s in network.sites.values() if s.spec.behind}
    outermost = found[_CLIENTS] | devices
    return PublicAddresses(
        routers=_of_instances(network, gateways) | devices,
        gateways=frozenset(gateways.values()),
        point_to_site={g.name: gateways.get(f"{g.name}/2") or gateways[f"{g.name}/0"] for g in network.vpn_gateways},
        clients={
            name: outermost[name if client.upstream is None else _key(client.upstream)]
            for name, client in network.clients.items()
        },
        machines=found[_MACHINES],
        egress={name: reserved[name] for name in network.vnets},
        nat_gateways={key.partition(" ")[2]: address or reserved[key] for key, address in nats.items()},
        frontends=frontends,
        access={name: outermost[name] for name in network.access_networks},
        private=_behind_nat(network),
    )


def _key(upstream: AccessNetwork | Site) -> str:
    """What the address of a NAT is found by: an access network's name, the node of a site's only device."""
    return upstream.name if isinstance(upstream, AccessNetwork) else upstream.node


def _behind_nat(network: Network) -> dict[str, IPv4Address]:
    """The private addresses of what is behind NAT: of clients, of devices, and of HTTP proxies."""
    clients = (client.node for client in network.clients.values() if client.upstream is not None)
    proxies = (access.node for access in network.access_networks.values() if access.spec.http_proxy is not None)
    devices = (site.node for site in network.sites.values() if site.upstream is not None)
    return {
        node: LAB_NATS[place] for node, place in places((*clients, *devices, *proxies), LAB_NATS.num_addresses).items()
    }


def _of_clients(network: Network) -> Iterator[tuple[str, IPv4Address | None]]:
    """The public addresses of the clients that are behind no NAT, and of access networks."""
    for name, client in network.clients.items():
        if client.upstream is None:
            yield name, client.spec.public_ip_address
    yield from ((name, access.spec.public_ip_address) for name, access in network.access_networks.items())


def _assigned(
    asked: Mapping[str, IPv4Address | None], range_: IPv4Network, taken: Collection[int] = ()
) -> dict[str, IPv4Address]:
    """The given addresses, and by name those of a range; no name for which the range has no room."""
    hosts = range_.num_addresses - 2
    found = places((name for name, address in asked.items() if address is None), hosts, taken)
    there = {name: range_[1 + place] for name, place in found.items()}
    return {name: address or there[name] for name, address in asked.items() if address is not None or name in there}


def _taken(range_: IPv4Network, given: Iterable[IPv4Address], inner: Iterable[IPv4Network]) -> set[int]:
    """The places in a range that are given, or that lie in one of these networks: packets for them do not leave it."""
    parts = (prefix if prefix.subnet_of(range_) else range_ for prefix in inner if prefix.overlaps(range_))
    inside = {address for part in parts for address in part}
    return {int(address) - int(range_[1]) for address in (*given, *inside) if address in range_}


def _networks(network: Network) -> Iterator[IPv4Network]:
    """The prefixes of VNets, of point-to-site pools, of sites, of Microsoft peerings, and of clients' own networks."""
    for vnet in network.vnets.values():
        yield from vnet.address_space
    yield from (g.point_to_site.address_pool for g in network.vpn_gateways if g.point_to_site is not None)
    for site in network.sites.values():
        yield from site.prefixes
    for peering in network.microsoft_peerings:
        yield from (*peering.spec.peer_prefixes, *peering.advertised)
    own = (client.spec.local_network for client in network.clients.values())
    yield from (prefix for prefix in own if prefix is not None)


def _of_instances(network: Network, gateways: Mapping[str, IPv4Address]) -> dict[str, IPv4Address]:
    return {
        router.node: gateways.get(f"{gateway.name}/{router.index}") or gateways[f"{gateway.name}/0"]
        for gateway in network.vpn_gateways
        for router in gateway.instances
    }


def _asked(gateway: VpnGateway) -> Iterator[tuple[str, IPv4Address | None]]:
    """The public addresses of a gateway: one that its instances share (R7), or one each (R10) and one for P2S (R13)."""
    if not gateway.active_active:
        yield f"{gateway.name}/0", gateway.spec.public_ip_address
        return
    for place in range(3 if gateway.point_to_site is not None else 2):
        given = gateway.spec.public_ip_addresses
        yield f"{gateway.name}/{place}", given[place] if place < len(given) else None


def _of_machines(network: Network) -> Iterator[tuple[str, IPv4Address | None]]:
    """The public addresses of Azure Firewalls and of the virtual machines that have one, or need one because
    connections end at them."""
    for firewall in network.firewalls.values():
        # Differs from Azure: A firewall with several public addresses sends under the first; Azure's under any of them.
        yield firewall.node, next(iter(firewall.spec.public_ip_addresses), None)
    servers = {appliance.nic.link for appliance in network.vpn_servers}
    for vnet in network.vnets.values():
        for nic in vnet.nics:
            if nic.public_address is not None or nic.link in servers:
                yield nic.link, nic.public_address


def _of_frontends(network: Network) -> frozenset[IPv4Address]:
    """The addresses of public load balancers."""
    balancers = (item for vnet in network.scenario.vnets.values() for item in vnet.load_balancers.values())
    frontends = (f.public_ip_address for item in balancers for f in item.frontend_ip_configurations.values())
    return frozenset(address for address in frontends if address is not None)


def _of_nat_gateways(network: Network) -> Iterator[tuple[str, IPv4Address | None]]:
    """The first address that the file gives each NAT gateway."""
    # Differs from Azure: A NAT gateway with several public addresses uses the first; Azure's spreads flows over them.
    for name, item in network.scenario.nat_gateways.items():
        yield f"nat {name}", next(iter(item.public_ip_addresses), None)


def _of_device(site: Site, router: Router) -> IPv4Address | None:
    devices = list(site.spec.devices.values())
    return devices[router.index].public_ip_address if devices else site.spec.public_ip_address
