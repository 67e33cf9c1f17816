"""Microsoft peerings of ExpressRoute circuits, and route filters."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from netlab.scenario.communities import COMMUNITIES
from netlab.scenario.models import MicrosoftPeering, Scenario
from netlab.scenario.nodes import region_name
from netlab.scenario.rules.breach import Breach, Breaches, Path, unknown
from netlab.scenario.rules.internet import NOT_PUBLIC
from netlab.scenario.rules.joined import address_spaces
from netlab.scenario.rules.subjects import public_addresses

_LINKS = ("primary_peer_address_prefix", "secondary_peer_address_prefix")


def _peerings(scenario: Scenario) -> Iterator[tuple[Path, MicrosoftPeering]]:
    for name, circuit in scenario.expressroute_circuits.items():
        if circuit.microsoft_peering is not None:
            yield ("expressroute_circuits", name, "microsoft_peering"), circuit.microsoft_peering


def microsoft_peerings_end_at_one_device(scenario: Scenario) -> Breaches:
    """A lab has Microsoft peerings at sites with a single device."""
    # Differs from Azure: A Microsoft peering ends at the only device of a site; on Azure also at several devices, each
    # with addresses of its own for NAT, and at the routers of a provider, which then translates.
    for path, _ in _peerings(scenario):
        circuit = scenario.expressroute_circuits[str(path[1])]
        site = scenario.sites.get(circuit.site or "")
        if circuit.provider_network is not None:
            yield Breach(path, "a lab has it at a site only, not at the routers of a provider; leave it out")
        elif site is not None and site.devices:
            yield Breach(path, f"`{circuit.site}` has several devices; a lab has it at a site with a single one only")


def r121_links_of_microsoft_peerings_are_public(scenario: Scenario) -> Breaches:
    """R121: each link of a Microsoft peering has a public /30 of its own."""
    taken = [(space.prefix, f"`{space.owner}`") for space in address_spaces(scenario)]
    for name, circuit in scenario.expressroute_circuits.items():
        both = (circuit.primary_peer_address_prefix, circuit.secondary_peer_address_prefix)
        taken += [(prefix, f"a link of `{name}` in its private peering") for prefix in both if prefix is not None]
    for path, peering in _peerings(scenario):
        for key, prefix in zip(_LINKS, peering.peer_prefixes, strict=True):
            if prefix.prefixlen != 30:
                message = f"{prefix} is no /30: a link has one address at each end; split a /29 into two"
                yield Breach((*path, key), message)
            if (range_ := _not_public(prefix)) is not None:
                yield Breach((*path, key), _refused(prefix, range_))
            over = next((owner for other, owner in taken if other.overlaps(prefix)), None)
            if over is not None:
                yield Breach((*path, key), f"{prefix} overlaps the prefix of {over}; take another one")
            taken.append((prefix, f"a link of `{path[1]}` in its Microsoft peering"))


def _not_public(prefix: IPv4Network) -> IPv4Network | None:
    """The private or reserved range that a prefix overlaps; None where it is public."""
    return next((range_ for range_ in NOT_PUBLIC if range_.overlaps(prefix)), None)


def _refused(prefix: IPv4Network, range_: IPv4Network) -> str:
    return f"{prefix} is not public, it overlaps {range_}; Microsoft accepts public prefixes only"


def r122_route_filters_exist(scenario: Scenario) -> Breaches:
    """R122: a Microsoft peering names a route filter that exists; without one nothing is advertised."""
    for path, peering in _peerings(scenario):
        if peering.route_filter is not None:
            yield from unknown((*path, "route_filter"), peering.route_filter, scenario.route_filters, "route filter")


def r122_regions_have_a_community(scenario: Scenario) -> Breaches:
    """R122: a route filter selects by region, so a VNet without one that has a community is in none."""
    if not any(peering.route_filter for _, peering in _peerings(scenario)):
        return
    for name, vnet in scenario.vnets.items():
        if region_name(vnet.region) not in COMMUNITIES:
            what = f"the region `{vnet.region}` has" if vnet.region else "without a region it has"
            message = f"{what} no community of Microsoft, so no route filter allows its public addresses"
            yield Breach(("vnets", name), message, "warning")


def r123_advertised_prefixes_are_the_customers(scenario: Scenario) -> Breaches:
    """R123: Microsoft accepts prefixes that are public, and that it has validated as the customer's."""
    spaces = tuple(address_spaces(scenario))
    vnets = [(space.prefix, f"`{space.owner}`") for space in spaces if space.owner in scenario.vnets]
    for path, peering in _peerings(scenario):
        if peering.advertised_public_prefixes_state != "Configured":
            message = "Microsoft has not validated the prefixes and takes none of them: open a support case"
            yield Breach((*path, "advertised_public_prefixes_state"), message)
        for index, prefix in enumerate(peering.advertised_public_prefixes):
            place = (*path, "advertised_public_prefixes", index)
            if (range_ := _not_public(prefix)) is not None:
                yield Breach(place, _refused(prefix, range_))
                continue
            links = [(other, "a link of the peering") for other in peering.peer_prefixes]
            over = next((owner for other, owner in (*vnets, *links) if other.overlaps(prefix)), None)
            if over is not None:
                yield Breach(place, f"{prefix} overlaps the prefix of {over}; take another one")


def r124_prefixes_are_not_on_the_internet(scenario: Scenario) -> Breaches:
    """R124: what a customer advertises over a Microsoft peering is not advertised to the Internet."""
    public = tuple(public_addresses(scenario))
    for path, peering in _peerings(scenario):
        for prefix in (*peering.peer_prefixes, *peering.advertised_public_prefixes):
            for place, address in public:
                if address in prefix and _not_public(prefix) is None:
                    owner = ".".join(map(str, path[:2]))
                    yield Breach(place, f"{address} is in {prefix}, which {owner} has for Microsoft; take another one")


def r124_translated_sources_are_advertised(scenario: Scenario) -> Breaches:
    """R124: the address under which a customer's router sends to Microsoft is in an advertised prefix."""
    for path, peering in _peerings(scenario):
        address, prefixes = peering.nat_address, peering.advertised_public_prefixes
        if address is not None and not any(address in prefix for prefix in prefixes):
            listed = ", ".join(map(str, prefixes))
            yield Breach((*path, "nat_address"), f"{address} is in no advertised prefix; take one of {listed}")
        site = scenario.sites.get(scenario.expressroute_circuits[str(path[1])].site or "")
        host = next((name for name, own in site.hosts.items() if own == address), None) if site is not None else None
        if host is not None:
            yield Breach((*path, "nat_address"), f"{address} is the address of the host `{host}`; take another one")
