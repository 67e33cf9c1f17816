"""Broken rules, and the words that messages have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import islice

from netlab.scenario.models import Scenario
from netlab.scenario.names import MOST_LISTED, answering, resolve, short, suggest

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken rule: the place in the file, and a message with the mistake and the right value."""

    path: Path
    message: str
    severity: str = "error"
    rule: str = ""


Breaches = Iterator[Breach]


def unknown(path: Path, name: str, known: Collection[str], kind: str) -> Breaches:
    """The breach of a name that is none of those of its kind."""
    if name not in known:
        yield Breach(path, f"there is no {kind} {short(name)}; {suggest(name, known)}")


def unresolved(scenario: Scenario, path: Path, name: str) -> Breaches:
    """The breach of a name in a story that stands for no machine, or for several."""
    if resolve(scenario, name):
        return
    everything = answering(scenario)
    same = [item.node for item in everything if item.name.lower() == name.lower()]
    known = (*scenario.vnets, *scenario.sites, *scenario.clients, *(item.node for item in everything))
    if name.lower() in map(str.lower, (*scenario.vnets, *scenario.sites)):
        yield Breach(path, f"`{name}` has no machine to probe; give it one of its vms or hosts")
    elif same:
        yield Breach(path, f"several machines have the name `{name}`; write {' or '.join(same)}")
    else:
        yield Breach(path, f"nothing has the name {short(name)}; {suggest(name, known)}")


def by_profile(scenario: Scenario) -> str:
    """The end of a message that only this profile gives."""
    return f"(profile: {scenario.profile})"


def in_words(path: Path) -> str:
    """The object that a place belongs to, as a message names it."""
    return f"`{path[1]}`"


def listed(items: Iterable[IPv4Network | str]) -> str:
    """Prefixes or names as a message lists them: the first ones, if there are many."""
    first = [str(item) for item in islice(items, MOST_LISTED + 1)]
    return ", ".join((*first[:MOST_LISTED], *("…" for _ in first[MOST_LISTED:])))
