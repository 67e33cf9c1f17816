"""All mappings in their order, and what becomes of the resources that none of them took."""

from __future__ import annotations

from netlab.imports.mapping import (
    addresses,
    appliances,
    circuits,
    connections,
    devices,
    firewalls,
    gateways,
    load_balancers,
    machines,
    nat_gateways,
    peerings,
    point_to_site,
    private_endpoints,
    probes,
    public,
    route_servers,
    route_tables,
    security_groups,
    sites,
    unread,
    vnets,
)
from netlab.imports.mapping.job import CIRCUITS, GATEWAYS, LOCAL_GATEWAYS, SPECIAL, VNETS, Job

# The format has no key for these yet: they count apart from what the lab does not model at all.
FORMAT = {
    "microsoft.network/loadbalancers": "no machine of the scenario is behind a public frontend of theirs",
    "microsoft.network/loadbalancers/backendaddresspools": "no machine of the lab has their frontends",
}
_CONTAINERS = {"microsoft.resources/deployments", "microsoft.resources/resourcegroups"}


def add(job: Job) -> None:
    """Map all resources; each mapping finds what those before it made."""
    route_tables.name(job)
    security_groups.name(job)
    nat_gateways.name(job)
    load_balancers.name(job)
    firewalls.name(job)
    peerings.name(job)
    job.names.give("vnets", ((v.key, v.name, v.id.group) for v in job.of_type(VNETS)), nodes=True)
    vnets.add(job)
    peerings.add(job)
    public.settle(job)
    nat_gateways.add(job)
    addresses.plan(job)
    addresses.answer(job)
    security_groups.add(job)
    firewalls.add(job)
    machines.add(job)
    private_endpoints.add(job)
    route_tables.add(job)
    gateways.add(job)
    remotes = devices.remotes(job)
    found = devices.sites(job, remotes.values())
    job.names.give("sites", (*sites.names(found), *circuits.names(job)), nodes=True)
    sites.add(job, found)
    connections.add(job, remotes, found)
    circuits.add(job)
    sites.of_circuits(job)
    load_balancers.add(job)
    appliances.add(job)
    route_servers.add(job)
    point_to_site.radius_hosts(job)
    point_to_site.clients(job)
    probes.add(job)
    _default_sites(job, remotes)
    _lonely_gateway_subnets(job)
    _rest(job)
    unread.count(job)


def _default_sites(job: Job, remotes: dict[str, devices.Remote]) -> None:
    """Forced tunnelling without BGP: the site that gets all other packets (R84)."""
    for gateway in job.of_type(GATEWAYS):
        reference = job.facts(gateway).reference("gatewaydefaultsite")
        vnet = job.gateways.get(gateway.key, "")
        if not reference or not vnet:
            continue
        item = job.inventory.find(reference)
        name = job.names.given.get(item.key, "") if item is not None and item.key in remotes else ""
        if name and job.draft.get("sites", name) is not None:
            job.draft.put(("vnets", vnet, "vpn_gateway", "default_site"), name)
        else:
            job.notes.warn(gateway.name, "its default site is no site of the scenario: left out")


def _lonely_gateway_subnets(job: Job) -> None:
    for vnet in job.of_type(VNETS):
        entry = job.draft.get("vnets", job.vnet(vnet.key)) if job.vnet(vnet.key) else None
        if (
            entry
            and SPECIAL["gatewaysubnet"] in entry["subnets"]
            and not entry.keys() & {"vpn_gateway", "expressroute_gateway"}
        ):
            job.notes.warn(vnet.name, "GatewaySubnet is there and no gateway: the gateway was not in the input")


def _rest(job: Job) -> None:
    """Count every resource that no mapping took."""
    for item in job.inventory.by_key.values():
        if item.type in _CONTAINERS or item.type.startswith("terraform-parts/"):
            job.notes.settle(item, "container")
        elif item.type in FORMAT:
            job.notes.settle(item, "format")
        elif item.type in (LOCAL_GATEWAYS, CIRCUITS) and item.key not in job.notes.fates:
            job.notes.leave_out(item, "nothing of the scenario needs it")
        else:
            job.notes.settle(item, "not modelled")
