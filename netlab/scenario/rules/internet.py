"""Public addresses, and links to the Internet."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from netlab.scenario.addresses import INTERNET_ADDRESS, LAB_CHARONS, LAB_LINKS, LAB_NATS, LAB_PEERS, LAB_PUBLIC
from netlab.scenario.models import Scenario
from netlab.scenario.nodes import region_name
from netlab.scenario.rules.breach import Breach, Breaches, Path, in_words, unknown
from netlab.scenario.rules.joined import Network, address_pools, address_spaces
from netlab.scenario.rules.subjects import public_addresses, vpn_gateways
from netlab.scenario.rules.vnets import NOT_UNICAST, UNASSIGNABLE


def links_have_a_way_to_the_internet(scenario: Scenario) -> Breaches:
    """An impaired link is the way to the Internet of a VNet with a VPN gateway, a site or a client, or a circuit."""
    known = (*vpn_gateways(scenario), *scenario.sites, *scenario.clients, *scenario.expressroute_circuits)
    for name in scenario.links:
        yield from unknown(("links", name), name, known, "VPN gateway, site, client or circuit")


def delays_are_between_two_regions(scenario: Scenario) -> Breaches:
    """A delay is between two regions with VNets, and each pair has one."""
    known = dict.fromkeys(region_name(vnet.region) for vnet in scenario.vnets.values() if vnet.region)
    seen: set[frozenset[str]] = set()
    for one, row in scenario.region_delays.items():
        yield from unknown(("region_delays", one), region_name(one), known, "region of a VNet")
        for other in row:
            path = ("region_delays", one, other)
            yield from unknown(path, region_name(other), known, "region of a VNet")
            pair = frozenset(map(region_name, (one, other)))
            if len(pair) == 1:
                yield Breach(path, f"`{other}` is the same region; a delay is between two")
            elif pair in seen:
                yield Breach(path, "the other region has a delay with this one already; it is the same both ways")
            seen.add(pair)


# RFC 6890, without the three prefixes for documentation (RFC 5737), which suit a lab well.
NOT_PUBLIC = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("240.0.0.0/4"),
    *UNASSIGNABLE,
)


def public_addresses_are_public(scenario: Scenario) -> Breaches:
    """A public address is in no private or reserved range, and belongs to one device or NIC only."""
    taken: dict[IPv4Address, Path] = {}
    for path, address in public_addresses(scenario):
        range_ = next((prefix for prefix in NOT_PUBLIC if address in prefix), None)
        if range_ is not None:
            yield Breach(path, f"{address} is not public, it is in {range_}; use one as 203.0.113.4")
        elif address == INTERNET_ADDRESS:
            yield Breach(path, f"{address} is the address of the Internet's host; use one as 203.0.113.4")
        elif address in taken:
            yield Breach(path, f"{address} is the public address of {in_words(taken[address])} too")
        taken.setdefault(address, path)


def _networks(scenario: Scenario) -> Iterator[Network]:
    """The networks that machines are in: of VNets, sites, point-to-site pools, and clients at home."""
    yield from address_spaces(scenario)
    yield from address_pools(scenario)
    for name, client in scenario.clients.items():
        if client.local_network is not None:
            yield Network(name, client.local_network, ("clients", name, "local_network"))


def networks_leave_the_lab_its_addresses(scenario: Scenario) -> Breaches:
    """No network has public addresses that a lab gives, and no host the address of a lab's link. The Internet's host is
    out of reach from a network that has its address."""
    unicast = (n for n in _networks(scenario) if not any(map(n.prefix.overlaps, NOT_UNICAST)))
    for network in unicast:
        if network.prefix.overlaps(LAB_PUBLIC):
            message = f"{network.prefix} overlaps {LAB_PUBLIC}, of which the lab gives public addresses"
            yield Breach(network.path, f"{message}; take another one")
        elif INTERNET_ADDRESS in network.prefix:
            message = f"{network.prefix} holds {INTERNET_ADDRESS}, the address of `internet`"
            yield Breach(network.path, f"{message}: no machine there reaches the Internet's host", "warning")
    for site, item in scenario.sites.items():
        for host, address in item.hosts.items():
            own = next((each for each in (LAB_LINKS, LAB_PEERS, LAB_NATS, LAB_CHARONS) if address in each), None)
            if own is not None:
                message = f"{address} is in {own}, which the links of a lab have; use another one"
                yield Breach(("sites", site, "hosts", host), message)


def public_addresses_are_outside_of_networks(scenario: Scenario) -> Breaches:
    """A public address of a gateway, a device or a machine is in no network but its own site's: others keep packets for
    it inside, and no tunnel to it comes up."""
    networks = tuple(_networks(scenario))
    for path, address in public_addresses(scenario):
        own = path[1] if path[0] == "sites" else None
        inside = next((each for each in networks if address in each.prefix and each.owner != own), None)
        if inside is not None and path[0] != "clients":
            what = f"{address} lies in {inside.prefix} of {in_words(inside.path)}, which keeps packets for it inside"
            yield Breach(path, f"{what}; take one outside of it, or leave it out: the lab gives one")
