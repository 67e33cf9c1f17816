"""Microsoft peerings of circuits, and the route filters that they name (5.8)."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from netlab.imports.bodies import Resource
from netlab.imports.facts import Facts
from netlab.imports.mapping.job import ROUTE_FILTERS, Job

_CONFIGURATION = "microsoftpeeringconfig"
_VALID = "Configured"
_STATES = (_VALID, "Configuring", "NotConfigured", "ValidationNeeded")


def add_filters(job: Job) -> None:
    """Every route filter with a rule: it has one, which allows (R122)."""
    job.names.give(ROUTE_FILTERS, ((f.key, f.name, f.id.group) for f in job.of_type(ROUTE_FILTERS)))
    for item in job.of_type(ROUTE_FILTERS):
        communities = list(_communities(job.facts(item)))
        if not communities:
            job.notes.leave_out(item, "it has no rule: it allows nothing, as if there were none")
            continue
        given = job.names.given[item.key]
        job.draft.put(("route_filters", given), {"communities": communities}, job.rename(item.name, given))
        job.notes.settle(item, "imported")


def _communities(facts: Facts) -> dict[str, None]:
    found: dict[str, None] = {}
    for rule in facts.parts("rules"):
        given = rule.raw("communities")
        found |= dict.fromkeys(map(str, given if isinstance(given, list) else []))
    return found


def peering(job: Job, circuit: Resource, part: Facts) -> dict[str, Any]:
    """The Microsoft peering of a circuit, of one of its peerings; empty where that lacks what the lab needs of it."""
    links = [part.prefixes((f"{which}peeraddressprefix",)) for which in ("primary", "secondary")]
    advertised = part.prefixes((_CONFIGURATION, "advertisedpublicprefixes"))
    if not all(links) or not advertised:
        lacking = "no advertised public prefix" if all(links) else "no prefix for each of both links"
        job.notes.warn(circuit.name, f"its Microsoft peering has {lacking}: left out")
        return {}
    entry: dict[str, Any] = {
        "primary_peer_address_prefix": links[0][0],
        "secondary_peer_address_prefix": links[1][0],
        "advertised_public_prefixes": advertised,
    }
    # Azure calls a peering `Configuring` while it looks a prefix up, and takes none of it until then (R123).
    if part.word(_CONFIGURATION, "advertisedpublicprefixesstate", among=_STATES) not in ("", _VALID):
        entry["advertised_public_prefixes_state"] = "ValidationNeeded"
    allowed = job.referred(part, "routefilter", "route filter", circuit.name, "the peering")
    if allowed and job.draft.get("route_filters", allowed) is not None:
        entry["route_filter"] = allowed
    entry["nat_address"] = _translated(IPv4Network(advertised[0]))
    job.notes.invent(
        "NAT",
        f"{circuit.name} {entry['nat_address']}",
        "the customer's router translates what goes to Microsoft (R124)",
    )
    return entry


def _translated(prefix: IPv4Network) -> str:
    """The first address of a prefix that a router can have."""
    return str(prefix[0] if prefix.prefixlen > 30 else prefix[1])
