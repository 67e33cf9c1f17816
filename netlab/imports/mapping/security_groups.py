"""Network security groups with their rules, and application security groups (5.11)."""

from __future__ import annotations

from typing import Any

from netlab.imports.bodies import Resource, entries
from netlab.imports.facts import Facts
from netlab.imports.mapping.job import Job
from netlab.imports.notes import listed
from netlab.imports.runtime import Token, Unknown

GROUPS = "microsoft.network/networksecuritygroups"
APPLICATIONS = "microsoft.network/applicationsecuritygroups"
_WORDS = {
    "direction": ("Inbound", "Outbound"),
    "access": ("Allow", "Deny"),
    "protocol": ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
}
_SIDES = ("source", "destination")
_ANY = "*"


def name(job: Job) -> None:
    """Names of security groups, which subnets, NICs and rules refer to."""
    for type_ in (GROUPS, APPLICATIONS):
        job.names.give(type_, ((g.key, g.name, g.id.group) for g in job.of_type(type_)))


def add(job: Job) -> None:
    """Every security group of the input; the default rules are implied and never written."""
    for group in job.of_type(APPLICATIONS):
        given = job.names.given[group.key]
        job.draft.put(("application_security_groups", given), {}, job.rename(group.name, given))
        job.notes.settle(group, "imported")
    for group in job.of_type(GROUPS):
        given = job.names.given[group.key]
        facts = job.facts(group)
        rules = {}
        for part in sorted(facts.parts("securityrules"), key=_order):
            rule = _rule(job, part)
            if rule:
                rules[str(part.body.get("name", "rule"))] = rule
        entry: dict[str, Any] = {"flush_connection": True} if facts.flag("flushconnection") else {}
        if rules:
            entry["security_rules"] = rules
        job.draft.put(("network_security_groups", given), entry, job.rename(group.name, given))
        job.notes.settle(group, "imported")


def _order(part: Facts) -> tuple[str, int, str]:
    """Of each direction the rules in the order in which they are asked."""
    priority = str(part.body.get("priority"))
    number = int(priority) if priority.isdigit() and len(priority) < 10 else 0
    return str(part.body.get("direction", "")).lower(), number, str(part.body.get("name", "")).lower()


def _rule(job: Job, facts: Facts) -> dict[str, Any]:
    """A rule; empty where all that it names on a side cannot be written, for without that it would be for any."""
    entry: dict[str, Any] = {"priority": facts.number("priority")}
    if entry["priority"] is None and facts.body.get("priority") is None:
        facts.wrong("priority", None, "number")
    for key, among in _WORDS.items():
        entry[key] = facts.word(key, among=among)
        if facts.body.get(key) is None:
            facts.wrong(key, None, " | ".join(among))
    for side in _SIDES:
        named = _named(job, facts, side, "address", ("addressprefix", "addressprefixes"))
        if named is None:
            return {}
        entry |= named
        groups = [job.names.given[g.key] for g in map(job.inventory.find, _members(facts, side)) if g is not None]
        if groups:
            entry[f"{side}_application_security_groups"] = groups
        entry |= _named(job, facts, side, "port", ("portrange", "portranges")) or {}
    return entry


def _members(facts: Facts, side: str) -> list[Any]:
    return [body.get("id") for body in entries(facts.raw(f"{side}applicationsecuritygroups"))]


def _named(job: Job, facts: Facts, side: str, what: str, keys: tuple[str, str]) -> dict[str, Any] | None:
    """The addresses or the ports of a side, singular and plural in one; any is not written, None is nothing at all."""
    found: dict[str, None] = {}
    dropped: dict[str, None] = {}
    for key in keys:
        value = facts.raw(f"{side}{key}")
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Unknown):
                facts.unknown(item, f"{side}{key}")
            elif isinstance(item, Token):
                dropped["an address that only the deployed network has"] = None
            elif isinstance(item, (str, int)) and not isinstance(item, bool):
                parts = [part.strip() for part in str(item).split(",") if part.strip()]
                found |= dict.fromkeys(part for part in parts if ":" not in part)
                dropped |= dict.fromkeys(f"the IPv6 prefix {part[:50]}" for part in parts if ":" in part)
            elif item is not None:
                facts.wrong(f"{side}{key}", item, "address prefix" if what == "address" else "port range")
    if dropped:
        left = "" if found else ": the rule is left out"
        job.notes.warn(
            f"{facts.item.name}/{facts.body.get('name', 'rule')}",
            f"its {side} names {listed(dropped)}, which the lab has not{left}",
        )
    if dropped and not found:
        return None
    if not found or _ANY in found:
        return {}
    one, many = (
        f"{side}_{what}_{word}" for word in (("prefix", "prefixes") if what == "address" else ("range", "ranges"))
    )
    values = [int(item) if what == "port" and item.isdigit() and len(item) < 6 else item for item in found]
    return {one: values[0]} if len(values) == 1 else {many: values}


def attached(job: Job, facts: Facts, place: str) -> str:
    """The name of the network security group of a subnet or a NIC; empty where it has none that is in the input."""
    return job.referred(facts, "networksecuritygroup", "network security group", place)


def memberships(job: Job, nic: Resource, configuration: dict[str, Any]) -> list[str]:
    """The application security groups of a NIC."""
    listed = (*entries(configuration.get("applicationsecuritygroups")), *entries(nic.get("applicationsecuritygroups")))
    found = (job.inventory.find(body.get("id")) for body in listed)
    return sorted({job.names.given[group.key] for group in found if group is not None})
