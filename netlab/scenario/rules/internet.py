"""Public addresses, and links to the Internet."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from netlab.scenario import addresses
from netlab.scenario.models import Scenario
from netlab.scenario.rules.breach import Breach, Breaches, Path, in_words, unknown
from netlab.scenario.rules.subjects import public_addresses, vpn_gateways
from netlab.scenario.rules.vnets import UNASSIGNABLE


def links_have_a_way_to_the_internet(scenario: Scenario) -> Breaches:
    """An impaired link is the way to the Internet of a VNet with a VPN gateway, a site or a client."""
    known = (*vpn_gateways(scenario), *scenario.sites, *scenario.clients)
    for name in scenario.links:
        yield from unknown(("links", name), name, known, "VPN gateway, site or client")


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
        elif address == addresses.INTERNET_ADDRESS:
            yield Breach(path, f"{address} is the address of the Internet's host; use one as 203.0.113.4")
        elif address in taken:
            yield Breach(path, f"{address} is the public address of {in_words(taken[address])} too")
        taken.setdefault(address, path)
