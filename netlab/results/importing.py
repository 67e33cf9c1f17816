"""What an import read, what became of each resource, and what it invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from typing_extensions import TypedDict

from netlab.errors import Finding

# Keys that are words of Python.
Approximated = TypedDict("Approximated", {"type": str, "name": str, "as": str, "why": str})
Substituted = TypedDict("Substituted", {"name": str, "from": str, "to": str})


@dataclass(frozen=True, slots=True)
class Input:
    """A file of the input: its path as it was given, what it is, and how many resources it holds."""

    path: str
    format: str
    resources: int


@dataclass(frozen=True, slots=True)
class Invented:
    """Something that the description does not hold and the scenario needs: a site, a host, a probe."""

    kind: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A resource that the scenario could have, and why it has not."""

    type: str
    name: str
    why: str
    id: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A resource that others need and that is not in the input, and the command that lists it."""

    id: str
    type: str
    name: str
    needed_by: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that a reader of the scenario has to know, by the name of the resource."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import made of its input.

    Every resource is counted once: as imported, approximated, left out, not modelled, of a kind that the format lacks,
    or as a container, which holds others or is merged into them. ``off`` are resources that a condition turns off.
    """

    inputs: tuple[Input, ...] = ()
    imported: Mapping[str, int] = field(default_factory=dict)
    approximated: tuple[Approximated, ...] = ()
    invented: tuple[Invented, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    not_modelled: Mapping[str, int] = field(default_factory=dict)
    format_dependent: Mapping[str, int] = field(default_factory=dict)
    containers: Mapping[str, int] = field(default_factory=dict)
    properties: Mapping[str, int] = field(default_factory=dict)
    substituted: tuple[Substituted, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Warned, ...] = ()
    secrets: Mapping[str, int] = field(default_factory=dict)
    off: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    result: Literal["imported", "refused"] = "refused"
    exit: int = 2
