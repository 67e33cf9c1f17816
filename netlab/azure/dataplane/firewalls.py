"""Azure Firewalls and stateful appliances: their rules as the filter of a node, and the addresses of a firewall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, summarize_address_range
from itertools import product

from netlab.azure.dataplane.filters import Addresses, RuleList, SessionFilter, Term
from netlab.azure.dataplane.nodes import FirewallTranslation, Node, Redirect
from netlab.azure.dataplane.tables import ANY, Hop, Route, Table
from netlab.results.drops import Cause, DropType, cause
from netlab.scenario import service_tags
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.models import FirewallRule, NvaRule
from netlab.scenario.network import Firewall, Machine, Network
from netlab.scenario.service_tags import INTERNET_TAG

# The prefixes of service tags.
Tags = Mapping[str, tuple[IPv4Network, ...]]
# libnftnl: a comment has 128 characters at most.
_LONGEST_NAME = 100


def firewall(found: Firewall) -> Node:
    """An Azure Firewall: it sends everything to its VNet, and forwards what its rules allow. For itself it takes
    nothing."""
    fabric = found.vnet.node
    default = Route(ANY, "the firewall's default route", found.vnet.name, (Hop(fabric, fabric, found.node),))
    own = (
        Route(IPv4Network(address), "the firewall's own address", found.name, (Hop(drop=_no_rule(found)),))
        for address in (found.address, found.instance)
    )
    names = f"the sessions of {found.node}", f"the redirects of {found.node}"
    translation = FirewallTranslation(names[1], found.instance, found.kept_ranges, tuple(redirects(found)))
    return Node(
        found.node,
        Table((*own, default)),
        filters=(SessionFilter(names[0], rules=rules(found), redirects=names[1]),),
        translations={fabric: translation},
    )


def redirects(found: Firewall) -> Iterator[Redirect]:
    """The rules of translation of a firewall in their order (F7): for what comes to an address of its own (F14)."""
    tags = found.network.scenario.service_tags
    for name, collection in found.collections:
        for rule, spec in collection.rules.items():
            if spec.rule_type == "NatRule" and spec.translated_address is not None:
                for own, term in product(_own(found, spec), _terms((name, rule), spec, None, tags)):
                    yield Redirect(replace(term, destinations=own), spec.translated_address, spec.translated_port)


def _own(found: Firewall, spec: FirewallRule) -> Iterator[Addresses]:
    """The addresses of a firewall among a rule's destinations, as packets have them there: the Internet's edge
    translates the public one."""
    written = _destinations(found, spec)
    if found.public_address in written:
        yield Addresses(f"{found.name} public", (IPv4Network(found.instance),))
    if found.address in written:
        yield Addresses(f"{found.name} private", (IPv4Network(found.address),))


def _destinations(found: Firewall, spec: FirewallRule) -> Addresses:
    written = addresses("", spec.destination_addresses, found.network.scenario.service_tags)
    return written if written is not None else Addresses("", (DEFAULT_ROUTE,))


def rules(found: Firewall) -> RuleList:
    """The network rules of a firewall in their order, and the drop at their end (F7, F15)."""
    terms = (
        term
        for name, collection in found.collections
        if collection.action.type != "DNAT"
        for rule, spec in collection.rules.items()
        if spec.rule_type == "NetworkRule"
        for term in _terms((name, rule), spec, _denies(found, name, rule), found.network.scenario.service_tags)
    )
    return RuleList(found.name, (*terms, Term("no rule matches", _no_rule(found))))


def _no_rule(found: Firewall) -> Cause:
    return cause(DropType.NO_FIREWALL_RULE, firewall=found.name)


def _denies(found: Firewall, collection: str, rule: str) -> Cause | None:
    """Why a rule drops a packet; None of one that allows it."""
    spec = dict(found.collections)[collection]
    if spec.action.type != "Deny":
        return None
    return cause(DropType.FIREWALL_RULE, firewall=found.name, collection=collection, priority=spec.priority, rule=rule)


def of_appliance(machine: Machine) -> Iterator[SessionFilter]:
    """The sessions of a stateful appliance, and its rules if it has some."""
    nva = machine.spec.nva
    if nva is not None and nva.stateful != "none":
        yield SessionFilter(f"the sessions of {machine.node}", nva.stateful == "loose", rules_of_appliance(machine))


def rules_of_appliance(machine: Machine) -> RuleList | None:
    """The rules of an appliance in their order, and the drop at their end; None where it has none (F25)."""
    nva = machine.spec.nva
    if nva is None or not nva.rules:
        return None
    terms = (
        term
        for name, spec in nva.rules.items()
        for term in _terms((name,), spec, _denied(machine, f"by rule {name}") if spec.action == "Deny" else None, {})
    )
    return RuleList(machine.node, (*terms, Term("no rule matches", _denied(machine, "for no rule allows it"))))


def _denied(machine: Machine, why: str) -> Cause:
    return cause(DropType.APPLIANCE_RULE, appliance=machine.node, why=why)


def _terms(where: tuple[str, ...], spec: FirewallRule | NvaRule, why: Cause | None, tags: Tags) -> Iterator[Term]:
    """A rule as terms: ports are those of TCP and UDP, so ICMP beside them needs one of its own."""
    name = " ".join(where)[:_LONGEST_NAME]
    sources, destinations = (
        addresses(f"{name} {side}", written, tags)
        for side, written in (("sources", spec.source_addresses), ("destinations", spec.destination_addresses))
    )
    every = not spec.ip_protocols or "Any" in spec.ip_protocols
    protocols = frozenset(item.lower() for item in spec.ip_protocols if not every)
    if spec.ports and "icmp" in protocols:
        yield Term(name, why, frozenset(("icmp",)), sources, (), destinations)
        protocols -= {"icmp"}
    if protocols or every:
        yield Term(name, why, protocols, sources, (), destinations, spec.ports)


def addresses(name: str, written: tuple[str, ...], tags: Tags) -> Addresses | None:
    """What a side of a rule stands for; None for any."""
    if not written or "*" in written:
        return None
    return Addresses(name, service_tags.merged(prefix for text in written for prefix in _prefixes(text, tags)))


def _prefixes(text: str, tags: Tags) -> Iterable[IPv4Network]:
    """The prefixes of an address, a prefix, a range of addresses or a service tag."""
    prefix, tag = service_tags.prefix(text), service_tags.tag(text)
    if prefix is not None:
        return (prefix,)
    if tag == INTERNET_TAG:
        return service_tags.internet()
    if tag is not None:
        return tags.get(tag, ())
    first, _, last = text.partition("-")
    return summarize_address_range(IPv4Address(first), IPv4Address(last))


def prefixes(network: Network) -> Iterator[IPv4Network]:
    """Every prefix by which a firewall or the rules of an appliance may tell addresses apart."""
    for found in network.firewalls.values():
        yield from found.kept_ranges
        yield from _of_terms(rules(found).terms)
        for redirect in redirects(found):
            yield from (IPv4Network(redirect.address), *_of_terms((redirect.term,)))
    for machine in network.machines.values():
        written = rules_of_appliance(machine)
        yield from _of_terms(written.terms if written is not None else ())


def _of_terms(terms: Iterable[Term]) -> Iterator[IPv4Network]:
    for term in terms:
        for side in (term.sources, term.destinations):
            yield from side.prefixes if side is not None else ()
