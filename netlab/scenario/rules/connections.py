"""Connections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from netlab.scenario.models import Connection, NewKey, Scenario, node_name
from netlab.scenario.names import short
from netlab.scenario.overlaps import Cover, overlapping
from netlab.scenario.rules.breach import Breach, Breaches, Path, by_profile, in_words, unknown
from netlab.scenario.rules.joined import (
    ONE_CARRIES,
    Network,
    bgp_domain,
    connectable,
    connections_by_pair,
    gateway_ends,
    instances,
    neighbours_of,
    networks_of,
    remote_ends,
    sound_connections,
)
from netlab.scenario.rules.subjects import shared_keys, story_actions, vpn_gateways


def connections_name_their_ends(scenario: Scenario) -> Breaches:
    """The ends of a connection are VNets, sites or appliances."""
    known = dict.fromkeys((*scenario.vnets, *scenario.sites, *scenario.appliances))
    machines = {node_name(vnet, vm): vm for vnet, item in reversed(scenario.vnets.items()) for vm in reversed(item.vms)}
    for name, item in scenario.connections.items():
        for index, end in enumerate(item.between):
            path, machine = ("connections", name, "between", index), machines.get(node_name(end))
            if machine is not None and end not in known:
                yield Breach(path, f"{short(end)} is no appliance; write nva: {{}} at `{machine}`")
            else:
                yield from unknown(path, end, known, "VNet, site or appliance")


def connections_name_their_device(scenario: Scenario) -> Breaches:
    """A connection names the device that it ends at, of a site that has several, and of no other end."""
    for name, item in sound_connections(scenario).items():
        known = [device for end in item.between if end in scenario.sites for device in scenario.sites[end].devices]
        path = ("connections", name, "device")
        if item.device is not None and not known:
            yield Breach(path, "no end of this connection is a site with devices; leave it out")
        elif item.device is not None:
            yield from unknown(path, item.device, known, "device")
        elif len(known) > 1:
            listed = ", ".join(f"`{device}`" for device in known)
            yield Breach(path[:2], f"the site has several devices; write at which `device` it ends: {listed}")


# R51.
MOST_SELECTORS = 100
MOST_VNET_PREFIXES = 600
MOST_TOLD_PREFIXES = 1000


def r30_shared_keys_are_printable(scenario: Scenario) -> Breaches:
    """R30: a shared key has 1 to 128 characters: printable ASCII except space, `-`, `~`; alphanumeric in the seed."""
    seed = scenario.profile == "seed"
    allowed = "letters and digits" if seed else "printable ASCII without space, - and ~"
    fits = re.compile("[0-9A-Za-z]" if seed else "[!-,.-}]")
    new = (
        ((*path, "shared_key"), action.subject.shared_key.get_secret_value())
        for path, action in story_actions(scenario)
        if isinstance(action.subject, NewKey)
    )
    for path, key in (*((path, key) for path, _, key in shared_keys(scenario)), *new):
        if not 1 <= len(key) <= 128:
            yield Breach(path, f"the key has {len(key)} characters; it may have 1 to 128")
        wrong = next((place for place, char in enumerate(key, 1) if fits.fullmatch(char) is None), None)
        if wrong is not None:
            message = f"character {wrong} of the key is not allowed; a key is {allowed}"
            yield Breach(path, f"{message} {by_profile(scenario)}")


def r31_shared_keys_differ(scenario: Scenario) -> Breaches:
    """R31: keys differ from connection to connection unless a user insists."""
    first: dict[str, str] = {}
    for path, name, key in shared_keys(scenario):
        other = first.setdefault(key, name)
        if other != name:
            yield Breach(path, f"`{other}` has the same key; leave it out, and the lab makes one", "warning")


def r51_selectors_and_prefixes_are_few(scenario: Scenario) -> Breaches:
    """R51: a connection has 100 selectors at most, a gateway's VNet 600 prefixes, a local network gateway 1,000."""
    for name in vpn_gateways(scenario):
        count = len(scenario.vnets[name].address_space)
        if count > MOST_VNET_PREFIXES:
            message = f"{count} prefixes; a VNet with a VPN gateway has {MOST_VNET_PREFIXES} at most, summarise them"
            yield Breach(("vnets", name, "address_space"), message)
    for remote in remote_ends(scenario):
        count = len(remote.gateway.address_prefixes)
        if count > MOST_TOLD_PREFIXES:
            message = f"{count} prefixes; a local network gateway has {MOST_TOLD_PREFIXES} at most, summarise them"
            yield Breach(remote.path, message)
    for end in gateway_ends(scenario):
        count = len(end.settings.traffic_selector_policies)
        if count > MOST_SELECTORS:
            message = f"{count} selector policies; a connection has {MOST_SELECTORS} at most, summarise them"
            yield Breach((*end.path, "traffic_selector_policies"), message)


def r71_networks_do_not_overlap(scenario: Scenario) -> Breaches:
    """R71: a connection, or several with BGP, joins no two equal address spaces, and a site lies in no VNet (B48)."""
    ends = connectable(scenario)
    spaces = [(end, network) for end in ends for network in networks_of(scenario, end)]
    pairs = overlapping([network.prefix for _, network in spaces])
    found: set[Path] = set()
    for first, second in sorted(pairs, key=lambda pair: (ends[spaces[pair[0]][0]], pair[1], pair[0])):
        (one, mine), (other, theirs) = spaces[first], spaces[second]
        adjacent = other in neighbours_of(scenario, one)
        joined = adjacent or other in bgp_domain(scenario, one)
        if one == other or not joined or mine.owner == theirs.owner or theirs.path in found:
            continue
        taken = mine.prefix != theirs.prefix and not (adjacent and _collide(scenario, mine, theirs))
        if scenario.profile == "seed" or not taken:
            found.add(theirs.path)
            message = f"{theirs.prefix} overlaps {mine.prefix} of {in_words(mine.path)}"
            yield Breach(theirs.path, f"{message}, and connections join the two")


def _collide(scenario: Scenario, one: Network, other: Network) -> bool:
    """Whether Azure refuses a connection of two networks, one of which contains the other: a site's may contain a
    VNet's, and the longest prefix wins (B48)."""
    inner, outer = sorted((one, other), key=lambda network: -network.prefix.prefixlen)
    return outer.owner in scenario.vnets or inner.owner in scenario.sites


def r74_connections_join_gateways(scenario: Scenario) -> Breaches:
    """R74: VNet-to-VNet joins the VPN gateways of two VNets, site-to-site a VPN gateway and a site; an appliance may
    stand in the place of either (R90)."""
    gateways = vpn_gateways(scenario)
    for name, item in scenario.connections.items():
        path = ("connections", name, "between")
        sites = [end for end in item.between if end in scenario.sites]
        strangers = [end for end in item.between if end in {*scenario.sites, *scenario.appliances}]
        if item.between[0] == item.between[1]:
            yield Breach(path, f"both ends are {short(item.between[0])}; name two different ones")
        elif item.type == "Vnet2Vnet" and strangers:
            what = "a site" if strangers[0] in scenario.sites else "an appliance"
            yield Breach((*path[:2], "type"), f"Vnet2Vnet joins two VNets and `{strangers[0]}` is {what}; use IPsec")
        elif len(sites) == 2:
            yield Breach(path, "joins two sites; one end of an Azure connection is a VNet's VPN gateway")
        for index, end in enumerate(item.between):
            if end in scenario.vnets and end not in gateways:
                yield Breach((*path, index), f"`{end}` has no vpn_gateway; give it one, or name another end")


def r79_classic_gateways_have_limits(scenario: Scenario) -> Breaches:
    """R79: the classic deployment model has no BGP, and all prefixes at the other end are written by hand."""
    for name, gateway in vpn_gateways(scenario).items():
        if scenario.vnets[name].deployment_model != "Classic":
            continue
        if gateway.bgp is not None:
            path = ("vnets", name, "vpn_gateway", "bgp")
            yield Breach(path, "a classic gateway has no BGP; leave it out, or use deployment_model: ResourceManager")
        for connection, item in scenario.connections_of(name):
            if item.enable_bgp:
                message = f"the classic gateway of `{name}` has no BGP; list prefixes in a local network gateway"
                yield Breach(("connections", connection, "enable_bgp"), message)
            if item.type == "Vnet2Vnet":
                message = f"Azure fills in no prefixes for the classic gateway of `{name}`; use type: IPsec"
                yield Breach(("connections", connection, "type"), message)


def r73_second_tunnels_take_a_second_device(scenario: Scenario) -> Breaches:
    """R73: several connections of a gateway and a site end at different devices; without BGP one of them carries the
    packets (B46). The seed has no redundant tunnels."""
    first: dict[tuple[str, str, str | None], str] = {}
    for name, item in sound_connections(scenario).items():
        vnet, site = sorted(item.between, key=lambda end: end in scenario.sites)
        others = connections_by_pair(scenario)[frozenset(item.between)]
        if site not in scenario.sites or len(others) == 1:
            continue
        path = ("connections", name)
        if scenario.profile == "seed" and name != others[0]:
            message = f"`{others[0]}` joins `{vnet}` and `{site}` already, and redundant tunnels are not supported"
            yield Breach((*path, "between"), f"{message} {by_profile(scenario)}")
            continue
        same = first.setdefault((vnet, site, item.device), name)
        if same != name:
            right = f"give `{site}` several devices and each connection its own"
            yield Breach((*path, "between"), f"`{same}` joins `{vnet}` and the same device already; {right}")
        elif not item.enable_bgp and (name != others[0] or _speaks_bgp(scenario, others)):
            message = f"one of several tunnels from `{vnet}` to `{site}`, without BGP: {ONE_CARRIES}"
            yield Breach((*path, "enable_bgp"), message, "warning")


def _speaks_bgp(scenario: Scenario, names: Iterable[str]) -> bool:
    return any(scenario.connections[name].enable_bgp for name in names)


def r77_second_tunnels_need_an_active_active_end(scenario: Scenario) -> Breaches:
    """R77: two connections between two VNets need an active-active gateway at one end at least."""
    first: dict[frozenset[str], str] = {}
    for name, item in _pairs(scenario):
        other = first.setdefault(frozenset(item.between), name)
        if other != name and all(instances(scenario, end) == 1 for end in item.between):
            message = f"`{other}` joins these two already, and a second tunnel needs an active-active gateway"
            yield Breach(("connections", name, "between"), f"{message}; write active_active: true at one end")


def _pairs(scenario: Scenario) -> Iterator[tuple[str, Connection]]:
    """The connections between two VNets."""
    return (
        (name, item) for name, item in sound_connections(scenario).items() if set(item.between) <= set(scenario.vnets)
    )


def r110_sites_know_the_spokes(scenario: Scenario) -> Breaches:
    """R110: without BGP, a site's device needs routes into the tunnel for the spokes; else it cannot reach them."""
    for name, item in sound_connections(scenario).items():
        vnet, site = sorted(item.between, key=lambda end: end in scenario.sites)
        if site not in scenario.sites or item.enable_bgp:
            continue
        own = scenario.vnets[vnet].address_space if vnet in scenario.vnets else ()
        sent = Cover(scenario.sites[site].static_routes.get(name, own))
        missing = [
            f"{space} of `{spoke}`"
            for spoke in scenario.spokes(vnet)
            if spoke in scenario.vnets
            for space in scenario.vnets[spoke].address_space
            if space not in sent
        ]
        if missing:
            uses = "which uses" if len(missing) == 1 else "which use"
            message = f"the device has no route for {', '.join(missing)}, {uses} the gateway of `{vnet}`"
            right = f"add {'it' if len(missing) == 1 else 'them'} to static_routes of `{site}`"
            yield Breach(("sites", site, "static_routes", name), f"{message}; {right}", "warning")
