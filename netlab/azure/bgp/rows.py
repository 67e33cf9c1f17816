"""A row of the table of BGP policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from netlab.scenario.network import Role, Router

Part = Literal["imports", "exports", "session"]
BOTH: tuple[Part, ...] = ("imports", "exports")


@dataclass(frozen=True)
class Row:
    """A row of the table: for which roles, what it sets, the value in words, by which rule of Azure, and why.

    ``value`` computes the value from the router and its peer; an empty one sets nothing. At most one row sets an
    attribute for a pair of roles. ``rule`` is empty where no rule of Azure says it.
    """

    speakers: tuple[Role, ...]
    peers: tuple[Role, ...]
    parts: tuple[Part, ...]
    attribute: str
    shown: str
    rule: str
    sentence: str
    value: Callable[[Router, Router], Any]

    @property
    def what(self) -> str:
        """What it sets, in words."""
        return f"{' and '.join(part.removesuffix('s') for part in self.parts)}: {self.attribute.replace('_', ' ')}"
