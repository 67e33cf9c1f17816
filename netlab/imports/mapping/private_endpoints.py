"""Private endpoints: the address in a subnet under which a service is reached (E1 to E12)."""

from __future__ import annotations

from typing import Any

from netlab.imports import ids
from netlab.imports.bodies import Resource, dig, entries, reference, text, texts
from netlab.imports.mapping.job import PRIVATE_ENDPOINTS, Job

_STATES = {state.lower(): state for state in ("Approved", "Pending", "Rejected", "Disconnected")}


def add(job: Job) -> None:
    """Every private endpoint whose subnet is in the input; its NIC is a part of it."""
    for endpoint in job.of_type(PRIVATE_ENDPOINTS):
        vnet, subnet = job.subnet(ids.key(job.facts(endpoint).reference("subnet")))
        if not vnet:
            job.need_vnet(dig(endpoint.properties, "subnet", "id"), endpoint.name)
            job.notes.leave_out(endpoint, "its subnet is not in the input")
            continue
        entry: dict[str, Any] = {"subnet": subnet}
        if address := _address(job, endpoint):
            entry["private_ip_address"] = address
        if (state := _state(endpoint)) != "Approved":
            entry["status"] = state
        written = job.names.machine(vnet, endpoint.key, endpoint.name, endpoint.id.group)
        job.draft.put(("vnets", vnet, "private_endpoints", written), entry, job.rename(endpoint.name, written))
        job.notes.settle(endpoint, "imported")


def _address(job: Job, endpoint: Resource) -> str:
    """Its address, where the input has it: its configuration's, its NIC's or that of its DNS records; the first one."""
    given = [text(body.get("privateipaddress")) for body in entries(endpoint.get("ipconfigurations"))]
    nics = [reference(body) for body in entries(endpoint.get("networkinterfaces"))]
    given += [job.addresses.get(f"{key}#0", "") for key in nics]
    given += [
        address for body in entries(endpoint.get("customdnsconfigs")) for address in texts(body.get("ipaddresses"))
    ]
    found = [address for address in dict.fromkeys(given) if address]
    if len(found) > 1:
        job.notes.warn(endpoint.name, f"its further addresses are left out: {', '.join(found[1:])}")
    return found[0] if found else ""


def _state(endpoint: Resource) -> str:
    """The state of its connection: that of a template is Approved, or Pending where somebody else approves it."""
    automatic = entries(endpoint.get("privatelinkserviceconnections"))
    manual = entries(endpoint.get("manualprivatelinkserviceconnections"))
    for connection in (*automatic, *manual):
        said = text(dig(connection, "privatelinkserviceconnectionstate", "status"))
        if said.lower() in _STATES:
            return _STATES[said.lower()]
    return "Approved" if automatic or not manual else "Pending"


def subnets(job: Job) -> frozenset[str]:
    """The keys of the subnets that have private endpoints."""
    return frozenset(reference(endpoint.get("subnet")) for endpoint in job.of_type(PRIVATE_ENDPOINTS))


def nics(job: Job) -> frozenset[str]:
    """The keys of the NICs that are parts of private endpoints."""
    owned = (body for e in job.of_type(PRIVATE_ENDPOINTS) for body in entries(e.get("networkinterfaces")))
    return frozenset(map(reference, owned))
