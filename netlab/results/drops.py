"""Where a packet died, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Drop:
    """Where a packet died, on which leg (forward: the probe; reverse: its answer), and why."""

    node: str
    direction: Literal["forward", "reverse"]
    reason: str
