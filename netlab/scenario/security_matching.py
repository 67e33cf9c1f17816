"""Which packets rules of network security groups are for, as far as a file says: what one covers, and what it meets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from netlab.scenario import service_tags
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.models import SecurityRule
from netlab.scenario.service_tags import INTERNET_TAG, LOAD_BALANCER, VIRTUAL_NETWORK

Ports = tuple[int, int]
Prefixes = tuple[IPv4Network, ...]
# The prefixes of service tags: of VirtualNetwork, which is computed, at most these.
Tags = Mapping[str, Prefixes]


@dataclass(frozen=True, slots=True)
class Side:
    """The addresses and the ports of one end of a packet; none mean any.

    Where it has ``names``, of tags and application security groups, its addresses are ``prefixes`` at most, or unknown.
    """

    prefixes: Prefixes = ()
    names: frozenset[str] = frozenset()
    ports: tuple[Ports, ...] = ()

    @property
    def is_any_address(self) -> bool:
        """Whether it is for every address."""
        return not self.prefixes and not self.names

    def covers(self, other: Side) -> bool:
        """Whether it is for all that the other is for."""
        return self._has_addresses_of(other) and (not self.ports or _hold(self.ports, other.ports))

    def meets(self, other: Side) -> bool:
        """Whether it may be for something that the other is for."""
        ports = (
            not self.ports
            or not other.ports
            or any(a[0] <= b[1] and b[0] <= a[1] for a in self.ports for b in other.ports)
        )
        if not self.prefixes or not other.prefixes:
            return ports
        return ports and any(one.overlaps(two) for one in self.prefixes for two in other.prefixes)

    def _has_addresses_of(self, other: Side) -> bool:
        if self.is_any_address:
            return True
        if self.names:
            return bool(other.names) and other.names <= self.names
        return bool(other.prefixes) and all(any(map(prefix.subnet_of, self.prefixes)) for prefix in other.prefixes)


def _hold(ranges: Iterable[Ports], others: Iterable[Ports]) -> bool:
    """Whether ranges of ports hold all of some others; no others are all ports."""
    joined: list[Ports] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    wanted = tuple(others) or ((0, 65535),)
    return all(any(first <= start and end <= last for first, last in joined) for start, end in wanted)


@dataclass(frozen=True, slots=True)
class Match:
    """The packets that a rule is for."""

    protocol: str = "*"
    source: Side = Side()
    destination: Side = Side()

    def covers(self, other: Match) -> bool:
        """Whether it is for all that the other is for."""
        if self.protocol not in ("*", other.protocol):
            return False
        return self.source.covers(other.source) and self.destination.covers(other.destination)

    def meets(self, other: Match) -> bool:
        """Whether it may be for something that the other is for."""
        if "*" not in (self.protocol, other.protocol) and self.protocol != other.protocol:
            return False
        return self.source.meets(other.source) and self.destination.meets(other.destination)


def match(rule: SecurityRule, tags: Tags) -> Match:
    """The packets that a rule is for (N6); one for all protocols that has ports is for TCP and UDP (N25)."""
    source = _side(rule.sources, rule.source_application_security_groups, tags)
    destination = _side(rule.destinations, rule.destination_application_security_groups, tags)
    if rule.has_ports:
        source = replace(source, ports=_not_all(rule.source_ports))
        destination = replace(destination, ports=_not_all(rule.destination_ports))
    return Match(rule.protocol, source, destination)


def _not_all(ports: tuple[Ports, ...]) -> tuple[Ports, ...]:
    return () if (0, 65535) in ports else ports


def _side(written: tuple[str, ...], groups: tuple[str, ...], tags: Tags) -> Side:
    prefixes: list[IPv4Network] = []
    names = {f"group {name}" for name in groups}
    for text in written:
        prefix, tag = service_tags.prefix(text), service_tags.tag(text)
        if prefix is not None:
            prefixes.append(prefix)
        else:
            prefixes += tags.get(tag or "", ())
            names |= {tag or text} if tag == VIRTUAL_NETWORK or tag not in tags else set()
    return of_prefixes(prefixes) if not names else Side(tuple(prefixes), frozenset(names))


def of_prefixes(prefixes: Iterable[IPv4Network]) -> Side:
    """The addresses of some prefixes."""
    found = service_tags.merged(prefixes)
    return Side() if DEFAULT_ROUTE in found else Side(found)


# --- Azure's default rules (N5) -------------------------------------------------------------------------------------


def default_rules_allow(wanted: Match, direction: str, virtual_network: Prefixes) -> bool:
    """Whether the default rules of a direction may allow some packets, given what VirtualNetwork holds at most.

    The one address of AzureLoadBalancer, which the Internet holds, too, is no reason by itself.
    """
    tag = Side(virtual_network, frozenset((VIRTUAL_NETWORK,)))
    if Match(source=tag, destination=tag).meets(wanted):
        return True
    if direction == "Inbound":
        return Match(source=Side((service_tags.PLATFORM,))).covers(wanted)
    return Match(destination=Side(service_tags.internet())).meets(wanted)


def fixed_tags(given: Mapping[str, Prefixes]) -> dict[str, Prefixes]:
    """The tags that are not computed: Azure's own, and those that a scenario gives prefixes (N15, N17)."""
    return {**given, INTERNET_TAG: service_tags.internet(), LOAD_BALANCER: (service_tags.PLATFORM,)}
