"""The routes that differ between two moments: effective routes by subnet, and what routers learned by BGP. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.azure.state import State
from netlab.azure.views.nics import in_short, predicted
from netlab.results.difference import RouteChange, RouteEntry

# By router or subnet, and by prefix.
Table = dict[tuple[str, str, str], tuple[RouteEntry, ...]]
# A changed region changes nothing that is compared.
_TYPES = {"VNetGlobalPeering": "VNetPeering"}


def routes(state: State, names: Mapping[str, str]) -> Table:
    """Every route of a moment; ``names`` are the other names of what was renamed."""
    found: dict[tuple[str, str, str], list[RouteEntry]] = {}
    for key, entry in (*_effective(state, names), *_learned(state, names)):
        found.setdefault(key, []).append(entry)
    return {key: tuple(sorted(dict.fromkeys(entries), key=repr)) for key, entries in found.items()}


def _effective(state: State, names: Mapping[str, str]) -> Iterator[tuple[tuple[str, str, str], RouteEntry]]:
    """The routes of one NIC of each subnet: its others have the same ones."""
    for vnet in state.network.vnets.values():
        for subnet, nic in {nic.subnet.name: nic for nic in reversed(vnet.nics)}.items():
            place = f"{names.get(vnet.name, vnet.name)}/{subnet}"
            place = names.get(place, place)
            for row in in_short(predicted(state, nic)):
                kind = _TYPES.get(row.nextHopType, row.nextHopType)
                hops = ", ".join(row.nextHopIpAddress)
                for prefix in row.addressPrefix:
                    yield ("", place, prefix), RouteEntry(kind, hops, row.source, row.state)


def _learned(state: State, names: Mapping[str, str]) -> Iterator[tuple[tuple[str, str, str], RouteEntry]]:
    for router, known in state.learned_by_name.items():
        for prefix, paths in known.items():
            for path in paths:
                hop = names.get(path.neighbor, path.neighbor)
                yield (names.get(router, router), "", str(prefix)), RouteEntry("", hop, "BGP", "Active", path.as_path)


def changes(a: Table, b: Table) -> list[RouteChange]:
    """The prefixes whose routes differ."""
    found = []
    for key in sorted(dict.fromkeys((*a, *b))):
        before, after = a.get(key, ()), b.get(key, ())
        if before != after:
            kind = "changed" if before and after else "added" if after else "removed"
            found.append(RouteChange(*key, kind, before, after))  # type: ignore[arg-type]
    return found
