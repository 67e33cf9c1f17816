"""Public addresses: who uses which, and the address that is written for it (5.4, 5.10, N9)."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from ipaddress import IPv4Network
from typing import Any

from netlab.imports import ids
from netlab.imports.bodies import Resource, dig, entries
from netlab.imports.mapping.job import BALANCERS, FIREWALLS, GATEWAYS, NICS, PUBLIC_ADDRESSES, Job

# Of machines whose public address is not known: the upper half of a prefix for documentation (RFC 5737).
UNKNOWN = IPv4Network("198.51.100.128/25")


def references(item: Resource) -> Iterator[str]:
    """The keys of the public addresses that a gateway, a NIC, a firewall or a load balancer uses, in the order of its
    configurations."""
    for body in (*entries(item.get("ipconfigurations")), *entries(item.get("frontendipconfigurations"))):
        yield ids.key(dig(body, "publicipaddress", "id"))


def settle(job: Job) -> None:
    """A public address counts as imported where a resource uses it; others are not modelled."""
    for item in job.of_type(PUBLIC_ADDRESSES):
        job.notes.settle(item, "imported" if item.key in job.inventory.used else "not modelled")
        if item.key in job.inventory.used:
            job.claims.setdefault(item.key, set())
    for type_ in (GATEWAYS, NICS, FIREWALLS, BALANCERS):
        for item in job.of_type(type_):
            for key in filter(None, references(item)):
                job.claims.setdefault(key, set()).add(item.key)
    for key, users in sorted(job.claims.items()):
        if len(users) > 1:
            item_ = job.inventory.by_key.get(key)
            names = ", ".join(sorted(job.inventory.by_key[user].name for user in users))
            job.notes.warn(
                item_.name if item_ else key[-40:], f"{names} claim this public address: it is written for none"
            )


def address(job: Job, key: str) -> str:
    """The address of a public address object; empty where it is not known, or where several claim it."""
    item = job.inventory.by_key.get(key)
    if item is None or len(job.claims.get(key, ())) > 1:
        return ""
    return job.facts(item).address("ipaddress")


def of_machine(job: Job, key: str) -> str:
    """The same for a machine or a frontend, which the Internet reaches: where it is not known, one of a prefix for
    documentation."""
    if key not in job.inventory.by_key or len(job.claims.get(key, ())) > 1:
        return ""
    known = address(job, key) or job.invented_addresses.get(key, "")
    if known:
        return known
    index = int(sha256(key.encode()).hexdigest(), 16) % 126
    taken = job.invented_addresses.values()
    made = next(a for a in (str(UNKNOWN[1 + (index + more) % 126]) for more in range(126)) if a not in taken)
    job.invented_addresses[key] = made
    job.notes.invent("public address", job.inventory.by_key[key].name, f"its address is not known: {made} is written")
    return made


def owner(job: Job, key: str) -> Resource | None:
    """The one resource that uses a public address."""
    users: Any = job.claims.get(key, ())
    return job.inventory.by_key[next(iter(users))] if len(users) == 1 else None
