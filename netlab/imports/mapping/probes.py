"""Probes: a machine in each plain subnet without one, and a subnet for one in a VNet without plain subnets (V6, V7)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from netlab.imports.bodies import Resource, entries, reference
from netlab.imports.draft import INVENTED
from netlab.imports.mapping import addresses
from netlab.imports.mapping.job import SPECIAL, VNETS, Job
from netlab.scenario.addresses import usable

SUBNET, MACHINE = "netlab-probe", "probe"
_APPLICATION_GATEWAYS = "microsoft.network/applicationgateways"
_LONGEST = 28


def add(job: Job) -> None:
    """A probe in each plain subnet of each VNet."""
    if job.options.probes == "none":
        return
    busy, known = _busy(job), job.next_hops | set(job.addresses.values()) | {a for _, a, _ in addresses.owners(job)}
    for vnet in job.of_type(VNETS):
        given = job.vnet(vnet.key)
        if given:
            _of_vnet(job, vnet, given, busy, known)


def _busy(job: Job) -> set[str]:
    """The keys of the subnets that an application gateway has for itself."""
    return {
        reference(body.get("subnet"))
        for item in job.of_type(_APPLICATION_GATEWAYS)
        for body in entries(item.get("gatewayipconfigurations"))
    }


def _of_vnet(job: Job, vnet: Resource, given: str, busy: set[str], named: set[str]) -> None:
    machines = job.draft.get("vnets", given, "vms") or {}
    full = {nic["subnet"] for machine in machines.values() for nic in machine.get("nics", {"": machine}).values()}
    plain = False
    bodies = {str(body.get("name", "")).lower(): body for body in entries(vnet.get("subnets"))}
    for name, body in sorted(bodies.items()):
        key = f"{vnet.key}/subnets/{name}"
        _, subnet = job.subnet(key)
        if not subnet or name in SPECIAL:
            continue
        is_plain = not body.get("delegations") and key not in busy
        plain = plain or is_plain
        if subnet not in full and (is_plain or job.options.probes == "all"):
            _probe(job, given, subnet, key, named)
    if not plain:
        _own_subnet(job, vnet, given, named)


def _probe(job: Job, vnet: str, subnet: str, key: str, named: set[str]) -> None:
    address, why = _address(job.prefix(vnet, subnet), named)
    if address is None:
        job.notes.warn(f"{vnet}/{subnet}", "the subnet has no room for a probe")
        return
    name = job.names.machine(vnet, f"{key}#probe", f"probe-{subnet}")
    entry: dict[str, Any] = {"subnet": subnet} | ({"private_ip_address": address} if why else {})
    job.draft.put(("vnets", vnet, "vms", name), entry, INVENTED)
    job.notes.invent("probe", f"{vnet}/{name}", f"nothing else is in subnet {subnet}{why}")


def _address(prefix: IPv4Network, named: set[str]) -> tuple[str | None, str]:
    """The address of a probe, and why it is not simply the first one: the input names that one."""
    free = (str(prefix[offset]) for offset in usable(prefix))
    first = next(free, None)
    if first is None:
        return None, ""
    if first not in named:
        return first, ""
    return next((a for a in free if a not in named), None), f", and the input names {first}"


def _own_subnet(job: Job, vnet: Resource, given: str, named: set[str]) -> None:
    space = [IPv4Network(p) for p in job.draft.get("vnets", given, "address_space")]
    subnets = job.draft.get("vnets", given, "subnets")
    taken = [job.prefix(given, name) for name in subnets]
    free = next((net for prefix in space for net in _gaps(prefix, taken)), None)
    if free is None:
        job.notes.warn(vnet.name, "there is no room for a probe: the VNet has no machine")
        return
    job.draft.put(("vnets", given, "subnets", SUBNET), str(free), INVENTED)
    job.names.given[f"{vnet.key}/subnets/{SUBNET}"] = SUBNET
    name = job.names.machine(given, f"{vnet.key}#probe", MACHINE)
    address, why = _address(free, named)
    entry: dict[str, Any] = {"subnet": SUBNET} | ({"private_ip_address": address} if why else {})
    job.draft.put(("vnets", given, "vms", name), entry, INVENTED)
    job.notes.invent("subnet", f"{given}/{SUBNET} {free}", "the VNet has no plain subnet")
    job.notes.invent("probe", f"{given}/{name}", f"the VNet has no machine{why}")


def _gaps(space: IPv4Network, taken: list[IPv4Network]) -> Iterator[IPv4Network]:
    """The free /28 of a prefix, in order; none of a smaller one."""
    if space.prefixlen > _LONGEST:
        return
    at, end = int(space.network_address), int(space.broadcast_address)
    while at <= end:
        net = IPv4Network((at, _LONGEST))
        clash = [other for other in taken if other.overlaps(net)]
        if not clash:
            yield net
            at += net.num_addresses
        else:
            after = max(int(other.broadcast_address) for other in clash) + 1
            at = (after + 15) & ~15
