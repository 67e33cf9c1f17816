"""Peerings: each leg is an object (5.3, J4)."""

from __future__ import annotations

from collections.abc import Collection

from netlab.imports import ids
from netlab.imports.bodies import Resource, texts
from netlab.imports.mapping.job import PEERINGS, Job
from netlab.imports.names import LONGEST_CONNECTION, fitted

_FLAGS = (
    ("allowvirtualnetworkaccess", "allow_virtual_network_access", True),
    ("allowforwardedtraffic", "allow_forwarded_traffic", False),
    ("allowgatewaytransit", "allow_gateway_transit", False),
    ("useremotegateways", "use_remote_gateways", False),
)


def add(job: Job) -> None:
    """Every leg whose two VNets are in the input."""
    legs = job.of_type(PEERINGS)
    known = {_ends(leg) for leg in legs}
    for leg in legs:
        _leg(job, leg, known)


def _leg(job: Job, leg: Resource, known: Collection[tuple[str, str]]) -> None:
    facts, parent = job.facts(leg), leg.id.parent
    assert parent is not None
    remote = facts.reference("remotevirtualnetwork")
    state = facts.word("peeringstate")
    for vnet in (parent.text, remote):
        if vnet and ids.key(vnet) not in job.inventory.by_key:
            job.notes.need(vnet, leg.name)
    if not job.vnet(parent.key):
        job.notes.leave_out(leg, f"its VNet {parent.name} is not in the input")
    elif state.lower() in ("initiated", "disconnected"):
        job.notes.leave_out(leg, f"its state is {state}: it carries nothing (R101)")
    elif not facts.flag("peercompletevnets", default=True) or facts.raw("localsubnetnames"):
        job.notes.leave_out(leg, "a peering of subnets is no peering of VNets")
    elif facts.flag("enableonlyipv6peering"):
        job.notes.leave_out(leg, "it carries IPv6 only")
    elif not job.vnet(ids.key(remote)):
        _without_remote(job, leg, remote)
    else:
        vnet, other = job.vnet(parent.key), job.vnet(ids.key(remote))
        _write(job, leg, vnet, other)
        if _ends(leg)[::-1] not in known:
            job.notes.warn(leg.name, f"half a peering: {other} has none to {vnet}, so nothing passes")


def _without_remote(job: Job, leg: Resource, remote: str) -> None:
    found = ids.parsed(remote)
    if found is None:
        job.notes.leave_out(leg, "it names no remote VNet")
        return
    space = ", ".join(texts(leg.get("remoteaddressspace", "addressprefixes")))
    said = f" (remoteAddressSpace says {space}); with --stubs it is made with that address space" if space else ""
    job.notes.leave_out(leg, f"it leads to {found.name}, which is not in the input{said}")


def _write(job: Job, leg: Resource, vnet: str, remote: str) -> None:
    facts, parent = job.facts(leg), leg.id.parent
    assert parent is not None
    entry: dict[str, object] = {"vnet": vnet, "remote_vnet": remote}
    for key, name, default in _FLAGS:
        value = facts.flag(key, default=default)
        if value != default:
            entry[name] = value
    azure = leg.name if leg.name.lower().startswith(parent.name.lower()) else f"{parent.name}-{leg.name}"
    in_sync = (facts.word("peeringsynclevel") or "FullyInSync").lower() == "fullyinsync"
    if not in_sync and (held := facts.prefixes(("remoteaddressspace", "addressprefixes"))):
        entry["remote_address_space"] = held
    written = job.names.given[leg.key]
    job.notes.settle(leg, "imported")
    job.draft.put(("peerings", written), entry, "" if written == azure else job.rename(leg.name, written))
    if not in_sync:
        job.notes.warn(leg.name, "its address spaces are not in sync; it uses what `remoteAddressSpace` says (R111)")


def _ends(leg: Resource) -> tuple[str, str]:
    """The keys of the VNets of a leg."""
    return leg.key.split("/virtualnetworkpeerings/")[0], ids.key(leg.get("remotevirtualnetwork", "id"))


def name(job: Job) -> None:
    """VNET-PEERING, or the peering's own name where it begins with the VNet's."""
    wanted = []
    for leg in job.of_type(PEERINGS):
        parent = leg.id.parent
        vnet = parent.name if parent is not None else ""
        own = leg.name.lower().startswith(vnet.lower())
        wanted.append((leg.key, leg.name if own else f"{fitted(vnet, vnet, 64)}-{leg.name}", leg.id.group))
    job.names.give("peerings", wanted, longest=LONGEST_CONNECTION)
