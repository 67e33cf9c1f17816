"""Route tables and their routes (5.9)."""

from __future__ import annotations

from typing import Any

from netlab.imports.bodies import Resource, texts
from netlab.imports.facts import Facts, is_tag
from netlab.imports.mapping import addresses
from netlab.imports.mapping.job import ROUTE_TABLES, Job
from netlab.imports.names import fitted

_TYPES = {
    name.lower(): name
    for name in ("VirtualAppliance", "VirtualApplianceEcmp", "VirtualNetworkGateway", "VnetLocal", "Internet", "None")
}


def name(job: Job) -> None:
    """Names of route tables, which subnets refer to."""
    job.names.give("route_tables", ((t.key, t.name, t.id.group) for t in job.of_type(ROUTE_TABLES)))


def add(job: Job) -> None:
    """Every route table of the input."""
    for table in job.of_type(ROUTE_TABLES):
        facts = job.facts(table)
        written = job.names.given[table.key]
        entry: dict[str, Any] = {}
        if facts.flag("disablebgproutepropagation"):
            entry["disable_bgp_route_propagation"] = True
        if facts.word("disablepeeringroute", among=("None", "All")) == "All":
            entry["disable_peering_route"] = "All"
        place = ("route_tables", written)
        job.draft.put(place, entry, job.rename(table.name, written))
        job.notes.settle(table, "imported")
        for part in sorted(facts.parts("routes"), key=lambda each: str(each.body.get("name", "")).lower()):
            _route(job, table, place, part)
        for subnet in facts.parts("subnets"):
            job.need_vnet(subnet.body.get("id"), table.name)
    for route in job.of_type(f"{ROUTE_TABLES}/routes"):
        job.leave_out_orphan(route, "route table")


def _route(job: Job, table: Resource, place: tuple[str, ...], facts: Facts) -> None:
    azure = str(facts.body.get("name", "route"))
    id_ = table.id.child("routes", azure)
    item = job.inventory.by_key.get(id_.key) or Resource(id_, id_.type, dict(facts.body), table.source)
    hop, prefix = facts.word("nexthoptype"), facts.raw("addressprefix")
    if prefix is None:
        facts.wrong("addressPrefix", None, "prefix")
    elif not hop:
        facts.wrong("nextHopType", None, "next hop type")
    elif isinstance(prefix, str) and is_tag(prefix):
        job.notes.leave_out(item, f"its prefix is the service tag {prefix}")
    elif hop.lower() not in _TYPES:
        job.notes.leave_out(item, f"its next hop type is {hop[:40]}")
    else:
        entry = _values(job, facts, _TYPES[hop.lower()])
        if entry is not None:
            written = fitted(azure, id_.key)
            job.draft.put((*place, "routes", written), entry, job.rename(azure, written))


def _values(job: Job, facts: Facts, hop: str) -> dict[str, Any] | None:
    prefix = facts.prefixes(("addressprefix",))
    if not prefix:
        return None
    entry: dict[str, Any] = {"address_prefix": prefix[0], "next_hop_type": hop}
    if hop == "VirtualAppliance":
        address = addresses.read(job, facts, "nexthopipaddress")
        if not address:
            if facts.raw("nexthopipaddress") is None:
                facts.wrong("nextHopIpAddress", None, "address")
            return None
        entry["next_hop_ip_address"] = address
    if hop == "VirtualApplianceEcmp":
        several = texts(facts.raw("nexthop", "nexthopipaddresses"))
        if not several:
            facts.wrong("nextHop.nextHopIpAddresses", facts.raw("nexthop"), "list of addresses")
            return None
        entry["next_hop"] = {"next_hop_ip_addresses": several}
    return entry
