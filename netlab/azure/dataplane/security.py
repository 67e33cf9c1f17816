"""Network security groups as filters before the NICs of a VNet: their rules, Azure's default rules, service tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal

from netlab.azure.dataplane import offers
from netlab.azure.dataplane.filters import Addresses, RuleList, StatefulFilter, Term
from netlab.azure.effective import user_routes
from netlab.azure.state import State
from netlab.results.drops import Cause, DropType, cause
from netlab.scenario import service_tags
from netlab.scenario.models import SecurityRule
from netlab.scenario.network import Nic, PrivateEndpoint, SecurityGroup, Subnet, VNet
from netlab.scenario.service_tags import INTERNET_TAG, LOAD_BALANCER, VIRTUAL_NETWORK
from netlab.scenario.values import once_each

Direction = Literal["Inbound", "Outbound"]
# The tag VirtualNetwork of a subnet.
Tag = Callable[[Subnet], Addresses]

_LOAD_BALANCER = Addresses(LOAD_BALANCER, (service_tags.PLATFORM,), LOAD_BALANCER)
_INTERNET = Addresses(INTERNET_TAG, service_tags.internet(), INTERNET_TAG)
# Decision 1: of the next hop types of user routes those whose prefixes are in the tag VirtualNetwork.
_IN_THE_TAG = ("VirtualAppliance", "VirtualNetworkGateway")


def filters_of(vnet: VNet, tag: Tag, direction: Direction) -> Iterator[StatefulFilter]:
    """The filters before the NICs of a VNet that have a network security group (N2)."""
    interfaces: tuple[Nic | PrivateEndpoint, ...] = (*vnet.nics, *vnet.private_endpoints)
    for nic in interfaces:
        if nic.security_groups:
            yield _filter(nic, tag, direction)


def _filter(nic: Nic | PrivateEndpoint, tag: Tag, direction: Direction) -> StatefulFilter:
    groups, link = nic.security_groups, frozenset((nic.link,))
    rules = Rules(nic, direction, tag(nic.subnet))
    inbound, outbound = (f"the NIC of {nic.label}, {way}" for way in ("inbound", "outbound"))
    if direction == "Inbound":
        lists = tuple(map(rules.of, reversed(groups)))
        return StatefulFilter(inbound, outbound, lists, egress=link)
    # E5: rules for what a private endpoint sends mean nothing.
    lists = tuple(map(rules.of, groups)) if isinstance(nic, Nic) else ()
    return StatefulFilter(outbound, inbound, lists, ingress=link)


@dataclass(frozen=True)
class Rules:
    """The rules of network security groups as they are for one NIC and direction."""

    nic: Nic | PrivateEndpoint
    direction: Direction
    tag: Addresses

    def of(self, group: SecurityGroup) -> RuleList:
        """The rules of a group in their order: its own by their priority, and the default ones (N4, N5)."""
        own = sorted(group.spec.security_rules.items(), key=lambda item: item[1].priority)
        mine = (self._term(group, name, rule) for name, rule in own if rule.direction == self.direction)
        return RuleList(group.name, (*mine, *self._defaults(group)))

    def _defaults(self, group: SecurityGroup) -> Iterator[Term]:
        bound = "InBound" if self.direction == "Inbound" else "OutBound"
        yield Term(f"65000 AllowVnet{bound}", sources=self.tag, destinations=self.tag)
        if self.direction == "Inbound":
            yield Term(f"65001 AllowAzureLoadBalancer{bound}", sources=_LOAD_BALANCER)
        else:
            yield Term(f"65001 AllowInternet{bound}", destinations=_INTERNET)
        name = f"DenyAll{bound}"
        yield Term(f"65500 {name}", self._denies(group, 65500, name))

    def _denies(self, group: SecurityGroup, priority: int, rule: str) -> Cause:
        return cause(
            DropType.SECURITY_RULE,
            group=group.name,
            priority=priority,
            rule=rule,
            direction=self.direction.lower(),
            nic=self.nic.label,
        )

    def _term(self, group: SecurityGroup, name: str, rule: SecurityRule) -> Term:
        where = f"{group.name}, rule {rule.priority} {name}"
        return Term(
            f"{rule.priority} {name}",
            self._denies(group, rule.priority, name) if rule.access == "Deny" else None,
            frozenset() if rule.protocol == "*" else frozenset((rule.protocol.lower(),)),
            self._addresses(f"{where}, source", rule.sources, rule.source_application_security_groups),
            _not_all(rule.source_ports) if rule.has_ports else (),
            self._addresses(f"{where}, destination", rule.destinations, rule.destination_application_security_groups),
            _not_all(rule.destination_ports) if rule.has_ports else (),
        )

    def _addresses(self, where: str, written: tuple[str, ...], groups: tuple[str, ...]) -> Addresses | None:
        """What a side of a rule stands for; None for any."""
        if not written and not groups:
            return None
        if len(written) == 1 and not groups and (tag := self._tagged(written[0])) is not None:
            return tag
        members = self.nic.vnet.network.members
        found = [IPv4Network(own) for name in groups for nic in members[name] for own in nic.addresses]
        found += (prefix for text in written for prefix in self._prefixes(text))
        return Addresses(where, service_tags.merged(found))

    def _prefixes(self, text: str) -> Iterable[IPv4Network]:
        prefix, tag = service_tags.prefix(text), self._tagged(text)
        return (prefix,) if prefix is not None else tag.prefixes if tag is not None else ()

    def _tagged(self, text: str) -> Addresses | None:
        """The addresses of a service tag: those of Azure's services are the ones that the scenario gives them."""
        name = service_tags.tag(text)
        if name is None or name == VIRTUAL_NETWORK:
            return self.tag if name is not None else None
        given = self.nic.vnet.network.scenario.service_tags.get(name, ())
        return _TAGS.get(name) or Addresses(name, service_tags.merged(given), name)


_TAGS: dict[str, Addresses] = {INTERNET_TAG: _INTERNET, LOAD_BALANCER: _LOAD_BALANCER}


def _not_all(ports: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    return () if (0, 65535) in ports else ports


def written(rule: SecurityRule) -> Iterator[IPv4Network]:
    """The prefixes that a rule names itself, those of tags left out."""
    found = (service_tags.prefix(text) for text in (*rule.sources, *rule.destinations))
    return (prefix for prefix in found if prefix is not None)


# --- the tag VirtualNetwork -----------------------------------------------------------------------------------------


@once_each
def virtual_network(state: State, subnet: Subnet) -> Addresses:
    """The tag VirtualNetwork of a subnet at a moment, found once: with what gateways advertise (N10)."""
    learned = (r.prefix for r in offers.candidates(state, subnet) if r.source == "VirtualNetworkGateway")
    return _tag(subnet, learned)


def opening_virtual_network(subnet: Subnet) -> Addresses:
    """The tag VirtualNetwork of a subnet before any gateway has advertised anything."""
    return _tag(subnet, ())


def _tag(subnet: Subnet, learned: Iterable[IPv4Network]) -> Addresses:
    name = f"{VIRTUAL_NETWORK} of {subnet.vnet.name}/{subnet.name}"
    return Addresses(name, service_tags.merged((*_fixed(subnet), *learned)), VIRTUAL_NETWORK)


def _fixed(subnet: Subnet) -> Iterator[IPv4Network]:
    """The VNet's own ranges, those of its peers that have access (N11), those of user routes, and the platform's."""
    vnet = subnet.vnet
    yield from vnet.address_space
    for peering in vnet.peerings:
        yield from peering.prefixes if peering.spec.allow_virtual_network_access else ()
    yield from (route.prefix for route in user_routes(subnet) if route.next_hop_type in _IN_THE_TAG)
    yield service_tags.PLATFORM
