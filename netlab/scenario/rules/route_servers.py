"""Route Servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network

from netlab.scenario.addresses import DEFAULT_ASN, ROUTE_SERVER_SUBNET
from netlab.scenario.models import NvaBgp, Scenario, node_name
from netlab.scenario.rules.breach import Breach, Breaches, Path, by_profile
from netlab.scenario.rules.expressroute import most_out
from netlab.scenario.rules.joined import networks_of, remote_ends_by_vnet, sites_of
from netlab.scenario.rules.subjects import (
    announcements,
    appliances_with_bgp,
    asn_of,
    nics,
    route_server_of,
    vpn_gateways,
)

# A1. Microsoft documents a /26; three Route Servers in a /27 ran in August 2026 (M-ARS1).
LEAST = 27
ADVICE = 26
# A7.
MOST_PEERS = 8
# A9.
MOST_ROUTES = 10_000
MOST_MACHINES = 4_000

# The prefixes that sites and the nodes of appliances advertise.
Announced = Mapping[str, frozenset[IPv4Network]]


def a1_route_server_has_its_subnet(scenario: Scenario) -> Breaches:
    """A1: a Route Server needs a subnet called exactly RouteServerSubnet, a /27 at least; a /26 is recommended."""
    advice = LEAST if scenario.profile == "seed" else ADVICE
    for name, vnet in scenario.vnets.items():
        subnet = vnet.subnets.get(ROUTE_SERVER_SUBNET)
        if vnet.route_server is not None and subnet is None:
            near = next((item for item in vnet.subnets if item.lower() == ROUTE_SERVER_SUBNET.lower()), None)
            right = f"rename `{near}`" if near else f"add one, a /{advice} or larger"
            path = ("vnets", name, "route_server")
            yield Breach(path, f"a Route Server needs a subnet called `{ROUTE_SERVER_SUBNET}`; {right}")
        elif subnet is not None and subnet.address_prefix.prefixlen > advice:
            fits = subnet.address_prefix.prefixlen <= LEAST
            what = f"the documented /{advice}" if fits else f"/{LEAST}"
            message = f"{subnet.address_prefix} is smaller than {what}; use /{advice} {by_profile(scenario)}"
            place = ("vnets", name, "subnets", ROUTE_SERVER_SUBNET)
            yield Breach(place, message, "warning" if fits else "error")


def a1_route_server_subnet_is_its_own(scenario: Scenario) -> Breaches:
    """A1: RouteServerSubnet holds no machine and has no route table."""
    for path, _, _, nic in nics(scenario):
        if nic.subnet == ROUTE_SERVER_SUBNET:
            yield Breach((*path, "subnet"), f"no virtual machine may be in {ROUTE_SERVER_SUBNET}; use another subnet")
    for name, item in scenario.vnets.items():
        subnet = item.subnets.get(ROUTE_SERVER_SUBNET)
        if subnet is not None and subnet.route_table is not None:
            path = ("vnets", name, "subnets", ROUTE_SERVER_SUBNET, "route_table")
            yield Breach(path, f"{ROUTE_SERVER_SUBNET} may have no route table; leave it out")


def a7_route_servers_have_few_peers(scenario: Scenario) -> Breaches:
    """A7: a Route Server has at most 8 BGP peers."""
    for name, vnet in scenario.vnets.items():
        peers = tuple(_speakers(scenario, name))
        if vnet.route_server is not None and len(peers) > MOST_PEERS:
            message = f"the Route Server of `{name}` has {len(peers)} peers, {MOST_PEERS} at most; leave one out"
            yield Breach(("vnets", name, "route_server"), message)


def a9_route_servers_have_limits(scenario: Scenario) -> Breaches:
    """A9: a Route Server takes 10,000 routes in all, and serves 4,000 machines of its VNet and of peered VNets."""
    for name in (name for name, vnet in scenario.vnets.items() if vnet.route_server is not None):
        path = ("vnets", name, "route_server")
        served = {name, *(mine.remote_vnet for mine, _ in scenario.peered(name))}
        machines = sum(len(vnet.vms) for other, vnet in scenario.vnets.items() if other in served)
        if machines > MOST_MACHINES:
            message = f"the Route Server of `{name}` serves {MOST_MACHINES:,} machines, and its VNet"
            yield Breach(path, f"{message} and the peered ones have {machines:,}; leave some out")
        for place, routes in _beyond(MOST_ROUTES, scenario, name, _learned):
            message = f"the Route Server of `{name}` learns {routes:,} routes, {MOST_ROUTES:,} at most"
            yield Breach(place or path, f"{message}; advertise fewer")


def a37_circuits_take_few_routes(scenario: Scenario) -> Breaches:
    """A37: beside a Route Server with branch-to-branch 1,000 routes at most go over a circuit, those of the VNet
    included. In a story it is a warning: the story may show that the connection goes down (R98)."""
    on_circuits = dict.fromkeys(name for item in scenario.expressroute_circuits.values() for name in item.vnets)
    for name in (name for name in on_circuits if name in scenario.vnets and scenario.vnets[name].branch_to_branch):
        most = most_out(scenario, name)
        for place, routes in _beyond(most, scenario, name, _advertised_to_circuits):
            message = f"{routes:,} routes of `{name}` and its Route Server go over its circuits, {most:,} at most"
            path = place or ("vnets", name, "route_server")
            yield Breach(path, f"{message}; advertise fewer {by_profile(scenario)}", "warning" if place else "error")


def _beyond(
    most: int, scenario: Scenario, vnet: str, routes: Callable[[Scenario, str, Announced], set[IPv4Network]]
) -> Iterator[tuple[Path, int]]:
    """Where a scenario or an action of its story makes more routes than that, and how many."""
    before = 0
    for place, announced in announcements(scenario):
        now = len(routes(scenario, vnet, announced))
        if before <= most < now:
            yield place, now
        before = now


def _learned(scenario: Scenario, vnet: str, announced: Announced) -> set[IPv4Network]:
    """The prefixes that a Route Server learns from appliances, and with branch-to-branch from the VNet's gateways."""
    found = {prefix for speaker in _speakers(scenario, vnet) for prefix in _behind(*speaker, announced)}
    if scenario.vnets[vnet].branch_to_branch:
        circuits = (item for item in scenario.expressroute_circuits.values() if vnet in item.vnets)
        sites = (site for circuit in circuits for site in sites_of(scenario, circuit))
        found.update(prefix for site in sites for prefix in announced.get(site, ()))
        found.update(_by_vpn(scenario, vnet, announced))
    return found


def _advertised_to_circuits(scenario: Scenario, vnet: str, announced: Announced) -> set[IPv4Network]:
    """The prefixes that an ExpressRoute gateway advertises to its circuits: of VNet, spokes, appliances and VPN."""
    own = {network.prefix for network in networks_of(scenario, vnet)}
    by_appliances = {
        prefix
        for owner, vm, bgp in _speakers(scenario, vnet)
        for prefix in _behind(owner, vm, bgp, announced) - {*bgp.no_advertise}  # A22
    }
    return own | by_appliances | _by_vpn(scenario, vnet, announced)


def _speakers(scenario: Scenario, vnet: str) -> Iterator[tuple[str, str, NvaBgp]]:
    """The appliances that peer with the Route Server of a VNet."""
    found = appliances_with_bgp(scenario)
    return ((owner, vm, bgp) for owner, vm, bgp in found if route_server_of(scenario, owner, bgp) == vnet)


def _behind(vnet: str, vm: str, bgp: NvaBgp, announced: Announced) -> frozenset[IPv4Network]:
    """The prefixes that an appliance advertises: its own, and those of the sites behind it."""
    return announced[node_name(vnet, vm)].union(*(announced.get(site, ()) for site in bgp.sites))


def _by_vpn(scenario: Scenario, vnet: str, announced: Announced) -> set[IPv4Network]:
    """The prefixes of the other ends of a VPN gateway's connections: learned by BGP, or of local network gateways."""
    found: set[IPv4Network] = set()
    for item in remote_ends_by_vnet(scenario)[vnet]:
        speaks = scenario.connections[item.connection].enable_bgp and item.device in announced
        found.update(announced[item.device] if speaks else item.gateway.address_prefixes)
    return found


def a24_gateways_beside_it_are_active_active(scenario: Scenario) -> Breaches:
    """A24: a VPN gateway that exchanges routes with a Route Server is active-active and has the ASN 65515."""
    for name, gateway in vpn_gateways(scenario).items():
        path: Path = ("vnets", name, "vpn_gateway")
        if not scenario.vnets[name].branch_to_branch:
            continue
        if not gateway.active_active:
            message = f"the Route Server of `{name}` exchanges routes with an active-active gateway only"
            yield Breach(path, f"{message}; write active_active: true")
        if asn_of(scenario, name) != DEFAULT_ASN:
            message = f"a gateway beside a Route Server has the ASN {DEFAULT_ASN}, not {asn_of(scenario, name)}"
            yield Breach((*path, "bgp", "asn"), f"{message}; use that one")
