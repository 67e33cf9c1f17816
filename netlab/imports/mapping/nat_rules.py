"""NAT rules of VPN gateways, and the connections that name them (T3)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any

from netlab.imports import ids
from netlab.imports.bodies import Resource, reference, text
from netlab.imports.facts import Facts
from netlab.imports.mapping.job import CONNECTIONS, Job
from netlab.imports.names import LONGEST_CONNECTION, fitted
from netlab.scenario.models import NatRule
from netlab.scenario.models.nat_rule import effective

_MODES, _TYPES = ("IngressSnat", "EgressSnat"), ("Static", "Dynamic")
_MAPPINGS = {"internalmappings": "internal_mappings", "externalmappings": "external_mappings"}
_LISTS = {"ingressnatrules": "ingress_nat_rules", "egressnatrules": "egress_nat_rules"}


def of_gateway(job: Job, gateway: Resource, facts: Facts, active: bool) -> dict[str, Any]:
    """The rules of a gateway, by name; one without its two prefixes is left out."""
    found: dict[str, Any] = {}
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


def of_remote(job: Job, remote: Resource) -> frozenset[str]:
    """The keys of the IngressSnat rules on the connections of a local network gateway."""
    joined = (c for c in job.of_type(CONNECTIONS) if reference(c.get("localnetworkgateway2")) == remote.key)
    return frozenset(key for item in joined for key in _keys(item, "ingressnatrules"))


def _keys(item: Resource, key: str) -> list[str]:
    """The keys of the rules in a list of a connection: references, or ids alone."""
    value = item.get(key)
    listed = value if isinstance(value, list) else [value]
    return [found for found in map(reference, listed) if found]


def after_nat(job: Job, connection: str, vnet: str, prefixes: Iterable[str]) -> list[str]:
    """Prefixes behind a gateway as the other end of a connection reaches them."""
    known: dict[str, Any] = job.draft.get("vnets", vnet, "vpn_gateway", "nat_rules") or {}
    used = job.draft.get("connections", connection, "egress_nat_rules") or ()
    rules = [NatRule.model_validate(known[name]) for name in used]
    return [str(prefix) for prefix in effective(map(IPv4Network, prefixes), rules)]


def of_connection(job: Job, item: Resource, vnet: str) -> dict[str, Any]:
    """The rules that a connection names, of those that its gateway has."""
    known: dict[str, Any] = job.draft.get("vnets", vnet, "vpn_gateway", "nat_rules") or {}
    found: dict[str, Any] = {}
    for key, written in _LISTS.items():
        rules = [_name(job, _last(each)) for each in _keys(item, key)]
        missing = [name for name in rules if name.lower() not in {each.lower() for each in known}]
        if missing:
            job.notes.warn(item.name, f"its NAT rules {', '.join(missing)} are not in the input: left out")
        kept = [each for name in rules for each in known if each.lower() == name.lower()]
        if kept:
            found[written] = kept
    return found


def _last(key: str) -> str:
    return key.rpartition("/")[2]
