"""The tasks of a campaign: each lab that its file asks for, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from netlab import __version__
from netlab.campaign.file import CampaignFile
from netlab.scenario.loader import Loaded


@dataclass(frozen=True, slots=True)
class Task:
    """A lab to build, verify and remove: the text of a scenario, and how. ``megabytes`` is the memory that it takes."""

    scenario: str
    file: str
    text: str
    data_plane: str
    time_scale: float | None
    sweep: bool
    megabytes: int

    @property
    def id(self) -> str:
        """Of the content: whatever has the same one need not be tried again."""
        content = json.dumps([__version__, self.text, self.data_plane, self.time_scale])
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @property
    def options(self) -> tuple[str, ...]:
        """Those of `netlab test`."""
        scale = () if self.time_scale is None else ("--time-scale", f"{self.time_scale:g}")
        return ("--data-plane", self.data_plane, *scale)


@dataclass(frozen=True, slots=True)
class Source:
    """A scenario of a campaign, or the sweep that was made of one."""

    loaded: Loaded
    sweep: bool
    megabytes: int


def tasks(asked: CampaignFile, sources: Iterable[Source]) -> tuple[Task, ...]:
    """Every scenario on every data plane at every time scale; what has the same content once."""
    return tuple({task.id: task for task in _all(asked, sources)}.values())


def _all(asked: CampaignFile, sources: Iterable[Source]) -> Iterator[Task]:
    for source, plane, scale in product(sources, asked.data_planes or ("auto",), asked.time_scales or (None,)):
        loaded = source.loaded
        yield Task(loaded.scenario.name, loaded.where, loaded.text, plane, scale, source.sweep, source.megabytes)
