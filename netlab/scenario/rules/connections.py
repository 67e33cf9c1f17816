"""Connections and peerings."""

from __future__ import annotations

from itertools import combinations, product

from netlab.scenario.models import (
    Scenario,
)
from netlab.scenario.names import short
from netlab.scenario.rules.subjects import (
    Breach,
    Breaches,
    Path,
    bgp_domain,
    in_words,
    neighbours_of,
    networks_of,
    peering_objects,
    sound_connections,
    told_by,
    vpn_gateways,
)


def r30_shared_keys_are_printable(scenario: Scenario) -> Breaches:
    """R30: a shared key has 1 to 128 characters, printable ASCII except space, `-` and `~`."""
    for name, item in scenario.connections.items():
        if item.shared_key is None:
            continue
        key, path = item.shared_key.get_secret_value(), ("connections", name, "shared_key")
        if not 1 <= len(key) <= 128:
            yield Breach(path, f"the key has {len(key)} characters; it may have 1 to 128")
        wrong = next((place for place, char in enumerate(key, 1) if not "!" <= char <= "}" or char == "-"), None)
        if wrong is not None:
            allowed = "printable ASCII without space, - and ~"
            yield Breach(path, f"character {wrong} of the key is not allowed; a key is {allowed}")


def r31_shared_keys_differ(scenario: Scenario) -> Breaches:
    """R31: keys differ from connection to connection unless a user insists."""
    first: dict[str, str] = {}
    for name, item in scenario.connections.items():
        if item.shared_key is not None:
            other = first.setdefault(item.shared_key.get_secret_value(), name)
            if other != name:
                message = f"the same key as `{other}` has; leave it out and one is generated"
                yield Breach(("connections", name, "shared_key"), message, "warning")


def r71_networks_do_not_overlap(scenario: Scenario) -> Breaches:
    """R71: address spaces of connected VNets and sites do not overlap, be it directly or through BGP."""
    ends = (*scenario.vnets, *scenario.sites)
    networks = {end: networks_of(scenario, end) for end in ends}
    found: set[Path] = set()
    for index, one in enumerate(ends):
        related = neighbours_of(scenario, one) | bgp_domain(scenario, one)
        others = (network for end in ends[index + 1 :] if end in related for network in networks[end])
        for theirs, mine in product(others, networks[one]):
            if mine.owner != theirs.owner and mine.prefix.overlaps(theirs.prefix) and theirs.path not in found:
                found.add(theirs.path)
                message = f"{theirs.prefix} overlaps {mine.prefix} of {in_words(mine.path)}"
                yield Breach(theirs.path, f"{message}, and the two are connected")


def r71_local_network_gateways_lie_outside(scenario: Scenario) -> Breaches:
    """R71: a local network gateway's prefixes do not overlap the VNet whose gateway uses it."""
    for told in told_by(scenario):
        if "local_network_gateways" not in told.path:
            continue
        for prefix in told.gateway.address_prefixes:
            for space in scenario.vnets[told.vnet].address_space:
                if space.overlaps(prefix):
                    yield Breach(told.path, f"its prefix {prefix} overlaps {space} of `{told.vnet}` itself")


def r72_local_network_gateways_do_not_overlap(scenario: Scenario) -> Breaches:
    """R72: the local network gateways of one gateway's several connections do not overlap."""
    for one, other in combinations(told_by(scenario), 2):
        if one.vnet != other.vnet or one.device == other.device:
            continue
        for mine, theirs in product(one.gateway.address_prefixes, other.gateway.address_prefixes):
            if mine.overlaps(theirs):
                message = f"the gateway of `{one.vnet}` has {theirs} here and {mine} for `{one.connection}`"
                yield Breach(other.path, f"{message}; prefixes of its connections must not overlap")


def r74_connections_join_gateways(scenario: Scenario) -> Breaches:
    """R74: VNet-to-VNet joins the VPN gateways of two VNets, site-to-site a VPN gateway and a site."""
    gateways = vpn_gateways(scenario)
    for name, item in scenario.connections.items():
        path = ("connections", name, "between")
        sites = [end for end in item.between if end in scenario.sites]
        if item.between[0] == item.between[1]:
            yield Breach(path, f"both ends are {short(item.between[0])}; name two different ones")
        elif item.type == "Vnet2Vnet" and sites:
            yield Breach((*path[:2], "type"), f"Vnet2Vnet joins two VNets and `{sites[0]}` is a site; use IPsec")
        elif len(sites) == 2:
            yield Breach(path, "joins two sites; one end of an Azure connection is a VNet's VPN gateway")
        for index, end in enumerate(item.between):
            if end in scenario.vnets and end not in gateways:
                yield Breach((*path, index), f"`{end}` has no vpn_gateway; give it one, or name another end")


def r75_hidden_local_network_gateway_stays_hidden(scenario: Scenario) -> Breaches:
    """R75: Azure fills in the prefixes of a Vnet2Vnet connection; only type IPsec has them from you."""
    for name, item in scenario.connections.items():
        if item.type == "Vnet2Vnet" and item.local_network_gateways:
            path = ("connections", name, "local_network_gateways")
            yield Breach(path, "Vnet2Vnet has no local network gateway of yours; use type: IPsec")


def r77_two_ends_have_one_connection(scenario: Scenario) -> Breaches:
    """R77, R73: a second tunnel between two ends takes an active-active gateway or a second device."""
    first: dict[frozenset[str], str] = {}
    for name, item in sound_connections(scenario):
        other = first.setdefault(frozenset(item.between), name)
        if other != name:
            message = f"`{other}` joins these two already, and a second tunnel takes an active-active gateway"
            yield Breach(("connections", name, "between"), f"{message} (not built yet)")


def r100_peered_vnets_do_not_overlap(scenario: Scenario) -> Breaches:
    """R100: the address spaces of peered VNets do not overlap."""
    found: set[frozenset[str]] = set()
    for name, peering in peering_objects(scenario):
        pair = frozenset((peering.vnet, peering.remote_vnet))
        mine, theirs = (scenario.vnets[vnet].address_space for vnet in (peering.vnet, peering.remote_vnet))
        overlap = next(((one, other) for one, other in product(mine, theirs) if one.overlaps(other)), None)
        if overlap is not None and pair not in found:
            found.add(pair)
            message = f"{overlap[0]} of `{peering.vnet}` overlaps {overlap[1]} of `{peering.remote_vnet}`"
            yield Breach(("peerings", name), f"{message}; peered VNets must not overlap")


def r101_peerings_come_in_pairs(scenario: Scenario) -> Breaches:
    """R101: a peering is two objects, one per direction; with one of them it stays Initiated."""
    first: dict[tuple[str, str], str] = {}
    for name, peering in peering_objects(scenario):
        there, back = (peering.vnet, peering.remote_vnet), (peering.remote_vnet, peering.vnet)
        other = first.setdefault(there, name)
        if other != name:
            yield Breach(("peerings", name), f"`{other}` leads from `{there[0]}` to `{there[1]}` already; drop one")
        elif scenario.peering(*back) is None:
            message = f"stays Initiated and carries nothing: there is no peering from `{back[0]}` to `{back[1]}`"
            yield Breach(("peerings", name), message, "warning")


def r103_remote_gateways_can_be_used(scenario: Scenario) -> Breaches:
    """R103: one peering of a VNet without a gateway may use a remote one, where the other side allows transit."""
    first: dict[str, str] = {}
    for name, peering in peering_objects(scenario):
        if not peering.use_remote_gateways:
            continue
        vnet, remote, path = peering.vnet, peering.remote_vnet, ("peerings", name, "use_remote_gateways")
        back = scenario.peering(remote, vnet)
        other = first.setdefault(vnet, name)
        if other != name:
            yield Breach(path, f"`{vnet}` uses the remote gateway of `{other}` already; one peering per VNet may")
        if scenario.vnets[vnet].vpn_gateway is not None:
            yield Breach(path, f"`{vnet}` has a vpn_gateway of its own; drop one or the other")
        if scenario.vnets[remote].vpn_gateway is None:
            yield Breach(path, f"`{remote}` has no vpn_gateway that could be used")
        if back is not None and not back.allow_gateway_transit:
            yield Breach(path, f"the peering from `{remote}` to `{vnet}` needs allow_gateway_transit: true")
