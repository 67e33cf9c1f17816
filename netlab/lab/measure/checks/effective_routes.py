"""Check that the kernel does with the packets of every NIC what its effective routes say.

Success: to every target, the longest active routes of every NIC lead where the kernel's own choice leads.
Failure: one of them leads elsewhere; the message says what is shown and what is done.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from itertools import zip_longest

from netlab.azure.dataplane import load_balancers
from netlab.azure.state import State
from netlab.controllers.tables import Gateways
from netlab.lab.measure.judgement import some
from netlab.lab.measure.shown.nics import effective_routes, learned
from netlab.machine.ports import Routes
from netlab.machine.routes import Arrival, KernelRoute
from netlab.plan.model import Interface, Plan
from netlab.plan.ports import nic_port
from netlab.results.shown import NicRoute
from netlab.results.verification import Check
from netlab.scenario.network import BalancingRule, Frontend, VNet

# Where a packet goes next, here or at a peer: to the addresses of NICs, to the Internet, or nowhere.
Takers = frozenset[str]
_INTERNET, _NOBODY = "Internet", "None"


def check(plan: Plan, state: State, gateways: Gateways, routes: Routes, targets: Collection[str]) -> Check:
    """Whether the kernel sends every NIC's packet, to every target, where the longest active routes lead."""
    shown = dict(_shown(plan, state, gateways, targets))
    done = _done(plan, routes, shown)
    wrong = [
        f"{sender} to {arrival.target}: shown {_in_words(takers)}, done {_in_words(done[arrival])}"
        for arrival, (sender, takers) in shown.items()
        if takers != done[arrival]
    ]
    senders = {sender for sender, _ in shown.values()}
    good = f"{len(shown)} decisions for {len(senders)} NICs, the kernel's are the same"
    return Check("effective routes", "failed" if wrong else "passed", some(wrong) if wrong else good)


def _in_words(takers: Takers) -> str:
    return " and ".join(sorted(takers))


# --- what is shown --------------------------------------------------------------------------------------------------


def _shown(
    plan: Plan, state: State, gateways: Gateways, targets: Collection[str]
) -> Iterator[tuple[Arrival, tuple[str, Takers]]]:
    """For each packet as it comes in at its fabric, its sender and who gets it."""
    knowing, ports = learned(plan, gateways), _far_ends(plan)
    for vnet in state.network.vnets.values():
        peers = tuple(peering.remote for peering in vnet.peerings)
        local, beyond = (frozenset(_addresses(plan, vnets)) for vnets in ((vnet,), peers))
        balanced = dict(_balanced(state, (vnet, *peers), lambda frontend: frontend.for_all_ports))
        asked = dict(_balanced(state, (vnet, *peers), lambda frontend: next(iter(frontend.rules), None)))
        for nic in vnet.nics:
            rows, port = effective_routes(state, knowing, nic), ports[nic.node, nic_port(nic)]
            for target in targets:
                if target not in map(str, nic.addresses):
                    arrival = Arrival(plan.netns(port.node), port.name, str(nic.address), target)
                    takers = _by_rows(rows, target, local, beyond, balanced)
                    yield arrival, (nic.label, _in_place_of(takers, asked))


def _addresses(plan: Plan, vnets: Collection[VNet]) -> Iterator[str]:
    """The addresses of all NICs in these VNets, gateways' included, and of their frontends."""
    fabrics = {vnet.node for vnet in vnets}
    inside = (link.a for link in plan.links if link.b.node in fabrics)
    at = (end for end in inside if plan.node(end.node).kind not in ("vnet", "backbone"))
    yield from (address for nic in at for address in _without_length(nic))
    yield from (str(address) for vnet in vnets for address in vnet.frontend_at)


def _balanced(
    state: State, vnets: Iterable[VNet], rule_of: Callable[[Frontend], BalancingRule | None]
) -> Iterator[tuple[str, Takers]]:
    """The frontends of these VNets, each with the addresses of the members that are up of one of its rules."""
    for vnet in vnets:
        for address, frontend in vnet.frontend_at.items():
            rule = rule_of(frontend)
            members = load_balancers.healthy(state, rule) if rule is not None else ()
            yield str(address), frozenset(str(nic.address) for nic in members) or frozenset({_NOBODY})


def _in_place_of(takers: Takers, asked: Mapping[str, Takers]) -> Takers:
    """Who gets what is for these addresses: in the place of a frontend the members that are up."""
    return frozenset(end for taker in takers for end in asked.get(taker, (taker,)))


def _by_rows(
    rows: Iterable[NicRoute], target: str, local: Takers, beyond: Takers, balanced: Mapping[str, Takers]
) -> Takers:
    """Who gets a packet, given the addresses of NICs in the sender's VNet and in its peers, and frontends."""
    address = IPv4Address(target)
    active = (row for row in rows if row.state == "Active")
    covering = [(p.prefixlen, row) for row in active for p in map(_network, row.addressPrefix) if address in p]
    longest = max((length for length, _ in covering), default=0)
    best = (row for length, row in covering if length == longest)
    takers = frozenset(
        taker
        for row in best
        for hop in row.nextHopIpAddress or ("",)
        for taker in balanced.get(hop, (_by_hop(row, hop, target, local, beyond),))
    )
    return takers - {_NOBODY} or frozenset({_NOBODY})


def _by_hop(row: NicRoute, hop: str, target: str, local: Takers, beyond: Takers) -> str:
    match row.nextHopType:
        case "Internet" | "VirtualNetworkServiceEndpoint":
            return _INTERNET
        case "InterfaceEndpoint":
            return target
        case "VnetLocal":
            return target if target in local else _NOBODY
        case "VNetPeering" | "VNetGlobalPeering":
            return target if target in beyond else _NOBODY
        # Differs from Azure: A packet whose next hop is the gateway of a peered VNet, and whose destination is a NIC of
        # that VNet, does not pass the gateway.
        case "VirtualNetworkGateway" if hop in beyond and target in beyond:
            return target
    return hop if hop in local | beyond else _NOBODY


@cache
def _network(prefix: str) -> IPv4Network:
    return IPv4Network(prefix)


# --- what is done ---------------------------------------------------------------------------------------------------


def _done(plan: Plan, routes: Routes, arrivals: Iterable[Arrival]) -> dict[Arrival, Takers]:
    """Who gets each packet; what goes over a peering the peer's fabric delivers, and sends no further (R102)."""
    fabrics = _Fabrics(plan, _far_ends(plan))
    here = fabrics.onward(routes.chosen(arrivals))
    there = fabrics.onward(routes.chosen(hop for hops in here.values() for hop in hops if isinstance(hop, Arrival)))
    return {
        arrival: frozenset(
            taker if isinstance(taker, str) else taker.netns
            for hop in hops
            for taker in (there[hop] if isinstance(hop, Arrival) else (hop,))
        )
        for arrival, hops in here.items()
    }


@dataclass(frozen=True, slots=True)
class _Fabrics:
    """The fabrics of a plan, and what is at the other ends of their links."""

    plan: Plan
    far: Mapping[tuple[str, str], Interface]

    def onward(self, chosen: Mapping[Arrival, KernelRoute | None]) -> dict[Arrival, tuple[str | Arrival, ...]]:
        """Where the routes that the kernel takes lead to: who gets the packet, or how it arrives at a peer."""
        nodes = {node.netns: node.name for node in self.plan.nodes}
        return {arrival: tuple(self._hops(nodes[arrival.netns], arrival, route)) for arrival, route in chosen.items()}

    def _hops(self, node: str, arrival: Arrival, route: KernelRoute | None) -> Iterator[str | Arrival]:
        if route is None:
            yield _NOBODY
            return
        for device, via in zip_longest(route.devices, route.via, fillvalue=""):
            end = self.far[node, device]
            match self.plan.node(end.node).kind:
                case "backbone":
                    yield _INTERNET
                case "vnet":
                    yield replace(arrival, netns=self.plan.netns(end.node), interface=end.name)
                case _:
                    address = via or arrival.target
                    yield address if address in _without_length(end) else end.node


def _far_ends(plan: Plan) -> dict[tuple[str, str], Interface]:
    """The other end of every link's end, by its node and name."""
    pairs = [(link.a, link.b) for link in plan.links]
    return {(near.node, near.name): far for one, other in pairs for near, far in ((one, other), (other, one))}


def _without_length(interface: Interface) -> Iterator[str]:
    return (address.partition("/")[0] for address in interface.addresses)
