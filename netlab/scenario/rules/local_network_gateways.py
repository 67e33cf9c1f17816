"""Local network gateways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from netlab.scenario.models import Change, Scenario
from netlab.scenario.models.nat_rule import translated
from netlab.scenario.names import short, suggest
from netlab.scenario.overlaps import crossing, overlapping
from netlab.scenario.rules.breach import Breach, Breaches, by_profile, unknown
from netlab.scenario.rules.joined import ONE_CARRIES, RemoteEnd, remote_ends, remote_ends_by_vnet, sound_connections
from netlab.scenario.rules.subjects import asn_of, bgp_addresses_of, without_settings

_NEVER = "the BGP session never comes up"
# A prefix of the device at the other end of a connection.
Listed = tuple[RemoteEnd, IPv4Network]


def local_network_gateways_name_their_device(scenario: Scenario) -> Breaches:
    """A local network gateway describes a site, a VNet's gateway or an appliance that exists."""
    for name, item in scenario.local_network_gateways.items():
        path = ("local_network_gateways", name)
        if item.site is not None:
            yield from unknown((*path, "site"), item.site, scenario.sites, "site")
        elif item.nva is not None:
            yield from unknown((*path, "nva"), item.nva, scenario.appliances, "appliance")
        else:
            yield from unknown((*path, "vnet"), item.device, scenario.vnets, "VNet")


def connections_use_fitting_local_network_gateways(scenario: Scenario) -> Breaches:
    """A local network gateway of a connection describes the device at the other end to the gateway of a VNet."""
    for name, item in sound_connections(scenario).items():
        for vnet, used in item.local_network_gateways.items():
            path = ("connections", name, "local_network_gateways", vnet)
            known = scenario.local_network_gateways
            if vnet not in item.between or vnet not in scenario.vnets:
                ends = [end for end in item.between if end in scenario.vnets]
                yield Breach(path, f"is no VNet of this connection; {suggest(vnet, ends)}")
            elif used not in known:
                yield Breach(path, f"there is no local network gateway {short(used)}; {suggest(used, known)}")
            elif known[used].device != item.other(vnet):
                right = f"the gateway of `{vnet}` needs one for `{item.other(vnet)}`"
                yield Breach(path, f"`{used}` describes {short(known[used].device)}; {right}")


def local_network_gateways_are_used(scenario: Scenario) -> Breaches:
    """A local network gateway is told to a gateway by the connection that names it, and by no other one."""
    used = {name for item in scenario.connections.values() for name in item.local_network_gateways.values()}
    used |= {name for patch in _patched(scenario) for name in (patch.get("local_network_gateways") or {}).values()}
    without = {end: name for name, item in scenario.connections.items() if not item.local_network_gateways
               for end in item.between}  # fmt: skip
    for name, item in scenario.local_network_gateways.items():
        if name not in used and item.device in without:
            connection = without[item.device]
            message = (
                f"no connection names it, so no gateway is told; name it in `{connection}`: local_network_gateways"
            )
            yield Breach(("local_network_gateways", name), message, "warning")


def _patched(scenario: Scenario) -> Iterator[Mapping[str, Any]]:
    """What the story changes of connections."""
    for step in scenario.story:
        for action in step.do:
            if isinstance(action.subject, Change):
                yield from (patch for patch in action.subject.connections.values() if patch)


def local_network_gateways_say_something(scenario: Scenario) -> Breaches:
    """Without BGP the prefixes of the local network gateway are the only routes into the tunnel (R82)."""
    for remote in remote_ends(scenario):
        if not scenario.connections[remote.connection].enable_bgp and not remote.gateway.address_prefixes:
            message = "without address_prefixes and without BGP the gateway has no route into the tunnel"
            yield Breach(remote.path, message, "warning")


def r127_addresses_of_devices_are_known(scenario: Scenario) -> Breaches:
    """R127: a local network gateway with an address is for a device whose public address the file gives; a connection
    whose two addresses differ stays NotConnected."""
    for remote in remote_ends(scenario):
        item = scenario.connections[remote.connection]
        name = item.local_network_gateways.get(remote.vnet)
        if name is None or remote.gateway.gateway_ip_address is None:
            continue
        path = ("local_network_gateways", name, "gateway_ip_address")
        if remote.device not in scenario.sites:
            yield Breach(path, "leave it out: netlab knows the addresses of Azure's gateways and of appliances")
        elif scenario.public_address_of(remote.device, item.device) is None:
            message = f"the device of `{remote.device}` has no public_ip_address that this could be; write it there"
            yield Breach(path, message)


def b7_local_network_gateways_know_the_peer(scenario: Scenario) -> Breaches:
    """B7: where BGP runs, the local network gateway holds the ASN (and BGP address, if any) of the device. Azure takes
    others, but not its gateway's own ASN, and the session never comes up."""
    for remote in remote_ends(scenario):
        named = scenario.connections[remote.connection].local_network_gateways.get(remote.vnet)
        if (
            named is None
            or not scenario.connections[remote.connection].enable_bgp
            or without_settings(scenario, remote.device)
        ):
            continue
        path, settings = ("local_network_gateways", named, "bgp"), remote.gateway.bgp
        device = scenario.connections[remote.connection].device
        rules = scenario.nat_rules(remote.connection, remote.vnet, "IngressSnat")
        own = bgp_addresses_of(scenario, remote.device, device)
        known = tuple(translated(address, rules) for address in own)  # T21
        asn, of_gateway = asn_of(scenario, remote.device), asn_of(scenario, remote.vnet)
        if settings is None:
            yield Breach(path, f"`{remote.connection}` runs BGP; write bgp: {{asn: {asn}}} for `{remote.device}`")
        elif settings.asn == of_gateway != asn:
            message = (
                f"`{remote.device}` has the ASN {asn}; {of_gateway} is that of the gateway of `{remote.vnet}` itself"
            )
            yield Breach((*path, "asn"), message)
        elif settings.asn != asn:
            message = f"`{remote.device}` has the ASN {asn}, not {settings.asn}: {_NEVER}"
            yield Breach((*path, "asn"), message, "warning")
        elif settings.bgp_peering_address not in (None, *known):
            message = f"the BGP address of `{remote.device}` is {' or '.join(map(str, known))}"
            at = (*path, "bgp_peering_address")
            is_site = remote.device in scenario.sites
            yield Breach(at, f"{message}: {_NEVER}", "warning") if is_site else Breach(at, message)


def r71_local_network_gateways_lie_outside(scenario: Scenario) -> Breaches:
    """R71, B48: a local network gateway's prefix neither equals nor lies in the space of the VNet whose gateway uses
    it. One that contains the space is taken, and the longest prefix wins; the seed refuses that too."""
    for remote in remote_ends(scenario):
        if "local_network_gateways" not in remote.path:
            continue
        told, own = remote.gateway.address_prefixes, scenario.vnets[remote.vnet].address_space
        for prefix, space in ((told[one], own[other]) for one, other in crossing(told, own)):
            if scenario.profile == "seed" or prefix.subnet_of(space):
                yield Breach(remote.path, f"its prefix {prefix} overlaps {space} of `{remote.vnet}` itself")


def r72_local_network_gateways_do_not_overlap(scenario: Scenario) -> Breaches:
    """R72: two local network gateways with one prefix are taken, and one connection carries the packets (B46); nested
    prefixes are no fault, the longest wins. The seed refuses both."""
    order = {(remote.connection, remote.vnet): place for place, remote in enumerate(remote_ends(scenario))}
    found = (pair for remote in remote_ends_by_vnet(scenario).values() for pair in _overlapping(remote))
    for (one, mine), (other, theirs) in sorted(
        found, key=lambda pair: [order[remote.connection, remote.vnet] for remote, _ in pair]
    ):
        message = f"the gateway of `{one.vnet}` has {theirs} here, and {mine} for `{one.connection}`"
        if scenario.profile == "seed":
            right = f"prefixes of its connections must not overlap {by_profile(scenario)}"
            yield Breach(other.path, f"{message}; {right}")
        elif mine == theirs:
            yield Breach(other.path, f"{message}: {ONE_CARRIES}", "warning")


def _overlapping(
    gateways: Iterable[RemoteEnd],
) -> Iterator[tuple[tuple[RemoteEnd, IPv4Network], tuple[RemoteEnd, IPv4Network]]]:
    """Each two prefixes that overlap and that a gateway has for different devices."""
    written = [(remote, prefix) for remote in gateways for prefix in remote.gateway.address_prefixes]
    for one, other in overlapping([prefix for _, prefix in written]):
        if written[one][0].device != written[other][0].device:
            yield written[one], written[other]


def r75_hidden_local_network_gateway_stays_hidden(scenario: Scenario) -> Breaches:
    """R75: Azure fills in the prefixes of a Vnet2Vnet connection; only for type IPsec the user writes them."""
    for name, item in scenario.connections.items():
        if item.type == "Vnet2Vnet" and item.local_network_gateways:
            path = ("connections", name, "local_network_gateways")
            yield Breach(path, "Azure fills in the prefixes of Vnet2Vnet; leave them out, or use type: IPsec")
