"""Changes of BGP: where it runs, what it announces, and what keeps a route from a router. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import IPv4Network

from netlab.azure.mends.case import Case, Place
from netlab.azure.refusals import Refusal, refusals
from netlab.results.mends import Change, Edit
from netlab.scenario.addresses import DEFAULT_ASN, ROUTE_SERVER_SUBNET, other_of_a_30
from netlab.scenario.network import Appliance, Connection, Network, Router, Site, Tunnel, VNet, VpnGateway
from netlab.scenario.network.connections import AnyEnd


def of_refusals(case: Case, routers: Iterable[Router]) -> Iterator[Change]:
    """What lets routes come to routers that end on their way to them."""
    for refusal in refusals(case.state, routers, case.address):
        yield from _BY_KIND[refusal.kind](case, refusal) if refusal.kind in _BY_KIND else ()


def _loop(case: Case, refusal: Refusal) -> Iterator[Change]:
    """An AS path that holds the router's own ASN: an ASN of its own."""
    end = refusal.router.end
    if isinstance(end, Site | Appliance | VpnGateway):
        asn = next(free_asns(case.state.network))
        kept = "; or set it to accept its own ASN (allowas-in), which netlab does not model"
        sentence = f"give {end.name} an ASN of its own, for example {asn}: it drops paths that hold its own (B31)"
        device = "" if isinstance(end, VpnGateway) else kept
        yield Change(f"{sentence}{device}", with_asn(case.state.network, end, asn))


def _no_advertise(case: Case, refusal: Refusal) -> Iterator[Change]:
    """A route that an appliance advertises with NO_ADVERTISE."""
    for appliance in case.state.network.bgp_appliances:
        if appliance.bgp is not None and refusal.prefix in appliance.bgp.no_advertise:
            path = (*appliance.path, "bgp", "no_advertise")
            sentence = f"have {appliance.name} announce {refusal.prefix} without NO_ADVERTISE: {refusal.sentence}"
            yield Change(sentence, (Edit("remove", path, str(refusal.prefix)),))


def _no_export(case: Case, refusal: Refusal) -> Iterator[Change]:
    """A route that covers a prefix of the network of the router that has it: the place's own prefix."""
    if case.place is not None:
        for site in case.state.network.sites.values():
            if refusal.prefix in case.state.announced.get(site.name, ()):
                prefix = str(case.place.prefix)
                sentence = f"have {site.name} announce {prefix} itself: {refusal.sentence}"
                yield Change(sentence, actions=({"announce": {"site": site.name, "prefix": prefix}},))


def _no_session(case: Case, refusal: Refusal) -> Iterator[Change]:
    """A session that cannot run because its ends expect other addresses or ASNs: those of the device (B7), those of one
    /30 (B37), or one that the device lacks (B43). What else keeps a session down are events, or the connection's own
    settings."""
    del case
    tunnel = refusal.missing.session.tunnel if refusal.missing is not None else None
    if tunnel is None or not tunnel.why_no_session:
        return
    yield from _mistaken(tunnel)
    for side in tunnel.connection.sides:
        gateway, device = side.end, side.other
        if isinstance(gateway, VpnGateway) and isinstance(device.end, Site) and device.device is not None:
            mates = [other_of_a_30(address) for address in device.device.tunnel_addresses]
            named = [str(mate) for mate in mates if mate in gateway.apipa_addresses]
            path = ("connections", tunnel.connection.name, "custom_bgp_addresses")
            sentence = f"name the gateway's addresses on {path[1]}: custom_bgp_addresses: [{', '.join(named)}] (B37)"
            yield Change(sentence, (Edit("set", path, named[: len(gateway.instances)]),))
            yield from _lacking(tunnel, gateway, device.end)


def _mistaken(tunnel: Tunnel) -> Iterator[Change]:
    """The ASN and the address of the device in a local network gateway that has others (B7)."""
    for router, end, peer, own in zip(tunnel.routers, tunnel.bgp, tunnel.routers[::-1], tunnel.bgp[::-1], strict=True):
        name = tunnel.connection.spec.local_network_gateways.get(router.end.name)
        path = ("local_network_gateways", name or "", "bgp")
        if name and end.peer_asn != peer.asn:
            sentence = f"set the ASN of the local network gateway {name} to {peer.asn}, that of {peer.end.name} (B7)"
            yield Change(sentence, (Edit("set", (*path, "asn"), peer.asn),))
        if name and own.address is not None and end.peer != own.address:
            sentence = f"set the BGP address of the local network gateway {name} to {own.address} (B7)"
            yield Change(sentence, (Edit("set", (*path, "bgp_peering_address"), str(own.address)),))


def _lacking(tunnel: Tunnel, gateway: VpnGateway, site: Site) -> Iterator[Change]:
    """The address that a site's device lacks for a tunnel: the other one of the /30 of the instance's."""
    near = next(router for router in tunnel.routers if router.end is gateway)
    address = tunnel.bgp_of(near.node).address
    mate = other_of_a_30(address) if address is not None else None
    if mate is not None and tunnel.bgp_of(tunnel.other(near.node).node).address is None:
        path: tuple[str, ...] = (*site.path, "bgp", "bgp_peering_addresses")
        if site.spec.devices:
            path = (*site.path, "devices", str(tunnel.connection.spec.device), "bgp_peering_addresses")
        yield Change(
            f"give the device of {site.name} the BGP address {mate}, too (B43)", (Edit("append", path, str(mate)),)
        )


def _originates(case: Case, refusal: Refusal) -> Iterator[Change]:
    """A prefix of others that a site advertises: without it the site uses their routes."""
    site, prefix = refusal.router.end, refusal.prefix
    announced = case.state.announced.get(site.name, frozenset())
    if isinstance(site, Site) and prefix in site.announces and prefix in announced:
        left = [str(each) for each in site.announces if each != prefix]
        sentence = f"have {site.name} announce no {prefix}: {refusal.sentence}"
        yield Change(sentence, (Edit("set", (*site.path, "announces"), left),))


_BY_KIND: Mapping[str, Callable[[Case, Refusal], Iterator[Change]]] = {
    "loop": _loop,
    "no-advertise": _no_advertise,
    "no-export": _no_export,
    "no session": _no_session,
    "originates": _originates,
}


def announced(case: Case, place: Place) -> Iterator[Change]:
    """An appliance that announces the prefix of a place besides its own, or a site that has it."""
    network = case.state.network
    for appliance in network.bgp_appliances:
        if appliance.bgp is not None and place.prefix not in appliance.bgp.announces:
            sentence = f"have {appliance.name} announce {place.prefix}"
            yield Change(sentence, (Edit("append", (*appliance.path, "bgp", "announces"), str(place.prefix)),))


def exchanged(vnet: VNet) -> Iterator[Change]:
    """A Route Server that exchanges routes with the gateways of its VNet; a VPN gateway beside it is active-active and
    has ASN 65515 (A23, A24)."""
    path: tuple[str, ...] = ("vnets", vnet.name)
    subnet: tuple[Edit, ...] = ()
    if vnet.branch_to_branch:
        return
    if vnet.route_server is None:
        free = _free_prefix(vnet)
        if vnet.vpn_gateway is None or vnet.expressroute_gateway is None or free is None:
            return
        subnet = (Edit("set", (*path, "subnets", ROUTE_SERVER_SUBNET), str(free)),)
    edits = [*subnet, Edit("set", (*path, "route_server", "allow_branch_to_branch_traffic"), True)]
    if vnet.vpn_gateway is not None and not vnet.vpn_gateway.active_active:
        edits.append(Edit("set", (*path, "vpn_gateway", "active_active"), True))
    if vnet.vpn_gateway is not None and vnet.vpn_gateway.asn != DEFAULT_ASN:
        edits.append(Edit("set", (*path, "vpn_gateway", "bgp", "asn"), DEFAULT_ASN))
    sentence = f"set allow_branch_to_branch_traffic on the Route Server of {vnet.name}: it and the gateways exchange "
    if subnet:
        beside = (
            f"put a Route Server with allow_branch_to_branch_traffic beside the gateways of {vnet.name}: they exchange"
        )
        sentence = f"{beside} no routes by themselves (R96)"
    else:
        sentence += "no routes (A23)"
    also = "" if len(edits) == len(subnet) + 1 else "; the VPN gateway is active-active with ASN 65515 then (A24)"
    yield Change(f"{sentence}{also}", tuple(edits))


def _free_prefix(vnet: VNet) -> IPv4Network | None:
    """A /26 of a VNet that no subnet of it has anything of (A1)."""
    taken = [subnet.prefix for subnet in vnet.subnets.values()]
    parts = (part for prefix in vnet.address_space if prefix.prefixlen <= 26 for part in prefix.subnets(new_prefix=26))
    return next((part for part in parts if not any(map(part.overlaps, taken))), None)


# --- BGP on connections ---------------------------------------------------------------------------------------------


def enabled(case: Case, start: AnyEnd, way: tuple[str, ...]) -> Iterator[Change]:
    """BGP on the static connections of a way, with an ASN for each end that needs one."""
    network = case.state.network
    static = [network.connections[name] for name in way if not network.connections[name].speaks_bgp]
    if not static:
        return
    edits = [Edit("set", ("connections", item.name, "enable_bgp"), True) for item in static]
    asns = _asns(network, static)
    changed = {end: asn for end, asn in asns.items() if asn != end.asn}
    for end, asn in changed.items():
        edits += with_asn(network, end, asn)
    for item in static:
        for side in item.sides:
            named = item.spec.local_network_gateways.get(side.end.name)
            if named is not None and isinstance(side.end, VpnGateway):
                edits.append(Edit("set", ("local_network_gateways", named, "bgp"), {"asn": asns[side.other.end]}))
    names = " and ".join(item.name for item in static)
    given = "".join(f", with ASN {asn} for {end.name}" for end, asn in changed.items())
    why = "a static connection has routes to its direct neighbour only (R78)"
    yield Change(f"enable BGP on {names}{given}: {why}", tuple(edits))


def _asns(network: Network, connections: Iterable[Connection]) -> dict[AnyEnd, int]:
    """An ASN for each end of connections: its own, or a new one where it has none or the other end's."""
    new, found = free_asns(network), dict[AnyEnd, int]()
    for item in connections:
        for side in item.sides:
            end, other = side.end, found.get(side.other.end)
            found.setdefault(end, end.asn if end.asn and end.asn != other else next(new))
    return found


def free_asns(network: Network) -> Iterator[int]:
    """The usable ASNs that nothing has (B5)."""
    taken = {end.asn for end in (*network.ends, *network.appliances.values())}
    return (asn for asn in range(64512, DEFAULT_ASN) if asn not in taken)


def with_asn(network: Network, end: AnyEnd, asn: int) -> tuple[Edit, ...]:
    """An ASN for an end, and the same in the local network gateways that describe it."""
    described = (
        n for n, item in network.scenario.local_network_gateways.items() if item.device == end.name and item.bgp
    )
    others = (Edit("set", ("local_network_gateways", name, "bgp", "asn"), asn) for name in described)
    return Edit("set", (*end.path, "bgp", "asn"), asn), *others
