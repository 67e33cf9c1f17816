"""Network security groups at a fabric: the rules of each NIC and direction as chains, their addresses as named sets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from netlab.azure.dataplane.filters import Addresses, RuleList, StatefulFilter, Term
from netlab.azure.dataplane.security import filters_of, opening_virtual_network, virtual_network
from netlab.azure.state import State
from netlab.plan.model import (
    AddressSet,
    SecuredPort,
    SecurityChain,
    SecurityRules,
    SecurityTerm,
    Timers,
)
from netlab.plan.names import interface
from netlab.plan.ports import to_machine
from netlab.plan.timers import scaled
from netlab.scenario.network import VNet

# N23: flow_timeout_in_minutes has no default; Azure's documents name some minutes, its load balancers wait for four.
FLOW_IDLE_MINUTES = 4


def of_fabric(vnet: VNet, clock: Timers) -> SecurityRules | None:
    """The network security groups of a VNet; None where it has none."""
    links = {nic.link: interface(to_machine(nic)) for nic in vnet.interfaces}
    inbound, outbound = (
        {link: item for item in filters_of(vnet, opening_virtual_network, way) for link in item.ingress | item.egress}
        for way in ("Inbound", "Outbound")
    )
    if not inbound:
        return None
    sets = _Sets({opening_virtual_network(subnet): subnet.name for subnet in vnet.subnets.values()})
    ports = tuple(
        SecuredPort(
            links[link],
            tuple(_chains(f"{links[link]}.in", inbound[link], sets)),
            tuple(_chains(f"{links[link]}.out", outbound[link], sets)),
        )
        for link in inbound
    )
    minutes = vnet.spec.flow_timeout_in_minutes or FLOW_IDLE_MINUTES
    return SecurityRules(ports, tuple(sets.known.values()), scaled(60 * minutes, clock))


def at(state: State, vnet: str, rules: SecurityRules) -> SecurityRules:
    """The same rules at a moment: with what gateways advertise in the sets that are tags."""
    subnets = state.network.vnets[vnet].subnets
    tags = {item.name: virtual_network(state, subnets[item.subnet]) for item in rules.sets if item.subnet}
    sets = (
        replace(item, prefixes=tuple(map(str, tags[item.name].prefixes))) if item.subnet else item
        for item in rules.sets
    )
    return replace(rules, sets=tuple(sets))


@dataclass(frozen=True)
class _Sets:
    """The named sets of a fabric; ``tags`` are the subnets whose tag VirtualNetwork a set of addresses is."""

    tags: dict[Addresses, str]
    known: dict[Addresses, AddressSet] = field(default_factory=dict)

    def name(self, addresses: Addresses | None) -> str:
        """The name of the set that holds these addresses."""
        if addresses is None:
            return ""
        if addresses not in self.known:
            self.known[addresses] = AddressSet(
                self._free(re.sub(r"[^A-Za-z0-9]+", "-", addresses.name)),
                tuple(map(str, addresses.prefixes)),
                addresses.name,
                self.tags.get(addresses, ""),
            )
        return self.known[addresses].name

    def _free(self, name: str) -> str:
        taken = {item.name for item in self.known.values()}
        return name if name not in taken else f"{name}-{len(taken)}"


def of_terms(terms: Iterable[Term]) -> tuple[tuple[SecurityTerm, ...], tuple[AddressSet, ...]]:
    """Rules that read no tag which gateways fill, and the sets that they name."""
    sets = _Sets({})
    found = tuple(_term(term, sets) for term in terms)
    return found, tuple(sets.known.values())


def _chains(prefix: str, item: StatefulFilter, sets: _Sets) -> Iterator[SecurityChain]:
    return (SecurityChain(f"{prefix}.{one.name}", tuple(_terms(one, sets))) for one in item.lists)


def _terms(rules: RuleList, sets: _Sets) -> Iterator[SecurityTerm]:
    return (_term(term, sets) for term in rules.terms)


def _term(term: Term, sets: _Sets) -> SecurityTerm:
    return SecurityTerm(
        term.name,
        term.cause,
        tuple(sorted(term.protocols)),
        sets.name(term.sources),
        tuple(_ports(term.source_ports)),
        sets.name(term.destinations),
        tuple(_ports(term.destination_ports)),
    )


def _ports(ranges: Iterable[tuple[int, int]]) -> Iterator[str]:
    return (str(first) if first == last else f"{first}-{last}" for first, last in ranges)
