"""What a user may say about an import besides its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import IPv4Network
from typing import Any

from netlab.errors import UsageError

Prefixes = tuple[IPv4Network, ...]
_CHOICES = {
    "firewall": ("forward", "deny"),
    "probes": ("subnets", "all", "none"),
    "clients": ("linux,windows", "windows,linux", "linux", "windows", "none"),
}


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `netlab import`.

    ``known`` are sites as another scenario describes them, by name: what local network gateways say of one goes beside
    it, for a mistake in Azure changes nothing on premises. With ``told`` it is written in any case, to be compared.
    """

    parameters: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    location: str = "westeurope"
    resource_group: str = "rg"
    values: Mapping[str, str] = field(default_factory=dict)
    sites: Mapping[str, Prefixes] = field(default_factory=dict)
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    told: bool = False
    asns: Mapping[str, int] = field(default_factory=dict)
    joined: tuple[tuple[str, ...], ...] = ()
    announced: Mapping[str, Prefixes] = field(default_factory=dict)
    firewall: str = "forward"
    probes: str = "subnets"
    stubs: bool = False
    clients: tuple[str, ...] = ("linux", "windows")
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    name: str = ""

    def takes(self, id_: str, name: str) -> bool:
        """Whether the globs of --only and --without leave a resource in."""
        low = (id_.lower(), name.lower())
        kept = not self.only or any(fnmatchcase(text, glob.lower()) for glob in self.only for text in low)
        return kept and not any(fnmatchcase(text, glob.lower()) for glob in self.without for text in low)


def options(given: Mapping[str, Any]) -> Options:
    """The options of a command line, by their names in Options, None for no list; what cannot be is a UsageError."""
    given = {key: () if value is None else value for key, value in given.items()}
    for name, choices in _CHOICES.items():
        if given[name] not in choices:
            raise UsageError(f"--{name} {given[name][:40]!r} is not possible", f"choose one of {', '.join(choices)}")
    clients = () if given["clients"] == "none" else tuple(sorted(given["clients"].split(",")))
    lists: dict[str, Any] = {key: tuple(given[key]) for key in ("parameters", "linked", "only", "without")}
    plain: dict[str, Any] = {
        key: given[key] for key in ("location", "resource_group", "firewall", "probes", "stubs", "name")
    }
    return Options(
        values=_pairs("set", given["values"], last=True),
        sites={name: _prefixes("site", text) for name, text in _pairs("site", given["sites"]).items()},
        asns={name: _asn(text) for name, text in _pairs("asn", given["asns"]).items()},
        joined=tuple(tuple(part.strip() for part in text.split(",")) for text in given["joined"]),
        announced={name: _prefixes("announce", text) for name, text in _pairs("announce", given["announced"]).items()},
        clients=clients,
        **lists,
        **plain,
    )


def _pairs(option: str, given: Iterable[str], last: bool = False) -> dict[str, str]:
    """NAME=VALUE, once for each name: the last one wins. ``last``: the name may hold the sign itself."""
    found = {}
    for text in given:
        name, equals, value = text.rpartition("=") if last else text.partition("=")
        if not (name and equals):
            raise UsageError(f"--{option} {text[:40]!r}: it has no `=`", f"write --{option} NAME=VALUE")
        found[name] = value
    return found


def _prefixes(option: str, text: str) -> Prefixes:
    """Prefixes between commas."""
    try:
        return tuple(IPv4Network(part.strip()) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--{option}: {text[:40]!r} is no prefix", "write 10.1.0.0/16,10.2.0.0/16") from None


def _asn(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) < 2**32):
        raise UsageError(f"--asn: {text[:40]!r} is no AS number", "write --asn SITE=65010")
    return int(text)
