"""A scenario in the making: plain values, with the comments that go beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Place = tuple[str, ...]
INVENTED = "invented"


@dataclass
class Draft:
    """The values of a scenario file, by section and name, and comments by place."""

    name: str = ""
    azure_name: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    comments: dict[Place, str] = field(default_factory=dict)

    def put(self, place: Place, value: Any, comment: str = "") -> None:
        """Put a value at a place; what lies on the way there is made."""
        at = self.data
        for part in place[:-1]:
            at = at.setdefault(part, {})
        at[place[-1]] = value
        if comment:
            self.comments[place] = comment

    def get(self, *place: str) -> Any:
        at: Any = self.data
        for part in place:
            at = at.get(part) if isinstance(at, dict) else None
        return at
