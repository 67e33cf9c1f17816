"""What netlab brings along and what this machine lacks: scenarios, rules, programs and kernel features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ListedScenario:
    """A scenario of the catalogue."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class ListedSource:
    """A document that a rule cites: its key, what it is, where a user reads it, and the date of what was read.

    ``address`` and ``date`` are empty where they are not known. The document may have been revised since.
    """

    key: str
    document: str
    address: str
    date: str


@dataclass(frozen=True, slots=True)
class ListedRule:
    """A rule of Azure with its source; ``lab`` is what a lab does with it, ``functions`` enforce it.

    ``enforced_by`` are the same functions with their modules, ``sources`` the documents that ``source`` cites.
    """

    rule: str
    statement: str
    source: str
    confidence: str
    lab: tuple[str, ...]
    functions: tuple[str, ...]
    enforced_by: tuple[str, ...]
    note: str
    sources: tuple[ListedSource, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a lab needs: missing, absent where labs do without it, or ok; and the command that mends it."""

    name: str
    status: Literal["ok", "missing", "absent"]
    message: str
    mend: str


@dataclass(frozen=True, slots=True)
class Written:
    """The expectations that were written into a scenario file, or would be: the lines that change, as a diff."""

    file: str
    changed: bool
    diff: tuple[str, ...]
