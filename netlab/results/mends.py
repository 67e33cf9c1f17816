"""What would let a pair talk that cannot: changes of the scenario as data, each with its sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Operation = Literal["set", "append", "remove"]


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of a scenario file at a path of keys from its top.

    ``set`` gives the key at the path this value, ``append`` adds the value to the list at the path, ``remove`` takes
    the value out of that list or, without a value, the key out of the file.
    """

    operation: Operation
    path: tuple[str, ...]
    value: Any = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do, as a sentence and as data: edits of the scenario file, then actions as a story writes them."""

    sentence: str
    edits: tuple[Edit, ...] = ()
    actions: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)


@dataclass(frozen=True, slots=True)
class Mend:
    """What lets a pair talk: these changes together, in this order."""

    changes: tuple[Change, ...]

    @property
    def sentence(self) -> str:
        """All its changes in words."""
        return "; and ".join(change.sentence for change in self.changes)


def edits_of(changes: Iterable[Change]) -> tuple[Edit, ...]:
    """The edits of several changes, in their order."""
    return tuple(edit for change in changes for edit in change.edits)


def actions_of(changes: Iterable[Change]) -> tuple[Mapping[str, Any], ...]:
    """The actions of several changes, in their order."""
    return tuple(action for change in changes for action in change.actions)
