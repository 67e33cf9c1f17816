"""What Azure's operations show of a running lab; of a moment of a scenario's story, what the model predicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from netlab.api.labs import Lab
from netlab.api.machine import LINUX
from netlab.azure.learning import learners, route_server_name
from netlab.azure.state import State
from netlab.azure.views import bgp, load_balancers, security_groups
from netlab.azure.views import nics as views
from netlab.azure.views.bgp import Speaker
from netlab.azure.views.firewalls import rows as rules_of_firewall
from netlab.azure.views.nat_rules import rows as rules_of_gateway
from netlab.azure.views.predicted import Model
from netlab.controllers import probing
from netlab.errors import UsageError
from netlab.lab.build import records
from netlab.lab.measure.shown.bgp import Daemons
from netlab.lab.measure.shown.ike import Gateway
from netlab.lab.measure.shown.nics import effective_groups as groups_of_nic
from netlab.lab.measure.shown.nics import effective_routes as of_nic
from netlab.lab.measure.shown.nics import learned
from netlab.results.shown import (
    CircuitRoute,
    ClientSession,
    EffectiveGroup,
    FirewallRuleRow,
    GatewayNatRule,
    GatewayRoute,
    MemberHealth,
    NicRoute,
    Shown,
)
from netlab.scenario.names import suggest
from netlab.scenario.network import Network, Nic

__all__ = ["Gateway", "Speaker"]

T = TypeVar("T")
End = TypeVar("End", Gateway, Speaker)
# Where to look: in a running lab, or in the model at a moment of a story.
Where = Lab | State


def gateway(lab: Lab, name: str) -> Gateway:
    """A gateway or a site; or an appliance that ends connections."""
    return _known(lab, name, gateways(lab))


def gateways(lab: Lab) -> tuple[Gateway, ...]:
    """Every gateway and site, and every appliance that ends connections, of one moment."""
    now = records.state(lab)
    ends = (*now.network.ends, *now.network.vpn_servers)
    return tuple(Gateway(lab, now, LINUX.sas, LINUX.clients, end.name) for end in ends)


def speaker(where: Where, name: str) -> Speaker:
    """A gateway or a site; or one of those that speak BGP and nothing else."""
    return _known(where, name, speakers(where))


def speakers(where: Where) -> tuple[Speaker, ...]:
    """Every gateway and site, and every other speaker of BGP, of one moment."""
    now, witness = _seen(where)
    servers = map(route_server_name, now.network.route_servers)
    names = (*(end.name for end in now.network.ends), *servers, *learners(now.network))
    return tuple(Speaker(now, witness, name) for name in names)


def circuit_routes(where: Where, name: str, path: int, peering: str) -> Shown[CircuitRoute]:
    """The routes of a circuit's primary (0) or secondary (1) edge router in one of its peerings."""
    now, witness = _seen(where)
    found = _named(where, "circuit", name, now.network.circuits).edges
    if not found[peering]:
        there = next(other for other, edges in found.items() if edges)
        raise UsageError(f"{name} has no {peering} in {_place(where)}", f"it has {there}: --peering-name {there}")
    return bgp.circuit_routes(now, witness, found[peering][path])


def _seen(where: Where) -> tuple[State, bgp.Witness]:
    """The moment to look at, and who says what routers hold then."""
    if isinstance(where, Lab):
        now = records.state(where)
        return now, Daemons(where.plan, now, LINUX.bgp)
    return where, Model(where)


def p2s_sessions(lab: Lab, name: str) -> Shown[ClientSession]:
    """Who is connected to a gateway's point-to-site."""
    found = gateway(lab, name)
    item = lab.scenario.vnets.get(found.end)
    if item is None or item.vpn_gateway is None or item.vpn_gateway.point_to_site is None:
        raise UsageError(f"{found.end} serves no point-to-site clients", "name a VNet whose gateway has point_to_site")
    return found.p2s_sessions()


def advertised_routes(found: Speaker, peer: str) -> Shown[GatewayRoute]:
    """What a gateway advertises to a BGP peer."""
    known = found.peers()
    if peer not in known:
        raise UsageError(f"{found.end} has no BGP peer {peer[:60]!r}", f"its peers: {', '.join(known) or 'none'}")
    return found.advertised_routes(peer)


def effective_routes(where: Where, name: str, *, everything: bool) -> dict[str, tuple[NicRoute, ...]]:
    """The effective routes of a virtual machine's NIC, or of all of a VNet or of the scenario, by node.

    Only ``everything`` has the built-in routes of type None to other than private destinations.
    """
    if isinstance(where, Lab):
        now = records.state(where)
        wanted, knowing = _nics(now.network, _place(where), name), learned(where.plan, LINUX.gateways)
        found = {nic.label: of_nic(now, knowing, nic) for nic in wanted}
    else:
        wanted = _nics(where.network, _place(where), name)
        found = {nic.label: views.predicted(where, nic) for nic in wanted}
    return found if everything else {node: views.in_short(rows) for node, rows in found.items()}


def effective_groups(where: Where, name: str) -> dict[str, tuple[EffectiveGroup, ...]]:
    """The network security groups of a virtual machine's NIC, or of all of a VNet or of the scenario, by node."""
    if isinstance(where, Lab):
        wanted = _nics(records.state(where).network, _place(where), name)
        return {nic.label: groups_of_nic(where.plan, LINUX.gateways.set_members, nic) for nic in wanted}
    return {nic.label: security_groups.predicted(where, nic) for nic in _nics(where.network, _place(where), name)}


def nat_rules(where: Where, name: str) -> Shown[GatewayNatRule]:
    """The NAT rules of a VNet's VPN gateway."""
    known = {gateway.name: gateway for gateway in _seen(where)[0].network.vpn_gateways}
    return Shown(tuple(rules_of_gateway(_named(where, "VPN gateway", name, known))))


def firewall_rules(where: Where, name: str) -> Shown[FirewallRuleRow]:
    """The rules of an Azure Firewall in their order."""
    known = _seen(where)[0].network.firewalls
    return Shown(tuple(rules_of_firewall(_named(where, "Azure Firewall", name, known))))


def member_health(where: Where) -> Shown[MemberHealth]:
    """The members of all load balancers: whether they answer their probes now, or as the model sees it."""
    if not isinstance(where, Lab):
        return Shown(load_balancers.predicted(where))
    up = probing.answering_now(where.plan, LINUX.members)
    return Shown(tuple(load_balancers.rows(records.state(where), lambda rule, nic: nic.node in up[rule.choice])))


def is_one(where: Where, name: str, found: Collection[str]) -> bool:
    """Whether a name, for which these NICs were found, is that of one, or of a machine with one, and none of a VNet."""
    return len(found) == 1 and bool(name) and name.lower() not in map(str.lower, where.scenario.vnets)


def _nics(network: Network, place: str, name: str) -> list[Nic]:
    """The NICs of a virtual machine or one of them, or all of a VNet or of the scenario."""
    known = list(network.nics.values())
    wanted = list(network.nics_of(name)) if name else known
    if name and not wanted:
        names = (*network.machines, *(nic.label for nic in known if nic.key), *network.vnets)
        raise UsageError(
            f"there is no virtual machine {name[:60]!r} in {place}, and no VNet with any", suggest(name, names)
        )
    return wanted


def _place(where: Where) -> str:
    return where.facts.lab if isinstance(where, Lab) else where.scenario.name


def _known(where: Where, name: str, ends: Iterable[End]) -> End:
    return _named(where, "gateway", name, {end.end: end for end in ends})


def _named(where: Where, what: str, name: str, known: Mapping[str, T]) -> T:
    """The object of a name, in any case of letters."""
    by_name = {each.lower(): item for each, item in known.items()}
    if name.lower() not in by_name:
        raise UsageError(f"there is no {what} {name[:60]!r} in {_place(where)}", suggest(name, known))
    return by_name[name.lower()]
