"""Azure Firewalls with a policy of the input, and the policies with their rules (F7, F11)."""

from __future__ import annotations

import re
from typing import Any

from netlab.imports import ids
from netlab.imports.bodies import Resource, reference, texts
from netlab.imports.facts import Facts
from netlab.imports.mapping import addresses, public
from netlab.imports.mapping.job import FIREWALLS, IP_GROUPS, POLICIES, Job
from netlab.imports.notes import listed
from netlab.imports.runtime import Unknown

_TYPES = ("NetworkRule", "NatRule", "ApplicationRule")
_ACTIONS = ("Allow", "Deny", "DNAT")
# The lists of a rule, by Azure's property, each with the key of the format.
_LISTS = {
    "ipprotocols": "ip_protocols",
    "sourceaddresses": "source_addresses",
    "destinationaddresses": "destination_addresses",
    "destinationports": "destination_ports",
    "targetfqdns": "target_fqdns",
}
_PROTOCOLS = {name.lower(): name for name in ("TCP", "UDP", "ICMP", "Any")}
# Lists of ids of IP groups, whose addresses a rule is for, and the list of addresses that they go with.
_GROUPS = {"sourceipgroups": "source_addresses", "destinationipgroups": "destination_addresses"}


def name(job: Job) -> None:
    """Names of policies, which firewalls refer to."""
    job.names.give("firewall_policies", ((p.key, p.name, p.id.group) for p in job.of_type(POLICIES)))


def add(job: Job) -> None:
    """Every policy of the input, and every firewall that has one of them; others are machines."""
    job.names.give("firewalls", ((f.key, f.name, f.id.group) for f in job.of_type(FIREWALLS)), nodes=True)
    for group in job.of_type(IP_GROUPS):
        if group.key in job.inventory.used:
            job.notes.settle(group, "imported")
    for policy in job.of_type(POLICIES):
        given = job.names.given[policy.key]
        job.draft.put(("firewall_policies", given), _policy(job, policy), job.rename(policy.name, given))
        job.notes.settle(policy, "imported")
    for firewall in job.of_type(FIREWALLS):
        if policy_of(job, firewall):
            _firewall(job, firewall)


def policy_of(job: Job, firewall: Resource) -> str:
    """The name of a firewall's policy, where the input has both and the firewall's subnet; else empty."""
    policy = job.inventory.find(firewall.get("firewallpolicy", "id"))
    vnet = _vnet(job, firewall)
    return job.names.given[policy.key] if policy is not None and vnet else ""


def _vnet(job: Job, firewall: Resource) -> str:
    subnets = (reference(body.get("subnet")) for body in addresses.configurations(firewall))
    return next((job.subnet(subnet)[0] for subnet in subnets if subnet), "")


def _firewall(job: Job, firewall: Resource) -> None:
    vnet, given = _vnet(job, firewall), job.names.given[firewall.key]
    entry: dict[str, Any] = {"vnet": vnet, "firewall_policy": policy_of(job, firewall)}
    keys = list(filter(None, public.references(firewall)))
    known = [public.address(job, key) or job.invented_addresses.get(key, "") for key in keys]
    if any(known):
        entry["public_ip_addresses"] = [address for address in known if address]
    if firewall.get("managementipconfiguration"):
        entry["management_ip_configuration"] = {}
    job.draft.put(("firewalls", given), entry, job.rename(firewall.name, given))
    address = next((job.addresses.get(f"{firewall.key}#{i}", "") for i in range(len(known) or 1)), "")
    job.firewalls.add((vnet, address))
    job.notes.settle(firewall, "imported")


def _policy(job: Job, policy: Resource) -> dict[str, Any]:
    facts = job.facts(policy)
    ranges = texts(facts.raw("snat", "privateranges"))
    entry: dict[str, Any] = {"snat": {"private_ranges": ranges}} if ranges else {}
    if facts.reference("basepolicy"):
        job.notes.warn(policy.name, "the rules of its base policy are not imported: they come before its own")
    groups: dict[str, Any] = {}
    for group in facts.parts("rulecollectiongroups"):
        collections = {_named(part): _collection(job, part) for part in group.parts("rulecollections")}
        groups[_named(group)] = {"priority": group.number("priority"), "rule_collections": collections}
    if groups:
        entry["rule_collection_groups"] = groups
    return entry


def _collection(job: Job, facts: Facts) -> dict[str, Any]:
    entry: dict[str, Any] = {"priority": facts.number("priority")}
    entry["action"] = facts.word("action", "type", among=_ACTIONS)
    rules = ((_named(part), _rule(job, part)) for part in facts.parts("rules"))
    entry["rules"] = {name: rule for name, rule in rules if rule}
    return entry


def _rule(job: Job, facts: Facts) -> dict[str, Any]:
    """A rule; empty where what it is for cannot be written, for without that it would be for all packets."""
    kind = facts.word("ruletype", among=_TYPES)
    entry: dict[str, Any] = {} if kind == "NetworkRule" else {"rule_type": kind}
    for key, written in _LISTS.items():
        values = _texts(facts, key)
        if values:
            entry[written] = [_PROTOCOLS.get(value.lower(), value) for value in values]
    if kind == "NatRule":
        entry["translated_address"] = facts.address("translatedaddress")
        entry["translated_port"] = facts.number("translatedport")
    where = f"{facts.item.name}/{facts.body.get('name', 'rule')}"
    named = [*_of_groups(job, facts, entry, where), *(["FQDNs"] if facts.raw("destinationfqdns") else ())]
    if named:
        whole = kind == "ApplicationRule" or entry.keys() >= {"source_addresses", "destination_addresses"}
        what = "it is for no packet by them" if whole else "the rule is left out"
        job.notes.warn(where, f"it names {listed(named)}, whose addresses are not in the input: {what}")
        return entry if whole else {}
    lost = [key for key, written in _LISTS.items() if facts.raw(key) and written not in entry]
    if kind == "NatRule":
        needed = {"destination_addresses": "destinationAddresses", "translated_address": "translatedAddress",
                  "translated_port": "translatedPort"}  # fmt: skip
        lost += [arm for key, arm in needed.items() if not entry.get(key)]
    if lost:
        job.notes.warn(where, f"its {listed(lost)} no address of the input answers: the rule is left out")
        return {}
    return entry


def _of_groups(job: Job, facts: Facts, entry: dict[str, Any], where: str) -> list[str]:
    """Add the addresses of the IP groups that a rule names; the names of groups that are not in the input."""
    missing = []
    for key, written in _GROUPS.items():
        for given in facts.raw(key) or ():
            id_ = given.get("id") if isinstance(given, dict) else given
            group = job.inventory.find(id_)
            if group is not None:
                more = [*entry.get(written, ()), *_texts(job.facts(group), "ipaddresses")]
                entry |= {written: list(dict.fromkeys(more))} if more else {}
            elif isinstance(id_, Unknown):
                facts.unknown(id_, key)
            else:
                job.notes.need(str(id_), where)
                missing.append(f"IP group {ids.shown(str(id_))}")
    return missing


def _texts(facts: Facts, key: str) -> list[str]:
    """The texts of a list; an address that only the deployed network has is none, and no rule decides by a name."""
    value = facts.raw(key)
    for item in value if isinstance(value, list) and key != "targetfqdns" else ():
        if isinstance(item, Unknown):
            facts.unknown(item, key)
    return texts(value)


def _named(facts: Facts) -> str:
    """The name of a part as the format takes it."""
    return re.sub(r"[^\w. -]", "-", str(facts.body.get("name", "rule"))).strip(" .-") or "rule"
