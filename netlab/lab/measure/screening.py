"""Which rule of a network security group or of a firewall dropped a packet, by the plan and where it was seen. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from ipaddress import IPv4Address, IPv4Network

from netlab.plan.model import (
    AddressSet,
    FirewallNat,
    Plan,
    RedirectedFlow,
    SecuredPort,
    SecurityChain,
    SecurityRules,
    SecurityTerm,
    StatefulForwarding,
)
from netlab.probe.trace import Sighting, Trace
from netlab.results.drops import Cause, Direction
from netlab.results.protocols import PORT, SOURCE_PORTS

_ANY_PORT = ("0-65535",)


@dataclass(frozen=True)
class Screening:
    """The chains of a fabric for the NICs that a packet of a trace leaves and enters there, or the rules of a firewall.

    ``members`` reads what a set holds that gateways fill, by the namespace and the set's name.
    """

    plan: Plan
    trace: Trace
    leg: Direction
    node: str
    members: Callable[[str, str], tuple[str, ...]]

    def outbound(self, seen: Sighting) -> Cause | None:
        """The rule for packets from the NIC by whose interface it came in; None if it passes."""
        port = self._ports.get(seen.interface)
        return self._denied(port.outbound, port, seen) if port is not None else None

    def inbound(self, seen: Sighting, egress: Iterable[str]) -> Cause | None:
        """The rule for packets to the NIC that it would leave to; None if it passes."""
        ports = (self._ports[name] for name in egress if name in self._ports)
        return next((why for port in ports if (why := self._denied(port.inbound, port, seen)) is not None), None)

    def forwarded(self, seen: Sighting) -> Cause | None:
        """The rule of a firewall for packets that open sessions; None if it passes."""
        asked = any(s.node == self.node for s in self.trace.sightings if s.leg == "forward")
        if self._stateful is None or (self.leg == "reverse" and asked):
            return None
        redirected = next((flow for flow in self._redirects if self._matches(flow.term, seen)), None)
        if redirected is None:
            return next((term.cause for term in self._stateful.terms if self._matches(term, seen)), None)
        after = replace(seen, target=redirected.address)
        return next((term.cause for term in self._stateful.terms[:-1] if self._matches(term, after)), None)

    @cached_property
    def _stateful(self) -> StatefulForwarding | None:
        rulesets = self.plan.node(self.node).nftables
        return next((ruleset for ruleset in rulesets if isinstance(ruleset, StatefulForwarding)), None)

    @cached_property
    def _redirects(self) -> tuple[RedirectedFlow, ...]:
        rulesets = self.plan.node(self.node).nftables
        return next((ruleset.redirects for ruleset in rulesets if isinstance(ruleset, FirewallNat)), ())

    @cached_property
    def _rules(self) -> SecurityRules | None:
        return next((fabric.security for fabric in self.plan.fabrics if fabric.node == self.node), None)

    @cached_property
    def _ports(self) -> dict[str, SecuredPort]:
        return {port.interface: port for port in self._rules.ports} if self._rules is not None else {}

    @cached_property
    def _sets(self) -> dict[str, AddressSet]:
        found = (self._rules, self._stateful, *self.plan.node(self.node).nftables)
        holders = (item for item in found if isinstance(item, SecurityRules | StatefulForwarding | FirewallNat))
        return {item.name: item for holder in holders for item in holder.sets}

    def _denied(self, chains: Iterable[SecurityChain], port: SecuredPort, seen: Sighting) -> Cause | None:
        if self.leg == "reverse" and self._asked_through(port, seen):
            return None
        decided = (next(term for term in chain.terms if self._matches(term, seen)) for chain in chains)
        return next((term.cause for term in decided if term.cause is not None), None)

    def _asked_through(self, port: SecuredPort, seen: Sighting) -> bool:
        """Whether the request passed the NIC and the answer is from the address that was asked, so that it needs no
        rule."""
        here = [s for s in self.trace.sightings if s.leg == "forward" and s.node == self.node]
        return any(s.interface == port.interface for s in here) and any(s.target == seen.source for s in here)

    def _matches(self, term: SecurityTerm, seen: Sighting) -> bool:
        protocol = self.trace.probe.protocol
        if term.protocols and protocol not in term.protocols:
            return False
        if not (self._among(seen.source, term.sources) and self._among(seen.target, term.destinations)):
            return False
        if protocol == "icmp":
            return not term.source_ports and not term.destination_ports
        ports = (SOURCE_PORTS[0], PORT) if self.leg == "forward" else (PORT, SOURCE_PORTS[0])
        ranges = (term.source_ports or _ANY_PORT, term.destination_ports or _ANY_PORT)
        return all(_in(port, some) for port, some in zip(ports, ranges, strict=True))

    def _among(self, address: str, name: str) -> bool:
        if not name:
            return True
        held = self._sets[name]
        return covered(address, self.members(self.plan.netns(self.node), name) if held.subnet else held.prefixes)


def covered(address: str, prefixes: Iterable[str]) -> bool:
    """Whether an address is in one of these prefixes."""
    own = IPv4Address(address)
    return any(own in _network(prefix) for prefix in prefixes)


@cache
def _network(prefix: str) -> IPv4Network:
    return IPv4Network(prefix)


def _in(port: int, ranges: Collection[str]) -> bool:
    ends = (text.partition("-") for text in ranges)
    return any(int(first) <= port <= int(last or first) for first, _, last in ends)
