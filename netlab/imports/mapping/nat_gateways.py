"""NAT gateways, which subnets name (5.13)."""

from __future__ import annotations

from typing import Any

from netlab.imports.bodies import entries, reference
from netlab.imports.mapping import public
from netlab.imports.mapping.job import Job

GATEWAYS = "microsoft.network/natgateways"
# Azure's own timeout (E22).
DEFAULT_TIMEOUT = 4


def name(job: Job) -> None:
    """Names of NAT gateways, which subnets refer to."""
    job.names.give(GATEWAYS, ((g.key, g.name, g.id.group) for g in job.of_type(GATEWAYS)))


def add(job: Job) -> None:
    """Every NAT gateway of the input; an address that a machine or another gateway has is not its own."""
    for gateway in job.of_type(GATEWAYS):
        facts = job.facts(gateway)
        entry: dict[str, Any] = {}
        if facts.word("sku", "name").lower() == "standardv2":
            entry["sku"] = "StandardV2"
        timeout = facts.number("idletimeoutinminutes")
        if timeout and timeout != DEFAULT_TIMEOUT:
            entry["idle_timeout_in_minutes"] = timeout
        keys = [reference(body) for body in entries(gateway.get("publicipaddresses"))]
        addresses = [public.address(job, key) for key in keys if not job.claims.get(key)]
        if any(addresses):
            entry["public_ip_addresses"] = [address for address in addresses if address]
        given = job.names.given[gateway.key]
        job.draft.put(("nat_gateways", given), entry, job.rename(gateway.name, given))
        job.notes.settle(gateway, "imported")
