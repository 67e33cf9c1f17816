"""Changes of an Azure Firewall's rules: one that allows, or one that denies no more. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.azure.mends.case import Case
from netlab.azure.mends.security import range_of, translated_sources
from netlab.results.drops import DropType
from netlab.results.mends import Change, Edit
from netlab.results.protocols import PORT, PROTOCOLS
from netlab.scenario.models import FirewallPolicy
from netlab.scenario.names import INTERNET, Endpoint
from netlab.scenario.network import Firewall

_PRIORITIES = range(100, 65001)
Path = tuple[str, ...]


def of_firewall(case: Case) -> Iterator[Change]:
    """What lets a packet pass an Azure Firewall."""
    firewall = case.state.network.firewalls[case.cause["firewall"]]
    if is_asked_itself(case):
        yield from _translated(case, firewall)
        return
    group = _holder(firewall.policy, case.cause["collection"]) if case.cause.type is DropType.FIREWALL_RULE else ""
    sources = dict.fromkeys((_side(case, case.sender), *translated_sources(case)))
    for source in sources:
        yield from _allowed(case, firewall, group, source)
    if group:
        collection, rule = case.cause["collection"], case.cause["rule"]
        path = (*_groups(firewall), group, "rule_collections", collection, "rules", rule)
        sentence = (
            f"remove rule {rule} of collection {collection} of {firewall.name}, or narrow it: it denies the packet"
        )
        yield Change(sentence, (Edit("remove", path),))


def is_asked_itself(case: Case) -> bool:
    """Whether a packet that a firewall drops is for its own public address: only DNAT lets it on (F8)."""
    if case.cause.type not in (DropType.NO_FIREWALL_RULE, DropType.FIREWALL_RULE) or case.leg == "reverse":
        return False
    return case.address == case.state.network.firewalls[case.cause["firewall"]].public_address


def _translated(case: Case, firewall: Firewall) -> Iterator[Change]:
    """A DNAT rule to the machine, for what TCP and UDP ask."""
    nic = case.state.network.primary_nics.get(case.receiver.node)
    if nic is None or "icmp" in case.protocols:
        return
    protocols = _protocols(case)
    rule = {
        "rule_type": "NatRule",
        "ip_protocols": protocols,
        "source_addresses": ["*"],
        "destination_addresses": [str(case.address)],
        "destination_ports": [str(PORT)],
        "translated_address": str(nic.address),
        "translated_port": PORT,
    }
    groups = firewall.policy.rule_collection_groups
    what = f"let {firewall.name} translate {'/'.join(protocols)} to {case.address}:{PORT} to {nic.node} (F8)"
    place = next(iter(sorted(groups, key=lambda name: groups[name].priority)), "")
    if not place:
        yield _whole(firewall, rule, what, "DNAT")
        return
    collections = groups[place].rule_collections
    taken = {item.priority for item in collections.values()}
    spec = {
        "priority": next(each for each in _PRIORITIES if each not in taken),
        "action": "DNAT",
        "rules": {"in": rule},
    }
    path = (*_groups(firewall), place, "rule_collections", _free_name("dnat", collections))
    yield Change(what, (Edit("set", path, spec),))


def of_appliance(case: Case) -> Iterator[Change]:
    """What lets a packet pass the rules of an appliance."""
    machine = case.state.network.machines[case.cause["appliance"]]
    path, why = (*machine.appliance_path, "rules"), case.cause["why"]
    rules = machine.spec.nva.rules if machine.spec.nva is not None else {}
    denying = next((name for name in rules if why == f"by rule {name}"), None)
    if denying is not None:
        sentence = f"remove rule {denying} of {machine.node}, or narrow it: it denies the packet (F25)"
        yield Change(sentence, (Edit("remove", (*path, denying)),))
        return
    target, protocols, name = _side(case, case.receiver), _protocols(case), _free_name("allow", rules)
    for source in dict.fromkeys((_side(case, case.sender), *translated_sources(case))):
        rule = {"action": "Allow", "ip_protocols": protocols}
        sides = {"source_addresses": [source], "destination_addresses": [target]}
        sentence = f"let {machine.node} allow {'/'.join(protocols)} from {source} to {target}"
        yield Change(f"{sentence}: what none allows is dropped (F25)", (Edit("set", (*path, name), rule | sides),))


def _allowed(case: Case, firewall: Firewall, group: str, source: str) -> Iterator[Change]:
    """A rule that allows: in a collection before the one that denies, or where none does in one of its own."""
    target, protocols = _side(case, case.receiver), _protocols(case)
    rule = {
        "ip_protocols": protocols,
        "source_addresses": [source],
        "destination_addresses": [target],
        "destination_ports": ["*"],
    }
    groups = firewall.policy.rule_collection_groups
    what = f"let {firewall.name} allow {'/'.join(protocols)} from {source} to {target}"
    place = group or next(iter(sorted(groups, key=lambda name: groups[name].priority)), "")
    if not place:
        yield _whole(firewall, rule, f"{what}: it has no rules, and what none allows is dropped (F15)")
        return
    collections = groups[place].rule_collections
    most = int(case.cause["priority"]) if group else _PRIORITIES[-1]
    taken = {item.priority for item in collections.values()}
    below = (each for each in _PRIORITIES if each < most and each not in taken)
    free = max(below, default=None) if group else next(below, None)
    if free is None:
        return
    why = f"rule {case.cause['rule']} denies it (F7)" if group else "what no rule allows is dropped (F15)"
    name = _free_name("allow", collections)
    spec = {"priority": free, "action": "Allow", "rules": {"allow": rule}}
    edit = Edit("set", (*_groups(firewall), place, "rule_collections", name), spec)
    yield Change(f"{what}, in a collection with priority {free}: {why}", (edit,))


def _whole(firewall: Firewall, rule: object, sentence: str, action: str = "Allow") -> Change:
    """A first group of rules, in the firewall's policy or in a new one."""
    collection = {"priority": 100, "action": action, "rules": {"allow": rule}}
    groups = {"rules": {"priority": 100, "rule_collections": {"allow": collection}}}
    if firewall.spec.firewall_policy is not None:
        return Change(sentence, (Edit("set", _groups(firewall), groups),))
    name = _free_name(f"{firewall.name}-policy"[:32], firewall.network.scenario.firewall_policies)
    made = Edit("set", ("firewall_policies", name), {"rule_collection_groups": groups})
    return Change(sentence, (made, Edit("set", ("firewalls", firewall.name, "firewall_policy"), name)))


def _groups(firewall: Firewall) -> Path:
    return "firewall_policies", firewall.spec.firewall_policy or "", "rule_collection_groups"


def _holder(policy: FirewallPolicy, collection: str) -> str:
    """The group that a collection is in."""
    return next(name for name, group in policy.rule_collection_groups.items() if collection in group.rule_collections)


def _free_name(wanted: str, taken: Mapping[str, object]) -> str:
    names = {name.lower() for name in taken}
    numbered = (f"{wanted[:28]}-{number}" for number in range(2, 100))
    return wanted if wanted.lower() not in names else next(name for name in numbered if name.lower() not in names)


def _side(case: Case, end: Endpoint) -> str:
    return range_of(case, end) if end.node != INTERNET else "*"


def _protocols(case: Case) -> list[str]:
    some = [protocol.upper() for protocol in case.protocols]
    return some if len(some) < len(PROTOCOLS) else ["Any"]
