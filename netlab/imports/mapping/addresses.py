"""Private addresses of what has one: given, or the first free one of the subnet, in the order of ids (V9)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from netlab.imports import ids
from netlab.imports.bodies import Resource, dig, entries, text, texts
from netlab.imports.facts import Facts
from netlab.imports.mapping.job import BALANCERS, FIREWALLS, HUBS, NICS, ROUTE_TABLES, Job
from netlab.imports.runtime import Token
from netlab.scenario.addresses import usable

# NICs first: the lab gives addresses to machines in the order of the file, and all else gets the next ones.
_WITH_ADDRESSES = (NICS, BALANCERS, FIREWALLS)


def configurations(item: Resource) -> list[dict[str, object]]:
    """The ip configurations of a NIC or a firewall, or the frontends of a load balancer; a primary one first."""
    found = entries(item.get("ipconfigurations")) or entries(item.get("frontendipconfigurations"))
    return sorted(found, key=lambda each: str(each.get("primary", "")).lower() != "true")


def plan(job: Job) -> None:
    """Note all addresses: of each configuration of a NIC, a firewall or a load balancer, and those that routes name."""
    fixed: dict[str, set[str]] = {}
    dynamic: list[tuple[str, str, str]] = []
    for type_ in _WITH_ADDRESSES:
        for item in job.of_type(type_):
            for index, body in enumerate(configurations(item)):
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
    _named(job)


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


def read(job: Job, facts: Facts, key: str) -> str:
    """An address of a property; that of a token is the address of its object."""
    value = facts.raw(key)
    if isinstance(value, Token):
        return of_token(job, value)
    return facts.address(key)


def of_token(job: Job, token: Token) -> str:
    """The private address that a token stands for; empty where its object has none here."""
    found = job.addresses.get(f"{ids.key(token.id)}#{token.index}", "")
    if found:
        parsed = ids.parsed(token.id)
        job.notes.warn(
            parsed.name if parsed is not None else token.id[-40:],
            f"its private address is known only at run time: {found} is written",
        )
        job.next_hops.add(found)
    return found


def owners(job: Job) -> Iterator[tuple[str, str, str]]:
    """Every machine of the scenario with its address: VNet, address, machine."""
    for vnet, name, machine in job.machines():
        address = job.addresses.get(f"vm {vnet} {name}") or machine.get("private_ip_address")
        if address:
            yield vnet, str(address), name
