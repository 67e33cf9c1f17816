"""What an import notes while it reads and maps: what became of each resource, inventions, warnings, errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from netlab.errors import Finding
from netlab.imports import ids
from netlab.imports.bodies import Resource
from netlab.results.importing import Approximated, Invented, LeftOut, Substituted, Unresolved, Warned

Fate = Literal["imported", "approximated", "left out", "not modelled", "format", "container"]


@dataclass
class Notes:
    """The notes of one import; each mapping adds its own."""

    fates: dict[str, tuple[Fate, str]] = field(default_factory=dict)
    """By the key of a resource: what became of it, and the type that counts."""
    approximated: list[Approximated] = field(default_factory=list)
    invented: list[Invented] = field(default_factory=list)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    substituted: list[Substituted] = field(default_factory=list)
    warnings: dict[Warned, None] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    properties: Counter[str] = field(default_factory=Counter)
    secrets: Counter[str] = field(default_factory=Counter)
    errors: dict[Finding, None] = field(default_factory=dict)
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)
    """Parameters without a value that the network needs, by file: who uses each."""
    assumed: list[str] = field(default_factory=list)
    lacking: dict[tuple[str, str], Unresolved] = field(default_factory=dict)
    _needs: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    """By the key of a resource that is not in the input: its id as it was named first, and what needs it."""

    # --- fates --------------------------------------------------------------------------------------------------------

    def settle(self, item: Resource, fate: Fate) -> None:
        """What became of a resource; the first word counts, but that it was left out."""
        if item.kind and (fate == "left out" or item.key not in self.fates):
            self.fates[item.key] = (fate, item.kind)

    def approximate(self, item: Resource, as_: str, why: str) -> None:
        self.settle(item, "approximated")
        self.approximated.append({"type": item.kind, "name": item.name, "as": as_, "why": why})

    def leave_out(self, item: Resource, why: str) -> None:
        self.settle(item, "left out")
        self.left_out.setdefault(item.key, LeftOut(item.kind, item.address or item.name, why, ids.shown(item.id.text)))

    def count(self, fate: Fate) -> dict[str, int]:
        """How many resources had a fate, by type."""
        found = Counter(kind for known, kind in self.fates.values() if known == fate)
        return dict(sorted(found.items()))

    def is_mapped(self, key: str) -> bool:
        """Whether a resource became something of the scenario, by its key."""
        return self.fates.get(key, ("",))[0] in ("imported", "approximated")

    # --- the rest -----------------------------------------------------------------------------------------------------

    def warn(self, name: str, message: str) -> None:
        self.warnings.setdefault(Warned(name, message))

    def invent(self, kind: str, name: str, why: str) -> None:
        self.invented.append(Invented(kind, name, why))

    def lack(self, type_: str, name: str, by: str, command_: str) -> None:
        """Something without an id that is not in the input."""
        self.lacking[type_, name] = Unresolved(name, type_, name, (by,), command_)

    def need(self, id_: str, by: str) -> None:
        """A resource that is not in the input."""
        self._needs.setdefault(id_.lower(), (id_, set()))[1].add(by)

    def fail(self, code: str, source: str, message: str, line: int = 0) -> None:
        self.errors.setdefault(Finding(message, code, source, line))

    @property
    def unresolved(self) -> tuple[Unresolved, ...]:
        """What is not in the input and is needed, by id."""
        found = []
        for _, (text, users) in sorted(self._needs.items()):
            id_ = ids.parsed(text)
            type_, name = (id_.type, "/".join(id_.names)) if id_ is not None else ("", text)
            found.append(Unresolved(ids.shown(text), type_, name, tuple(sorted(users)), command(type_)))
        return (*found, *(self.lacking[key] for key in sorted(self.lacking)))


COMMANDS = {
    "microsoft.network/virtualnetworks": "az network vnet list -o json",
    "microsoft.network/virtualnetworks/subnets": "az network vnet list -o json",
    "microsoft.network/virtualnetworks/virtualnetworkpeerings": "az network vnet list -o json",
    "microsoft.network/networkinterfaces": "az network nic list -o json",
    "microsoft.network/routetables": "az network route-table list -o json",
    "microsoft.network/networksecuritygroups": "az network nsg list -o json",
    "microsoft.network/publicipaddresses": "az network public-ip list -o json",
    "microsoft.network/localnetworkgateways": "az network local-gateway list -g RG -o json",
    "microsoft.network/virtualnetworkgateways": "az network vnet-gateway list -g RG -o json",
    "microsoft.network/connections": "az network vpn-connection list -g RG -o json",
    "microsoft.network/expressroutecircuits": "az network express-route list -o json",
    "microsoft.network/routefilters": "az network route-filter list -o json",
    "microsoft.network/loadbalancers": "az network lb list -o json",
    "microsoft.network/virtualhubs": "az network routeserver list -o json",
    "microsoft.network/azurefirewalls": "az network firewall list -o json",
    "microsoft.network/firewallpolicies": "az network firewall policy list -o json",
    "microsoft.network/ipgroups": "az network ip-group list -o json",
    "microsoft.network/privateendpoints": "az network private-endpoint list -o json",
    "microsoft.network/natgateways": "az network nat gateway list -o json",
}


def command(type_: str) -> str:
    """The command that lists resources of a type."""
    return COMMANDS.get(type_.lower(), "az graph query, see `netlab import --commands`")


def listed(names: Iterable[str], most: int = 8) -> str:
    """Names for a sentence."""
    found = list(dict.fromkeys(names))
    more = f" and {len(found) - most} more" if len(found) > most else ""
    shown_ = found[:most]
    return (", ".join(shown_[:-1]) + " and " + shown_[-1] if len(shown_) > 1 and not more else ", ".join(shown_)) + more
