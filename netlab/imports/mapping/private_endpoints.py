"""Private endpoints: the address in a subnet under which a service is reached (E1 to E12)."""

from __future__ import annotations

from typing import Any, get_args

from netlab.imports import ids
from netlab.imports.bodies import Resource, dig, entries, reference, text, texts
from netlab.imports.facts import Facts
from netlab.imports.mapping.job import NICS, PRIVATE_ENDPOINTS, VNETS, Job
from netlab.scenario.models.endpoint import PrivateEndpointNetworkPolicies

_STATES = {state.lower(): state for state in ("Approved", "Pending", "Rejected", "Disconnected")}


def add(job: Job) -> None:
    """Every private endpoint whose subnet is in the input; its NIC is a part of it."""
    for endpoint in job.of_type(PRIVATE_ENDPOINTS):
        key = ids.key(job.facts(endpoint).reference("subnet"))
        vnet, subnet = job.subnet(key)
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
        _policies(job, vnet, subnet, key)
        job.notes.settle(endpoint, "imported")


def _policies(job: Job, vnet: str, subnet: str, key: str) -> None:
    """What a subnet lets the routes and security groups of private endpoints do; without one it means nothing."""
    (network,) = (item for item in job.of_type(VNETS) if item.key == key.split("/subnets/")[0])
    (part,) = (
        each for each in job.facts(network).parts("subnets") if network.id.child("subnets", _name(each)).key == key
    )
    policies = part.word("privateendpointnetworkpolicies", among=get_args(PrivateEndpointNetworkPolicies))
    if policies in ("", "Disabled"):
        return
    found = job.draft.get("vnets", vnet, "subnets", subnet)
    whole = found if isinstance(found, dict) else {"address_prefix": found}
    job.draft.put(("vnets", vnet, "subnets", subnet), {**whole, "private_endpoint_network_policies": policies})


def _name(subnet: Facts) -> str:
    return text(subnet.body.get("name"))


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


def is_part(job: Job, nic: Resource) -> bool:
    """Whether a NIC is that of a private endpoint of the input."""
    owned = (reference(body) for e in job.of_type(PRIVATE_ENDPOINTS) for body in entries(e.get("networkinterfaces")))
    return nic.type == NICS and nic.key in set(owned)
