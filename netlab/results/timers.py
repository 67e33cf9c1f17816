"""What is known of a time on Azure: documented, recorded on running Azure, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# A document states it; somebody measured it on running Azure; nobody has published it.
Standing = Literal["documented", "recorded", "not documented"]


@dataclass(frozen=True, slots=True)
class Timer:
    """A time that an outage may consist of: what takes it, and how long on Azure, if that is known.

    ``source`` is the rule that states a documented one. ``lab`` is what the lab does, where that is not the same.
    """

    what: str
    standing: Standing
    azure: str = ""
    source: str = ""
    lab: str = ""
