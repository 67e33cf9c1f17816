"""The NICs of virtual machines that have several (R126)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netlab.imports import ids
from netlab.imports.bodies import Resource, entries
from netlab.imports.mapping import addresses
from netlab.imports.mapping.job import Job
from netlab.imports.names import fitted
from netlab.imports.runtime import Unknown


def together(
    job: Job, nics: Iterable[Resource], owners: Mapping[str, Resource | None]
) -> dict[str, tuple[Resource, ...]]:
    """The NICs of each virtual machine that has several, by the key of each of them; the primary one comes first.

    Not those of which one is in no subnet of the input, or in a pool and not primary: pools of the lab have machines.
    """
    by_machine: dict[str, list[Resource]] = {}
    for nic in nics:
        owner = owners.get(nic.key)
        if owner is not None:
            by_machine.setdefault(owner.key, []).append(nic)
    found: dict[str, tuple[Resource, ...]] = {}
    for mine in by_machine.values():
        owner = owners[mine[0].key]
        assert owner is not None
        ordered = tuple(sorted(mine, key=lambda nic: _rank(nic, owner)))
        vnets = {place(job, nic)[0] for nic in ordered}
        if len(ordered) > 1 and len(vnets) == 1 and "" not in vnets and not any(map(_in_a_pool, ordered[1:])):
            found |= dict.fromkeys((nic.key for nic in ordered), ordered)
    return found


def _rank(nic: Resource, owner: Resource) -> tuple[bool, int]:
    """Where a NIC comes among those of its machine: the primary one first, then in the machine's order."""
    listed = entries(owner.get("networkprofile", "networkinterfaces"))
    own = [(index, body) for index, body in enumerate(listed) if ids.key(body.get("id")) == nic.key]
    said = [nic.get("primary"), *(body.get("primary") for _, body in own)]
    return not any(str(each).lower() == "true" for each in said), own[0][0] if own else len(listed)


def _in_a_pool(nic: Resource) -> bool:
    return any(body.get("loadbalancerbackendaddresspools") for body in addresses.configurations(nic))


def place(job: Job, nic: Resource) -> tuple[str, str]:
    """The VNet and the subnet of a NIC; empty where they are not in the scenario."""
    configurations = addresses.configurations(nic)
    subnet = configurations[0].get("subnet") if configurations else None
    id_ = subnet.get("id") if isinstance(subnet, dict) else subnet
    return job.subnet(ids.key(id_)) if id_ is not None and not isinstance(id_, Unknown) else ("", "")


def names(nics: Iterable[Resource]) -> dict[str, str]:
    """The name of each NIC in its machine, by its key."""
    found: dict[str, str] = {}
    for nic in nics:
        name = fitted(nic.name, nic.key)
        found[nic.key] = name if name not in found.values() else fitted(f"{name}-{len(found)}", nic.key)
    return found
