"""VNets and their subnets (5.1, 5.2)."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Network
from typing import Any, get_args

from netlab.imports.bodies import Resource
from netlab.imports.facts import Facts
from netlab.imports.mapping import private_endpoints, security_groups
from netlab.imports.mapping.job import SPECIAL, SUBNETS, VNETS, Job
from netlab.imports.names import fitted
from netlab.scenario.addresses import PRIVATE_PREFIXES
from netlab.scenario.models.endpoint import SERVICE_TAGS, PrivateEndpointNetworkPolicies


def add(job: Job) -> None:
    """Every VNet of the input, with its subnets."""
    letters, private = _letters(job), private_endpoints.subnets(job)
    for vnet in job.of_type(VNETS):
        facts = job.facts(vnet)
        space = facts.prefixes(("addressspace", "addressprefixes"), ("addressspace", "addressprefix"))
        job.notes.settle(vnet, "imported")
        if not space:
            if vnet.get("addressspace", "addressprefixes") is None:
                facts.wrong("addressSpace.addressPrefixes", None, "prefix")
            for part in facts.parts("subnets"):
                part.prefixes(("addressprefix",), ("addressprefixes",))
            continue
        given = job.names.given[vnet.key]
        entry: dict[str, Any] = {"region": vnet.location} if vnet.location else {}
        if letters:
            entry["subscription"] = letters[vnet.id.subscription.lower()]
        entry |= {"address_space": space, "subnets": {}}
        if summary := facts.prefixes(("summarizedgatewayprefixes", "addressprefixes")):
            entry["summarized_gateway_prefixes"] = {"address_prefixes": summary}
        job.draft.put(("vnets", given), entry, job.rename(vnet.name, given))
        for part in sorted(facts.parts("subnets"), key=lambda each: str(each.body.get("name", "")).lower()):
            _subnet(job, vnet, given, part, private)
        for prefix in space:
            if not any(IPv4Network(prefix).subnet_of(private) for private in PRIVATE_PREFIXES):
                job.notes.warn(vnet.name, f"uses {prefix}, a public range, inside of the VNet")
        if vnet.existing:
            job.draft.comments[("vnets", given)] = "data source"
    for subnet in job.of_type(SUBNETS):
        job.leave_out_orphan(subnet, "VNet")


def _letters(job: Job) -> dict[str, str]:
    """A letter for each subscription, where there are several."""
    found = sorted({vnet.id.subscription.lower() for vnet in job.of_type(VNETS)})
    return {each: _letter(index) for index, each in enumerate(found)} if len(found) > 1 else {}


def _letter(index: int) -> str:
    return (_letter(index // 26 - 1) if index >= 26 else "") + chr(ord("a") + index % 26)


def _subnet(job: Job, vnet: Resource, given: str, facts: Facts, private: Collection[str]) -> None:
    azure = str(facts.body.get("name", ""))
    key = vnet.id.child("subnets", azure).key
    prefixes = facts.prefixes(("addressprefix",), ("addressprefixes",))
    if not prefixes:
        if not facts.body.keys() & {"addressprefix", "addressprefixes"}:
            facts.wrong("addressPrefix", None, "prefix")
        return
    place = f"{vnet.name}/{azure}"
    if len(prefixes) > 1:
        job.notes.warn(place, f"further prefixes of the subnet are left out: {', '.join(prefixes[1:])}")
    written = SPECIAL.get(azure.lower()) or fitted(azure, key)
    if job.draft.get("vnets", given, "subnets", written) is not None:
        written = fitted(f"{azure}-{key[-40:]}", key)
    job.names.given[key] = written
    table = job.referred(facts, "routetable", "route table", place, "the subnet")
    group = security_groups.attached(job, facts, place)
    nat = job.referred(facts, "natgateway", "NAT gateway", place)
    settings = _settings(job, facts, place, key in private)
    more = {"route_table": table, "network_security_group": group, "nat_gateway": nat, **settings}
    used = {key: value for key, value in more.items() if value not in ("", [])}
    value = {"address_prefix": prefixes[0], **used} if used else prefixes[0]
    renamed = "" if azure.lower() in SPECIAL else job.rename(azure, written)
    job.draft.put(("vnets", given, "subnets", written), value, renamed)


def _settings(job: Job, facts: Facts, place: str, private: bool) -> dict[str, Any]:
    """What a subnet says of service endpoints, of its way out, and of private endpoints if it has some, where it is not
    Azure's default."""
    found: dict[str, Any] = {"service_endpoints": []}
    for part in facts.parts("serviceendpoints"):
        service = {name.lower(): name for name in SERVICE_TAGS}.get(part.word("service").lower())
        if service is None:
            job.notes.warn(place, f"its service endpoint {part.word('service')[:60]} is left out: the format has none")
        elif service not in found["service_endpoints"]:
            found["service_endpoints"].append(service)
    if not facts.flag("defaultoutboundaccess", default=True):
        found["default_outbound_access"] = False
    if private:
        policies = facts.word("privateendpointnetworkpolicies", among=get_args(PrivateEndpointNetworkPolicies))
        if policies not in ("", "Disabled"):
            found["private_endpoint_network_policies"] = policies
    return found
