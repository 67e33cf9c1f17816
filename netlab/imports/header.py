"""The comments at the head of an imported scenario: what it is made of, what was invented, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from netlab.imports.mapping.everything import FORMAT
from netlab.imports.mapping.job import Job
from netlab.imports.notes import listed

_MOST = 20
_COLUMN = 14
_WORDS = (
    ("vnets", "VNet", "VNets"),
    ("peerings", "peering", "peerings"),
    ("vpn_gateway", "VPN gateway", "VPN gateways"),
    ("expressroute_gateway", "ExpressRoute gateway", "ExpressRoute gateways"),
    ("route_server", "Route Server", "Route Servers"),
    ("expressroute_circuits", "circuit", "circuits"),
    ("connections", "connection", "connections"),
    ("route_tables", "route table", "route tables"),
)


def lines(job: Job, source: str, off: int) -> list[str]:
    """The lines, without their signs."""
    found = list(_remarks(job, off))
    if len(found) > _MOST:
        found = [*found[: _MOST - 1], f"… and {len(found) - _MOST + 1} more, see --report"]
    return [f"imported from {source}: {', '.join(_counts(job))}", *([""] if found else []), *found]


def _counts(job: Job) -> Iterator[str]:
    vnets = list(job.draft.data.get("vnets", {}).values())
    for key, one, many in _WORDS:
        section = job.draft.data.get(key)
        count = len(section) if section is not None else sum(key in vnet for vnet in vnets)
        if count:
            yield f"{count} {one if count == 1 else many}"


def _labelled(label: str, text: str) -> str:
    return f"{label + ':':<{_COLUMN}}{text}"


def _remarks(job: Job, off: int) -> Iterator[str]:
    notes = job.notes
    for kind, count in notes.count("format").items():
        lab = FORMAT.get(kind.lower(), "the lab has nothing for them")
        yield _labelled("attention", f"{counted(kind, count)} not modelled: {lab}")
    invented = "; ".join(_invented(job))
    if invented:
        yield _labelled("invented", invented)
    yield from (_labelled("assumed", text) for text in dict.fromkeys(notes.assumed))
    for each in notes.approximated:
        yield _labelled("approximated", f"{each['name']} as {each['as']}: {each['why']}")
    for sub in notes.substituted:
        yield _labelled("substituted", f"{sub['name']}: {sub['from']} by {sub['to']}")
    for left in notes.left_out.values():
        yield _labelled("left out", f"{left.name}: {left.why}")
    other = [counted(kind, count) for kind, count in notes.count("not modelled").items()]
    if other:
        yield _labelled("not modelled", listed(other, 6))
    if off:
        yield _labelled(
            "off", f"{off} resource{'s are' if off > 1 else ' is'} off by {'their' if off > 1 else 'its'} condition"
        )
    secrets = notes.secrets.total()
    if secrets:
        yield _labelled("not written", listed(_secrets(job), 4))


def _secrets(job: Job) -> list[str]:
    keys = sum(n for path, n in job.notes.secrets.items() if path.lower().replace("_", "").endswith("sharedkey"))
    rest = job.notes.secrets.total() - keys
    found = [f"{keys} shared key{'s' if keys > 1 else ''}"] if keys else []
    return [*found, f"{rest} {'other ' if keys else ''}secret{'s' if rest > 1 else ''}"] if rest else found


def counted(kind: str, count: int) -> str:
    """How many resources of a type there are, by the last word of the type."""
    return f"{count} {_singular(kind) if count == 1 else kind.rsplit('/', 1)[-1]}"


def _singular(kind: str) -> str:
    """The last word of a type, for one resource."""
    word = kind.rsplit("/", 1)[-1]
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith("sses"):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def _invented(job: Job) -> Iterator[str]:
    data = job.draft.data
    for name in dict.fromkeys(i.name for i in job.notes.invented if i.kind == "site"):
        hosts = len(data["sites"][name].get("hosts", {}))
        yield f"site {name}" + (f" with {hosts} host{'s' if hosts > 1 else ''}" if hosts else "")
    probes = list(_probed(job))
    if probes:
        yield f"probe{'s' if len(probes) > 1 else ''} in {listed(probes)}"
    for kind, word in (("client", "client"), ("appliance", "appliance"), ("machine", "machine"), ("VNet", "VNet")):
        names = [i.name for i in job.notes.invented if i.kind == kind]
        if names:
            yield f"{word}{'s' if len(names) > 1 else ''} {listed(names)}"
    addresses = [i.name for i in job.notes.invented if i.kind == "public address"]
    if addresses:
        yield f"public address{'es' if len(addresses) > 1 else ''} of {listed(addresses)}"


def _probed(job: Job) -> Iterator[str]:
    """The subnets with a probe, by prefix; with their VNets where there are several."""
    vnets = job.draft.data.get("vnets", {})
    names = {i.name for i in job.notes.invented if i.kind == "probe"}
    for vnet, values in vnets.items():
        found: list[tuple[IPv4Network, str]] = []
        for name, machine in values.get("vms", {}).items():
            if f"{vnet}/{name}" in names:
                found.append((job.prefix(vnet, machine["subnet"]), machine["subnet"]))
        for _, subnet in sorted(found):
            yield subnet if len(vnets) == 1 else f"{vnet}/{subnet}"
