"""Route Servers, and the BGP of appliances."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network

from netlab.scenario import addresses
from netlab.scenario.addresses import DEFAULT_ASN, ROUTE_SERVER_SUBNET, vm_addresses
from netlab.scenario.models import NvaBgp, Scenario, node_name
from netlab.scenario.names import short
from netlab.scenario.routers import branch_to_branch
from netlab.scenario.rules.bgp import AZURE_ASNS, IANA_ASNS, UNLISTED_ASN, USABLE
from netlab.scenario.rules.expressroute import most_out
from netlab.scenario.rules.subjects import (
    Breach,
    Breaches,
    Path,
    announcements,
    appliances_with_bgp,
    by_profile,
    networks_of,
    sound_connections,
    told_by_vnet,
    unknown,
    virtual_machines,
    vpn_gateways,
)

# A7.
MOST_PEERS = 8
# A9.
MOST_ROUTES = 10_000
MOST_MACHINES = 4_000

Told = Mapping[str, frozenset[IPv4Network]]


def a1_route_server_has_its_subnet(scenario: Scenario) -> Breaches:
    """A1: a Route Server needs a subnet called exactly RouteServerSubnet, a /26 at least; a /27 in the seed."""
    least = 27 if scenario.profile == "seed" else 26
    for name, vnet in scenario.vnets.items():
        subnet = vnet.subnets.get(ROUTE_SERVER_SUBNET)
        if vnet.route_server is not None and subnet is None:
            near = next((item for item in vnet.subnets if item.lower() == ROUTE_SERVER_SUBNET.lower()), None)
            right = f"rename `{near}`" if near else f"add one, a /{least} or larger"
            path = ("vnets", name, "route_server")
            yield Breach(path, f"a Route Server needs a subnet called `{ROUTE_SERVER_SUBNET}`; {right}")
        elif subnet is not None and subnet.address_prefix.prefixlen > least:
            message = f"{subnet.address_prefix} is smaller than /{least}; use /{least} {by_profile(scenario)}"
            yield Breach(("vnets", name, "subnets", ROUTE_SERVER_SUBNET), message)


def a1_route_server_subnet_is_its_own(scenario: Scenario) -> Breaches:
    """A1: RouteServerSubnet holds no machine and has no route table."""
    for path, vnet, vm in virtual_machines(scenario):
        if vnet.vms[vm].subnet == ROUTE_SERVER_SUBNET:
            yield Breach((*path, "subnet"), f"no virtual machine may be in {ROUTE_SERVER_SUBNET}; use another subnet")
    for name, item in scenario.vnets.items():
        subnet = item.subnets.get(ROUTE_SERVER_SUBNET)
        if subnet is not None and subnet.route_table is not None:
            path = ("vnets", name, "subnets", ROUTE_SERVER_SUBNET, "route_table")
            yield Breach(path, f"{ROUTE_SERVER_SUBNET} may have no route table; leave it out")


def a4_appliances_peer_with_both_instances(scenario: Scenario) -> Breaches:
    """A4: an appliance peers with both instances of a Route Server, or machines get inconsistent routes."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        if scenario.vnets[vnet].route_server is not None and {*bgp.route_server_instances} != {0, 1}:
            message = f"`{vm}` does not peer with both instances of the Route Server; leave it out"
            yield Breach((*_bgp(vnet, vm), "route_server_instances"), message, "warning")


def a6_asns_of_appliances_are_free(scenario: Scenario) -> Breaches:
    """A6: an appliance's ASN has 16 bits and is neither the Route Server's 65515 nor kept by Azure or IANA."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        path = (*_bgp(vnet, vm), "asn")
        if bgp.asn in {*AZURE_ASNS, UNLISTED_ASN}:
            yield Breach(path, f"Azure keeps the ASN {bgp.asn} for itself; {USABLE}")
        elif bgp.asn in IANA_ASNS:
            yield Breach(path, f"IANA reserves the ASN {bgp.asn}; {USABLE}")
        elif bgp.asn > 65535:
            yield Breach(path, f"the ASN {bgp.asn} has more than the 16 bits that a Route Server takes; {USABLE}")


def a7_route_servers_have_few_peers(scenario: Scenario) -> Breaches:
    """A7: a Route Server has at most 8 BGP peers."""
    for name, vnet in scenario.vnets.items():
        peers = [vm for owner, vm, _ in appliances_with_bgp(scenario) if owner == name]
        if vnet.route_server is not None and len(peers) > MOST_PEERS:
            message = f"the Route Server of `{name}` has {len(peers)} peers, {MOST_PEERS} at most; leave one out"
            yield Breach(("vnets", name, "route_server"), message)


def a9_route_servers_have_limits(scenario: Scenario) -> Breaches:
    """A9: a Route Server takes 10,000 routes in all, and serves 4,000 machines of its VNet and those that it is peered
    with."""
    for name in (name for name, vnet in scenario.vnets.items() if vnet.route_server is not None):
        path = ("vnets", name, "route_server")
        served = {name, *(mine.remote_vnet for mine, _ in scenario.peered(name))}
        machines = sum(len(vnet.vms) for other, vnet in scenario.vnets.items() if other in served)
        if machines > MOST_MACHINES:
            message = f"the Route Server of `{name}` serves {MOST_MACHINES:,} machines, and {machines:,} are there"
            yield Breach(path, f"{message} and in its peers; leave some out")
        for place, routes in _beyond(MOST_ROUTES, scenario, name, _learned):
            message = f"the Route Server of `{name}` learns {routes:,} routes, {MOST_ROUTES:,} at most"
            yield Breach(place or path, f"{message}; announce fewer")


def a37_circuits_take_few_routes(scenario: Scenario) -> Breaches:
    """A37: beside a Route Server with branch-to-branch 1,000 routes at most go over a circuit, those of the VNet
    included. What only a story does is a warning: it shows that the connection goes down (R98)."""
    on_circuits = dict.fromkeys(name for item in scenario.expressroute_circuits.values() for name in item.vnets)
    for name in (name for name in on_circuits if name in scenario.vnets and branch_to_branch(scenario, name)):
        most = most_out(scenario, name)
        for place, routes in _beyond(most, scenario, name, _told_over_circuits):
            message = f"{routes:,} routes of `{name}` and its Route Server go over its circuits, {most:,} at most"
            path = place or ("vnets", name, "route_server")
            yield Breach(path, f"{message}; announce fewer {by_profile(scenario)}", "warning" if place else "error")


def _beyond(
    most: int, scenario: Scenario, vnet: str, routes: Callable[[Scenario, str, Told], set[IPv4Network]]
) -> Iterator[tuple[Path, int]]:
    """Where a scenario or an action of its story makes more routes than that, and how many."""
    before = 0
    for place, told in announcements(scenario):
        now = len(routes(scenario, vnet, told))
        if before <= most < now:
            yield place, now
        before = now


def _learned(scenario: Scenario, vnet: str, told: Told) -> set[IPv4Network]:
    """What a Route Server learns of appliances, and with branch-to-branch of the VNet's gateways."""
    found = {prefix for vm, bgp in _speakers(scenario, vnet) for prefix in _behind(vnet, vm, bgp, told)}
    if branch_to_branch(scenario, vnet):
        sites = (item.site for item in scenario.expressroute_circuits.values() if vnet in item.vnets)
        found.update(prefix for site in sites for prefix in told.get(site, ()))
        found.update(_by_vpn(scenario, vnet, told))
    return found


def _told_over_circuits(scenario: Scenario, vnet: str, told: Told) -> set[IPv4Network]:
    """What an ExpressRoute gateway tells its circuits: of the VNet and its spokes, of appliances and of the VPN."""
    own = {network.prefix for network in networks_of(scenario, vnet)}
    by_appliances = {
        prefix
        for vm, bgp in _speakers(scenario, vnet)
        for prefix in _behind(vnet, vm, bgp, told) - {*bgp.no_advertise}  # A22
    }
    return own | by_appliances | _by_vpn(scenario, vnet, told)


def _speakers(scenario: Scenario, vnet: str) -> Iterator[tuple[str, NvaBgp]]:
    return ((vm, bgp) for owner, vm, bgp in appliances_with_bgp(scenario) if owner == vnet)


def _behind(vnet: str, vm: str, bgp: NvaBgp, told: Told) -> frozenset[IPv4Network]:
    """What an appliance announces, of its own and of the sites behind it."""
    return told[node_name(vnet, vm)].union(*(told.get(site, ()) for site in bgp.sites))


def _by_vpn(scenario: Scenario, vnet: str, told: Told) -> set[IPv4Network]:
    """What a VNet's VPN gateway knows of its sites: what they announce, or what it was told of them."""
    found: set[IPv4Network] = set()
    for item in told_by_vnet(scenario)[vnet]:
        speaks = scenario.connections[item.connection].enable_bgp and item.device in told
        found.update(told[item.device] if speaks else item.gateway.address_prefixes)
    return found


def a14_next_hops_are_in_the_vnet(scenario: Scenario) -> Breaches:
    """A14: the next hop that an appliance announces may be another address of its VNet, where something must be."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        path, item = (*_bgp(vnet, vm), "next_hop"), scenario.vnets[vnet]
        if bgp.next_hop is None or bgp.next_hop in vm_addresses(item).values():
            continue
        if any(bgp.next_hop in space for space in item.address_space):
            yield Breach(path, f"no NIC of `{vnet}` has the address {bgp.next_hop}; what is sent there dies", "warning")
        else:
            yield Breach(path, f"{bgp.next_hop} is not in `{vnet}`; use the address of a machine there")


def a24_gateways_beside_it_are_active_active(scenario: Scenario) -> Breaches:
    """A24: a VPN gateway that exchanges routes with a Route Server is active-active and has the ASN 65515."""
    for name, gateway in vpn_gateways(scenario).items():
        path: Path = ("vnets", name, "vpn_gateway")
        if not branch_to_branch(scenario, name):
            continue
        if not gateway.active_active:
            message = f"the Route Server of `{name}` exchanges routes with an active-active gateway only"
            yield Breach(path, f"{message}; write active_active: true")
        if addresses.asn(scenario, name) != DEFAULT_ASN:
            message = f"a gateway beside a Route Server has the ASN {DEFAULT_ASN}, not {addresses.asn(scenario, name)}"
            yield Breach((*path, "bgp", "asn"), f"{message}; use that one")


def appliances_have_a_peer(scenario: Scenario) -> Breaches:
    """An appliance with BGP has somebody to speak to: its VNet's Route Server, a site behind it, a tunnel's end, an
    appliance of a peered VNet."""
    joined = {end for item in sound_connections(scenario).values() if item.enable_bgp for end in item.between}
    joined |= {name for _, _, bgp in appliances_with_bgp(scenario) for name in bgp.appliances}
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        alone = scenario.vnets[vnet].route_server is None and not bgp.sites and not bgp.appliances
        if alone and f"{vnet}-{vm}" not in joined:
            right = f"give `{vnet}` a route_server, the appliance its sites, or a connection of it enable_bgp"
            yield Breach(_bgp(vnet, vm), f"`{vm}` has nobody to speak BGP to; {right}")


def appliances_name_their_sites(scenario: Scenario) -> Breaches:
    """The sites behind an appliance are there, once, with an ASN of their own and a single device."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        path = (*_bgp(vnet, vm), "sites")
        for index, name in enumerate(bgp.sites):
            yield from unknown((*path, index), name, scenario.sites, "site")
            if name not in scenario.sites:
                continue
            site = scenario.sites[name]
            if name in bgp.sites[:index]:
                yield Breach((*path, index), f"{short(name)} is listed already; leave it out")
            elif site.devices:
                yield Breach((*path, index), f"{short(name)} has several devices; an appliance joins a site with one")
            elif site.bgp is None:
                yield Breach((*path, index), f"the site {short(name)} has no ASN; write bgp: {{asn: 65101}} there")
            elif site.bgp.asn == bgp.asn:
                yield Breach((*path, index), f"{short(name)} has the ASN {bgp.asn} too; each needs its own")


def appliances_name_their_peers(scenario: Scenario) -> Breaches:
    """The appliances that one speaks BGP with are in peered VNets, with an ASN of their own, and name it not too."""
    settings = {f"{vnet}-{vm}": bgp for vnet, vm, bgp in appliances_with_bgp(scenario)}
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        own = f"{vnet}-{vm}"
        near = {mine.remote_vnet for mine, _ in scenario.peered(vnet)}
        for index, name in enumerate(bgp.appliances):
            path = (*_bgp(vnet, vm), "appliances", index)
            yield from unknown(path, name, settings, "appliance with BGP")
            if name not in settings:
                continue
            if scenario.appliances[name][0] not in near:
                yield Breach(path, f"the VNet of {short(name)} is not peered with `{vnet}`; peer them, or use a tunnel")
            elif settings[name].asn == bgp.asn:
                yield Breach(path, f"{short(name)} has the ASN {bgp.asn} too; each needs its own")
            elif own in settings[name].appliances and name > own:
                yield Breach(path, f"{short(name)} names `{own}` already; one of the two is enough")


def appliances_keep_quiet_of_what_they_announce(scenario: Scenario) -> Breaches:
    """What an appliance announces with NO_ADVERTISE it announces (A22)."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        for index, prefix in enumerate(bgp.no_advertise):
            if prefix not in bgp.announces:
                path = (*_bgp(vnet, vm), "no_advertise", index)
                yield Breach(path, f"`{vm}` does not announce {prefix}; add it to announces, or leave it out")


def _bgp(vnet: str, vm: str) -> Path:
    return ("vnets", vnet, "vms", vm, "nva", "bgp")
