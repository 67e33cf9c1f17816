"""Why no change of settings lets a pair talk: a limit of Azure, or none that was tried; and another design. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.mends import firewalls, microsoft_peerings
from netlab.azure.mends.candidates import candidates
from netlab.azure.mends.case import Case, Place, place_of
from netlab.azure.mends.trial import outcome, tried
from netlab.results.drops import DropType
from netlab.results.mends import LIMITS, Limit, Redesign
from netlab.results.protocols import PROTOCOLS
from netlab.scenario.names import INTERNET, Endpoint
from netlab.scenario.network import Circuit, Network


def redesigns(case: Case) -> tuple[Redesign, ...]:
    """What is in the way of a pair for which no mend was found, and the designs that Azure documents."""
    limits = tuple(dict.fromkeys(_limits(_connected(case) or case)))
    if limits:
        return tuple(Redesign(LIMITS[limit], limit) for limit in limits)
    return tuple(map(Redesign, _designs(case)))


def _connected(case: Case) -> Case | None:
    """The same pair once its client is connected, which shows what else keeps it apart; None of another pair."""
    if case.cause.type is not DropType.CLIENT_NOT_CONNECTED:
        return None
    forecast = tried(case.state, tuple(candidates(case)))
    if forecast is None:
        return None
    source, target = (case.sender, case.receiver) if case.leg == "forward" else (case.receiver, case.sender)
    found = outcome(forecast, source.node, target.node, PROTOCOLS)
    return Case.of(forecast.state, found, forecast.addresses)


def _limits(case: Case) -> Iterator[Limit]:
    """What Azure does not do, whatever is set."""
    ends = case.sender, case.receiver
    machine = case.state.network.machines.get(case.receiver.node)
    if case.sender.node == INTERNET and machine is None:
        yield Limit.FROM_INTERNET
    only_ping = case.receiver.kind == "private endpoint" and case.protocols == ("icmp",)
    if only_ping or case.cause.type is DropType.NOT_THE_SERVICE:
        yield Limit.PING_TO_ENDPOINT
    unruled = case.cause.type is DropType.NO_LOAD_BALANCING_RULE
    if case.receiver.kind == "frontend" and unruled and "icmp" in case.protocols:
        yield Limit.PING_TO_FRONTEND
    if _asks_its_own_frontend(case):
        yield Limit.OWN_FRONTEND
    if case.cause.type is DropType.TOO_BIG:
        yield Limit.TOO_BIG
    if firewalls.is_asked_itself(case) and "icmp" in case.protocols:
        yield Limit.PING_TO_FIREWALL
    if case.cause.type is DropType.NOT_FROM_A_NIC:
        yield Limit.OUT_OF_A_GATEWAY
    if case.cause.type is DropType.NO_NAT_SESSION:
        yield Limit.BEHIND_A_POOL
    if any(end.kind == "host" and _is_hidden(case, end) for end in ends):
        yield Limit.OVERLAPPING_SITES
    if microsoft_peerings.joins(case):
        yield Limit.MICROSOFT_PEERING
    yield from _of_circuits(case.state.network, *ends)


def _is_hidden(case: Case, end: Endpoint) -> bool:
    """Whether the address of a host is in the prefix of another site, too, and no NAT rule parts them."""
    sites = case.state.network.sites
    address = sites[end.owner].spec.hosts[end.name]
    if any(side.seen(address) != address for side in sites[end.owner].sides):
        return False
    return any(address in prefix for name, s in sites.items() if name != end.owner for prefix in s.prefixes)


def _of_circuits(network: Network, one: Endpoint, other: Endpoint) -> Iterator[Limit]:
    """What circuits do not do between two ends: of a site behind one, and of what is behind a VPN gateway."""
    mine, theirs = (_only_circuits(network, end) for end in (one, other))
    if mine and theirs and not set(mine) & set(theirs):
        yield Limit.BETWEEN_CIRCUITS
    for circuits, far in ((mine, other), (theirs, one)):
        if circuits and far.kind == "client":
            yield Limit.POOL_TO_CIRCUIT
        elif circuits and _behind_a_gateway_alone(network, circuits, far):
            yield Limit.BETWEEN_GATEWAYS


def _only_circuits(network: Network, end: Endpoint) -> tuple[Circuit, ...]:
    """The circuits of a host's site that nothing else joins to Azure."""
    if end.kind != "host" or network.sites[end.owner].sides:
        return ()
    return tuple(circuit for circuit in network.circuits.values() if network.sites[end.owner] in circuit.sites)


def _behind_a_gateway_alone(network: Network, circuits: tuple[Circuit, ...], far: Endpoint) -> bool:
    """Whether a host's site is connected to VPN gateways beside the circuits' ones, without a Route Server there."""
    if far.kind != "host" or _only_circuits(network, far):
        return False
    beside = {vnet for circuit in circuits for vnet in circuit.vnets if vnet.vpn_gateway is not None}
    near = {side.other.end for side in network.sites[far.owner].sides}
    return any(vnet.vpn_gateway in near and vnet.route_server is None for vnet in beside)


def _asks_its_own_frontend(case: Case) -> bool:
    """Whether a member asks a frontend that leads to it: whatever else is in the way, the hash may pick itself."""
    frontend = case.state.network.frontends.get(case.receiver.node)
    return frontend is not None and case.sender.node in frontend.answering


def _designs(case: Case) -> Iterator[str]:
    """The designs that Azure documents for a pair that no limit concerns."""
    if any(end.kind == "client" and case.state.absence(end.owner) for end in (case.sender, case.receiver)):
        return
    one, other = place_of(case.state, case.own), place_of(case.state, case.address)
    if one is not None and other is not None:
        yield _design(one, other)


def _design(one: Place, other: Place) -> str:
    if "pool" in (one.kind, other.kind):
        return "a Virtual WAN routes from its clients to everything that its hubs are connected to"
    return (
        "route through one hub: an appliance or Azure Firewall there, with a Route Server or user routes to it in "
        "every subnet; or a Virtual WAN, whose hubs route between all that they are connected to"
    )
