"""On-premises sites and their devices."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from netlab.scenario import addresses
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.models import Scenario, Site
from netlab.scenario.names import suggest
from netlab.scenario.overlaps import Cover
from netlab.scenario.rules.breach import Breach, Breaches, Path, by_profile, listed, unknown
from netlab.scenario.rules.joined import speaking
from netlab.scenario.rules.subjects import lacks_room
from netlab.scenario.rules.vnets import NOT_UNICAST


def static_routes_name_their_connection(scenario: Scenario) -> Breaches:
    """The static routes of a site or an appliance are listed by its connections."""
    places: dict[str, Path] = {site: ("sites", site) for site in scenario.sites}
    places |= {end: ("vnets", vnet, "vms", vm, "nva") for end, (vnet, vm) in scenario.appliances.items()}
    for end, place in places.items():
        own = [name for name, _ in scenario.connections_of(end)]
        for name in scenario.static_routes(end):
            if name not in own:
                path = (*place, "static_routes", name)
                yield Breach(path, f"is no connection of `{end}`; {suggest(name, own)}")


def prepends_name_their_connection(scenario: Scenario) -> Breaches:
    """A site prepends its ASN on connections of that site that have BGP."""
    for site, item in scenario.sites.items():
        own = [name for name, connection in scenario.connections_of(site) if connection.enable_bgp]
        for name in item.as_path_prepend:
            if name not in own:
                path = ("sites", site, "as_path_prepend", name)
                yield Breach(path, f"is no connection of `{site}` with BGP; {suggest(name, own)}")


def sites_have_unicast_prefixes(scenario: Scenario) -> Breaches:
    """The prefixes of a site are networks with hosts: not the default route, no multicast, no loopback."""
    for site, item in scenario.sites.items():
        for index, prefix in enumerate(item.address_prefixes):
            reserved = next((each for each in NOT_UNICAST if prefix.overlaps(each)), None)
            right = f"advertise it by BGP: `announces` of `{site}`, or the action `announce`"
            if prefix == DEFAULT_ROUTE:
                yield Breach(("sites", site, "address_prefixes", index), f"{prefix} is no network of a site; {right}")
            elif reserved is not None:
                message = f"{prefix} overlaps {reserved}, where no host is"
                yield Breach(("sites", site, "address_prefixes", index), f"{message}; take another one, or {right}")


def announcing_sites_speak_bgp(scenario: Scenario) -> Breaches:
    """A site advertises prefixes only where it has BGP: over a connection, a circuit or to an appliance."""
    for site, item in scenario.sites.items():
        path = ("sites", site, "announces")
        if item.announces is not None and site not in speaking(scenario):
            message = f"`{site}` has no BGP session; write bgp and enable_bgp: true, or leave it out"
            yield Breach(path, message)
        for index, prefix in enumerate(item.announces or ()):
            if prefix != DEFAULT_ROUTE and any(prefix.subnet_of(each) for each in NOT_UNICAST):
                yield Breach((*path, index), f"{prefix} has no hosts, and routers drop it; leave it out")


def hosts_have_addresses_of_their_site(scenario: Scenario) -> Breaches:
    """A host's address is in its site's prefixes, and neither another host's nor the device's BGP address."""
    for site, item in scenario.sites.items():
        known = Cover(item.address_prefixes)
        taken = dict.fromkeys(_bgp_addresses(item), "a device's BGP")
        for host, address in item.hosts.items():
            path = ("sites", site, "hosts", host)
            if address not in known:
                yield Breach(path, f"{address} is outside the site's {listed(item.address_prefixes)}")
            elif address in taken:
                yield Breach(path, f"{address} is {taken[address]} address; give it another one")
            taken.setdefault(address, f"`{host}`'s")


def _bgp_addresses(site: Site) -> Iterator[IPv4Address]:
    yield from addresses.tunnel_bgp_addresses(site.bgp)
    yield from (a for device in site.devices.values() for a in addresses.tunnel_bgp_addresses(device))
    if not site.devices and site.bgp is not None:
        yield addresses.site_bgp_address(site)
    elif site.devices and not lacks_room(site):
        yield from (addresses.device_bgp_address(site, name) for name in site.devices)
        yield addresses.router_bgp_address(site)


def r32_devices_behind_nat_are_alone(scenario: Scenario) -> Breaches:
    """R32: the only device of a site may be behind NAT, whose public address it has; the seed wants none there."""
    first: dict[str, str] = {}
    for name, site in scenario.sites.items():
        path: Path = ("sites", name, "behind")
        if site.behind is None:
            continue
        other = first.setdefault(site.behind, name)
        yield from unknown(path, site.behind, scenario.access_networks, "access network")
        if scenario.profile == "seed":
            yield Breach(path, f"a VPN device is not behind NAT; leave it out {by_profile(scenario)}")
        elif site.devices:
            yield Breach(path, "the site has several devices, and each its own public address; leave it out")
        elif other != name:
            yield Breach(path, f"`{other}` has the public address of `{site.behind}` already; name another network")
        elif site.public_ip_address is not None:
            message = f"the device has the public address of `{site.behind}`; leave it out, or write it there"
            yield Breach((*path[:2], "public_ip_address"), message)


def routers_forward_ike_to_a_device(scenario: Scenario) -> Breaches:
    """The router of an access network forwards IKE to the device of the site behind it."""
    behind = {site.behind for site in scenario.sites.values()}
    for name, network in scenario.access_networks.items():
        if network.forwards_ike and name not in behind:
            path = ("access_networks", name, "forwards_ike")
            yield Breach(path, f"no site is behind `{name}`, so its router has no device to forward to; leave it out")


def r73_devices_have_addresses_of_their_own(scenario: Scenario) -> Breaches:
    """R73: each of a site's devices has its own public and its own BGP address, so the site has none."""
    for name, site in scenario.sites.items():
        if lacks_room(site):
            message = f"{site.address_prefixes[0]} has no room for the BGP addresses of the devices; take a larger one"
            yield Breach(("sites", name, "address_prefixes", 0), message)
        if site.devices and site.public_ip_address is not None:
            yield Breach(("sites", name, "public_ip_address"), "the site has devices; give each device its own")
        for key in ("bgp_peering_address", "bgp_peering_addresses") if site.devices and site.bgp is not None else ():
            if getattr(site.bgp, key):
                yield Breach(("sites", name, "bgp", key), "the site has devices; give each device its own")
