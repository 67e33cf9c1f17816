"""Names of Azure -> names of the scenario format (section 7 of the specification)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from netlab.scenario.values import LONGEST_LAB_NAME, node_name

LONGEST_NAME = 32
LONGEST_CONNECTION = 64
RESERVED = ("internet",)


def fitted(name: str, id_: str, longest: int = LONGEST_NAME) -> str:
    """A name that the format takes: as it is, or with other characters, or cut and with a part of a hash of its id."""
    made = re.sub(r"[_. /]", "-", name)
    made = re.sub(r"[^A-Za-z0-9-]", "", made).strip("-") or "n"
    if not made[0].isalpha():
        made = f"n-{made}"
    if made.lower() in RESERVED:
        made = f"{made}-1"
    if len(made) <= longest:
        return made
    return f"{made[: longest - 7].rstrip('-')}-{sha256(id_.lower().encode()).hexdigest()[:6]}"


def lab(name: str) -> str:
    """The name of a scenario."""
    return fitted(name, name, LONGEST_LAB_NAME).lower()


@dataclass
class NameBook:
    """The names that are given, by the key of what has them; ``nodes`` are compared in small letters."""

    given: dict[str, str] = field(default_factory=dict)
    _taken: dict[str, set[str]] = field(default_factory=dict)
    _nodes: set[str] = field(default_factory=set)

    def give(
        self, kind: str, wanted: Iterable[tuple[str, str, str]], *, nodes: bool = False, longest: int = LONGEST_NAME
    ) -> None:
        """Give names to objects of a kind: key, Azure's name, resource group. The smallest key keeps a name."""
        for key, name, group in sorted(wanted):
            for tried in _tries(name, key, group, longest):
                if self._free(kind, tried, nodes):
                    break
            self._taken.setdefault(kind, set()).add(tried.lower())
            if nodes:
                self._nodes.add(tried.lower())
            self.given[key] = tried

    def machine(self, vnet: str, key: str, name: str, group: str = "") -> str:
        """The name of a machine in a VNet: its node is no other one's."""
        made = next(t for t in _tries(name, key, group, LONGEST_NAME) if self._free(f"vms of {vnet}", t, True, vnet))
        self._taken.setdefault(f"vms of {vnet}", set()).add(made.lower())
        self._nodes.add(node_name(vnet, made))
        self.given.setdefault(key, made)
        return made

    def _free(self, kind: str, name: str, nodes: bool, vnet: str = "") -> bool:
        node = node_name(vnet, name) if vnet else name.lower()
        return name.lower() not in self._taken.get(kind, ()) and not (nodes and node in self._nodes)


def _tries(name: str, key: str, group: str, longest: int) -> Iterable[str]:
    """A name, the same with its resource group, and the same with hashes."""
    yield fitted(name, key, longest)
    if group:
        yield fitted(f"{name}-{group}", key, longest)
    for round_ in range(1, 1000):
        digest = sha256(f"{key}{round_ if round_ > 1 else ''}".encode()).hexdigest()[:6]
        yield f"{fitted(name, key, longest)[: longest - 7].rstrip('-')}-{digest}"
