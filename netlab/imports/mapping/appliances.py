"""Machines to which routes lead become appliances, also by a load balancer's frontend (5.10, 5.12, J8)."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.imports.mapping import addresses, load_balancers
from netlab.imports.mapping.job import Job


def add(job: Job) -> None:
    """The machines at next hops, and those behind frontends that are one."""
    machines = {(vnet, address): name for vnet, address, name in addresses.owners(job)}
    neighbours = _peers(job)
    for vnet, address, route in _next_hops(job):
        near = (vnet, *sorted(neighbours.get(vnet, ())))
        places = [v for v in near if (v, address) in machines]
        behind = [(v, name) for v in near for name in load_balancers.members_behind(job, v, address)]
        for place, name in behind or [(v, machines[v, address]) for v in places[:1]]:
            _become(job, place, name)
        if not places and not behind and not any((v, address) in job.firewalls for v in near):
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
