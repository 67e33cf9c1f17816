"""A lab's run directory: what it was built from, what its story changed, and the lock that keeps two hands off it.

::

    /run/netlab/<lab>/      0700, root
    ├── lab.json            scenario, data plane, time scale
    ├── scenario.yaml       0600, the scenario as it was when the lab was built
    ├── secrets.json        0600
    ├── journal             one line per step, written before the step is taken; `up` at the end
    ├── impaired.json       what a user has links do to packets
    ├── journal.removing    the journal since `down` has begun
    ├── story.json          what a story has changed and not yet put back
    ├── played              the number of the step at whose end `verify --keep` left the lab
    ├── certificates/       those of point-to-site, with their private keys (0600)
    ├── profiles/           the profile package of each point-to-site tunnel
    └── <node>/             a daemon's configuration, sockets and log
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from netlab.azure.faults import Impact
from netlab.azure.moments import after, initial
from netlab.azure.state import State
from netlab.errors import HostError, LabError, NetlabError, UsageError
from netlab.lab.build import journal, keys
from netlab.machine import directories
from netlab.machine.secrets import write_secret
from netlab.plan.devices import shared_key_name
from netlab.plan.model import DataPlane, Plan, Uplink
from netlab.plan.names import RUN_ROOT, lab_directory
from netlab.plan.planner import plan
from netlab.scenario.loader import parse
from netlab.scenario.models import Action, Scenario, is_lab_name

_IMPAIRMENTS = "impaired.json"
_PLAYED = "played"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a lab was built from."""

    lab: str
    scenario: str
    data_plane: DataPlane
    time_scale: float


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab that exists: its facts, its scenario and its plan."""

    facts: Facts
    scenario: Scenario
    plan: Plan

    @property
    def directory(self) -> Path:
        """Its run directory."""
        return Path(lab_directory(self.facts.lab))


def exists(lab: str) -> bool:
    """Whether a lab has a run directory."""
    return Path(lab_directory(lab)).exists()


def names() -> tuple[str, ...]:
    """The labs that have a run directory."""
    try:
        return tuple(sorted(entry.name for entry in os.scandir(RUN_ROOT) if entry.is_dir() and is_lab_name(entry.name)))
    except (FileNotFoundError, NotADirectoryError):
        return ()


@contextlib.contextmanager
def claimed(lab: str) -> Iterator[None]:
    """Hold the lock of a new lab, with its run directory; UsageError if there is one, HostError if none can be made."""
    directory = Path(lab_directory(lab))
    if directory.exists():
        raise _exists(lab)
    try:
        with directories.made(directory.parent):
            directory.mkdir(mode=0o700)
            descriptor = _lock(directory)
    except OSError as error:
        if directory.exists():
            raise _exists(lab) from None
        raise HostError(
            f"cannot make the run directory {directory}: {error.strerror}", "root must be able to write there"
        ) from None
    with _held(descriptor):
        yield


def _exists(lab: str) -> UsageError:
    return UsageError(
        f"a lab called {lab} exists already", f"remove it with `netlab down {lab}`, or choose another --name"
    )


def remove(lab: str) -> None:
    """Remove the run directory, and the directory of all labs when this was the last."""
    shutil.rmtree(lab_directory(lab), ignore_errors=True)
    with contextlib.suppress(OSError):
        Path(RUN_ROOT).rmdir()


@contextlib.contextmanager
def locked(lab: str) -> Iterator[None]:
    """Hold a lab's lock; LabError if another netlab holds it or has removed the lab. The kernel drops it with its
    holder."""
    try:
        with directories.held(Path(RUN_ROOT)):
            descriptor = _lock(Path(lab_directory(lab)))
    except FileNotFoundError:
        raise LabError(f"the lab {lab} has been removed", "`netlab status` lists those that are there") from None
    except BlockingIOError:
        if journal.is_removing(lab):
            raise _being_removed(lab) from None
        raise LabError(f"another netlab is at work on the lab {lab}", "wait for it, or end it") from None
    with _held(descriptor):
        yield


def _being_removed(lab: str) -> LabError:
    return LabError(f"the lab {lab} is being removed", f"wait for that; `netlab down {lab}` goes on if it was ended")


@contextlib.contextmanager
def keys_locked(lab: str) -> Iterator[None]:
    """Hold the log of a lab's keys for as long as it is kept; LabError if another netlab does."""
    try:
        descriptor = _lock(keys.path(lab))
    except FileNotFoundError:
        raise LabError(f"the lab {lab} has been removed", "`netlab status` lists those that are there") from None
    except BlockingIOError:
        raise LabError(f"another capture of the lab {lab} takes its keys", "wait for it, or end it") from None
    with _held(descriptor):
        yield


def _lock(path: Path) -> int:
    """A descriptor that holds the lock of a file or directory; BlockingIOError if another one does."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def _held(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)


def is_locked(lab: str) -> bool:
    """Whether a netlab is at work on a lab."""
    try:
        with locked(lab):
            return False
    except (LabError, OSError):
        return True


def write(facts: Facts, text: str, secrets: Mapping[str, str]) -> None:
    """Write what a lab is built from."""
    directory = Path(lab_directory(facts.lab))
    # A scenario may hold a shared key.
    write_secret(directory / "scenario.yaml", text)
    keys.write(facts.lab, secrets)
    content = {name: getattr(facts, name) for name in Facts.__slots__}
    (directory / "lab.json").write_text(json.dumps(content, indent=2) + "\n")


def text_of(lab: Lab) -> str:
    """The text of the scenario that a lab is built from."""
    return (lab.directory / "scenario.yaml").read_text()


def read(lab: str) -> Lab:
    """A lab from its run directory; LabError if it is damaged, UsageError if there is none."""
    directory = Path(lab_directory(lab))
    if not directory.is_dir():
        known = names()
        raise UsageError(
            f"there is no lab called {lab}", f"there is: {', '.join(known)}" if known else "build one: `netlab up`"
        )
    try:
        facts = Facts(**json.loads((directory / "lab.json").read_text()))
        scenario = parse((directory / "scenario.yaml").read_text(), str(directory / "scenario.yaml")).scenario
        found = planned(facts, scenario, state_after(scenario, _taken(directory)))
        if lacking := set(found.plan.secrets) - keys.read(lab).keys():
            raise ValueError(f"there is no key {min(lacking)}")
    except (OSError, ValueError, TypeError, RecursionError, NetlabError) as error:
        if journal.is_removing(lab) or not directory.exists():
            raise _being_removed(lab) from None
        raise LabError(
            f"the state of lab {lab} in {directory} is damaged: {error}", f"remove it with `netlab down {lab}`"
        ) from None
    return found


def planned(facts: Facts, scenario: Scenario, state: State) -> Lab:
    """A lab as its plan is at a moment of its story."""
    switched, lost = state.hit(Impact.SWITCHED), state.hit(Impact.LOST)
    return Lab(facts, scenario, plan(state.scenario, facts.lab, facts.data_plane, facts.time_scale, switched, lost))


def state_after(scenario: Scenario, taken: Iterable[Mapping[str, Any]]) -> State:
    """The state after actions that began with what the scenario says."""
    return reduce(after, map(Action.model_validate, taken), initial(scenario))


# --- what a story changed -------------------------------------------------------------------------------------------


def read_story(lab: Lab) -> list[dict[str, Any]]:
    """The actions that a story took and that were not put back."""
    return _taken(lab.directory)


def _taken(directory: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads((directory / "story.json").read_text())
    except FileNotFoundError:
        return []
    return found


def played(lab: Lab) -> int:
    """At the end of which step of its story a lab stays, from 1; 0 where it stays at none."""
    try:
        return int((lab.directory / _PLAYED).read_text())
    except FileNotFoundError:
        return 0


def write_played(lab: Lab, step: int) -> None:
    """Remember at the end of which step of its story a lab stays; 0 for none."""
    path = lab.directory / _PLAYED
    if step:
        path.write_text(str(step))
    else:
        path.unlink(missing_ok=True)


def write_impairment(lab: Lab, uplink: Uplink) -> None:
    """Remember what a user has a link do to packets: what the scenario says of it counts no more."""
    asked = {"delay": uplink.delay, "jitter": uplink.jitter, "loss": uplink.loss, "rate": uplink.rate}
    found = _impairments(lab.directory) | {uplink.name: asked}
    (lab.directory / _IMPAIRMENTS).write_text(json.dumps(found))


def uplinks(lab: Lab) -> tuple[Uplink, ...]:
    """The ways to the Internet with what they do to packets now."""
    found = _impairments(lab.directory)
    return tuple(_impaired(uplink, found.get(uplink.name)) for uplink in lab.plan.uplinks)


def _impaired(uplink: Uplink, asked: Mapping[str, float] | None) -> Uplink:
    if asked is None:
        return uplink
    return replace(uplink, delay=asked["delay"], jitter=asked["jitter"], loss=asked["loss"], rate=asked["rate"])


def _impairments(directory: Path) -> dict[str, dict[str, float]]:
    try:
        found: dict[str, dict[str, float]] = json.loads((directory / _IMPAIRMENTS).read_text())
    except (OSError, ValueError):
        return {}
    return found


def opening(lab: Lab) -> State:
    """The state in which a lab's story begins: what the scenario says, with the keys that the lab has."""
    held = keys.read(lab.facts.lab)
    places = ((name, end) for name, item in lab.scenario.connections.items() for end in item.between)
    return replace(initial(lab.scenario), keys={place: SecretStr(held[shared_key_name(*place)]) for place in places})


def state(lab: Lab) -> State:
    """The state after the actions that were not put back."""
    return reduce(after, map(Action.model_validate, read_story(lab)), opening(lab))


def write_story(lab: Lab, actions: list[dict[str, Any]]) -> None:
    """Remember actions of a story, before they are taken: all of them or, where interrupted, those before."""
    beside = lab.directory / "story.json.new"
    beside.write_text(json.dumps(actions))
    beside.replace(lab.directory / "story.json")
