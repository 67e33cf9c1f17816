"""Changes that give the ends of connections static routes, or a connection. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from netlab.azure.mends.bgp import free_asns, with_asn
from netlab.azure.mends.case import Case, Place, place_of
from netlab.results.mends import Change, Edit
from netlab.scenario.network import Side, Site, VpnGateway
from netlab.scenario.network.connections import AnyEnd


def along(case: Case, start: AnyEnd, way: tuple[str, ...], prefix: IPv4Network) -> Iterator[Change]:
    """A static route to a prefix at the first end of a way, at every end along it, and so for the answer, too."""
    sides, end = [], start
    for name in way:
        side = case.state.network.connections[name].side(end)
        sides.append(side)
        end = side.other.end
    lacking = [side for side in sides if not _has(side, prefix) and prefix not in _at_home(side)]
    there = [(side, prefix) for side in lacking]
    own = place_of(case.state, case.own)
    back = [(side.other, own.prefix) for side in sides if own is not None and _lacks(side.other, own.prefix)]
    for some in dict.fromkeys((tuple(there[:1]), tuple(there), (*there, *back))):
        found = [static(side, each) for side, each in some]
        if found:
            yield Change(", and ".join(c.sentence for c in found), tuple(edit for c in found for edit in c.edits))


def _at_home(side: Side) -> tuple[IPv4Network, ...]:
    """The prefixes of a site, which its device sends into no tunnel."""
    return side.end.prefixes if isinstance(side.end, Site) else ()


def _lacks(side: Side, prefix: IPv4Network) -> bool:
    """Whether a side has no route to a prefix, which is not its own, either."""
    return not _has(side, prefix) and not any(map(prefix.overlaps, side.end.prefixes))


def _has(side: Side, prefix: IPv4Network) -> bool:
    return any(prefix.subnet_of(known) for known in side.static_prefixes)


def static(side: Side, prefix: IPv4Network) -> Change:
    """A static route of one end into its connection."""
    end, other, name = side.end, side.other.end.name, side.connection.name
    if not isinstance(end, VpnGateway):
        device = f"the device of {end.name}" if isinstance(end, Site) else end.name
        value = [str(known) for known in (*side.static_prefixes, prefix)]
        edit = Edit("set", (*end.path, "static_routes", name), value)
        return Change(f"have {device} send {prefix} into {name} (static_routes)", (edit,))
    named = side.connection.spec.local_network_gateways.get(end.name)
    sentence = f"add {prefix} to {end.name}'s local network gateway for {other}"
    if named is not None:
        sentence = f"{sentence}, {named}"
        return Change(sentence, (Edit("append", ("local_network_gateways", named, "address_prefixes"), str(prefix)),))
    edits = (*_local_network_gateway(side, prefix), *_editable(side))
    if side.connection.spec.type == "Vnet2Vnet":
        sentence = (
            f"make {name} a connection of type IPsec, with {prefix} in {end.name}'s local network gateway for {other}: "
            f"the hidden one of a Vnet2Vnet connection cannot be edited (R75)"
        )
    return Change(sentence, edits)


def _editable(side: Side) -> Iterator[Edit]:
    if side.connection.spec.type == "Vnet2Vnet":
        yield Edit("set", ("connections", side.connection.name, "type"), "IPsec")


def _local_network_gateway(side: Side, prefix: IPv4Network) -> tuple[Edit, ...]:
    """A local network gateway in the place of an implied one, with one more prefix."""
    implied, name = side.local_network_gateway, f"{side.end.name}-{side.connection.name}"
    while name in side.connection.network.scenario.local_network_gateways:
        name += "-2"
    kind = "site" if implied.site else "vnet" if implied.vnet else "nva"
    value: dict[str, Any] = {
        kind: implied.device,
        "address_prefixes": [str(known) for known in (*implied.address_prefixes, prefix)],
    }
    if side.connection.speaks_bgp:
        value["bgp"] = {"asn": side.other.end.asn}
    used = ("connections", side.connection.name, "local_network_gateways", side.end.name)
    return Edit("set", ("local_network_gateways", name), value), Edit("set", used, name)


def connected(case: Case, end: AnyEnd, place: Place) -> Iterator[Change]:
    """A connection between an end and what serves a place."""
    network = case.state.network
    vnet = network.vnets.get(place.name)
    other = network.sites.get(place.name) if vnet is None else vnet.serving.vpn_gateway if vnet.serving else None
    if other is None or other is end or (isinstance(end, Site) and isinstance(other, Site)):
        return
    name, gateways = f"{end.name}-{other.name}", isinstance(end, VpnGateway) and isinstance(other, VpnGateway)
    while name in network.connections:
        name += "-2"
    spec = {"type": "Vnet2Vnet" if gateways else "IPsec", "between": [end.name, other.name]}
    sentence = f"connect {end.name} and {other.name}: no connection leads from one to the other"
    yield Change(sentence, (Edit("set", ("connections", name), spec),))
    edits = [Edit("set", ("connections", name), {**spec, "enable_bgp": True})]
    asn, given = next(free_asns(network)), ""
    if end.asn == other.asn or not (end.asn and other.asn):
        changed = end if not end.asn or other.asn else other
        edits += with_asn(network, changed, asn)
        given = f", with ASN {asn} for {changed.name}"
    sentence = f"connect {end.name} and {other.name} with BGP{given}: no connection leads from one to the other"
    yield Change(sentence, tuple(edits))


def settings_path(side: Side) -> tuple[str, ...]:
    """Where the settings of a side are written."""
    path = ("connections", side.connection.name)
    return path if side.settings is side.connection.spec else (*path, "other_end")
