"""The changes that a drop asks for: by its type, by the place that the packet is for, and by what the story did. Pure.

They are not tried here: ``search`` gives those that help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.mends import (
    clients,
    events,
    firewalls,
    internet,
    ipsec,
    load_balancers,
    maxima,
    microsoft_peerings,
    nat_rules,
    peerings,
    places,
    security,
    sessions,
    statics,
    tables,
)
from netlab.azure.mends.case import Case, place_of
from netlab.results.drops import DropType
from netlab.results.mends import Change, Edit
from netlab.scenario.network import Nic, VpnGateway


def candidates(case: Case) -> Iterator[Change]:
    """The changes that may bring a packet on, the plainest first."""
    yield from ended(case)
    if case.cause.type is DropType.CLIENT_NOT_CONNECTED:
        yield from clients.of_absence(case)
        return
    yield from maxima.larger(case.state)
    of_type = _BY_TYPE.get(case.cause.type)
    yield from of_type(case) if of_type is not None else ()
    yield from nat_rules.listed(case)
    yield from nat_rules.translated(case)
    yield from internet.changes(case)
    yield from _hidden(case)
    yield from places.towards(case, case.place) if case.place is not None else ()


def ended(case: Case) -> Iterator[Change]:
    """What takes back what a story did; a client that is not connected has no address that routes could be about."""
    yield from events.events(case.state)
    if case.cause.type is not DropType.CLIENT_NOT_CONNECTED:
        yield from events.routes(case)


def _hidden(case: Case) -> Iterator[Change]:
    """A host in whose place another site gets the packets for their common prefix: a longer prefix (B46)."""
    host, network = case.receiver, case.state.network
    reached = case.state.topology.routers.get(case.walk.dropped_at)
    if host.kind == "host" and reached is not None and reached.end.name != host.owner:
        for side in network.sites[host.owner].sides:
            if isinstance(side.other.end, VpnGateway):
                yield statics.static(side.other, IPv4Network(case.address))


# --- machines -------------------------------------------------------------------------------------------------------


def _ip_forwarding(case: Case) -> Iterator[Change]:
    """A NIC without IP forwarding; it may be the answer of another NIC of its machine that it drops (R126)."""
    nic = case.state.network.nics[case.cause["nic"]]
    asked = next((other for other in nic.machine.nics if other is not nic and case.own in other.addresses), None)
    if asked is not None and case.place is not None:
        routes = [*map(str, asked.guest_routes), str(case.place.prefix)]
        sentence = (
            f"let {nic.node} answer {case.place.prefix} by the NIC that was asked, {asked.label} (guest_routes; R126)"
        )
        yield Change(sentence, (Edit("set", (*asked.path, "guest_routes"), routes),))
    yield Change(f"set enable_ip_forwarding on the NIC of {nic.label} (R116)", (_forwarding(nic),))


def _forwarding(nic: Nic) -> Edit:
    return Edit("set", (*nic.path, "enable_ip_forwarding"), True)


def _appliance(case: Case) -> Iterator[Change]:
    """A machine that forwards nothing."""
    machine = case.state.network.machines.get(case.walk.dropped_at)
    if machine is not None:
        edits = (Edit("set", machine.appliance_path, {}), *map(_forwarding, machine.nics))
        yield Change(f"make {machine.node} an appliance (nva): it forwards nothing", edits)


def _not_approved(case: Case) -> Iterator[Change]:
    """A private endpoint whose connection is not approved."""
    endpoint = case.state.network.private_endpoints[case.cause["endpoint"]]
    path = ("vnets", endpoint.vnet.name, "private_endpoints", endpoint.name, "status")
    sentence = f"approve the connection of {endpoint.node}: it is {endpoint.spec.status} (E12)"
    yield Change(sentence, (Edit("set", path, "Approved"),))


def _not_peered(case: Case) -> Iterator[Change]:
    """A peering of subnets that lacks the one that a packet comes from."""
    vnets = case.state.network.vnets
    yield from peerings.with_subnet(
        case.state.network, vnets[case.cause["vnet"]], vnets[case.cause["remote"]], case.own
    )


def _no_client(case: Case) -> Iterator[Change]:
    """The address of a client that is not connected to the gateway that has its pool."""
    yield from clients.connected(case, case.receiver)


def _forwarded_traffic(case: Case) -> Iterator[Change]:
    """A peering without AllowForwardedTraffic."""
    vnets = case.state.network.vnets
    yield peerings.forwarded(case.state.network.peering[vnets[case.cause["vnet"]], vnets[case.cause["remote"]]])


def _selectors(case: Case) -> Iterator[Change]:
    """A tunnel whose selectors do not cover the packet: a client gets new ones when it connects again."""
    tunnel = case.state.topology.tunnel.get(case.cause["tunnel"])
    if tunnel is not None:
        yield from ipsec.widened(case, tunnel)
        return
    mine = (t for t in case.state.network.client_tunnels.values() if t.name == case.cause["tunnel"])
    place = place_of(case.state, IPv4Address(case.cause["address"]))
    for found in mine:
        yield from clients.reconnected(case, found, place)
        # The answers of the client need a route, too.
        yield from clients.towards(case, found.client, place) if place is not None else ()


_BY_TYPE: Mapping[DropType, Callable[[Case], Iterator[Change]]] = {
    DropType.IP_FORWARDING_IN: _ip_forwarding,
    DropType.IP_FORWARDING_OUT: _ip_forwarding,
    DropType.FORWARDED_TRAFFIC: _forwarded_traffic,
    DropType.SECURITY_RULE: security.of_security_rule,
    DropType.NO_HEALTHY_MEMBER: load_balancers.of_no_healthy_member,
    DropType.NO_LOAD_BALANCING_RULE: load_balancers.of_no_rule,
    DropType.NOT_APPROVED: _not_approved,
    DropType.NOT_A_PEERED_SUBNET: _not_peered,
    DropType.NO_OUTBOUND_METHOD: internet.of_private_subnet,
    DropType.FIREWALL_RULE: firewalls.of_firewall,
    DropType.NO_FIREWALL_RULE: firewalls.of_firewall,
    DropType.APPLIANCE_RULE: firewalls.of_appliance,
    DropType.SOURCE_NOT_ADVERTISED: microsoft_peerings.of_source,
    DropType.INVALID_STATE: sessions.of_invalid_state,
    DropType.LOOP: tables.of_loop,
    DropType.NOT_FORWARDING: _appliance,
    DropType.TUNNEL_DOWN: ipsec.of_tunnel_down,
    DropType.NOT_SELECTED: _selectors,
    DropType.NO_CLIENT: _no_client,
    DropType.FIREWALL: clients.of_firewall,
    DropType.OWN_NETWORK: clients.of_own_network,
    DropType.NONE_ROUTE: tables.of_table,
    DropType.NO_NEXT_HOP: tables.of_table,
    DropType.NO_ROUTE: tables.of_table,
    DropType.NO_NIC: tables.of_table,
    DropType.WRONG_ANSWER: sessions.of_wrong_answer,
}
