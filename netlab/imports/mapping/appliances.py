"""Machines to which routes lead become appliances; a load balancer's frontend leads to its pool (5.10, 5.12, J8)."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.imports import bodies, ids
from netlab.imports.bodies import Resource, entries
from netlab.imports.mapping import addresses
from netlab.imports.mapping.job import BALANCERS, NICS, Job


def add(job: Job) -> None:
    """Frontends first: a machine that has one's address may be an appliance, too."""
    for balancer in job.of_type(BALANCERS):
        job.notes.settle(balancer, "format")
        for index, body in enumerate(addresses.configurations(balancer)):
            job.need_vnet(bodies.dig(body, "subnet", "id"), balancer.name)
            _frontend(job, balancer, index)
    machines = {(vnet, address): name for vnet, address, name in addresses.owners(job)}
    neighbours = _peers(job)
    for vnet, address, route in _next_hops(job):
        places = [v for v in (vnet, *sorted(neighbours.get(vnet, ()))) if (v, address) in machines]
        if places:
            _become(job, places[0], machines[places[0], address])
        else:
            job.notes.warn(
                route, f"its next hop {address} is an address that nobody in the input has: the route is kept"
            )


def _peers(job: Job) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for peering in job.draft.data.get("peerings", {}).values():
        found.setdefault(peering["vnet"], set()).add(peering["remote_vnet"])
    return found


def _next_hops(job: Job) -> Iterator[tuple[str, str, str]]:
    """Every appliance's address that a route of a used table names: VNet of the subnet, address, route."""
    seen = set()
    for vnet, values in job.draft.data.get("vnets", {}).items():
        for subnet in values["subnets"].values():
            table = subnet.get("route_table") if isinstance(subnet, dict) else None
            for name, route in (job.draft.get("route_tables", table or "", "routes") or {}).items():
                several = (route.get("next_hop") or {}).get("next_hop_ip_addresses", ())
                for address in (route.get("next_hop_ip_address", ""), *several):
                    found = (vnet, address, f"{table}/{name}")
                    if address and found not in seen:
                        seen.add(found)
                        yield found


def _become(job: Job, vnet: str, name: str) -> None:
    machine = job.draft.get("vnets", vnet, "vms", name)
    if "nva" not in machine and job.draft.comments.get(("vnets", vnet, "vms", name)) != "Azure Firewall":
        machine["nva"] = {}
        job.notes.invent("appliance", f"{vnet}-{name}", "a route leads to it; its software is not in the description")
        job.notes.warn(
            name, "the appliance's own software is not in the description: it is taken to forward everything"
        )


# --- load balancers ---------------------------------------------------------------------------------------------------


def _frontend(job: Job, balancer: Resource, index: int) -> None:
    """An internal frontend that a route names: the only machine of its pool gets the address, as a second machine."""
    address = job.addresses.get(f"{balancer.key}#{index}", "")
    if not address or address not in job.next_hops:
        return
    members = sorted(set(_members(job, balancer)))
    reference = bodies.reference(addresses.configurations(balancer)[index].get("subnet"))
    vnet, subnet = job.subnet(reference)
    if len(members) != 1 or not vnet or members[0][0] != vnet:
        many = f"has {len(members)} machines" if len(members) != 1 else "has its machine in another VNet"
        job.notes.warn(balancer.name, f"its pool {many}: nobody has the frontend {address}, to which a route leads")
        return
    _become(job, vnet, members[0][1])
    member = job.draft.get("vnets", vnet, "vms", members[0][1])
    entry: dict[str, object] = {"subnet": subnet, "private_ip_address": address}
    if member.get("enable_ip_forwarding"):
        entry["enable_ip_forwarding"] = True
    name = job.names.machine(vnet, f"{balancer.key}#{index}", balancer.name, balancer.id.group)
    job.draft.put(("vnets", vnet, "vms", name), entry, f"frontend of a load balancer, in the place of {members[0][1]}")
    job.notes.invent("machine", f"{vnet}-{name}", f"has the frontend {address} of {balancer.name}, for {members[0][1]}")


def _members(job: Job, balancer: Resource) -> Iterator[tuple[str, str]]:
    """The machines of the pools of a load balancer, by their NICs or by their addresses."""
    for nic in job.of_type(NICS):
        for body in addresses.configurations(nic):
            pools = entries(body.get("loadbalancerbackendaddresspools"))
            mine = any(ids.key(pool.get("id")).startswith(f"{balancer.key}/backendaddresspools/") for pool in pools)
            if mine and nic.key in job.nics:
                yield job.nics[nic.key]
    known = {address: (vnet, name) for vnet, address, name in addresses.owners(job)}
    for pool in entries(balancer.get("backendaddresspools")):
        for body in entries(pool.get("loadbalancerbackendaddresses")):
            if str(body.get("ipaddress")) in known:
                yield known[str(body["ipaddress"])]
