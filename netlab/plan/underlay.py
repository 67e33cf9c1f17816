"""The public underlay: who has which public address, and the nodes that only carry it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.plan.model import MAIN_TABLE, Interface, Link, Node, Route
from netlab.plan.names import interface, lab_netns
from netlab.scenario.addresses import INTERNET_ADDRESS
from netlab.scenario.models import Scenario, VpnGateway, node_name
from netlab.scenario.names import INTERNET
from netlab.scenario.routers import Router, devices, instances, vpn_servers

# Documentation and benchmarking ranges (RFC 5737, RFC 2544): never anybody's real address.
_GATEWAYS = IPv4Network("203.0.113.0/24")
_SITES = IPv4Network("198.51.100.0/24")
_CLIENTS = IPv4Network("192.0.2.128/25")
_MACHINES = IPv4Network("192.0.2.64/26")
_EGRESS = IPv4Network("198.18.0.0/15")

# Links that need no addresses of their own still have some, for routes to name their next hop. The kernel refuses a
# next hop that is its own address, so a node's links towards the Internet and away from it differ.
FAR = "169.254.0.1"
NEAR = "169.254.0.2"
INNER_FAR = "169.254.0.3"
INNER_NEAR = "169.254.0.4"

# Differs from Azure: A provider's router drops packets for private destinations. Here the node before it drops them,
# so that no private packet leaves in clear.
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
# The largest administrative distance and metric that zebra uses for its own unreachable routes: loses to everything.
LAST_RESORT = 4278198272


@dataclass(frozen=True, slots=True)
class PublicAddresses:
    """The public address of each gateway instance and VPN device, by node; of each gateway's point-to-site; of each
    client, of each virtual machine that has one, by node, and of each VNet's way out to the Internet."""

    routers: dict[str, str]
    point_to_site: dict[str, str]
    clients: dict[str, str]
    machines: dict[str, str]
    egress: dict[str, str]


def public_addresses(scenario: Scenario) -> PublicAddresses:
    """Hand out public addresses in the file's order; those that are asked for come first."""
    gateways = {key: a for name, v in scenario.vnets.items() if v.vpn_gateway for key, a in _asked(name, v.vpn_gateway)}
    sites = {
        router.node: _device_address(scenario, router) for name in scenario.sites for router in devices(scenario, name)
    }
    clients = {name: client.public_ip_address for name, client in scenario.clients.items()}
    machines = dict(_of_machines(scenario))
    taken = {a for asked in (gateways, sites, clients, machines) for a in asked.values() if a is not None}
    spare = (a for a in _EGRESS.hosts() if a not in taken)

    def hand_out(asked: dict[str, IPv4Address | None], network: IPv4Network) -> dict[str, str]:
        free = (a for a in network.hosts() if a not in taken)
        return {name: str(address or next(free, None) or next(spare)) for name, address in asked.items()}

    of_gateways = hand_out(gateways, _GATEWAYS)
    return PublicAddresses(
        routers={**_by_instance(scenario, of_gateways), **hand_out(sites, _SITES)},
        point_to_site={
            name: of_gateways.get(f"{name}/2") or of_gateways[f"{name}/0"] for name in _with_gateway(scenario)
        },
        clients=hand_out(clients, _CLIENTS),
        machines=hand_out(machines, _MACHINES),
        egress={name: str(next(spare)) for name in scenario.vnets},
    )


def _with_gateway(scenario: Scenario) -> Iterator[str]:
    return (name for name, vnet in scenario.vnets.items() if vnet.vpn_gateway is not None)


def _asked(vnet: str, gateway: VpnGateway) -> Iterator[tuple[str, IPv4Address | None]]:
    """The public addresses of a gateway: one that its instances share (R7), or one each (R10) and one for P2S (R13)."""
    if not gateway.active_active:
        yield f"{vnet}/0", gateway.public_ip_address
        return
    for place in range(3 if gateway.point_to_site is not None else 2):
        given = gateway.public_ip_addresses
        yield f"{vnet}/{place}", given[place] if place < len(given) else None


def _of_machines(scenario: Scenario) -> Iterator[tuple[str, IPv4Address | None]]:
    """The public addresses of the virtual machines that have one, or need one: for they end connections."""
    servers = {router.node for router in vpn_servers(scenario)}
    for vnet, item in scenario.vnets.items():
        for name, vm in item.vms.items():
            if vm.public_ip_address is not None or node_name(vnet, name) in servers:
                yield node_name(vnet, name), vm.public_ip_address


def _by_instance(scenario: Scenario, found: dict[str, str]) -> dict[str, str]:
    return {
        router.node: found.get(f"{name}/{router.index}") or found[f"{name}/0"]
        for name in _with_gateway(scenario)
        for router in instances(scenario, name)
    }


def _device_address(scenario: Scenario, router: Router) -> IPv4Address | None:
    site = scenario.sites[router.end]
    return list(site.devices.values())[router.index].public_ip_address if site.devices else site.public_ip_address


def private_drops(table: int = MAIN_TABLE) -> Iterator[Route]:
    """What keeps private destinations that nobody knows from leaving towards the Internet."""
    return (Route(prefix, type="unreachable", table=table, metric=LAST_RESORT) for prefix in PRIVATE)


def upstream(device: str, via: str = FAR, table: int = MAIN_TABLE) -> Route:
    """The default route towards the Internet."""
    return Route("0.0.0.0/0", device, via=via, table=table)


def strays(match: str, address: str) -> str:
    """The chain that has what NAT takes for no connection leave under an address too.

    Differs from Azure: A firewall drops an answer in TCP or ICMP if it did not see the request, and cannot tell an
    answer in UDP from a request. Here all three are forwarded alike, and no private packet leaves in clear.
    """
    return f"""\
  chain strays {{
    type filter hook postrouting priority srcnat + 1; policy accept;
    {match} ct state invalid ip saddr set {address}
  }}
"""


def to_internet(node: str, addresses: tuple[str, ...], device: str = "wan") -> Link:
    """The link of a public endpoint to the Internet."""
    return Link(
        Interface(node, device, device, addresses),
        Interface(INTERNET, interface(node), node, (f"{FAR}/32",)),
        underlay=True,
    )


def internet(lab: str, links: tuple[Link, ...], reachable_over: dict[str, str]) -> Node:
    """The Internet: a router that knows every public address and nothing else, and a host to talk to.

    ``reachable_over`` maps a public address to the node whose link leads to it.
    """
    own = {link.a.node: link for link in links if link.b.node == INTERNET}
    host = str(INTERNET_ADDRESS)
    routes = tuple(
        Route(f"{address}/32", own[node].b.name, via=_near(own[node]), source=host)
        for address, node in reachable_over.items()
    )
    return Node(INTERNET, "internet", lab_netns(lab, INTERNET), INTERNET, loopback=(f"{host}/32",), routes=routes)


def _near(link: Link) -> str:
    return NEAR if f"{NEAR}/32" in link.a.addresses else ""
