"""Route Servers and their BGP peers (5.13). A virtual hub without a virtual WAN is a Route Server."""

from __future__ import annotations

from typing import Any

from netlab.errors import UsageError
from netlab.imports import ids
from netlab.imports.bodies import Resource, entries
from netlab.imports.mapping import addresses
from netlab.imports.mapping.job import HUBS, NICS, VNETS, Job
from netlab.imports.notes import command
from netlab.scenario.names import suggest

_PREFERENCES = ("ExpressRoute", "VpnGateway", "ASPath")


def add(job: Job) -> None:
    """Every Route Server whose VNet is in the input, and its peers."""
    servers: dict[str, str] = {}
    for hub in job.of_type(HUBS):
        if not hub.get("virtualwan"):
            _server(job, hub, servers)
    for peer in job.of_type(f"{HUBS}/bgpconnections"):
        parent = peer.id.parent
        assert parent is not None
        if parent.key in servers:
            _peer(job, peer, servers[parent.key])
        else:
            job.leave_out_orphan(peer, "Route Server")
    _announce(job)


def _server(job: Job, hub: Resource, servers: dict[str, str]) -> None:
    vnet, _ = job.subnet(_subnet(job, hub))
    if not vnet:
        job.notes.leave_out(hub, "its RouteServerSubnet is not in the input")
        return
    facts, entry = job.facts(hub), {}
    if facts.flag("allowbranchtobranchtraffic"):
        entry["allow_branch_to_branch_traffic"] = True
    preference: Any = facts.word("hubroutingpreference", among=_PREFERENCES)
    if preference and preference != _PREFERENCES[0]:
        entry["hub_routing_preference"] = preference
    job.draft.put(("vnets", vnet, "route_server"), entry)
    servers[hub.key] = vnet
    job.notes.settle(hub, "imported")


def _subnet(job: Job, hub: Resource) -> str:
    """The key of the subnet of a Route Server: its ip configuration's, or one whose back reference names it (J3)."""
    for body in entries(hub.get("ipconfigurations")):
        subnet = body.get("subnet")
        if isinstance(subnet, dict):
            return ids.key(subnet.get("id"))
    for vnet in job.of_type(VNETS):
        for body in entries(vnet.get("subnets")):
            uses = entries(body.get("ipconfigurations"))
            if any(ids.key(use.get("id")).startswith(f"{hub.key}/") for use in uses):
                return f"{vnet.key}/subnets/{str(body.get('name', '')).lower()}"
    return ""


def _peer(job: Job, peer: Resource, vnet: str) -> None:
    """The machine with the peer's address gets its ASN."""
    facts = job.facts(peer)
    address, asn = addresses.read(job, facts, "peerip"), facts.number("peerasn")
    peered = [leg["remote_vnet"] for leg in job.draft.data.get("peerings", {}).values() if leg["vnet"] == vnet]
    machines = {(place, found): name for place, found, name in addresses.owners(job)}
    place = next((place for place in (vnet, *peered) if (place, address) in machines), "")
    if not place or asn is None:
        if asn is None and peer.get("peerasn") is None:
            facts.wrong("peerAsn", None, "number")
        job.notes.leave_out(peer, f"no machine has {address}")
        job.notes.lack("BGP peer", f"{address} of {peer.name}: no NIC has this address", peer.name, command(NICS))
        job.notes.warn(
            peer.name,
            f"the peer of {peer.name} is left out: no machine has {address}; in Azure the session would stay down too",
        )
        return
    name = machines[place, address]
    machine = job.draft.get("vnets", place, "vms", name)
    bgp: dict[str, Any] = {"asn": asn} | ({"route_server": vnet} if place != vnet else {})
    machine.setdefault("nva", {})["bgp"] = bgp
    job.notes.settle(peer, "imported")
    if f"{place}-{name}" not in job.options.announced:
        job.notes.warn(
            f"{place}-{name}",
            f"what it announces to the Route Server is not described: nothing; --announce {place}-{name}=PREFIX",
        )


def _announce(job: Job) -> None:
    speakers = {f"{v}-{n}": m for v, n, m in job.machines() if isinstance(m.get("nva"), dict) and "bgp" in m["nva"]}  # type: ignore[operator]
    for name, prefixes in job.options.announced.items():
        if name not in speakers:
            raise UsageError(
                f"--announce: no machine with BGP is called {name[:40]}", f"{suggest(name, speakers)} [E18]"
            )
        speakers[name]["nva"]["bgp"]["announces"] = [str(p) for p in prefixes]  # type: ignore[index]
