"""NICs become machines; so does an Azure Firewall whose policy is not in the input (5.10, 5.13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from netlab.imports import ids
from netlab.imports.bodies import Resource, entries
from netlab.imports.mapping import addresses, attached, firewalls, private_endpoints, public, security_groups
from netlab.imports.mapping.job import FIREWALLS, MACHINES, NICS, Job
from netlab.imports.runtime import Unknown


def add(job: Job) -> None:
    """A machine for each NIC that is in a subnet of the input, or for the several ones of a virtual machine; and for
    each firewall without a policy."""
    owners = _machines_of_nics(job)
    several = Counter(owner.key for owner in owners.values() if owner is not None)
    parts, found = private_endpoints.nics(job), []
    for nic in job.of_type(NICS):
        if nic.get("privateendpoint") or nic.get("managedby") or nic.get("privatelinkservice"):
            job.notes.settle(nic, "imported" if nic.key in parts else "not modelled")
        else:
            found.append(nic)
    together = attached.together(job, found, owners)
    for nic in found:
        mine = together.get(nic.key)
        if mine is None:
            _nic(job, nic, owners.get(nic.key), several)
        elif mine[0] is nic:
            _with_several(job, owners[nic.key] or nic, mine)
    for firewall in job.of_type(FIREWALLS):
        if not firewalls.policy_of(job, firewall):
            _firewall(job, firewall)
    _settle_machines(job, owners)


def _machines_of_nics(job: Job) -> dict[str, Resource | None]:
    """The virtual machine of each NIC, as either of the two says; also one that is not in the input itself."""
    found: dict[str, Resource | None] = {}
    for machine in job.of_type(MACHINES):
        for body in entries(machine.get("networkprofile", "networkinterfaces")):
            found[ids.key(body.get("id"))] = machine
    for nic in job.of_type(NICS):
        id_ = ids.parsed(nic.get("virtualmachine", "id"))
        if id_ is not None and nic.key not in found:
            found[nic.key] = job.inventory.by_key.get(id_.key) or Resource(id_, id_.type, {}, nic.source)
    return found


def _settle_machines(job: Job, owners: dict[str, Resource | None]) -> None:
    """A virtual machine counts with its NIC; of Terraform's, which say more than that, the rest is not modelled."""
    imported = {owner.key for nic, owner in owners.items() if owner is not None and job.notes.is_mapped(nic)}
    for machine in job.of_type(MACHINES):
        if machine.kind.startswith("azurerm"):
            job.notes.settle(replace(machine, kind=f"{machine.kind} (size, disks)"), "not modelled")
        else:
            job.notes.settle(machine, "imported" if machine.key in imported else "not modelled")


def _nic(job: Job, nic: Resource, owner: Resource | None, several: Counter[str]) -> None:
    found = addresses.configurations(nic)
    subnet = found[0].get("subnet") if found else None
    place = subnet.get("id") if isinstance(subnet, dict) else subnet
    if isinstance(place, Unknown):
        _unknown_subnet(job, nic, place)
        return
    vnet, name = job.subnet(ids.key(place))
    if not vnet:
        id_ = ids.parsed(place)
        if id_ is not None:
            job.notes.need(id_.parent.text if id_.parent is not None else id_.text, nic.name)
        job.notes.leave_out(nic, f"its subnet {ids.shown(id_.text) if id_ is not None else ''} is not in the input")
        return
    if owner is None:
        job.notes.warn(nic.name, "it is attached to no virtual machine: imported as a machine")
    own = owner.name if owner is not None else nic.name
    many = owner is not None and several[owner.key] > 1
    azure = f"{own}-{nic.name}" if many else own
    group = owner.id.group if owner is not None else nic.id.group
    written = job.names.machine(vnet, f"{nic.key}#machine", azure, group)
    job.draft.put(("vnets", vnet, "vms", written), _values(job, nic, name), job.rename(azure, written))
    job.addresses[f"vm {vnet} {written}"] = job.addresses.get(f"{nic.key}#0", "")
    job.nics[nic.key] = (vnet, written)
    if many:
        job.notes.approximate(
            nic, f"machine {written}", f"{own} has several NICs: each is a machine, and nothing forwards between them"
        )
    else:
        job.notes.settle(nic, "imported")


def _with_several(job: Job, owner: Resource, nics: tuple[Resource, ...]) -> None:
    """A machine with its NICs, the primary one first (R126)."""
    vnet, _ = attached.place(job, nics[0])
    written = job.names.machine(vnet, f"{nics[0].key}#machine", owner.name, owner.id.group)
    names = attached.names(nics)
    entries_: dict[str, Any] = {}
    for nic in nics:
        _, subnet = attached.place(job, nic)
        entry = _values(job, nic, subnet)
        planned = job.addresses.get(f"{nic.key}#0", "")
        if planned:
            entry.setdefault("private_ip_address", planned)
        entries_[names[nic.key]] = entry
        job.nics[nic.key] = (vnet, written)
        job.notes.settle(nic, "imported")
    job.draft.put(("vnets", vnet, "vms", written), {"nics": entries_}, job.rename(owner.name, written))
    job.addresses[f"vm {vnet} {written}"] = job.addresses.get(f"{nics[0].key}#0", "")


def _unknown_subnet(job: Job, nic: Resource, value: Unknown) -> None:
    if value.parameters or not nic.address:
        job.facts(nic).unknown(value, "ipConfigurations[0].subnet.id")
        return
    job.notes.leave_out(nic, f"its subnet is not known before apply: {value.expression}")
    asked = f"--set {nic.address}.subnet_id=ADDRESS, or the state after apply"
    job.notes.lack("subnet of NIC", nic.address, nic.address, asked)
    job.notes.warn(
        nic.address, f"left out: the plan does not know its subnet_id; give --set {nic.address}.subnet_id=ADDRESS"
    )


def _values(job: Job, nic: Resource, subnet: str) -> dict[str, Any]:
    facts = job.facts(nic)
    entry: dict[str, Any] = {"subnet": subnet}
    first = addresses.configurations(nic)[0]
    address = facts.part(first, "ipConfigurations[0]").address("privateipaddress")
    if address:
        entry["private_ip_address"] = address
    used = first.get("publicipaddress")
    written = public.of_machine(job, ids.key(used.get("id"))) if isinstance(used, dict) else ""
    if isinstance(used, dict) and not written and ids.key(used.get("id")) not in job.inventory.by_key:
        job.notes.warn(nic.name, f"its public address {ids.shown(str(used.get('id')))} is not in the input")
    if written:
        entry["public_ip_address"] = written
    if facts.flag("enableipforwarding"):
        entry["enable_ip_forwarding"] = True
    group = security_groups.attached(job, facts, nic.name)
    if group:
        entry["network_security_group"] = group
    members = security_groups.memberships(job, nic, first)
    if members:
        entry["application_security_groups"] = members
    further = list(_secondary(job, nic))
    if further:
        entry["secondary_private_ip_addresses"] = further
    return entry


def _secondary(job: Job, nic: Resource) -> Iterator[str]:
    """The addresses of further ip configurations of a NIC."""
    for index, body in enumerate(addresses.configurations(nic)[1:], 1):
        address = job.addresses.get(f"{nic.key}#{index}", "")
        if address:
            yield address
        else:
            job.notes.warn(nic.name, "a further address of it is left out: its subnet is not in the input")
        if body.get("publicipaddress"):
            what = f"the public address of its further address {address} is left out: a NIC of the lab has one"
            job.notes.warn(nic.name, what)


def _firewall(job: Job, firewall: Resource) -> None:
    """An appliance that forwards everything, or with --firewall deny nothing."""
    found = addresses.configurations(firewall)
    first = next((i for i, body in enumerate(found) if body.get("subnet")), None)
    subnet = found[first].get("subnet") if first is not None else None
    place = subnet.get("id") if isinstance(subnet, dict) else None
    vnet, name = job.subnet(ids.key(place))
    if not vnet:
        if place is None:
            job.notes.settle(firewall, "not modelled")
            return
        id_ = ids.parsed(place)
        if id_ is not None and id_.parent is not None:
            job.notes.need(id_.parent.text, firewall.name)
        job.notes.leave_out(firewall, "its subnet is not in the input")
        return
    address = job.addresses.get(f"{firewall.key}#{first}", "")
    written = job.names.machine(vnet, f"{firewall.key}#machine", firewall.name, firewall.id.group)
    entry: dict[str, Any] = {"subnet": name} | ({"private_ip_address": address} if address else {})
    forwards = job.options.firewall == "forward"
    if forwards:
        entry |= {"enable_ip_forwarding": True, "nva": {}}
    job.draft.put(("vnets", vnet, "vms", written), entry, job.rename(firewall.name, written) or "Azure Firewall")
    job.addresses[f"vm {vnet} {written}"] = address
    what = "an appliance that forwards everything" if forwards else "a machine that forwards nothing"
    job.notes.approximate(firewall, f"machine {vnet}-{written}", f"{what}: its policy is not in the input")
    job.notes.warn(firewall.name, f"the Azure Firewall is {what}: its policy is not in the input")
