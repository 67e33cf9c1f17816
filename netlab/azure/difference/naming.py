"""What was only renamed between two scenarios: equal objects of one kind under another name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from netlab.scenario.models import Scenario
from netlab.scenario.names import nodes

Raw = dict[str, Any]
Path = tuple[str, ...]
# The keys under which an object of a kind is named: its name is their value, one of their values, or a key below them.
_VNETS = frozenset({"vnet", "remote_vnet", "between", "gateway", "gateways", "vnets", "local_network_gateways", "nva"})
_NAMED_BY: Mapping[str, frozenset[str]] = {
    "vnets": _VNETS,
    "vms": _VNETS,
    "subnets": frozenset({"subnet"}),
    "sites": frozenset({"site", "sites", "between"}),
    "route_tables": frozenset({"route_table"}),
    "network_security_groups": frozenset({"network_security_group"}),
    "application_security_groups": frozenset({"application_security_groups"}),
    "firewall_policies": frozenset({"firewall_policy"}),
    "local_network_gateways": frozenset({"local_network_gateways"}),
    "provider_networks": frozenset({"provider_network"}),
    "connections": frozenset({"static_routes", "as_path_prepend"}),
    "access_networks": frozenset({"network", "behind"}),
}
_WITH_LINKS = ("vnets", "sites", "clients", "expressroute_circuits")
_SPEAKERS = ("vnets", "sites", "expressroute_circuits")
_INSIDE = ("subnets", "vms")
_MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Rename:
    """An object that has another name, of the mapping at a path."""

    path: Path
    before: str
    after: str

    @property
    def kind(self) -> str:
        return self.path[-1]

    def new(self, name: str) -> str:
        """A name after it. An appliance goes by VNET-VM where something refers to it."""
        if self.kind == "vms":
            return f"{self.path[1]}-{self.after}" if name == f"{self.path[1]}-{self.before}" else name
        if name == self.before:
            return self.after
        appliance = self.kind == "vnets" and name.startswith(f"{self.before}-")
        return f"{self.after}{name[len(self.before) :]}" if appliance else name


def renamed(a: Raw, b: Raw) -> tuple[tuple[Rename, ...], Raw]:
    """What was renamed, and the first contents with the new names."""
    found: list[Rename] = []
    for _ in range(_MOST_ROUNDS):
        more = [rename for path, one in _collections(a) for rename in _of_collection(path, one, _at(b, path))]
        if not more:
            break
        a = rewritten(a, more)
        found += more
    return tuple(found), a


def _collections(raw: Raw) -> Iterator[tuple[Path, Raw]]:
    """Every mapping of objects by their names, with its path."""
    for kind, named in raw.items():
        if isinstance(named, Mapping) and kind != "links":
            yield (kind,), dict(named)
    for vnet, item in raw.get("vnets", {}).items():
        yield from (((("vnets", vnet, part)), dict(item.get(part) or {})) for part in _INSIDE)


def _at(raw: Any, path: Path) -> Raw:
    found = reduce(lambda at, key: at.get(key) if isinstance(at, Mapping) else None, path, raw)
    return dict(found) if isinstance(found, Mapping) else {}


def _of_collection(path: Path, one: Raw, other: Raw) -> list[Rename]:
    """Objects that are gone and equal exactly one that is new."""
    gone = {name: _identity(item) for name, item in one.items() if name not in other}
    new = {name: _identity(item) for name, item in other.items() if name not in one} if gone else {}
    gone_alike, new_alike = ([*each.values()] for each in (gone, new))
    by_identity = {identity: name for name, identity in new.items()}
    return [
        Rename(path, name, by_identity[identity])
        for name, identity in gone.items()
        if gone_alike.count(identity) == new_alike.count(identity) == 1
    ]


def _identity(item: Any) -> str:
    return repr(_ordered(item))


def _ordered(item: Any) -> Any:
    if isinstance(item, Mapping):
        return sorted((str(key), _ordered(value)) for key, value in item.items())
    return [_ordered(value) for value in item] if isinstance(item, (list, tuple)) else item


def rewritten(raw: Raw, renames: Iterable[Rename]) -> Raw:
    """Contents with the new names wherever the objects are named."""
    return reduce(_rewritten, renames, raw)


def _rewritten(raw: Raw, rename: Rename) -> Raw:
    if rename.kind == "subnets":  # only its own VNet names it
        vnet = rename.path[1]
        vnets = raw["vnets"]
        return _moved({**raw, "vnets": {**vnets, vnet: _replaced(vnets[vnet], rename, named=False)}}, rename)
    found = {kind: _replaced(item, rename, named=False) for kind, item in raw.items()}
    if rename.kind in _WITH_LINKS and "links" in found:
        found["links"] = {rename.new(name): item for name, item in found["links"].items()}
    return _moved(found, rename)


def _moved(raw: Any, rename: Rename, depth: int = 0) -> Raw:
    """The contents with the object itself under its new name, at its place."""
    if depth == len(rename.path):
        return {(rename.after if name == rename.before else name): item for name, item in raw.items()}
    key = rename.path[depth]
    return {**raw, key: _moved(raw[key], rename, depth + 1)}


def _replaced(value: Any, rename: Rename, named: bool) -> Any:
    """A value after the rename; ``named`` is one of which the keys, the elements or the text are names of the kind."""
    if isinstance(value, Mapping):
        keys = _NAMED_BY.get(rename.kind, frozenset())
        return {
            (rename.new(key) if named else key): _replaced(
                item, rename, key in keys or (named and isinstance(item, str))
            )
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return type(value)(_replaced(item, rename, named) for item in value)
    return rename.new(value) if named and isinstance(value, str) else value


def by_other_names(a: Scenario, b: Scenario, renames: tuple[Rename, ...]) -> dict[str, str]:
    """The nodes of one scenario whose objects have another name in the other one, with their names there."""
    there = _by_place(b)
    found: dict[str, str] = {}
    for place, own in (_by_place(a) if renames else {}).items():
        for rename in renames:
            depth = len(rename.path)
            if place[: depth + 1] == (*rename.path, rename.before):
                place = (*rename.path, rename.after, *place[depth + 1 :])
        found |= dict(zip(own, there.get(place, own), strict=False))
    changed = {node: other for node, other in found.items() if node != other}
    return changed | {f"{node}-edge": f"{other}-edge" for node, other in changed.items()}


def by_speaker(renames: Iterable[Rename]) -> dict[str, str]:
    """The other names of what has routes under its own name, or as VNET/SUBNET."""
    own = {rename.before: rename.after for rename in renames if rename.kind in _SPEAKERS}
    subnets = (rename for rename in renames if rename.kind == "subnets")
    return own | {f"{one.path[1]}/{one.before}": f"{one.path[1]}/{one.after}" for one in subnets}


def in_words(message: str, renames: Iterable[Rename], names: Mapping[str, str]) -> str:
    """A message with the other names: of objects by their paths, of nodes and of VNets and sites wherever they are."""
    for rename in renames:
        path = ".".join(rename.path)
        message = re.sub(
            rf"\b{re.escape(path)}\.{re.escape(rename.before)}(?![\w-])", f"{path}.{rename.after}", message
        )
    every = {**names, **by_speaker(renames)}
    return re.sub(r"[\w-]+", lambda word: every.get(word[0], word[0]), message)


def _by_place(scenario: Scenario) -> dict[Path, list[str]]:
    found: dict[Path, list[str]] = {}
    for node, place in nodes(scenario):
        found.setdefault(place, []).append(node)
    return found
