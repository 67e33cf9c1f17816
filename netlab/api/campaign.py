"""Campaigns: the file's scenarios become tasks, workers build their labs, the verdicts go into a file of results."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from netlab.api import sweep
from netlab.api.host import require
from netlab.campaign import file, store
from netlab.campaign.judging import Ran, judged, unmeasured
from netlab.campaign.store import opened
from netlab.campaign.tasks import Source, Task, tasks
from netlab.errors import UsageError
from netlab.plan.planner import plan
from netlab.results.campaign import Campaign, Tried
from netlab.scenario.loader import Loaded, load

__all__ = ["opened"]

# Measured: docs/how-to/campaign.md says how. netlab itself, then for each daemon.
_MEGABYTES_OF_NETLAB, _MEGABYTES_OF_IKE, _MEGABYTES_OF_BGP, _MEGABYTES_OF_OTHERS = 150, 3, 20, 10


@dataclass(frozen=True, slots=True)
class Prepared:
    """A campaign whose file is read: its name, and every lab that it asks for."""

    name: str
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where labs are built: by the workers of a scheduler or, without one, here, at most ``labs`` at once (0: as many
    as there are processors)."""

    scheduler: str
    labs: int


def prepare(path: Path) -> Prepared:
    """Read a campaign and all its scenarios; UsageError or ScenarioError for what is wrong in any of them."""
    asked = file.load(path)
    sources = [_source(load(one), sweep=False) for one in file.references(asked.scenarios, path.parent)]
    sources += [_source(load(one), sweep=True) for one in file.references(asked.sweeps, path.parent)]
    return Prepared(asked.name, tasks(asked, sources))


def megabytes(loaded: Loaded) -> int:
    """The memory that the lab of a scenario takes, from its plan, in MiB."""
    planned = plan(loaded.scenario, loaded.scenario.name)
    others = (*planned.servers, *planned.clients, *planned.proxies, *planned.radius_servers)
    return (
        _MEGABYTES_OF_NETLAB
        + _MEGABYTES_OF_IKE * len(planned.charons)
        + _MEGABYTES_OF_BGP * len(planned.speakers)
        + _MEGABYTES_OF_OTHERS * len(others)
    )


def run(prepared: Prepared, results: store.Store, place: Place, say: Callable[[str], None]) -> Iterator[Tried]:
    """Try every lab that has no verdict yet, and keep its verdict as soon as it is known."""
    done = results.done()
    left = [task for task in prepared.tasks if task.id not in done]
    if not left:
        return
    for task, ran in _outcomes(left, place, say):
        tried, report = (unmeasured(task, ran), "") if isinstance(ran, str) else judged(task, ran)
        results.write(tried, report)
        yield tried


def found(prepared: Prepared, results: store.Store) -> Campaign:
    """What is known of a campaign so far."""
    return results.campaign(prepared.name, prepared.tasks)


def _outcomes(left: Iterable[Task], place: Place, say: Callable[[str], None]) -> Iterator[tuple[Task, Ran | str]]:
    try:
        from netlab.campaign import runner
    except ImportError:
        hint = "pip install 'netlab-azure[campaign]'"
        raise UsageError("`netlab campaign` needs Dask's `distributed`, which is not installed", hint) from None
    with contextlib.ExitStack() as stack:
        if not place.scheduler:
            require()
        where = place.scheduler or stack.enter_context(runner.local(place.labs))
        yield from runner.Run(where, left, say).outcomes()


def _source(loaded: Loaded, *, sweep: bool) -> Source:
    loaded = _rehearsal(loaded) if sweep else loaded
    return Source(loaded, sweep, megabytes(loaded))


def _rehearsal(loaded: Loaded) -> Loaded:
    """A scenario whose story breaks every part once."""
    return sweep.foresee(loaded, "", pairs=False).rehearsal()
