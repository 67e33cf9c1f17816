"""What an operation shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """What an operation shows, and the daemons that did not answer."""

    rows: tuple[Row, ...]
    dead: tuple[str, ...] = ()
