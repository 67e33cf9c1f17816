"""Broken rules, and the words that messages have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.scenario.models import Scenario
from netlab.scenario.names import endpoints, resolve, short, suggest

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken rule: the place in the file, what is wrong there and what would be right."""

    path: Path
    message: str
    severity: str = "error"
    rule: str = ""


Breaches = Iterator[Breach]


def unknown(path: Path, name: str, known: Collection[str], kind: str) -> Breaches:
    if name not in known:
        yield Breach(path, f"there is no {kind} {short(name)}; {suggest(name, known)}")


def unresolved(scenario: Scenario, path: Path, name: str) -> Breaches:
    if resolve(scenario, name):
        return
    everything = endpoints(scenario)
    same = [item.node for item in everything if item.name.lower() == name.lower()]
    known = (*scenario.vnets, *scenario.sites, *scenario.clients, *(item.node for item in everything))
    if name.lower() in map(str.lower, (*scenario.vnets, *scenario.sites)):
        yield Breach(path, f"`{name}` has no machine to probe; give it one of its vms or hosts")
    elif same:
        yield Breach(path, f"several machines are called `{name}`; write {' or '.join(same)}")
    else:
        yield Breach(path, f"nothing is called {short(name)}; {suggest(name, known)}")


def by_profile(scenario: Scenario) -> str:
    """The end of a message that the other profile would not have."""
    return f"(profile: {scenario.profile})"


def in_words(path: Path) -> str:
    """Whose place it is, as a message says it."""
    return f"`{path[1]}`"


def listed(prefixes: Iterable[IPv4Network]) -> str:
    return ", ".join(map(str, prefixes))
