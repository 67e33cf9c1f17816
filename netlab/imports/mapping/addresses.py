"""Private addresses of what has one: given, or the first free one of the subnet, in the order of ids (V9)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

from netlab.imports import ids
from netlab.imports.bodies import Resource, dig, entries, text, texts
from netlab.imports.facts import Facts
from netlab.imports.mapping import public
from netlab.imports.mapping.job import BALANCERS, FIREWALLS, HUBS, NICS, POLICIES, ROUTE_TABLES, Job
from netlab.imports.mapping.security_groups import GROUPS
from netlab.imports.runtime import Token
from netlab.scenario.addresses import usable

# NICs first: the lab gives addresses to machines in the order of the file, and all else gets the next ones.
_WITH_ADDRESSES = (NICS, BALANCERS, FIREWALLS)
# What names addresses of others, which a template knows by `reference()` only.
_NAMING = (ROUTE_TABLES, GROUPS, POLICIES, BALANCERS)


def configurations(item: Resource) -> list[dict[str, Any]]:
    """The IPv4 configurations of a NIC or a firewall, or frontends of a load balancer; a primary one first."""
    found = [body for body in _listed(item) if text(body.get("privateipaddressversion")).lower() != "ipv6"]
    return sorted(found, key=lambda each: str(each.get("primary", "")).lower() != "true")


def _listed(item: Resource) -> list[dict[str, Any]]:
    return entries(item.get("ipconfigurations")) or entries(item.get("frontendipconfigurations"))


def plan(job: Job) -> None:
    """Note the address of each configuration of a NIC, a firewall or a load balancer."""
    fixed: dict[str, set[str]] = {}
    dynamic: list[tuple[str, str, str]] = []
    for type_ in _WITH_ADDRESSES:
        for item in job.of_type(type_):
            found = configurations(item)
            if len(found) < len(_listed(item)):
                job.notes.properties[f"{item.kind}: ipConfigurations (IPv6)"] += 1
            for index, body in enumerate(found):
                vnet, subnet = job.subnet(ids.key(dig(body, "subnet", "id")))
                if not vnet:
                    continue
                address = body.get("privateipaddress")
                if isinstance(address, str) and _is_address(address):
                    fixed.setdefault(vnet, set()).add(address)
                    job.addresses[f"{item.key}#{index}"] = address
                else:
                    dynamic.append((f"{item.key}#{index}", vnet, subnet))
    for place, vnet, subnet in dynamic:
        taken = fixed.setdefault(vnet, set())
        prefix = job.prefix(vnet, subnet)
        free = next((str(prefix[i]) for i in usable(prefix) if str(prefix[i]) not in taken), "")
        if free:
            taken.add(free)
            job.addresses[place] = free


def _named(job: Job) -> None:
    """The addresses that routes and BGP connections name, in whatever VNet."""
    for table in job.of_type(ROUTE_TABLES):
        for route in entries(table.get("routes")):
            several = texts(dig(route, "nexthop", "nexthopipaddresses"))
            job.next_hops |= {address for address in (text(route.get("nexthopipaddress")), *several) if address}
    for item in job.of_type(f"{HUBS}/bgpconnections"):
        if isinstance(item.get("peerip"), str):
            job.next_hops.add(item.get("peerip"))


def _is_address(text: str) -> bool:
    try:
        return bool(IPv4Address(text))
    except ValueError:
        return False


def answer(job: Job) -> None:
    """In rules, routes and pools every address that only the deployed network has becomes the one that is written.

    Those that routes name are noted.
    """
    for type_ in _NAMING:
        for item in job.of_type(type_):
            made = _answered(job, item.properties)
            if made != item.properties:
                job.inventory.replace(item.with_properties(made))
    _named(job)


def _answered(job: Job, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _answered(job, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_answered(job, item) for item in value]
    return _address(job, value) or value if isinstance(value, Token) else value


def _address(job: Job, token: Token) -> str:
    """The address that is written for a token; empty where the lab chooses it."""
    if token.kind == "private address":
        found = of_token(job, token)
    else:
        owner = public.owner(job, ids.key(token.id)) if token.kind == "public address" else None
        has_one = owner is not None and owner.type in _WITH_ADDRESSES
        found = public.of_machine(job, ids.key(token.id)) if has_one else ""
    return found and f"{found}{token.suffix}"


def read(job: Job, facts: Facts, key: str) -> str:
    """An address of a property; that of a token is the address of its object."""
    value = facts.raw(key)
    if isinstance(value, Token):
        found = of_token(job, value)
        job.next_hops |= {found} - {""}
        return found
    return facts.address(key)


def of_token(job: Job, token: Token) -> str:
    """The private address that a token stands for; empty where its object has none here."""
    item = job.inventory.by_key.get(ids.key(token.id))
    meant = _listed(item)[token.index : token.index + 1] if item is not None else []
    places = [i for i, body in enumerate(configurations(item)) if body in meant] if item is not None else []
    found = job.addresses.get(f"{ids.key(token.id)}#{places[0]}", "") if places else ""
    if found:
        parsed = ids.parsed(token.id)
        job.notes.warn(
            parsed.name if parsed is not None else token.id[-40:],
            f"its private address is known only at run time: {found} is written",
        )
    return found


def owners(job: Job) -> Iterator[tuple[str, str, str]]:
    """Every machine of the scenario with its address: VNet, address, machine."""
    for vnet, name, machine in job.machines():
        address = job.addresses.get(f"vm {vnet} {name}") or machine.get("private_ip_address")
        if address:
            yield vnet, str(address), name
        nics = machine.get("nics", {"": machine})
        for nic in nics.values() if isinstance(nics, dict) else ():
            further = (nic.get("private_ip_address"), *nic.get("secondary_private_ip_addresses", ()))
            yield from ((vnet, str(each), name) for each in further if each and each != address)
