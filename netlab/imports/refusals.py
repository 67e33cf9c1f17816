"""Why an import that could be read is refused: nothing to import, values that are missing, names that do not exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from netlab.errors import Finding, UsageError
from netlab.imports.gathering import Gathered
from netlab.imports.header import counted
from netlab.imports.ids import NETWORK
from netlab.imports.mapping.job import HUBS, VNETS, Job
from netlab.imports.notes import listed
from netlab.results.importing import Unresolved
from netlab.scenario.names import suggest

_WAN = ("virtualwans", "virtualhubs", "vpnsites", "vpngateways", "p2svpngateways", "expressroutegateways")


def without_values(job: Job, found: Gathered) -> Iterator[Finding]:
    """E09: parameters without a value that the network needs, all of a file in one message."""
    for source, uses in sorted(job.notes.parameters.items()):
        names = sorted(uses)
        one = len(names) == 1
        used = "; ".join(f"{name}: {uses[name]}" for name in names[:4]) + ("; …" if len(names) > 4 else "")
        beside = found.lying_beside.get(source, ())
        there = f". {listed(beside)} lies beside the template: give it with --parameters" if beside else ""
        yield Finding(
            f"parameter{'' if one else 's'} {listed(names, 40)} {'' if one else 'each '}has no value and the network "
            f"needs {'it' if one else 'them'} (used by {used}). Give --parameters NAME=VALUE or a parameters file"
            f"{there}",
            "E09",
            source,
        )


def no_network(job: Job, found: Gathered) -> Iterator[Finding]:
    """E08: an import of nothing is an error."""
    failed = any(finding.rule == "E17" for finding in job.notes.errors)
    if job.of_type(VNETS) or job.notes.parameters or failed:
        return
    items = list(job.inventory.by_key.values())
    kinds = Counter(item.kind for item in items)
    where = found.inputs[0][0] if len(found.inputs) == 1 else ""
    if not items:
        yield Finding(_nothing(found), "E08", where)
        return
    network = any(item.type.startswith(NETWORK) or item.kind.startswith("azurerm") for item in items)
    what = "no virtual network" if network else "no virtual network, and no network resource,"
    read = ", ".join(_counted(kind, count) for kind, count in sorted(kinds.items()))
    wan = [(kind, n) for kind, n in sorted(kinds.items()) if kind.rsplit("/", 1)[-1].lower() in _WAN]
    of_wan = any(item.get("virtualwan") for item in job.of_type(HUBS)) or any("virtualWans" in kind for kind, _ in wan)
    counts = ", ".join(f"{kind.rsplit('/', 1)[-1]} {n}" for kind, n in wan)
    names = listed((item.name for item in items), 6)
    said = f". Virtual WAN is not modelled: {counts}" if of_wan else ""
    yield Finding(
        f"there is {what} in the input. Read: {read}{said} ({names}). {_missing(job.notes.unresolved)}",
        "E08",
        where,
    )


def _nothing(found: Gathered) -> str:
    if found.off:
        deciding = f"; parameters that decide: {listed(found.deciding)}" if found.deciding else ""
        return f"there is no virtual network in the input: every resource is off by its condition{deciding}"
    if any("Terraform" in format_ for _, format_, _ in found.inputs):
        return "there is no virtual network in the input: the state holds no resource; was it destroyed?"
    return "there is no virtual network in the input. Read: nothing. Add `az network vnet list -o json`"


def _counted(kind: str, count: int) -> str:
    if kind.startswith("azurerm") or not kind.lower().startswith(NETWORK):
        return f"{kind} {count}"
    return counted(kind, count)


def _missing(unresolved: tuple[Unresolved, ...]) -> str:
    """What the resources name and the input does not hold, with the commands that bring it."""
    if not unresolved:
        return "Add the files that describe the VNets: `az network vnet list -o json`"
    names = listed((each.name for each in unresolved), 40)
    describe = "describes it" if len(unresolved) == 1 else "describes them"
    commands = " and ".join(f"`{c}`" for c in dict.fromkeys(each.command for each in unresolved))
    return f"They name {names}: add the file that {describe}, for example with {commands}"


def unknown_options(job: Job) -> None:
    """E18: names of options that nothing in the input has."""
    sites = set(job.draft.data.get("sites", {}))
    remotes = {item.name for item in job.of_type("microsoft.network/localnetworkgateways")}
    circuits = {item.name for item in job.of_type("microsoft.network/expressroutecircuits")}
    for option, given in (("site", job.options.sites), ("asn", job.options.asns)):
        for name in given:
            known = sites | remotes | circuits
            if name not in known:
                raise UsageError(f"--{option}: no LNG is called {name[:40]}", f"{suggest(name, sorted(known))} [E18]")
