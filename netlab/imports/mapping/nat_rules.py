"""NAT rules of VPN gateways, and the connections that name them (T3)."""

from __future__ import annotations

from typing import Any

from netlab.imports import ids
from netlab.imports.bodies import Resource, entries, reference, text
from netlab.imports.facts import Facts
from netlab.imports.mapping.job import Job
from netlab.imports.names import LONGEST_CONNECTION, fitted

_MODES, _TYPES = ("IngressSnat", "EgressSnat"), ("Static", "Dynamic")
_MAPPINGS = {"internalmappings": "internal_mappings", "externalmappings": "external_mappings"}
_LISTS = {"ingressnatrules": "ingress_nat_rules", "egressnatrules": "egress_nat_rules"}


def of_gateway(job: Job, gateway: Resource, facts: Facts, active: bool) -> dict[str, Any]:
    """The rules of a gateway, by name; one without its two prefixes is left out."""
    found: dict[str, Any] = {}
    if facts.flag("enablebgproutetranslationfornat"):
        job.notes.properties[f"{gateway.kind}: enableBgpRouteTranslationForNat"] += 1
        job.notes.warn(
            gateway.name, "BGP routes are not translated: over BGP it learns no prefix that overlaps its VNet"
        )
    instances = [ids.key(part.body.get("id")) for part in facts.parts("ipconfigurations")]
    for part in facts.parts("natrules"):
        name = text(part.body.get("name"))
        entry = _rule(job, gateway, part, name)
        if not entry:
            continue
        place = ids.key(part.reference("ipconfigurationid"))
        if active and place in instances[:2]:
            entry["ip_configuration_id"] = instances.index(place)
        found[_name(job, name)] = entry
    return found


def _rule(job: Job, gateway: Resource, part: Facts, name: str) -> dict[str, Any]:
    mode, kind = part.word("mode", among=_MODES), part.word("type" if "type" in part.body else "typepropertiestype")
    entry: dict[str, Any] = {"mode": mode, "type": kind.capitalize() if kind.capitalize() in _TYPES else "Static"}
    for key, written in _MAPPINGS.items():
        prefixes = [p for mapping in part.parts(key) for p in mapping.prefixes(("addressspace",))]
        if any(mapping.raw("portrange") for mapping in part.parts(key)):
            job.notes.properties[f"{gateway.kind}: natRules.{key.removesuffix('s')}s.portRange"] += 1
            job.notes.warn(gateway.name, f"the port range of its NAT rule {name} is not modelled: it takes all ports")
        if len(prefixes) > 1:
            job.notes.warn(gateway.name, f"its NAT rule {name} keeps {prefixes[0]} alone: a rule has one prefix (T10)")
        entry[written] = prefixes[:1]
    if name and mode and all(entry[written] for written in _MAPPINGS.values()):
        return entry
    job.notes.warn(gateway.name, f"its NAT rule {name} is left out: it lacks its mode or a prefix")
    return {}


def _name(job: Job, name: str) -> str:
    made = fitted(name, name, LONGEST_CONNECTION)
    job.rename(name, made)
    return made


def of_connection(job: Job, item: Resource, vnet: str) -> dict[str, Any]:
    """The rules that a connection names, of those that its gateway has."""
    known: dict[str, Any] = job.draft.get("vnets", vnet, "vpn_gateway", "nat_rules") or {}
    found: dict[str, Any] = {}
    for key, written in _LISTS.items():
        value = item.get(key)
        named = [reference(body) for body in entries(value)] or [
            ids.key(each) for each in (value if isinstance(value, list) else [])
        ]
        rules = [_name(job, name) for name in (_last(each) for each in named) if name]
        missing = [name for name in rules if name.lower() not in {each.lower() for each in known}]
        if missing:
            job.notes.warn(item.name, f"its NAT rules {', '.join(missing)} are not in the input: left out")
        kept = [each for name in rules for each in known if each.lower() == name.lower()]
        if kept:
            found[written] = kept
    return found


def _last(key: str) -> str:
    return key.rpartition("/")[2]
