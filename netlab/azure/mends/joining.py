"""Changes that join two sites: what one of them lacks to a hub that the other one is connected to. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from netlab.azure.mends.bgp import exchanged, free_asns, with_asn
from netlab.azure.mends.case import Case
from netlab.azure.mends.statics import static
from netlab.results.mends import Change, Edit
from netlab.scenario.addresses import RFC_1918
from netlab.scenario.network import Appliance, Network, Site, VNet, VpnGateway

Hub = VpnGateway | Appliance
# Where links have their addresses, tried in this order.
_PRIVATE = RFC_1918[::-1]


def joined(case: Case, one: Site, other: Site) -> Iterator[Change]:
    """The circuit or the connection by which one site gets to a gateway or a VPN server of the other one."""
    yield from _by_global_reach(one, other)
    for near, far in ((one, other), (other, one)):
        yield from _by_circuit(near, far)
        hubs = dict.fromkeys(side.other.end for side in far.sides)
        known = {side.other.end for side in near.sides}
        for hub in hubs:
            if hub not in known and not isinstance(hub, Site):
                yield from _connected(case, near, hub, far)
        for appliance in far.appliances:
            if appliance not in near.appliances and near.asn:
                path = (*appliance.path, "bgp", "sites")
                sentence = f"have {near.name} peer with {appliance.name}, too, as {far.name} does (sites)"
                yield Change(sentence, (Edit("append", path, near.name),))
        for vnet in _of_circuits(far):
            if vnet.vpn_gateway is not None and vnet.vpn_gateway not in known:
                connected = _with_bgp(case, near, vnet.vpn_gateway)
                yield connected
                for change in exchanged(vnet):
                    yield Change(f"{connected.sentence}, and {change.sentence}", (*connected.edits, *change.edits))


def _of_circuits(site: Site) -> dict[VNet, None]:
    """The VNets to which the circuits of a site lead."""
    return dict.fromkeys(vnet for circuit in site.circuits for vnet in circuit.vnets)


def _by_global_reach(one: Site, other: Site) -> Iterator[Change]:
    """A connection between a circuit of one site and one of the other, where nothing is known that Azure has against
    it (U30)."""
    network = one.network
    joined = {frozenset((reach.circuit, reach.peer)) for reach in network.global_reach}
    for near, far in ((near, far) for near in one.circuits for far in other.circuits if near is not far):
        here, there = near.spec.peering_location, far.spec.peering_location
        if {near, far} in joined or (here == there is not None) or not (near.links and far.links):
            continue
        path = ("expressroute_circuits", near.name, "global_reach", f"to-{far.name}")
        spec = {"peer_circuit": far.name, "address_prefix": str(_free_29(network))}
        yield Change(f"connect circuits {near.name} and {far.name} by Global Reach (U25)", (Edit("set", path, spec),))


def _free_29(network: Network) -> IPv4Network:
    """A /29 that neither a VNet nor a site nor a link of a circuit has (U29)."""
    taken = [prefix for vnet in network.vnets.values() for prefix in vnet.address_space]
    taken += [prefix for site in network.sites.values() for prefix in site.prefixes]
    taken += [reach.spec.address_prefix for reach in network.global_reach]
    for circuit in network.circuits.values():
        both = (circuit.spec.primary_peer_address_prefix, circuit.spec.secondary_peer_address_prefix)
        taken += [prefix for prefix in both if prefix is not None]
    free = (prefix for range_ in _PRIVATE for prefix in range_.subnets(new_prefix=29))
    return next(prefix for prefix in free if not any(map(prefix.overlaps, taken)))


def _by_circuit(near: Site, far: Site) -> Iterator[Change]:
    """A circuit of a site connected to the ExpressRoute gateway of a VNet that the other site is connected to."""
    reached = dict.fromkeys(side.other.end.vnet for side in far.sides if isinstance(side.other.end, VpnGateway))
    for vnet in (*reached, *_of_circuits(far)):
        for circuit in near.circuits if vnet.expressroute_gateway is not None else ():
            if vnet not in circuit.vnets:
                path = ("expressroute_circuits", circuit.name, "vnets", vnet.name)
                sentence = f"connect circuit {circuit.name} to the ExpressRoute gateway of {vnet.name}"
                yield Change(sentence, (Edit("set", path, {}),))


def _connected(case: Case, near: Site, hub: Hub, far: Site) -> Iterator[Change]:
    """A connection of a site to what the other one is connected to, in the way in which that is."""
    there = next(side for side in far.sides if side.other.end is hub)
    if there.connection.speaks_bgp:
        yield _with_bgp(case, near, hub)
        return
    name = _free_name(near, hub)
    spec = {"type": "IPsec", "between": [hub.name, near.name]}
    routes = [str(prefix) for prefix in (*hub.prefixes, *far.prefixes)]
    theirs = ", ".join(map(str, far.prefixes))
    # Of a pair that only passes through the site it has neither end.
    for mine in (prefix for prefix in near.prefixes if case.own in prefix or case.address in prefix):
        edits = (
            Edit("set", ("connections", name), spec),
            Edit("set", (*near.path, "static_routes", name), routes),
            *static(there, mine).edits,
        )
        sentence = f"connect {near.name} and {hub.name}, with static routes for {mine} at {far.name} and for {theirs}"
        yield Change(f"{sentence} at {near.name}", edits)


def _with_bgp(case: Case, near: Site, hub: Hub) -> Change:
    """A connection with BGP; a site without an ASN gets one."""
    name, asn = _free_name(near, hub), near.asn or next(free_asns(case.state.network))
    spec = {"type": "IPsec", "between": [hub.name, near.name], "enable_bgp": True}
    edits = (Edit("set", ("connections", name), spec), *(() if near.asn else with_asn(case.state.network, near, asn)))
    given = "" if near.asn else f", with ASN {asn} for {near.name}"
    return Change(f"connect {near.name} and {hub.name} with BGP{given}", edits)


def _free_name(near: Site, hub: Hub) -> str:
    name = f"{hub.name}-{near.name}"
    while name in near.network.connections:
        name += "-2"
    return name
